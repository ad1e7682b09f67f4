"""Work beside the reading: named tasks, each at most once at a time, whose errors are said."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

#: Seconds that running tasks get when the daemon stops.
PARTING = 3.0


class Tasks:
    """Begins tasks; *log* hears of errors, *stirred* is called whenever one has ended."""

    def __init__(self, *, log: Callable[[str], None], stirred: Callable[[], None]) -> None:
        self._log = log
        self._stirred = stirred
        self._running: dict[str, asyncio.Task[None]] = {}

    def begin(self, name: str, work: Coroutine[Any, Any, None]) -> bool:
        """Start *work* unless the same is under way; say whether it was started."""
        if name in self._running:
            work.close()
            return False
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running[name] = task
        task.add_done_callback(lambda done: self._ended(name, done))
        return True

    def __contains__(self, name: str) -> bool:
        return name in self._running

    def count(self, prefix: str) -> int:
        """Return how many tasks with this *prefix* are under way."""
        return sum(name.startswith(prefix) for name in self._running)

    async def close(self) -> bool:
        """Let running tasks end, shortly, and cancel the others; say whether there were none."""
        tasks = list(self._running.values())
        if not tasks:
            return True
        _, pending = await asyncio.wait(tasks, timeout=PARTING)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return not pending

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        self._running.pop(name, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log(f"{name}: {type(error).__name__}: {error}")
        self._stirred()
