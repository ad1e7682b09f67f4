"""The case: an incident as it grows. Evidence in, an ``Incident`` value out.

A case holds no line for longer than it needs: the first ten and the last ten stay as evidence, the
rest is counted. Nothing in it holds bytes that are not UTF-8 as surrogate escapes: it is saved
with the place in the log, and no packer takes those.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from msgspec import Struct, field, structs

from logwatch_mx.detect.advice import suggest
from logwatch_mx.detect.domains import is_own
from logwatch_mx.detect.facts import FactCount
from logwatch_mx.detect.ours import blame
from logwatch_mx.detect.window import Table
from logwatch_mx.model.event import Event, Mta
from logwatch_mx.model.incident import (
    Cause,
    Counts,
    Evidence,
    Incident,
    IncidentKind,
    IncidentState,
    Origin,
    SignalKind,
    Signals,
)
from logwatch_mx.model.site import Site
from logwatch_mx.model.trail import Trail
from logwatch_mx.model.verdict import LOOPS, REFUTES, Outcome, Verdict

KEPT_LINES = 10
#: A remote server may send lines of any length; what is kept of one is bounded.
KEPT_TEXT = 2000
#: Reasons come from a closed list, but rules may add their own.
KEPT_REASONS = 20
KEPT_ORIGINS = 200
#: Looking back for a message that is not there takes 64 MiB: so many are asked about a second time.
ASKED_AGAIN = 200
A_SECOND = timedelta(seconds=1)


class Kept(Struct, frozen=True):
    """A line as evidence, as bytes: its text may be no UTF-8."""

    source: bytes
    line: int
    text: bytes

    @property
    def evidence(self) -> Evidence:
        """Return it as it is shown."""
        return Evidence(
            self.source.decode("utf-8", "surrogateescape"),
            self.line,
            self.text.decode("utf-8", "surrogateescape"),
        )


def keep(event: Event) -> Kept:
    """Return the line of *event* as evidence, its text bounded."""
    line = event.line
    return Kept(_raw(line.source), line.number, _raw(line.text[:KEPT_TEXT]))


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def plain(text: str) -> str:
    r"""Return *text* with bytes that are no UTF-8 written out (``\udce9``)."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def hashed(value: str) -> str:
    """Return a short key for *value*: attackers choose its length and content."""
    return hashed_bytes(value.encode("utf-8", "surrogateescape"))


def hashed_bytes(value: bytes) -> str:
    """Return the same of bytes."""
    return blake2b(value, digest_size=8).hexdigest()


def incident_id(kind: IncidentKind, subject: str, opened: datetime) -> str:
    """Return the id of an incident: from the log alone, so that two runs agree."""
    return f"{kind.value}/{subject}/{opened.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def case_name(kind: IncidentKind, rule: str, subject: str) -> str:
    """Return the name under which at most one case is open: rules of one kind keep to their own."""
    if kind is IncidentKind.RULE:
        return f"{kind.value}/{rule}/{subject}"
    return f"{kind.value}/{subject}"


class Case(Struct, kw_only=True):
    """One incident that is open or was closed less than an hour ago."""

    id: str
    kind: IncidentKind
    subject: str
    rule: str
    opened: datetime
    first: datetime
    last: datetime
    closed: datetime | None = None
    returns: int = 0
    events: int = 0
    max_hops: int = 0
    messages: int = 0
    signals: dict[str, int] = {}
    reasons: dict[str, int] = {}
    seen_messages: Table[str] = field(default_factory=lambda: Table(cap=5_000))
    seen_recipients: Table[int] = field(default_factory=lambda: Table(cap=5_000))
    recipients: int = 0
    head: list[Kept] = []
    tail: list[Kept] = []
    verdict: Verdict | None = None
    own: bool = False
    advice: str = ""
    steps: tuple[str, ...] = ()
    routed: bool = False
    origins: dict[str, Origin] = {}
    facts: FactCount = field(default_factory=FactCount)
    unknown: dict[str, datetime] = {}
    asked_again: int = 0

    def add_line(self, at: datetime, kept: Kept | None) -> None:
        """Count one evidence line; in a storm the text of some is not kept."""
        self.events += 1
        self.facts.add_line(at)
        self.first = min(self.first, at)
        self.last = max(self.last, at)
        if kept is None:
            return
        if len(self.head) < KEPT_LINES:
            self.head.append(kept)
            return
        self.tail.append(kept)
        if len(self.tail) > KEPT_LINES:
            del self.tail[0]

    def add_signal(self, kind: SignalKind) -> None:
        """Count one evidence line under its kind."""
        self.signals[kind.value] = self.signals.get(kind.value, 0) + 1

    def add_reason(self, reason: str) -> None:
        """Count why, in words; a rule that invents new words without end is cut off."""
        if reason in self.reasons or len(self.reasons) < KEPT_REASONS:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def add_message(self, key: str, hops: int = 0) -> bool:
        """Count the message *key* once; return whether it is new."""
        self.max_hops = max(self.max_hops, hops)
        key = hashed(key)
        if self.seen_messages.get(key) is not None:
            return False
        self.seen_messages.set(key, "")
        self.messages += 1
        return True

    def forget_message(self, old: str) -> None:
        """Take back that *old* is a message of its own: it is another one, come back."""
        self.unknown.pop(old, None)
        origin = self.seen_messages.pop(hashed(old))
        if origin is None:
            return
        self.messages -= 1
        if origin:
            self._take_back(origin)

    def add_recipient(self, address: str) -> None:
        """Count a recipient once."""
        key = hashed(address.lower())
        if not self.seen_recipients.get(key):
            self.seen_recipients.set(key, 1)
            self.recipients += 1

    def ask_again(self, at: datetime) -> list[str]:
        """Return the messages of unknown origin, of whom later lines may tell: once each.

        Lines of one second may come in any order, and a message's arrival after its first pass.
        """
        ready = [key for key, asked in self.unknown.items() if at - asked >= A_SECOND]
        for key in ready:
            del self.unknown[key]
        self.asked_again += len(ready)
        return ready

    def add_origin(self, trail: Trail, at: datetime) -> None:
        """Count who sent a message.

        A message whose arrival is not in the log is of unknown origin.
        """
        if self.facts.growth is None:
            self.facts.growth = trail.growth
        if not trail.found:
            if not trail.again and self.asked_again + len(self.unknown) < ASKED_AGAIN:
                self.unknown[trail.queue_id] = at
            return
        message = hashed(trail.queue_id)
        if self.seen_messages.get(message) is None:
            return  # it turned out to be a later pass of another, while it was asked about
        client = trail.client
        ip = plain(client.ip) if client and client.ip else None
        host = plain(client.host) if client and client.host else None
        key = ip or host or "local"
        sender = "" if trail.sender is None else hashed(trail.sender)
        self.seen_messages.set(message, f"{key} {sender}")
        if sender:
            self.facts.add_sender(sender)
        origin = self.origins.get(key)
        if origin is None:
            if len(self.origins) >= KEPT_ORIGINS:
                return
            first = None if trail.sender is None else plain(trail.sender)
            origin = Origin(client_ip=ip, client_host=host, sender=first)
        stamps = [t for t in (origin.first, origin.last, trail.arrived) if t is not None]
        self.origins[key] = Origin(
            client_ip=ip,
            client_host=host,
            sender=origin.sender,
            messages=origin.messages + 1,
            first=min(stamps, default=None),
            last=max(stamps, default=None),
        )

    def _take_back(self, known: str) -> None:
        key, _, sender = known.rpartition(" ")
        self.facts.take_sender(sender)
        origin = self.origins.get(key)
        if origin is None:
            return
        if origin.messages <= 1:
            del self.origins[key]
        else:
            self.origins[key] = structs.replace(origin, messages=origin.messages - 1)

    def absorb(self, later: "Case") -> None:
        """Take over what *later*, the same trouble come back, has counted."""
        self.reopen()
        self.last = max(self.last, later.last)
        self.events += later.events
        self.messages += later.messages
        self.max_hops = max(self.max_hops, later.max_hops)
        for key in [key for key, _ in later.seen_recipients.items()]:
            if not self.seen_recipients.get(key):
                self.seen_recipients.set(key, 1)
                self.recipients += 1
        for signal, count in later.signals.items():
            self.signals[signal] = self.signals.get(signal, 0) + count
        for reason, count in later.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count
        self.facts.absorb(later.facts)
        self.tail = [*self.tail, *later.head, *later.tail][-KEPT_LINES:]

    def reopen(self) -> None:
        """Be open again, if it was closed."""
        self.returns += self.closed is not None
        self.closed = None

    def hear(self, verdict: Verdict) -> bool:
        """Take *verdict*, unless it is no answer and there was one; return whether it was taken.

        Of a next hop that was configured DNS says nothing: no MX led there.
        """
        if self.routed:
            return False
        decided = self.verdict is not None and self.verdict.outcome in LOOPS | REFUTES
        if decided and verdict.outcome not in LOOPS | REFUTES:
            return False
        self.verdict = verdict
        return True

    def cause(self) -> Cause:
        """Say whose fault it is: an own domain or address is ours, a foreign loopback MX theirs."""
        outcome = self.verdict.outcome if self.verdict else Outcome.NOT_ASKED
        if self.own or outcome is Outcome.SELF:
            return Cause.OURS
        if outcome in LOOPS:
            return Cause.THEIRS
        return Cause.UNKNOWN

    def state(self) -> IncidentState:
        """Say how far it is believed: only DNS confirms a loop, other kinds stay suspected."""
        outcome = self.verdict.outcome if self.verdict else Outcome.NOT_ASKED
        if self.kind is not IncidentKind.LOOP:
            return IncidentState.SUSPECTED
        if outcome in LOOPS:
            return IncidentState.CONFIRMED
        if outcome in REFUTES:
            return IncidentState.REFUTED
        return IncidentState.SUSPECTED

    def own_up(self, site: Site, *, routed: bool = False, home: bool = False) -> None:
        """Say whether it is about this *site*.

        *routed*: it is a next hop of the site's own; *home*: mail for it is delivered here.
        """
        self.routed = routed
        self.own = routed or home or is_own(self.subject, site)
        self.blame(site)

    def blame(self, site: Site) -> None:
        """Say which setting of ours is wrong, if the fault is ours."""
        if self.cause() is Cause.OURS:
            found = blame(
                self.subject,
                routed=self.routed,
                mta=self.mta(),
                spins=bool(self.signals.get(SignalKind.SELF_DELIVERY)),
                texts=tuple(kept.evidence.text for kept in self.head),
                site=site,
            )
            self.advice, self.steps = found.sentence, found.steps

    def mta(self) -> Mta:
        """Say whose lines the evidence is: Postfix prints ``status=``, or its tag names it."""
        text = self.head[-1].text if self.head else b"status="
        return Mta.POSTFIX if b"status=" in text or b"postfix" in text else Mta.SENDMAIL

    def incident(self) -> Incident:
        """Return the case as it stands, as a value."""
        facts, cause = self.facts.facts(), self.cause()
        todo = suggest(self.kind, self.subject, self.reasons, facts, self.mta(), cause)
        return Incident(
            id=self.id,
            kind=self.kind,
            subject=self.subject,
            rule=self.rule,
            state=self.state(),
            opened=self.opened,
            closed=self.closed,
            returns=self.returns,
            first=self.first,
            last=self.last,
            counts=Counts(
                events=self.events,
                messages=self.messages,
                recipients=self.recipients,
                max_hops=self.max_hops,
            ),
            signals=Signals(**self.signals),
            reasons=dict(sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))),
            verdict=self.verdict,
            cause=cause,
            advice=self.advice or todo.sentence,
            steps=self.steps or todo.steps,
            facts=facts,
            origin=tuple(
                sorted(
                    self.origins.values(),
                    key=lambda o: (-o.messages, o.client_ip or "", o.client_host or ""),
                )
            ),
            evidence=tuple(kept.evidence for kept in (*self.head, *self.tail)),
        )
