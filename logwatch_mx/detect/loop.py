"""Loops: passes of one message, and what the MTA itself calls looping, folded per recipient domain.

Contract
1. A delivery to ourselves is one *pass* of its message. The receiver's queue id in the reply links
   it to the next pass, whatever client name the re-entry is logged under (measured: often an own
   name, not localhost).
2. The third pass of one message opens an incident at once: passes have no window, one message's
   loop is over in seconds. So does the third distinct message within the window that the MTA calls
   looping.
3. A verdict line that names no recipient (``greeted me with my own hostname``, ``config error: mail
   loops back to me``) belongs to the next delivery line of the same process: it is counted there,
   with that line's domain.
4. A delivery to ourselves alone proves nothing: a proxy on port 25 looks the same. It only counts
   as a pass.
"""

from datetime import datetime, timedelta

from msgspec import Struct, field

from logwatch_mx.detect.case import Case, evidence_of, incident_id
from logwatch_mx.detect.chain import Chains, Merge, Pass
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.detect.window import Table
from logwatch_mx.model.event import Delivery, MtaVerdict, Said, Status
from logwatch_mx.model.incident import Evidence, IncidentKind, SignalKind

#: Evidence that is kept of a domain below the threshold.
KEPT_PENDING = 40


class Joined(Struct):
    """A verdict line that waits for the delivery line of its process."""

    at: datetime
    domain: str | None
    said: str
    evidence: list[Evidence]


class Hint(Struct):
    """One piece of evidence below the threshold."""

    at: datetime
    key: str
    hops: int
    reason: str
    recipient: str
    signals: list[SignalKind]
    evidence: list[Evidence]
    merge: Merge | None = None


class Pending(Struct):
    """A domain under suspicion, below the threshold."""

    hints: list[Hint] = []


class LoopState(Struct):
    """Everything that loop detection remembers; bounded, saved with the place in the log."""

    chains: Chains = field(default_factory=Chains)
    joins: Table[Joined] = field(default_factory=lambda: Table(cap=2_000))
    pending: Table[Pending] = field(default_factory=lambda: Table(cap=5_000))


class LoopDetector:
    """Evidence about loops in, cases out. Rules say which events are evidence.

    This class counts.
    """

    def __init__(self, *, passes: int, window: timedelta, state: LoopState) -> None:
        self.passes = passes
        self.window = window
        self.state = state

    def note_verdict(self, at: datetime, event: MtaVerdict, stream: str) -> Hint | None:
        """Take a verdict line: return its evidence when it names the domain.

        Else keep it for the join.
        """
        if event.verdict is Said.TOO_MANY_HOPS and event.domain and event.queue_id:
            place = self.state.chains.begin(at, event.queue_id)
            return Hint(
                at=at,
                key=place.key,
                hops=self.state.chains.hops(place.key),
                reason="too many hops",
                recipient="",
                signals=[SignalKind.MTA_VERDICT],
                evidence=[evidence_of(event)],
            )
        if event.verdict in {Said.SELF_MX, Said.OWN_HOSTNAME} and event.pid is not None:
            # One host may log under several names: its log and the pid are the key, not the name.
            key = f"{stream}/{event.mta}/{event.pid}"
            joined = self.state.joins.get(key)
            if joined is None or at - joined.at > self.window:
                joined = Joined(at=at, domain=None, said=event.verdict.value, evidence=[])
            joined.domain = event.domain or joined.domain
            joined.evidence = [*joined.evidence, evidence_of(event)][-4:]
            self.state.joins.set(key, joined)
        return None

    def note_delivery(
        self,
        at: datetime,
        event: Delivery,
        domain: str,
        signals: list[SignalKind],
        stream: str,
    ) -> Hint | None:
        """Take a delivery line to *domain* that rules gave *signals*: return its evidence.

        If it is any.
        """
        joined = self._join(at, event, domain, stream)
        if joined is not None and SignalKind.MTA_VERDICT not in signals:
            signals = [*signals, SignalKind.MTA_VERDICT]
        place, merge = self._follow(at, event, signals)
        if not signals:
            return None
        if SignalKind.SELF_DELIVERY in signals and place is not None and place.depth:
            signals = [*signals, SignalKind.REENTRY]
        return Hint(
            at=at,
            key=place.key if place else f"{event.line.source}:{event.line.number}",
            hops=self.state.chains.hops(place.key) if place else 0,
            reason=_reason(event, joined, signals),
            recipient=next((r for r in event.recipients if domain_of(r) == domain), ""),
            signals=signals,
            evidence=[*(joined.evidence if joined else ()), evidence_of(event)],
            merge=merge,
        )

    def _join(self, at: datetime, event: Delivery, domain: str, stream: str) -> Joined | None:
        if event.pid is None or not len(self.state.joins):
            return None
        key = f"{stream}/{event.mta}/{event.pid}"
        joined = self.state.joins.get(key)
        if joined is None or (joined.domain is not None and joined.domain != domain):
            return None
        self.state.joins.pop(key)
        return joined if at - joined.at <= self.window else None

    def _follow(
        self, at: datetime, event: Delivery, signals: list[SignalKind]
    ) -> tuple[Pass | None, Merge | None]:
        """Carry the message on to the receiver's queue id; a delivery to ourselves is a pass.

        A delivery that is no pass but goes on to a known host of ours (a filter between two
        daemons) carries the message as well.
        """
        if event.queue_id is None:
            return None, None
        chains = self.state.chains
        passed = SignalKind.SELF_DELIVERY in signals
        place = chains.begin(at, event.queue_id) if signals else chains.find(event.queue_id)
        if place is None or event.status is not Status.SENT or not event.next_queue_id:
            return place, None
        return place, chains.link(at, place, event.next_queue_id, passed=passed)

    def weigh(self, domain: str, hint: Hint, case: Case | None) -> tuple[Case | None, list[str]]:
        """Add *hint* to the open *case*, or to what is pending.

        Return the case when it has just opened, and the messages that the case had not counted
        before.
        """
        if case is not None:
            return None, _add(case, hint)
        pending = self.state.pending.get(domain) or Pending()
        if hint.merge is not None:
            _merge(pending, hint.merge)
        pending.hints.append(hint)
        since = hint.at - self.window
        loud = {
            h.key for h in pending.hints if SignalKind.MTA_VERDICT in h.signals and h.at >= since
        }
        if hint.hops < self.passes and len(loud) < self.passes:
            if len(pending.hints) > KEPT_PENDING:
                del pending.hints[0]
            self.state.pending.set(domain, pending)
            return None, []
        self.state.pending.pop(domain)
        kept = [h for h in pending.hints if h.at >= since or h.key == hint.key]
        opened = Case(
            id=incident_id(IncidentKind.LOOP, domain, hint.at),
            kind=IncidentKind.LOOP,
            subject=domain,
            rule="loop",
            opened=hint.at,
            first=kept[0].at,
            last=hint.at,
        )
        return opened, [key for one in kept for key in _add(opened, one)]

    def forget(self, now: datetime) -> None:
        """Drop what is pending and can no longer count.

        Verdicts past the window (chains are kept by their table).
        """
        since = now - self.window
        for domain, pending in list(self.state.pending.items()):
            if pending.hints[-1].at < since and all(
                SignalKind.SELF_DELIVERY not in h.signals for h in pending.hints
            ):
                self.state.pending.pop(domain)


def _merge(pending: Pending, merge: Merge) -> None:
    """Give hints of a message that turned out to be a later pass of another the other's key."""
    first = True
    for hint in pending.hints:
        if hint.key != merge.old:
            continue
        hint.key = merge.key
        if first and SignalKind.SELF_DELIVERY in hint.signals:
            hint.signals = [*hint.signals, SignalKind.REENTRY]
        first = False


def _add(case: Case, hint: Hint) -> list[str]:
    if hint.merge is not None:
        case.forget_message(hint.merge.old)
        if hint.merge.passed:
            case.add_signal(SignalKind.REENTRY)
    for evidence in hint.evidence:
        case.add_line(hint.at, evidence)
    for signal in hint.signals:
        case.add_signal(signal)
    case.add_reason(hint.reason)
    if hint.recipient:
        case.add_recipient(hint.recipient)
    return [hint.key] if case.add_message(hint.key, hint.hops) else []


def _reason(event: Delivery, joined: Joined | None, signals: list[SignalKind]) -> str:
    reply = (event.reply or "").lower()
    if "too many hops" in reply:
        return "too many hops"
    if "best mx host" in reply:
        return "best MX host is local"
    if SignalKind.MTA_VERDICT in signals:
        if joined is not None and joined.said == Said.OWN_HOSTNAME:
            return "greeted by our own hostname"
        return "mail loops back to myself"
    return "delivered to ourselves"
