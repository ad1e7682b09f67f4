"""Loopback exchangers that nobody answers on: the connection is refused, and no line tells why.

sendmail prints no address in ``Deferred: Connection refused by mail.d.test.``, Postfix does
(``connect to mail.d.test[::1]:25: Connection refused``). The third such message within the window
makes its domain a suspect, about which DNS has to be asked: only when it says loopback there is an
incident. Until then the case is kept aside and counts on, so that it does not matter how long the
answer takes.
"""

import re
from datetime import datetime, timedelta

from msgspec import Struct, field

from logwatch_mx.detect.case import Case, Kept, hashed, incident_id, keep
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.detect.reasons import is_deferral
from logwatch_mx.detect.window import Table
from logwatch_mx.model.event import Delivery, Mta
from logwatch_mx.model.incident import IncidentKind, SignalKind

REASON = "connection refused"
RULE = "loop-refused"
#: Evidence that is kept of a domain below the threshold: retries of few messages.
KEPT_HITS = 20
#: A suspect that DNS did not confirm is asked about again after this long.
ASK_AGAIN = timedelta(hours=1)
_LOOPBACK = re.compile(
    r"connect to (?![0-9.]+\[)[^ \[]{1,255}\[(?:127\.[0-9.]+|0\.0\.0\.0|::1?|::ffff:127\.[0-9.]+)\]"
    r"(?::25)?: Connection refused"
)


class Refusal(Struct):
    """One refused delivery of a message."""

    at: datetime
    message: str
    recipient: str
    evidence: Kept


class RefusedState(Struct):
    """Refusals below the threshold, and the cases kept aside, by domain; bounded."""

    hits: Table[list[Refusal]] = field(default_factory=lambda: Table(cap=1_000))
    aside: Table[Case] = field(default_factory=lambda: Table(cap=200))


def is_refused(event: Delivery) -> bool:
    """Say whether *event* may be a delivery to a loopback exchanger that nobody answers on."""
    if not is_deferral(event) or event.reply is None:
        return False
    relay = event.relay
    is_named = relay is not None and relay.absolute and relay.ip is None
    return is_refused_in(event.mta, event.reply, is_named=is_named)


def is_refused_in(mta: Mta | None, reply: str, *, is_named: bool) -> bool:
    """Say the same of a deferral's *reply*; *is_named*: its relay is a name without an address."""
    if mta is Mta.POSTFIX:
        return _LOOPBACK.match(reply) is not None
    return is_named and reply.removeprefix("Deferred: ").startswith("Connection refused")


class RefusedDetector:
    """Refused deliveries in; suspects, and cases once DNS spoke, out."""

    def __init__(self, *, messages: int, window: timedelta, state: RefusedState) -> None:
        self.messages = messages
        self.window = window
        self.state = state

    def note(self, at: datetime, event: Delivery, domain: str, case: Case | None) -> bool:
        """Count the refused *event*; return whether DNS should be asked about *domain* now.

        *case* is the open loop about it, which is only added to when it began like this.
        """
        recipient = next((r for r in event.recipients if domain_of(r) == domain), "")
        message = event.queue_id or f"{event.line.source}:{event.line.offset}"
        hit = Refusal(at, hashed(message), hashed(recipient.lower()), keep(event))
        if case is not None:
            if case.rule == RULE:
                _add(case, hit)
            return False
        aside = self.state.aside.get(domain)
        if aside is not None and at - aside.opened < ASK_AGAIN:
            _add(aside, hit)
            return False
        hits = [h for h in self.state.hits.get(domain) or [] if h.at >= at - self.window]
        hits = [*hits, hit][-KEPT_HITS:]
        if len({h.message for h in hits}) < self.messages:
            self.state.hits.set(domain, hits)
            return False
        self.state.hits.pop(domain)
        made = Case(
            id=incident_id(IncidentKind.LOOP, domain, at),
            kind=IncidentKind.LOOP,
            subject=domain,
            rule=RULE,
            opened=at,
            first=hits[0].at,
            last=at,
        )
        for each in hits:
            _add(made, each)
        self.state.aside.set(domain, made)
        return True

    def take(self, domain: str) -> Case | None:
        """Return the case of *domain* that was kept aside, which DNS has confirmed."""
        return self.state.aside.pop(domain)


def _add(case: Case, hit: Refusal) -> None:
    case.add_line(hit.at, hit.evidence)
    case.add_signal(SignalKind.DEFERRAL)
    case.add_reason(REASON)
    case.add_message(hit.message)
    case.add_recipient(hit.recipient)
