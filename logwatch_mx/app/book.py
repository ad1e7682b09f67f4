"""The book of incidents: what is open, and what was closed less than an hour ago.

At most one incident of a kind about a subject is in it. What comes back within an hour of its close
is opened again under its old id; what does not is put out of the book.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from logwatch_mx.detect.case import Case, case_name
from logwatch_mx.model.change import Change, ChangeKind, Changes
from logwatch_mx.model.event import Gap
from logwatch_mx.model.incident import Incident, IncidentKind

#: An incident that comes back within this time of its close keeps its id.
COMES_BACK = timedelta(hours=1)
#: Open incidents beyond this many are not opened, but counted: an attacker may name any domain.
MAX_CASES = 2_000
#: These close by their own test.
_SPIKES = frozenset({IncidentKind.SPIKE, IncidentKind.OUTAGE})


class Book:
    """*cases*, by name, are the engine's memory; the book is how they come and go."""

    def __init__(self, cases: dict[str, Case], close_after: timedelta) -> None:
        self._cases = cases
        self._close_after = close_after
        # Over a long silence an incident closes and leaves the book within one call.
        self._gone: dict[str, Case] = {}

    def turn(self) -> None:
        """Forget what left the book: the next call of the engine begins."""
        self._gone.clear()

    def awake(self, name: str, at: datetime, changes: Changes) -> Case | None:
        """Return the case *name*, opened again when it had been closed less than an hour ago."""
        case = self._cases.get(name)
        if case is not None and case.closed is not None:
            if at - case.closed > COMES_BACK:
                self._end(name)
                return None
            case.reopen()
            changes.changes.append(Change(ChangeKind.REOPENED, case.id))
        return case

    def open(self, case: Case, changes: Changes) -> bool:
        """Write *case* into the book, or add it to what it is of; say whether there was room."""
        name = case_name(case.kind, case.rule, case.subject)
        before = self._cases.get(name)
        if before is not None:
            before.absorb(case)
            changes.changes.append(Change(ChangeKind.REOPENED, before.id))
            return True
        if len(self._cases) >= MAX_CASES:
            return False
        self._cases[name] = case
        changes.changes.append(Change(ChangeKind.OPENED, case.id))
        return True

    def close(self, minute: datetime, changes: Changes) -> None:
        """Close what has been without evidence for long enough; put out what stayed closed."""
        for name, case in list(self._cases.items()):
            if case.closed is not None:
                if minute - case.closed > COMES_BACK:
                    self._end(name)
            elif case.kind not in _SPIKES:
                quiet = case.last + self._close_after
                if minute >= quiet:
                    case.closed = quiet
                    changes.changes.append(Change(ChangeKind.CLOSED, case.id))

    def drop(self, identity: str) -> bool:
        """Strike out an incident as if it had never been; say whether it was there."""
        for name, case in self._cases.items():
            if case.id == identity:
                del self._cases[name]
                return True
        return False

    def note_gap(self, gap: Gap) -> None:
        """Count lines that are missing in all that is open: they may have been about it."""
        for case in self._cases.values():
            if case.closed is None and not gap.repeated:
                case.facts.lost += gap.count
                case.facts.gone += gap.unread

    def incidents(self) -> tuple[Incident, ...]:
        """Return all incidents of the book, by opening and id."""
        found = (case.incident() for case in self._cases.values())
        return tuple(sorted(found, key=lambda i: (i.opened, i.id)))

    def find(self, identity: str) -> Incident | None:
        """Return one incident by its id, also one that has just left the book."""
        for case in self._all():
            if case.id == identity:
                return case.incident()
        return None

    def _all(self) -> Iterator[Case]:
        yield from self._cases.values()
        yield from self._gone.values()

    def _end(self, name: str) -> None:
        case = self._cases.pop(name)
        self._gone[case.id] = case
