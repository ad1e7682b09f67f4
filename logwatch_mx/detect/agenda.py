"""Which keys of the spike detector have to be looked at in a minute: few of all that are active.

Nothing here is remembered for ever: the agenda is made anew from the keys, and says what a look at
every active key in every minute would find.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from logwatch_mx.detect.baseline import MIN_MESSAGES, Key

#: Before every minute of a log.
_EVER = datetime(1, 1, 1, tzinfo=UTC)


class Agenda:
    """Keys by what is to be done: roll their window, test them, watch their incident.

    *busy*: they have enough samples for the test; *frozen*: an incident holds their baseline.
    """

    def __init__(self, keys: Iterable[tuple[str, Key | None]] = ()) -> None:
        self._due: dict[datetime, set[str]] = {}
        self.busy: set[str] = set()
        self.frozen: set[str] = set()
        for name, key in keys:
            self.put(name, key)

    def put(self, name: str, key: Key | None) -> None:
        """Note the active key *name*; one that was forgotten is due at once."""
        if key is None:
            self._due.setdefault(_EVER, set()).add(name)
            return
        if key.frozen is not None:
            self.frozen.add(name)
            return
        if len(key.samples) >= MIN_MESSAGES:
            self.busy.add(name)
        first = key.minutes[0][0] if key.minutes else _EVER
        self._due.setdefault(first, set()).add(name)

    def begin(self, name: str, minute: datetime) -> None:
        """Note that *name* became active in *minute*."""
        self._due.setdefault(minute, set()).add(name)

    def take(self, since: datetime) -> set[str]:
        """Return the names of which something may have left the window, which begins at *since*.

        The caller puts back those that stay active.
        """
        names, self.frozen = self.frozen, set()
        for minute in [minute for minute in self._due if minute < since]:
            names |= self._due.pop(minute)
        return names

    def keep(self, names: AbstractSet[str]) -> None:
        """Forget all but *names*: of the others nothing is known any more."""
        due = ((minute, known & names) for minute, known in self._due.items())
        self._due = {minute: known for minute, known in due if known}
        self.busy &= names
        self.frozen &= names
