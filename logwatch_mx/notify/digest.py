"""Decide what people are told, and when: few notices, each once. Pure.

Contract
1. A loop is told when it is confirmed, together with what was done; or after a minute without a
   verdict, as suspected. Other incidents have no verdict to wait for and are told at once.
2. An incident that was told is told once more when it closes, and when DNS refutes what was told as
   suspected. Of each kind there is one notice for one incident, so there are never more than four.
   One that comes back after it was told to be over is told anew. From the second time on that it
   is over, that is told only when it has stayed so for *SETTLED*: what comes and goes all day is
   told about once an hour, and what was told last is true.
3. In a storm, when *BURST* notices would go out within ten minutes, the rest goes out together: one
   notice of each kind, once a minute.
4. What was over, or refuted, before anybody was told of it is not told.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from logwatch_mx.model.incident import Incident, IncidentKind, IncidentState
from logwatch_mx.model.notice import NoticeKind

PATIENCE = timedelta(seconds=60)
BURST = 10
BURST_WINDOW = timedelta(minutes=10)
#: An incident that stays closed for an hour does not come back under its id (``app/book.py``).
SETTLED = timedelta(minutes=45)


class Due(Struct, frozen=True):
    """One notice that is due: *incidents* has more than one in a storm.

    *again*: the ids of those that were told to be over before.
    """

    kind: NoticeKind
    incidents: tuple[Incident, ...]
    again: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Return what makes the notice unique, so that it is sent once."""
        first = self.incidents[0]
        # Between two rounds there is always new evidence.
        which = f"#{first.last:%Y%m%dT%H%M%S%z}" if first.id in self.again else ""
        return f"{first.id}#{self.kind.value}{which}"


def due(
    incidents: Iterable[Incident],
    *,
    told: Mapping[str, Sequence[NoticeKind]],
    seen: Mapping[str, datetime],
    recent: Sequence[datetime],
    now: datetime,
) -> tuple[Due, ...]:
    """Return the notices that are due at *now*, oldest incident first.

    *told*: what was told of each incident id, in the words of ``remember``. *seen*: when this
    program first saw it. *recent*: when the last notices went out. All of them, and *now*, are
    times of one clock.
    """
    wanted = []
    for incident in sorted(incidents, key=lambda i: (i.opened, i.id)):
        kind = _kind(incident, told.get(incident.id, ()), seen.get(incident.id, now), now)
        if kind is not None:
            wanted.append((kind, incident))
    room = BURST - sum(at > now - BURST_WINDOW for at in recent)
    if len(wanted) <= room:
        alone = len(wanted)
    elif room > 0:
        # The last free place is the group's.
        alone = room - 1
    elif any(at > now - PATIENCE for at in recent):
        return ()
    else:
        alone = 0
    grouped: dict[NoticeKind, list[Incident]] = {}
    for kind, incident in wanted[alone:]:
        grouped.setdefault(kind, []).append(incident)
    again = frozenset(key for key, kinds in told.items() if NoticeKind.CLOSED in kinds)
    groups = [(kind, [incident]) for kind, incident in wanted[:alone]]
    return tuple(
        Due(kind, tuple(group), again.intersection(i.id for i in group))
        for kind, group in (*groups, *grouped.items())
    )


def remember(told: Sequence[NoticeKind], kind: NoticeKind) -> list[NoticeKind]:
    """Return what to remember of an incident of which *kind* is told after *told*.

    Of earlier rounds only that they ended, and no more of them than counts.
    """
    if kind is NoticeKind.CLOSED:
        return [kind] * min(told.count(kind) + 1, 2)
    return [*told, kind]


def _kind(
    incident: Incident, before: Sequence[NoticeKind], seen: datetime, now: datetime
) -> NoticeKind | None:
    rounds = before.count(NoticeKind.CLOSED)
    told = tuple(before)
    while NoticeKind.CLOSED in told:  # what was told of earlier rounds
        told = told[told.index(NoticeKind.CLOSED) + 1 :]
    if incident.closed is not None:
        settled = not rounds or now - incident.closed >= SETTLED
        return NoticeKind.CLOSED if told and settled else None
    if incident.kind is not IncidentKind.LOOP:
        return NoticeKind.SUSPECTED if not told else None
    match incident.state:
        case IncidentState.CONFIRMED:
            return NoticeKind.CONFIRMED if NoticeKind.CONFIRMED not in told else None
        case IncidentState.REFUTED:
            was_told = NoticeKind.SUSPECTED in told and NoticeKind.REFUTED not in told
            return NoticeKind.REFUTED if was_told else None
        case IncidentState.SUSPECTED:
            return NoticeKind.SUSPECTED if not told and now - seen >= PATIENCE else None
