"""Counting rules: so many events, or distinct values of a field, of one subject within a window.

Rules of kind ``rule`` and ``forwarding_loop`` end here. An incident opens with the event that
reaches the threshold and closes when nothing came for an hour.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field, structs

from logwatch_mx.detect.case import Case, Kept, hashed, incident_id, keep
from logwatch_mx.detect.window import Table, weight
from logwatch_mx.model.event import Event, Gap
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.rule import Rule

#: Events of one subject in one window that are kept; a threshold above it is refused when rules are
#: loaded.
KEPT_HITS = 1000
#: Logs whose last line is known: names with a date in them come and go.
KEPT_LOGS = 64
#: Bytes, about: ten thousand subjects with a thousand lines each would be gigabytes.
KEPT_WEIGHT = 16 << 20


class Hit(Struct):
    """One event that a rule counts; *value* is what must be distinct."""

    at: datetime
    value: str
    evidence: Kept


class Last(Struct):
    """What the last line of a log that counted, which ends at the offset *end*, counted for."""

    end: int
    counted: list[tuple[str, str]]


class CountingState(Struct):
    """Hits below the threshold by ``rule/subject``; bounded, saved with the place in the log."""

    hits: Table[list[Hit]] = field(default_factory=lambda: Table(cap=10_000))
    last: dict[str, Last] = {}


class CountingDetector:
    """Events that rules matched in, cases out."""

    def __init__(self, state: CountingState) -> None:
        self.state = state
        self._counted: list[tuple[str, str]] = []

    def remember(self, event: Event, stream: str) -> None:
        """Keep what *event* of the log *stream* counted for: the next line may repeat it."""
        last = self.state.last
        last.pop(stream, None)
        if self._counted:
            last[stream] = Last(event.line.end, self._counted)
            self._counted = []
            if len(last) > KEPT_LOGS:
                del last[next(iter(last))]

    def repeated(self, gap: Gap, stream: str) -> Sequence[tuple[str, str]]:
        """Return the rules and subjects for which *gap* says that the line before came again."""
        last = self.state.last.get(stream)
        if not gap.repeated or last is None or last.end != gap.line.offset:
            return ()
        last.end = gap.line.end
        return last.counted

    def note(
        self,
        at: datetime,
        event: Event,
        rule: Rule,
        subject: str,
        value: str | None,
        case: Case | None,
        *,
        times: int = 1,
    ) -> Case | None:
        """Count *event*, or one that came so many *times*, for *subject*.

        Return the case when it has just opened.
        """
        if rule.count is not None and value is None:
            return None
        if rule.count is None and not isinstance(event, Gap):
            self._counted.append((rule.id, subject))
        # Each line is one of its own. A log's name says too little: after a rotation the same name
        # and number are another line, which a replay reads under another name.
        one = f"{event.line.number}:{event.line.text}"
        hit = Hit(at=at, value=hashed(one if value is None else value), evidence=keep(event))
        if case is not None:
            _add(case, hit, rule)
            _add_again(case, times - 1)
            return None
        key = f"{rule.id}/{subject}"
        since = at - rule.window
        is_young = key in self.state.hits.young
        hits = [h for h in self.state.hits.get(key) or [] if h.at >= since][-KEPT_HITS:]
        hits.append(hit)
        # No more than what opens the case is kept of a line that came a thousand million times.
        again = min(times - 1, max(0, rule.threshold - len(hits)))
        hits += (structs.replace(hit, value=hashed(f"{one}:{n}")) for n in range(again))
        if len({h.value for h in hits}) < rule.threshold:
            self.state.hits.set(key, hits)
            # What was carried over from the old generation weighs in the young one.
            news = hits[-again - 1 :] if is_young else hits
            self.state.hits.weigh(sum(weight(h.evidence.text) for h in news), KEPT_WEIGHT)
            return None
        self.state.hits.pop(key)
        identity = subject if rule.kind is IncidentKind.FORWARDING_LOOP else f"{rule.id}/{subject}"
        opened = Case(
            id=incident_id(rule.kind, identity, at),
            kind=rule.kind,
            subject=subject,
            rule=rule.id,
            opened=at,
            first=hits[0].at,
            last=at,
        )
        for each in hits:
            _add(opened, each, rule)
        _add_again(opened, times - 1 - again)
        return opened


def _add(case: Case, hit: Hit, rule: Rule) -> None:
    case.add_line(hit.at, hit.evidence)
    case.add_reason(rule.title)
    case.add_message(hit.value)


def _add_again(case: Case, times: int) -> None:
    """Count a line *times* more: each is one of its own, though only one was written."""
    case.events += times
    case.messages += times
