"""What the spike detector counts: deferrals in, each counted for its keys or in an open incident.

A message counts once, at its first deferral: see ``spike.py`` for the keys and what is left out.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from logwatch_mx.detect.agenda import Agenda
from logwatch_mx.detect.baseline import KEPT_IN_ALL, MIN_MESSAGES, Key, Sample
from logwatch_mx.detect.case import Case, Kept, hashed, keep
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.detect.reasons import (
    BACKLOG,
    OUTAGE_REASONS,
    host_in,
    is_deferral,
    is_own_remedy,
    left_out,
    left_out_at,
    reason_in,
    reason_of,
)
from logwatch_mx.detect.spike_case import OUTAGE, count_in, open_case
from logwatch_mx.detect.spike_state import SpikeState
from logwatch_mx.model.deferral import Deferral
from logwatch_mx.model.event import Delivery

#: All deferrals that belong to no incident, but for those of the key ``outage``.
POOL = "pool"
_BACKLOG = BACKLOG.total_seconds()
_A_MINUTE = timedelta(minutes=1)
_EVER = datetime(1, 1, 1, tzinfo=UTC)


class SpikeCounts:
    """Deferrals in; *provider* and *counts* as ``SpikeDetector`` has them."""

    def __init__(
        self,
        *,
        provider: Callable[[str], str],
        state: SpikeState,
        counts: Callable[[Delivery, str], bool],
    ) -> None:
        self.provider = provider
        self.counts = counts
        self.state = state
        #: Whether an incident of a spike or an outage may be open: ``tick`` says so.
        self.has_cases = True
        #: No more samples are kept than this; at first it is not known how many.
        self.at_most = KEPT_IN_ALL
        self.agenda = Agenda((name, state.keys.peek(name)) for name in state.active)
        self._forgotten = state.keys.forgotten
        self._minute = _EVER

    def heeds(self, queue_id: str | None, delay: float | None) -> bool:
        """Say whether a deferral of a message may be news: it is young, and did not count before.

        *delay* is in seconds.
        """
        if (delay or 0.0) > _BACKLOG:
            return False
        return queue_id is None or hashed(queue_id) not in self.state.seen

    def note(self, at: datetime, event: Delivery, cases: dict[str, Case]) -> None:
        """Take a delivery line; it counts when it is a first deferral and news."""
        if is_deferral(event) and not is_own_remedy(event):
            self.note_deferral(at, event, cases)

    def note_deferral(self, at: datetime, event: Delivery, cases: dict[str, Case]) -> None:
        """Take a deferral that is no trace of a remedy of ours."""
        if (event.delay or 0.0) > _BACKLOG:
            return
        # Before the reason, which takes the longest to tell: most lines are of later tries.
        message = hashed(event.queue_id or f"{event.line.source}:{event.line.offset}")
        seen = self.state.seen
        if seen.get(message):
            return
        reason = reason_of(event)
        if left_out(event, reason):
            return
        seen.set(message, 1)
        self._record(at, event, reason, message, cases)

    def note_usual(self, at: datetime, tried: Deferral, cases: dict[str, Case]) -> None:
        """Take a deferral of the usual shape, which spike rules take and no remedy of ours made."""
        seen = self.state.seen
        if seen.get(tried.message):
            return
        address = tried.address
        reason = reason_in(tried.dsn, tried.reply, address, tried.agent)
        if left_out_at(tried.delay, reason):
            return
        seen.set(tried.message, 1)
        provider = self.provider(tried.host) if tried.host else ""
        domain = tried.domain
        sample = Sample(
            at, hashed(address.lower()), domain, provider or domain, reason, tried.message
        )
        names, case = self._names(sample, provider, cases)
        self._count(sample, names, case, Kept(tried.source, tried.number, tried.text))

    def _record(
        self, at: datetime, event: Delivery, reason: str, message: str, cases: dict[str, Case]
    ) -> None:
        host = event.relay.host if event.relay and event.relay.host else host_in(event.reply)
        provider = self.provider(host) if host else ""
        recipients = {domain_of(address): address for address in reversed(event.recipients)}
        kept = keep(event)
        counted: set[str] = set()
        for domain, address in reversed(recipients.items()):
            if domain is None or not self.counts(event, domain):
                continue
            sample = Sample(
                at, hashed(address.lower()), domain, provider or domain, reason, message
            )
            names, case = self._names(sample, provider, cases)
            # One line may name several domains of one provider: still one message.
            self._count(sample, [n for n in names if n not in counted], case, kept)
            counted.update(names)

    def _count(self, sample: Sample, names: Sequence[str], case: Case | None, kept: Kept) -> None:
        """Count *sample*, whose line is *kept*, for the keys *names*, and in their open *case*."""
        at = sample.at
        minute = self._minute
        if not minute <= at < minute + _A_MINUTE:
            minute = self._minute = at.replace(second=0, microsecond=0)
        if case is not None:
            for name in names:
                self._key(name, minute).count(minute)
                count_in(case, sample, kept)
            return
        self.state.lines.set(sample.message, kept)
        kept_of_one = self.state.kept
        young, active = self.state.keys.young, self.state.active
        self.at_most += len(names)
        for name in names:
            key = young.get(name)
            if key is None or name not in active:
                key = self._key(name, minute)
                young, active = self.state.keys.young, self.state.active
            key.record(sample, minute, kept_of_one)
            if len(key.samples) == MIN_MESSAGES:
                self.agenda.busy.add(name)

    def _names(
        self, sample: Sample, provider: str, cases: dict[str, Case]
    ) -> tuple[tuple[str, ...], Case | None]:
        """Return the keys that *sample* counts for: that of an open incident, with it, or all."""
        if not self.has_cases:
            if sample.reason in OUTAGE_REASONS:
                return (OUTAGE,), None
            name = "domain " + sample.domain
            return (name, "provider " + provider, POOL) if provider else (name, POOL), None
        outage = open_case(OUTAGE, cases)
        if sample.reason in OUTAGE_REASONS or outage is not None:
            return (OUTAGE,), outage
        name = "domain " + sample.domain
        if (case := open_case(name, cases)) is not None:
            return (name,), case
        if not provider:
            return (name, POOL), None
        shared = "provider " + provider
        if (case := open_case(shared, cases)) is not None:
            return (shared,), case
        return (name, shared, POOL), None

    def _key(self, name: str, minute: datetime) -> Key:
        """Return the key *name*, which is active from *minute* on if it was not before."""
        keys = self.state.keys
        key = keys.young.get(name) or keys.get(name)
        if key is None:
            key = Key()
            keys.set(name, key)
            if keys.forgotten != self._forgotten:
                self._let_go()
        if name not in self.state.active:
            self.state.active[name] = 1
            self.agenda.begin(name, minute)
        return key

    def _let_go(self) -> None:
        """Let what the table forgot be active no more: senders choose how many names there are."""
        state, self._forgotten = self.state, self.state.keys.forgotten
        state.active = {name: 1 for name in state.active if name in state.keys}
        self.agenda.keep(state.active.keys())
