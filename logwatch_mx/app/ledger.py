"""What was done, as the desk needs it: read once, kept in memory, read again only when it changed.

Contract
1. An intent is written before anything is done; when that fails, it raises and nothing is done.
2. What came of something must not be lost to a full disk or a lock: it is kept here, in order,
   until it could be written, and nothing new is begun before.
3. It holds the deeds of incidents that are being watched, those in force and those of the last
   hour or cooldown, never all that ever was.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.action import Action
from logwatch_mx.model.deed import Deed
from logwatch_mx.respond.plan import ROUTING
from logwatch_mx.state.store import Store
from logwatch_mx.state.transaction import Transaction

#: What nobody changed is read again so often: what grew old is dropped.
REREAD = timedelta(minutes=10)
#: The limits of ``respond.plan`` are by the hour.
_HOUR = timedelta(hours=1)

Write = Callable[[Transaction], object]


class Ledger:
    """The deeds that matter now, and the writing down of new ones; *kept*: the longest cooldown."""

    def __init__(self, store: Store, *, kept: timedelta) -> None:
        self.store = store
        self._kept = max(kept, _HOUR) + REREAD
        self._of: dict[str, tuple[Deed, ...]] = {}
        self._ignores: dict[str, datetime | None] = {}
        self._version = -1
        self._read_at: datetime | None = None
        self._unwritten: deque[tuple[Write, str]] = deque()

    @property
    def unwritten(self) -> int:
        """Return how many outcomes wait to be written down."""
        return len(self._unwritten)

    def refresh(self, live: Collection[str], now: datetime) -> None:
        """Write down what waits, then know the deeds of the incidents *live* and of late.

        Raises ``LogwatchError`` when the state can be neither written nor read.
        """
        self._flush()
        version = self.store.version()
        old = self._read_at is None or abs(now - self._read_at) > REREAD
        if old or version != self._version:
            # Another program wrote (``undo``, ``ignore``), or it is time to drop what is old.
            late = self.store.deeds(since=now - self._kept)
            self._ignores = self.store.ignores(now)
            self._of = dict.fromkeys((deed.action.incident for deed in late), ())
            for key in self._of:
                self._read(key)
            self._version, self._read_at = version, now
        for key in live:
            if key not in self._of:
                self._read(key)

    def of(self, incident: str) -> tuple[Deed, ...]:
        """Return what was done about *incident*, oldest first."""
        if incident not in self._of:
            self._read(incident)
        return self._of[incident]

    def reread(self, incident: str) -> tuple[Deed, ...]:
        """Return the same as it is written now: another program may have just changed it."""
        self._read(incident)
        return self._of[incident]

    def routing(self) -> tuple[Deed, ...]:
        """Return what was done to the map, about any incident."""
        return tuple(d for deeds in self._of.values() for d in deeds if d.action.verb in ROUTING)

    def ignored(self, now: datetime) -> frozenset[str]:
        """Return the domains that are to be left alone at *now*."""
        return frozenset(d for d, until in self._ignores.items() if until is None or until > now)

    def incidents(self) -> Iterable[str]:
        """Return the incidents of which deeds are known."""
        return tuple(self._of)

    def intend(self, action: Action) -> None:
        """Write *action* down before it is done; raises when that cannot be."""
        with self.store.transaction() as t:
            t.add_action(action)
        self._read(action.incident)

    def record(self, write: Write, incident: str = "") -> bool:
        """Write down what came of something, about *incident*; say whether it is written already.

        Otherwise it is kept and written as soon as that is possible.
        """
        self._unwritten.append((write, incident))
        try:
            self._flush()
        except LogwatchError:
            return False
        return True

    def _flush(self) -> None:
        while self._unwritten:
            write, incident = self._unwritten[0]
            with self.store.transaction() as t:
                write(t)
            self._unwritten.popleft()
            if incident:
                self._read(incident)

    def _read(self, incident: str) -> None:
        self._of[incident] = self.store.deeds(incident=incident)
