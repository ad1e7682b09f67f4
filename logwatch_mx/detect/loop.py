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
5. Passes are counted for each recipient domain of a message apart.
"""

from datetime import datetime, timedelta

from msgspec import Struct, field

from logwatch_mx.detect.case import Case, Kept, hashed, incident_id, keep
from logwatch_mx.detect.chain import Chains, Merge, Pass
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.detect.join import Joined, Joins
from logwatch_mx.detect.window import Table, weight
from logwatch_mx.model.event import Delivery, MtaVerdict, Said, Status
from logwatch_mx.model.incident import IncidentKind, SignalKind

#: Evidence that is kept of a domain below the threshold.
KEPT_PENDING = 40
#: Bytes of it, about, of all domains in a generation of the table.
KEPT_WEIGHT = 16 << 20
#: Messages that were delivered to ourselves are followed on under their new queue ids: so many,
#: so long. A queue runner of sendmail comes by at least every hour.
FOLLOWED = 2_000
FOLLOWED_FOR = timedelta(hours=2)
_AWAITED = frozenset({Said.SELF_MX, Said.OWN_HOSTNAME})


class Hint(Struct):
    """One piece of evidence below the threshold."""

    at: datetime
    key: str
    hops: int
    reason: str
    recipient: str
    signals: list[SignalKind]
    evidence: list[Kept]
    merge: Merge | None = None
    queue_id: str = ""


class Pending(Struct):
    """A domain under suspicion, below the threshold."""

    hints: list[Hint] = []


class LoopState(Struct):
    """Everything that loop detection remembers; bounded, saved with the place in the log."""

    chains: Chains = field(default_factory=Chains)
    joins: Joins = field(default_factory=Joins)
    pending: Table[Pending] = field(default_factory=lambda: Table(cap=5_000))
    followed: dict[str, datetime] = {}
    version: int = 0


class LoopDetector:
    """Evidence about loops in, cases out: rules say what is evidence, this class counts."""

    def __init__(self, *, passes: int, window: timedelta, state: LoopState) -> None:
        self.passes = passes
        self.window = window
        self.state = state

    def concerns(self, event: Delivery, stream: str) -> bool:
        """Say whether *event* goes on with a chain, or a verdict line waits for it.

        Only what ``following`` tells is looked for: a log of which only some lines are read
        says the same as the whole one.
        """
        state = self.state
        if state.joins.waits(event, stream):
            return True
        queue_id = event.queue_id or ""
        since = state.followed.get(queue_id)
        return (
            since is not None
            # Whether it was forgotten yet is a matter of which minutes were looked at.
            and (event.time is None or event.time - since <= FOLLOWED_FOR)
            and event.status is Status.SENT
            and event.next_queue_id is not None
            and queue_id in state.chains.passes
            and f"{queue_id}: to=" in event.line.text
        )

    def heeds(self, event: MtaVerdict, domain: str | None) -> bool:
        """Say whether ``note_verdict`` makes anything of *event*."""
        if event.verdict is Said.TOO_MANY_HOPS:
            return domain is not None and event.queue_id is not None
        return event.verdict in _AWAITED and event.pid is not None

    @property
    def version(self) -> int:
        """A number that changes whenever ``following`` does."""
        return self.state.version + self.state.joins.version

    def following(self) -> tuple[dict[str, datetime], tuple[int, ...]]:
        """Return the queue ids, the newest last, and the pids that lines go on with."""
        return self.state.followed, self.state.joins.pids()

    def note_verdict(
        self, at: datetime, event: MtaVerdict, domain: str | None, stream: str
    ) -> Hint | None:
        """Take a verdict line.

        Return its evidence when it names the recipient's *domain*, else keep it for the join.
        """
        if event.verdict is Said.TOO_MANY_HOPS and domain and event.queue_id:
            place = self.state.chains.begin(at, event.queue_id)
            return Hint(
                at=at,
                key=place.key,
                hops=self.state.chains.hops(place.key, domain),
                reason="too many hops",
                recipient="",
                signals=[SignalKind.MTA_VERDICT],
                evidence=[keep(event)],
            )
        if event.verdict in _AWAITED:
            self.state.joins.put(at, event, domain, stream, self.window)
        return None

    def join(
        self, at: datetime, event: Delivery, domains: tuple[str, ...], stream: str
    ) -> Joined | None:
        """Return the verdict line that *event* to *domains* ends: call it once for each event."""
        return self.state.joins.take(at, event, domains, stream, self.window)

    def note_delivery(
        self,
        at: datetime,
        event: Delivery,
        domain: str,
        signals: list[SignalKind],
        joined: Joined | None,
    ) -> Hint | None:
        """Take a delivery line to *domain* that rules gave *signals*.

        Return its evidence, None when it is none.
        """
        if joined is not None and joined.domain not in {None, domain}:
            joined = None
        if joined is not None and SignalKind.MTA_VERDICT not in signals:
            signals = [*signals, SignalKind.MTA_VERDICT]
        place, merge = self._follow(at, event, domain, signals)
        if not signals:
            return None
        if SignalKind.SELF_DELIVERY in signals and place is not None and place.depth:
            signals = [*signals, SignalKind.REENTRY]
        key = place.key if place else hashed(f"{event.line.source}:{event.line.offset}")
        recipient = next((r for r in event.recipients if domain_of(r) == domain), "")
        return Hint(
            at=at,
            key=key,
            hops=self.state.chains.hops(key, domain),
            reason=_reason(event, joined, signals),
            recipient=hashed(recipient.lower()) if recipient else "",
            signals=signals,
            evidence=[*(joined.evidence if joined else ()), keep(event)],
            merge=merge,
            queue_id=event.queue_id or "",
        )

    def _follow(
        self, at: datetime, event: Delivery, domain: str, signals: list[SignalKind]
    ) -> tuple[Pass | None, Merge | None]:
        """Carry the message on to the receiver's queue id; a delivery to ourselves is a pass.

        A delivery that is no pass but goes on to a known host of ours (a filter between two
        daemons) carries the message as well.
        """
        if event.queue_id is None:
            return None, None
        chains = self.state.chains
        passed = SignalKind.SELF_DELIVERY in signals
        if signals:
            place: Pass | None = chains.begin(at, event.queue_id)
        else:
            place = chains.find(at, event.queue_id)
        if place is None or event.status is not Status.SENT or not event.next_queue_id:
            return place, None
        if passed or place.depth:
            self._remember(at, event.next_queue_id)
        return place, chains.link(at, place, event.next_queue_id, domain=domain, passed=passed)

    def _remember(self, at: datetime, queue_id: str) -> None:
        followed = self.state.followed
        followed.pop(queue_id, None)
        followed[queue_id] = at
        if len(followed) > FOLLOWED:
            del followed[next(iter(followed))]
        self.state.version += 1

    def weigh(
        self, domain: str, hint: Hint, case: Case | None
    ) -> tuple[Case | None, dict[str, tuple[str, ...]]]:
        """Add *hint* to the open *case*, or to what is pending.

        Return the case when it has just opened, and the messages that the case had not counted
        before, with the queue ids of their passes.
        """
        if case is not None:
            return None, dict.fromkeys(_add(case, hint), ())
        is_young = domain in self.state.pending.young
        pending = self.state.pending.get(domain) or Pending()
        if hint.merge is not None:
            _merge(pending, hint.merge)
            hint.merge = None
        pending.hints.append(hint)
        since = hint.at - self.window
        loud = {
            h.key for h in pending.hints if SignalKind.MTA_VERDICT in h.signals and h.at >= since
        }
        if hint.hops < self.passes and len(loud) < self.passes:
            if len(pending.hints) > KEPT_PENDING:
                del pending.hints[0]
            self.state.pending.set(domain, pending)
            news = (hint,) if is_young else pending.hints
            self.state.pending.weigh(sum(map(_weight, news)), KEPT_WEIGHT)
            return None, {}
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
        return opened, {key: _passes(kept, key) for one in kept for key in _add(opened, one)}

    def forget(self, now: datetime) -> None:
        """Drop what is pending and can no longer count: verdicts past the window."""
        since = now - self.window
        self.state.joins.forget(since)
        for queue_id, at in list(self.state.followed.items()):
            if at >= now - FOLLOWED_FOR:
                break
            del self.state.followed[queue_id]
            self.state.version += 1
        for domain, pending in list(self.state.pending.items()):
            if pending.hints[-1].at < since and all(
                SignalKind.SELF_DELIVERY not in h.signals for h in pending.hints
            ):
                self.state.pending.pop(domain)


def _weight(hint: Hint) -> int:
    return weight(*(kept.text for kept in hint.evidence))


def _passes(hints: list[Hint], key: str) -> tuple[str, ...]:
    """Return the queue ids under which the message *key* was delivered to ourselves."""
    return tuple(
        dict.fromkeys(
            h.queue_id for h in hints if h.key == key and SignalKind.SELF_DELIVERY in h.signals
        )
    )


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
    for kept in hint.evidence:
        case.add_line(hint.at, kept)
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
