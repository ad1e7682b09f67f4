"""Deferral spikes: one domain or provider that suddenly puts our mail off, or everything at once.

Contract
1. A message counts once, at its first deferral, when a spike rule takes it. Left out before every
   test: our own remedies, greylisting until a message is older than 30 minutes, per-mailbox
   refusals, and backlog that is older than an hour.
2. Keys: the recipient domain, and the provider (registrable domain of the relay), which raises only
   when three recipient domains are behind it. DNS failures and an unreachable network share the key
   ``outage``.
3. Each whole log minute the last window is tested against the key's own past (``baseline.py``,
   ``tail.py``), with the guards: ten messages, three times the expected number, three recipients.
   The ceiling alarms without the guard of recipients. Many keys at once are one outage
   (``outage.py``).
4. A deferral counts in one incident only. The baseline lags by one window and is frozen while an
   incident of the key, or an outage, is open.
5. An incident closes when its key was below 1.5 times the expected number for 15 minutes, or when
   it was like this for six hours: then it is how this key is.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from logwatch_mx.detect.agenda import Agenda
from logwatch_mx.detect.baseline import (
    KEPT_IN_ALL,
    KEPT_OF_MANY,
    KEPT_SAMPLES,
    MIN_MESSAGES,
    MIN_PARTIES,
    Key,
    Moment,
    Sample,
)
from logwatch_mx.detect.case import Case
from logwatch_mx.detect.outage import find_outage
from logwatch_mx.detect.reasons import BACKLOG
from logwatch_mx.detect.spike_case import OUTAGE, make_case, names_of, open_case
from logwatch_mx.detect.spike_counts import POOL, SpikeCounts
from logwatch_mx.detect.spike_state import SpikeState
from logwatch_mx.detect.window import Table
from logwatch_mx.model.event import Delivery
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.trail import Doubt

CLOSE_RATIO = 1.5
CLOSE_AFTER = timedelta(minutes=15)
NEW_NORMAL = timedelta(hours=6)
#: A log that is observed for less than this tells nothing yet of what is usual.
COLD = timedelta(hours=1)
_KINDS = frozenset({IncidentKind.SPIKE, IncidentKind.OUTAGE})


class SpikeDetector(SpikeCounts):
    """Deferrals and minutes in, cases out.

    *provider* names the registrable domain of a host; *counts* says whether a spike rule takes a
    deferral to a domain.
    """

    def __init__(
        self,
        *,
        window: timedelta,
        ceiling: int,
        provider: Callable[[str], str],
        state: SpikeState,
        counts: Callable[[Delivery, str], bool] = lambda _event, _domain: True,
    ) -> None:
        super().__init__(provider=provider, state=state, counts=counts)
        self.window = window
        self.ceiling = ceiling

    def tick(
        self, now: datetime, cases: dict[str, Case], *, closing: bool = True
    ) -> tuple[list[Case], list[Case]]:
        """Evaluate every active key at *now*; return the cases that opened and those that closed.

        *cases* are the open ones by ``kind/subject``. At the end of a log nothing is *closing*.
        """
        state = self.state
        if state.aged is None or now - state.aged >= BACKLOG:
            state.seen.age()
            state.aged = now
        moment = Moment.of(now, self.window, state.begun)
        self._roll(moment, cases)
        closed = self._close(cases, moment) if closing else []
        opened = self._open(moment) if open_case(OUTAGE, cases) is None else []
        # While there is no room for an incident that would take them, samples stay for a window.
        if self.at_most >= KEPT_IN_ALL:  # to count them in every minute takes a tenth of a replay
            self.at_most = sum(len(key.samples) for _, key in state.keys.items())
        state.kept = KEPT_SAMPLES if self.at_most < KEPT_IN_ALL else KEPT_OF_MANY
        # Only here they begin; until the next minute most deferrals need not ask.
        self.has_cases = bool(opened) or any(case.kind in _KINDS for case in cases.values())
        return opened, closed

    def _roll(self, moment: Moment, cases: dict[str, Case]) -> None:
        """Move what left the window into the past of its keys."""
        active, agenda = self.state.active, self.agenda
        keys = self.state.keys
        # When the table is full, what is active has to stay young.
        for name in active if keys.old else ():
            if name not in keys.young:
                keys.get(name)
        for name in agenda.take(moment.now - self.window):
            key = keys.get(name)
            if key is not None and key.frozen is not None and open_case(name, cases) is None:
                # There was no room for the incident, or an operator's hand closed it.
                key.frozen = None
            if key is None or not moment.roll(key):
                active.pop(name, None)
            else:
                agenda.put(name, key)

    def _keys(self) -> dict[str, Key]:
        """Return all active keys."""
        found = ((name, self.state.keys.get(name)) for name in self.state.active)
        return {name: key for name, key in found if key is not None}

    def rewind(self, to: datetime) -> None:
        """Begin anew *to*: the time until now was wrong, and so is what is usual by it."""
        state = self.state
        state.keys, state.active = Table(cap=state.keys.cap), {}
        state.begun = state.aged = to
        self.agenda = Agenda()

    def doubt(self, case: Case, now: datetime) -> Doubt | None:
        """Return what to ask about the *case* just opened, while nothing is known of the usual."""
        if now - (self.state.begun or now) >= COLD:
            return None
        return Doubt(
            incident=case.id,
            subject=case.subject if case.kind is IncidentKind.SPIKE else None,
            since=now - self.window,
            until=now,
            deferred=case.messages,
        )

    def accept(self, subject: str | None, now: datetime) -> None:
        """Take for usual what *subject* (None: everything) has deferred in this window."""
        moment = Moment.of(now, self.window, self.state.begun)
        for name in names_of(subject) if subject is not None else [OUTAGE, POOL]:
            key = self.state.keys.get(name)
            if key is not None:
                key.frozen = None
                moment.accept(key)

    def _close(self, cases: dict[str, Case], moment: Moment) -> list[Case]:
        """Close the cases that have been quiet for long enough, or that have become normal."""
        closed = []
        for case in cases.values():
            if case.closed is not None or case.kind not in _KINDS:
                continue
            names = [OUTAGE] if case.kind is IncidentKind.OUTAGE else names_of(case.subject)
            found = (self.state.keys.get(name) for name in names if name in self.state.active)
            frozen = (key for key in found if key is not None and key.frozen is not None)
            if self._is_over(next(frozen, None), case, moment):
                case.closed = moment.now
                closed.append(case)
        return closed

    def _is_over(self, key: Key | None, case: Case, moment: Moment) -> bool:
        if key is None or key.frozen is None:
            return True
        if key.total >= max(CLOSE_RATIO * key.frozen, 1.0):
            key.quiet_since = None
            if moment.now - (key.frozen_at or case.opened) < NEW_NORMAL:
                return False
            moment.accept(key)
            case.advice = "it has been like this for six hours and is taken as normal now"
        else:
            key.quiet_since = key.quiet_since or moment.now
            if moment.now - key.quiet_since < CLOSE_AFTER:
                return False
        key.frozen, key.quiet_since = None, None
        return True

    def _open(self, moment: Moment) -> list[Case]:
        tripped = {}
        for name in self.agenda.busy - {POOL}:
            key = self.state.keys.get(name) if name in self.state.active else None
            if key is None or len(key.samples) < MIN_MESSAGES:
                self.agenda.busy.discard(name)
            elif (index := self._trips(name, key, moment)) is not None:
                tripped[name] = index
        if not tripped:
            return []
        keys = self._keys()
        if OUTAGE in tripped:
            shared = keys[OUTAGE]
            return [self._outage(shared.samples, shared.samples[tripped[OUTAGE]].at, keys, moment)]
        groups = {s.group for name in tripped for s in keys[name].samples}
        pooled = find_outage(groups, keys.get(POOL) or Key(), moment)
        if pooled:
            opened = max(keys[name].samples[index].at for name, index in tripped.items())
            return [self._outage(pooled, opened, keys, moment)]
        opened_cases = []
        # Providers first: their domains are then one incident, not many.
        for name in sorted(tripped, key=lambda n: (not n.startswith("provider "), n)):
            key = keys[name]
            index = self._trips(name, key, moment)
            if index is not None:  # not told by its provider's incident
                opened_cases.append(self._spike(name, key, index, keys, moment))
        return opened_cases

    def _trips(self, name: str, key: Key, moment: Moment) -> int | None:
        """Return the index of the sample with which the test was first satisfied, or None."""
        if key.frozen is not None:
            return None
        index = moment.trip(key, self.ceiling)
        if index is not None and name.startswith("provider "):
            return index if len({s.domain for s in key.samples}) >= MIN_PARTIES else None
        return index

    def _spike(self, name: str, key: Key, index: int, keys: dict[str, Key], moment: Moment) -> Case:
        samples, key.samples = key.samples, []
        moment.freeze(key, moment.expected(key))
        self.agenda.put(name, key)
        self._take_out(samples, keys)
        subject = name.partition(" ")[2]
        return make_case(samples, self.state.lines, IncidentKind.SPIKE, subject, samples[index].at)

    def _outage(
        self, samples: list[Sample], opened: datetime, keys: dict[str, Key], moment: Moment
    ) -> Case:
        """Open the one incident of many keys.

        What is deferred from now on, whatever the reason, is kept under the shared key: so what is
        usual of all is what it must come down to.
        """
        shared = keys.setdefault(OUTAGE, self.state.keys.get(OUTAGE) or Key())
        usual = moment.expected(shared) + moment.expected(keys.get(POOL) or Key())
        shared.samples, shared.minutes = [], []
        for sample in samples:
            shared.count(sample.at.replace(second=0, microsecond=0))
        moment.freeze(shared, usual)
        self._take_out(samples, keys)
        self.state.keys.set(OUTAGE, shared)
        self.state.active[OUTAGE] = 1
        self.agenda.put(OUTAGE, shared)
        return make_case(samples, self.state.lines, IncidentKind.OUTAGE, OUTAGE, opened)

    @staticmethod
    def _take_out(samples: list[Sample], keys: dict[str, Key]) -> None:
        told = {sample.message for sample in samples}
        for key in keys.values():
            key.forget(told)
