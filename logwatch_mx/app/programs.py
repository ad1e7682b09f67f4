"""The operator's own programs: planned, begun, and what came of them."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime

from logwatch_mx.app.ledger import Ledger
from logwatch_mx.app.tasks import Tasks
from logwatch_mx.config.settings import Hook, Settings
from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.action import Action, ActionState, Outcome
from logwatch_mx.model.incident import Incident
from logwatch_mx.report.shape import SCHEMA, shape_incident
from logwatch_mx.respond.command import hook_environment, run_hook
from logwatch_mx.respond.plan_hooks import ASKS_AGAIN, plan_hooks

#: So many programs run at once; the intent of the next is written when its turn has come.
AT_ONCE = 4


class Programs:
    """Runs hooks, each once for each occasion of an incident."""

    def __init__(
        self,
        ledger: Ledger,
        tasks: Tasks,
        *,
        log: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._tasks = tasks
        self._log = log
        self._now = now
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._planned: dict[str, dict[str, tuple[Action, ...]]] = {}

    def planned(self, incident: str) -> tuple[Action, ...]:
        """Return what would be run for *incident* if we did not only watch."""
        return tuple(a for some in self._planned.get(incident, {}).values() for a in some)

    def run(self, incident: Incident, on: str, settings: Settings, now: datetime) -> bool:
        """Begin the hooks that are due because of *on*; say whether there was room for all."""
        if not settings.hook:
            return True
        wanted = plan_hooks(
            incident, on=on, settings=settings, now=now, past=self._ledger.of(incident.id)
        )
        planned = []
        is_room = True
        for hook, action in wanted:
            if action.state is not ActionState.RUNNING:
                planned.append(action)
            elif f"hook {action.id}" in self._tasks:
                continue
            elif self._tasks.count("hook ") < AT_ONCE:
                self._begin(hook, action, incident, on)
            else:
                is_room = False
        if planned or incident.id in self._planned:
            self._planned.setdefault(incident.id, {})[on] = tuple(planned)
        return is_room

    def forget(self, live: frozenset[str]) -> None:
        """Drop what is remembered of incidents that are gone."""
        self._planned = {key: value for key, value in self._planned.items() if key in live}

    def _begin(self, hook: Hook, action: Action, incident: Incident, on: str) -> None:
        """Write the intent down, then begin."""
        try:
            self._ledger.intend(action)
        except LogwatchError as error:
            self._log(f"{action.id}: not run, its intent could not be written: {error}")
            return
        self._tasks.begin(f"hook {action.id}", self._run(hook, action, incident, on))

    async def _run(self, hook: Hook, action: Action, incident: Incident, on: str) -> None:
        # ASCII: the lines of a log hold bytes that are no UTF-8.
        told = {"schema": SCHEMA, "on": on, "returns": incident.returns}
        shape = {**told, **shape_incident(incident)}
        run = await run_hook(
            hook,
            json.dumps(shape).encode("ascii"),
            env=hook_environment(incident, on),
            limit=self._limit,
        )
        said = f"{run.said} {ASKS_AGAIN}" if run.retry else run.said
        outcome = Outcome(action=action.id, state=run.state, said=said, at=self._now())
        self._ledger.record(lambda t: t.finish_action(outcome), action.incident)
        self._log(f"{outcome.action}: {outcome.state.value}: {outcome.said}".rstrip(": "))
