"""Counting rules: so many events, or distinct values of a field, of one subject within a window.

Rules of kind ``rule`` and ``forwarding_loop`` end here. An incident opens with the event that
reaches the threshold and closes when nothing came for an hour.
"""

from datetime import datetime

from msgspec import Struct, field

from logwatch_mx.detect.case import Case, Kept, hashed, incident_id, keep
from logwatch_mx.detect.window import Table, weight
from logwatch_mx.model.event import Event
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.rule import Rule

#: Events of one subject in one window that are kept; a threshold above it is refused when rules are
#: loaded.
KEPT_HITS = 1000
#: Bytes, about: ten thousand subjects with a thousand lines each would be gigabytes.
KEPT_WEIGHT = 16 << 20


class Hit(Struct):
    """One event that a rule counts; *value* is what must be distinct."""

    at: datetime
    value: str
    evidence: Kept


class CountingState(Struct):
    """Hits below the threshold by ``rule/subject``; bounded, saved with the place in the log."""

    hits: Table[list[Hit]] = field(default_factory=lambda: Table(cap=10_000))


class CountingDetector:
    """Events that rules matched in, cases out."""

    def __init__(self, state: CountingState) -> None:
        self.state = state

    def note(
        self,
        at: datetime,
        event: Event,
        rule: Rule,
        subject: str,
        value: str | None,
        case: Case | None,
    ) -> Case | None:
        """Count *event* for *subject*; return the case when it has just opened."""
        if rule.count is not None and value is None:
            return None
        # Each line is one of its own. A log's name says too little: after a rotation the same name
        # and number are another line, which a replay reads under another name.
        one = f"{event.line.number}:{event.line.text}"
        hit = Hit(at=at, value=hashed(one if value is None else value), evidence=keep(event))
        if case is not None:
            _add(case, hit, rule)
            return None
        key = f"{rule.id}/{subject}"
        since = at - rule.window
        is_young = key in self.state.hits.young
        hits = [h for h in self.state.hits.get(key) or [] if h.at >= since][-KEPT_HITS:]
        hits.append(hit)
        if len({h.value for h in hits}) < rule.threshold:
            self.state.hits.set(key, hits)
            # What was carried over from the old generation weighs in the young one.
            news = (hit,) if is_young else hits
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
        return opened


def _add(case: Case, hit: Hit, rule: Rule) -> None:
    case.add_line(hit.at, hit.evidence)
    case.add_reason(rule.title)
    case.add_message(hit.value)
