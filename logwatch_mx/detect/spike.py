"""Deferral spikes: one domain or provider that suddenly puts our mail off, or everything at once.

Contract
1. A message counts once, at its first deferral. Left out before every test: our own remedies,
   greylisting until a message is older than 30 minutes, per-mailbox refusals, and backlog that is
   older than an hour.
2. Keys: the recipient domain, and the provider (registrable domain of the relay), which raises only
   when three recipient domains are behind it. DNS failures and an unreachable network share the key
   ``outage``.
3. Each whole log minute the last window is tested against the key's own past (``tail.py``), with
   the guards: ten messages, three times the expected number, three recipients or senders. Many keys
   at once are one outage.
4. The baseline lags by one window and is frozen while an incident of the key is open.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil, log

from msgspec import Struct, field

from logwatch_mx.detect.case import Case, evidence_of, hashed, incident_id
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.detect.reasons import (
    GREYLISTED,
    MAILBOX,
    OUTAGE_REASONS,
    is_deferral,
    is_own_remedy,
    reason_of,
)
from logwatch_mx.detect.tail import PRIOR_SHAPE, least_count
from logwatch_mx.detect.window import Table
from logwatch_mx.model.event import Delivery
from logwatch_mx.model.incident import Evidence, IncidentKind, SignalKind

OUTAGE = "outage"
HALF_LIFE = timedelta(hours=6)
LEAST_PAST = timedelta(minutes=5)
MIN_MESSAGES = 10
MIN_PARTIES = 3
MIN_RATIO = 3.0
CLOSE_RATIO = 1.5
CLOSE_AFTER = timedelta(minutes=15)
NEW_NORMAL = timedelta(hours=6)
BACKLOG = timedelta(hours=1)
GREY_AGE = timedelta(minutes=30)
OUTAGE_KEYS = 4
#: Deferrals of one key in one window that are kept one by one; beyond it they are only counted.
KEPT_SAMPLES = 1000
_HOST = re.compile(r"(?:connect to|conversation with|lost connection with|host) ([^ \[]{1,255})\[")


class Sample(Struct):
    """One first deferral of a message."""

    at: datetime
    recipient: str
    domain: str
    group: str
    reason: str
    message: str
    evidence: Evidence


class Key(Struct):
    """What is remembered of one domain, provider or the shared key.

    *minutes*: how many in each minute of the window. *samples*: the same one by one, while no
    incident is open. *shape*: messages of the past, decayed up to *decayed_at*. *frozen*: the
    number that was expected in a window when an incident opened, None while none is open.
    """

    samples: list[Sample] = []
    minutes: list[tuple[datetime, int]] = []
    shape: float = 0.0
    decayed_at: datetime | None = None
    frozen: float | None = None
    quiet_since: datetime | None = None

    @property
    def total(self) -> int:
        """Return the number of deferrals in the window."""
        return sum(count for _, count in self.minutes)


class SpikeState(Struct):
    """Everything that spike detection remembers; bounded, saved with the place in the log."""

    begun: datetime | None = None
    keys: Table[Key] = field(default_factory=lambda: Table(cap=5_000))
    seen: Table[int] = field(default_factory=lambda: Table(cap=200_000))
    active: dict[str, int] = {}


class SpikeDetector:
    """Deferrals and minutes in, cases out. *provider* names the registrable domain of a host."""

    def __init__(
        self,
        *,
        window: timedelta,
        ceiling: int,
        provider: Callable[[str], str],
        state: SpikeState,
    ) -> None:
        self.window = window
        self.ceiling = ceiling
        self.provider = provider
        self.state = state

    def note(self, at: datetime, event: Delivery, cases: dict[str, Case]) -> None:
        """Take a delivery line; it counts only when it is a first deferral and news."""
        if not is_deferral(event) or is_own_remedy(event):
            return
        reason = reason_of(event)
        age = timedelta(seconds=event.delay or 0)
        if reason == MAILBOX or age > BACKLOG or (reason == GREYLISTED and age <= GREY_AGE):
            return
        message = hashed(event.queue_id or f"{event.line.source}:{event.line.offset}")
        if self.state.seen.get(message):
            return
        self.state.seen.set(message, 1)
        host = event.relay.host if event.relay and event.relay.host else host_in(event.reply)
        provider = self.provider(host) if host else ""
        recipients = {domain_of(address): address for address in reversed(event.recipients)}
        for domain, address in recipients.items():
            if domain is None:
                continue
            sample = Sample(
                at=at,
                recipient=hashed(address),
                domain=domain,
                group=OUTAGE if reason in OUTAGE_REASONS else provider or domain,
                reason=reason,
                message=message,
                evidence=evidence_of(event),
            )
            outage = _open_case(OUTAGE, cases)
            if reason in OUTAGE_REASONS or outage is not None:
                self._record(OUTAGE, sample, outage)
            if reason not in OUTAGE_REASONS:
                name = f"domain {domain}"
                self._record(name, sample, _open_case(name, cases))
                if provider:
                    name = f"provider {provider}"
                    self._record(name, sample, _open_case(name, cases))

    def _record(self, name: str, sample: Sample, case: Case | None) -> None:
        key = self.state.keys.get(name) or Key()
        minute = sample.at.replace(second=0, microsecond=0)
        if key.minutes and key.minutes[-1][0] >= minute:
            key.minutes[-1] = (key.minutes[-1][0], key.minutes[-1][1] + 1)
        else:
            key.minutes.append((minute, 1))
        if case is not None:
            _count(case, sample)
        elif len(key.samples) < KEPT_SAMPLES:
            key.samples.append(sample)
        self.state.keys.set(name, key)
        self.state.active[name] = 1

    def tick(self, now: datetime, cases: dict[str, Case]) -> tuple[list[Case], list[Case]]:
        """Evaluate every active key at *now*; return the cases that opened and those that closed.

        *cases* are the open ones by ``kind/subject``; their counts grow here.
        """
        state = self.state
        keys: dict[str, Key] = {}
        for name in list(state.active):
            key = state.keys.get(name)
            if key is None or not self._roll(key, now):
                del state.active[name]
            if key is not None:
                keys[name] = key
        closed = self._close(keys, cases, now)
        return self._open(keys, cases, now), closed

    def _past(self, now: datetime) -> timedelta:
        """Return the log time observed before the window, decayed like the counts."""
        begun = self.state.begun or now
        seen: float = max((now - begun - self.window) / HALF_LIFE, 0.0)
        past: timedelta = HALF_LIFE * ((1 - 0.5**seen) / log(2))
        return max(past, LEAST_PAST)

    def expected(self, key: Key, now: datetime) -> float:
        """Return the number of deferrals that the key's past predicts for one window."""
        if key.frozen is not None:
            return key.frozen
        shape = PRIOR_SHAPE + self._decayed(key, now)
        return float(f"{shape * (self.window / self._past(now)):.3g}")

    def _decayed(self, key: Key, now: datetime) -> float:
        if key.decayed_at is None:
            return 0.0
        age: float = max((now - key.decayed_at) / HALF_LIFE, 0.0)
        return float(key.shape * 0.5**age)

    def _roll(self, key: Key, now: datetime) -> bool:
        """Move what left the window into the past; return whether the key is still active."""
        since = now - self.window
        gone = 0
        while key.minutes and key.minutes[0][0] < since:
            gone += key.minutes.pop(0)[1]
        while key.samples and key.samples[0].at < since:
            del key.samples[0]
        if gone and key.frozen is None:
            key.shape = self._decayed(key, now) + gone
            key.decayed_at = now
        return bool(key.minutes) or key.frozen is not None

    def _close(self, keys: dict[str, Key], cases: dict[str, Case], now: datetime) -> list[Case]:
        """Close the cases that have been quiet for long enough, or that have become normal."""
        closed = []
        for name, key in keys.items():
            case = _open_case(name, cases)
            if key.frozen is None or case is None:
                continue
            if key.total >= max(CLOSE_RATIO * key.frozen, 1.0):
                key.quiet_since = None
                if now - case.opened < NEW_NORMAL:
                    continue
                # Six hours of it are no spike but how this key is now.
                key.shape = key.total * (self._past(now) / self.window)
                key.decayed_at = now
                case.advice = "it has been like this for six hours and is taken as normal now"
            else:
                key.quiet_since = key.quiet_since or now
                if now - key.quiet_since < CLOSE_AFTER:
                    continue
            key.frozen, key.quiet_since = None, None
            case.closed = now
            closed.append(case)
        return closed

    def _open(self, keys: dict[str, Key], cases: dict[str, Case], now: datetime) -> list[Case]:
        if _open_case(OUTAGE, cases) is not None:
            return []
        tripped = {
            name: index
            for name, key in keys.items()
            if key.frozen is None and (index := self._trips(name, key, keys, now)) is not None
        }
        if not tripped:
            return []
        groups = {s.group for n in tripped if n.startswith("domain ") for s in keys[n].samples}
        active = {s.group for n, k in keys.items() if n.startswith("domain ") for s in k.samples}
        if OUTAGE in tripped or (len(groups) >= OUTAGE_KEYS and len(groups) * 2 >= len(active)):
            return [self._outage(tripped, keys, now)]
        opened = []
        covered: set[str] = set()
        # Providers first: their domains are then one incident, not many.
        for name in sorted(tripped, key=lambda n: (not n.startswith("provider "), n)):
            subject = name.partition(" ")[2]
            if name.startswith("domain "):
                groups_of = {s.group for s in keys[name].samples}
                if groups_of & covered or any(
                    _open_case(f"provider {g}", cases) for g in groups_of - {subject}
                ):
                    continue
            else:
                covered.add(subject)
            opened.append(self._case(keys[name], IncidentKind.SPIKE, subject, tripped[name], now))
        return opened

    def _trips(self, name: str, key: Key, keys: dict[str, Key], now: datetime) -> int | None:
        """Return the index of the sample with which the test was first satisfied, or None."""
        samples = key.samples
        if len(samples) < MIN_MESSAGES:
            return None
        if name.startswith("provider "):
            # Domains with an incident of their own are told already.
            domains = {s.domain for s in samples}
            alone = {d for d in domains if (k := keys.get(f"domain {d}")) and k.frozen is not None}
            if len(domains - alone) < MIN_PARTIES:
                return None
        expected = self.expected(key, now)
        shape = float(f"{PRIOR_SHAPE + self._decayed(key, now):.3g}")
        ratio = ceil(MIN_RATIO * expected)
        least = max(least_count(expected, shape), MIN_MESSAGES, ratio)
        always = max(self.ceiling, ratio)
        parties: set[str] = set()
        for index, sample in enumerate(samples):
            parties.add(sample.recipient)
            count = index + 1
            if (count >= least and len(parties) >= MIN_PARTIES) or count >= always:
                return index
        return None

    def _case(self, key: Key, kind: IncidentKind, subject: str, index: int, now: datetime) -> Case:
        key.frozen = self.expected(key, now)
        samples, key.samples = key.samples, []
        return _case_from(samples, kind, subject, samples[index].at)

    def _outage(self, tripped: dict[str, int], keys: dict[str, Key], now: datetime) -> Case:
        """Open the one incident of many keys.

        What it counts from now on is kept under the shared key.
        """
        shared = keys.setdefault(OUTAGE, self.state.keys.get(OUTAGE) or Key())
        if OUTAGE in tripped:
            return self._case(shared, IncidentKind.OUTAGE, OUTAGE, tripped[OUTAGE], now)
        names = sorted(n for n in tripped if n.startswith("domain "))
        samples = sorted((s for n in names for s in keys[n].samples), key=lambda s: s.at)
        opened = max(keys[n].samples[tripped[n]].at for n in names)
        shared.frozen = sum(self.expected(keys[n], now) for n in names)
        shared.minutes = [(now.replace(second=0, microsecond=0), len(samples))]
        self.state.keys.set(OUTAGE, shared)
        self.state.active[OUTAGE] = 1
        return _case_from(samples, IncidentKind.OUTAGE, OUTAGE, opened)


def _case_from(samples: list[Sample], kind: IncidentKind, subject: str, opened: datetime) -> Case:
    case = Case(
        id=incident_id(kind, subject, opened),
        kind=kind,
        subject=subject,
        rule="spike",
        opened=opened,
        first=samples[0].at,
        last=samples[0].at,
    )
    for sample in samples:
        _count(case, sample)
    return case


def host_in(reply: str | None) -> str | None:
    """Return the host that a local error text names (``connect to mail.d.test[192.0.2.1]:25.

    …``).
    """
    found = _HOST.match(reply or "")
    return found.group(1).lower().rstrip(".") if found else None


def _open_case(name: str, cases: dict[str, Case]) -> Case | None:
    subject = name.partition(" ")[2]
    case = cases.get(f"spike/{subject}" if subject else f"outage/{OUTAGE}")
    return case if case is not None and case.closed is None else None


def _count(case: Case, sample: Sample) -> None:
    case.add_line(sample.at, sample.evidence)
    case.add_signal(SignalKind.DEFERRAL)
    case.add_reason(sample.reason)
    case.add_message(sample.message)
    case.add_recipient(sample.recipient)
