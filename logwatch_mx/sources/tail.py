"""Growing logs → blocks: every line once, in order, through rotation and restarts.

Nothing here waits or reads a clock: the caller polls, when it is told that something changed and
every second besides, and hands in its time. The place in every log is a ``Checkpoint``; it is that
behind the blocks handed out, so the caller saves it together with what it made of them.
"""

import glob
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from logwatch_mx.sources.block import BLOCK_SIZE, Block
from logwatch_mx.sources.follow import Checkpoint
from logwatch_mx.sources.losses import Losses
from logwatch_mx.sources.names import parse_name
from logwatch_mx.sources.trail import Trail

# rsyslog reopens at once; syslog-ng and cron jobs that forget the signal need longer.
SETTLE = 60.0
BUDGET = 64 << 20


class Tail:
    """Follows *paths*: files, links, pipes, or globs, which also take what appears later.

    *checkpoints* are those of an earlier run: reading goes on there, through whatever was rotated
    meanwhile. A log without one is read from its *start* if it is there at the first poll, and
    from its beginning if it appears later. *settle*: see ``Trail``, in seconds.
    """

    def __init__(
        self,
        paths: Iterable[str],
        checkpoints: Mapping[str, Checkpoint] | None = None,
        *,
        start: Literal["begin", "end"] = "end",
        settle: float = SETTLE,
        losses: Losses | None = None,
    ) -> None:
        self.losses = Losses() if losses is None else losses
        self._saved = dict(checkpoints or {})
        self._fresh = start == "begin"
        self._settle = settle
        self._globs = [path for path in paths if glob.has_magic(path)]
        self._trails: dict[str, Trail] = {}
        self._polls = 0
        for path in paths:
            if not glob.has_magic(path):
                self._follow(path, fresh=self._fresh)

    @property
    def missing(self) -> tuple[str, ...]:
        """The paths where there is no file at present."""
        return tuple(path for path, trail in self._trails.items() if trail.missing)

    @property
    def refused(self) -> dict[str, str]:
        """The paths that could not be read at the last poll, each with the reason."""
        return {path: trail.refused for path, trail in self._trails.items() if trail.refused}

    def poll(self, budget_bytes: int = BUDGET, now: float | None = None) -> Iterator[Block]:
        """Yield what the logs have grown by, about *budget_bytes* at most, in turns.

        *now* is any clock in seconds that goes forward; without it every poll counts as one.
        """
        self._polls += 1
        tick = float(self._polls) if now is None else now
        self._search()
        trails = list(self._trails.values())
        for trail in trails:
            yield from trail.look(tick)
        left = budget_bytes
        while left > 0 and trails:
            growing = []
            for trail in trails:
                taken, block = trail.read(min(left, BLOCK_SIZE), tick)
                if taken:
                    growing.append(trail)
                left -= taken
                if block is not None:
                    yield block
                if left <= 0:
                    break
            trails = growing
        for trail in self._trails.values():
            yield from trail.retire(tick)

    def checkpoints(self) -> dict[str, Checkpoint]:
        """Return the place in every log, behind the blocks handed out so far."""
        places = {path: trail.mark() for path, trail in self._trails.items()}
        return {path: place for path, place in places.items() if place is not None}

    def lag_bytes(self) -> int:
        """Return how many bytes wait to be read."""
        return sum(trail.lag() for trail in self._trails.values())

    def close(self) -> None:
        """Close every file; ``checkpoints`` still tells the places."""
        for trail in self._trails.values():
            trail.close()

    def _follow(self, path: str, *, fresh: bool) -> None:
        self._trails[path] = Trail(
            Path(path),
            checkpoint=self._saved.get(path),
            fresh=fresh,
            settle=self._settle,
            losses=self.losses,
        )

    def _search(self) -> None:
        """Follow what the globs name: no rotated file whose log is there, nothing packed."""
        for pattern in self._globs:
            # What appeared while we were down, beside logs that we know, is new.
            restarted = any(fnmatch(path, pattern) for path in self._saved)
            for path in sorted(glob.glob(pattern)):  # noqa: PTH207  # any pattern, also absolute
                if path not in self._trails and self._wanted(path):
                    self._follow(path, fresh=self._fresh or restarted)
        self._fresh = True

    def _wanted(self, path: str) -> bool:
        read = parse_name(Path(path).name)
        if read.current or path in self._saved:
            return True
        if read.packed or read.age or Path(path).with_name(read.base).exists():
            return False
        # A series without a current name (mail-20261123.log, one a day): only the newest is
        # written to, but what became the newest after one that we follow has to be read.
        series = [
            (other.order, name)
            for name in {*self._trails, *self._saved, *self._beside(path)}
            if (other := parse_name(Path(name).name)).base == read.base
            and Path(name).parent == Path(path).parent
        ]
        followed = [order for order, name in series if name in self._trails or name in self._saved]
        return read.order > max(followed) if followed else (read.order, path) == max(series)

    def _beside(self, path: str) -> list[str]:
        names = (str(other) for other in Path(path).parent.iterdir())
        return [name for name in names if not parse_name(Path(name).name).packed]
