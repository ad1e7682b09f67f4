"""One key of the spike detector: what it deferred lately, what is usual for it, and its test.

A key is a domain, a provider, or a shared one. Its window is kept deferral by deferral; what leaves
the window becomes its past, which fades with a half-life of six hours. The past lags the test by
one window, so that a spike does not become its own baseline.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from math import ceil, log

from msgspec import Struct

from logwatch_mx.detect.tail import P_SPIKE, PRIOR_SHAPE, least_count, tail

HALF_LIFE = timedelta(hours=6)
#: A key that was never seen before has at least this much quiet past.
LEAST_PAST = timedelta(minutes=5)
MIN_MESSAGES = 10
MIN_PARTIES = 3
MIN_RATIO = 3.0
#: Deferrals of one key in one window that are kept one by one; beyond it they are only counted.
KEPT_SAMPLES = 1000
#: Of all keys together: beyond it a key keeps no more than these few.
KEPT_IN_ALL, KEPT_OF_MANY = 200_000, 60


class Sample(Struct, frozen=True):
    """One first deferral of a message; *recipient* and *message* are hashed."""

    at: datetime
    recipient: str
    domain: str
    group: str
    reason: str
    message: str


class Key(Struct):
    """What is remembered of one key.

    *minutes*: how many in each minute of the window. *samples*: the same one by one, while no
    incident is open. *shape*: messages of the past, faded up to *faded_at*. *frozen*: the number
    that was expected in a window when an incident opened, at *frozen_at*; None while none is open.
    """

    samples: list[Sample] = []
    minutes: list[tuple[datetime, int]] = []
    shape: float = 0.0
    faded_at: datetime | None = None
    frozen: float | None = None
    frozen_at: datetime | None = None
    quiet_since: datetime | None = None

    @property
    def total(self) -> int:
        """Return the number of deferrals in the window."""
        return sum(count for _, count in self.minutes)

    def count(self, minute: datetime) -> None:
        """Count one deferral in its *minute*."""
        minutes = self.minutes
        if minutes and (last := minutes[-1])[0] >= minute:
            minutes[-1] = (last[0], last[1] + 1)
        else:
            minutes.append((minute, 1))

    def record(self, sample: Sample, minute: datetime, most: int = KEPT_SAMPLES) -> None:
        """Count *sample*, which came in *minute*, and keep it for the test: *most* at a time."""
        minutes = self.minutes
        if minutes and (last := minutes[-1])[0] >= minute:
            minutes[-1] = (last[0], last[1] + 1)
        else:
            minutes.append((minute, 1))
        if len(self.samples) < most:
            self.samples.append(sample)

    def forget(self, messages: AbstractSet[str]) -> None:
        """Take out *messages*: they belong to an incident, and count nowhere else."""
        gone = [s for s in self.samples if s.message in messages]
        if not gone:
            return
        self.samples = [s for s in self.samples if s.message not in messages]
        counts = dict(self.minutes)
        for sample in gone:
            minute = sample.at.replace(second=0, microsecond=0)
            if counts.get(minute):
                counts[minute] -= 1
        self.minutes = [(minute, count) for minute, count in counts.items() if count]


class Moment(Struct, frozen=True):
    """One evaluation: at *now*, over *window*, with *past*, the log time observed before it."""

    now: datetime
    window: timedelta
    past: timedelta

    @classmethod
    def of(cls, now: datetime, window: timedelta, begun: datetime | None) -> "Moment":
        """Return the evaluation at *now* of a log that is observed since *begun*.

        The past fades like the counts do.
        """
        seen: float = max((now - (begun or now) - window) / HALF_LIFE, 0.0)
        past: timedelta = HALF_LIFE * ((1 - 0.5**seen) / log(2))
        return cls(now, window, max(past, LEAST_PAST))

    def shape(self, key: Key) -> float:
        """Return how much is known of *key*: its past messages and the prior."""
        return _round(PRIOR_SHAPE + self._faded(key))

    def expected(self, key: Key) -> float:
        """Return the number of deferrals that the key's past predicts for one window."""
        if key.frozen is not None:
            return key.frozen
        return _round((PRIOR_SHAPE + self._faded(key)) * (self.window / self.past))

    def roll(self, key: Key) -> bool:
        """Move what left the window into the past; return whether *key* is active."""
        since = self.now - self.window
        gone = 0
        while key.minutes and key.minutes[0][0] < since:
            gone += key.minutes.pop(0)[1]
        while key.samples and key.samples[0].at < since:
            del key.samples[0]
        if gone and key.frozen is None:
            key.shape = self._faded(key) + gone
            key.faded_at = self.now
        return bool(key.minutes) or key.frozen is not None

    def freeze(self, key: Key, expected: float) -> None:
        """Hold the baseline of *key*: an incident is open."""
        key.frozen, key.frozen_at, key.quiet_since = expected, self.now, None

    def accept(self, key: Key) -> None:
        """Make what *key* is like now its past: it is usual from now on."""
        key.shape = key.total * (self.past / self.window)
        key.faded_at = self.now

    def trip(self, key: Key, ceiling: int) -> int | None:
        """Return the index of the sample with which the test was first satisfied, or None."""
        reached = len(key.samples)
        if reached < MIN_MESSAGES:
            return None
        expected = self.expected(key)
        ratio = ceil(MIN_RATIO * expected)
        always = max(ceiling, ratio)
        # Most keys are tested minute by minute and satisfy nothing: one look at the tail tells.
        if reached < ratio:
            return None
        if reached < always and tail(reached, expected, self.shape(key)) >= P_SPIKE:
            return None
        least = max(least_count(expected, self.shape(key), P_SPIKE), MIN_MESSAGES, ratio)
        parties: set[str] = set()
        for index, sample in enumerate(key.samples):
            parties.add(sample.recipient)
            count = index + 1
            if (count >= least and len(parties) >= MIN_PARTIES) or count >= always:
                return index
        return None

    def needed(self, key: Key, ceiling: int) -> int:
        """Return how many messages in the window satisfy the test, if enough parties send them."""
        expected = self.expected(key)
        ratio = ceil(MIN_RATIO * expected)
        least = max(least_count(expected, self.shape(key), P_SPIKE), MIN_MESSAGES, ratio)
        return min(least, max(ceiling, ratio))

    def is_raised(self, key: Key, samples: Sequence[Sample], p: float) -> bool:
        """Say whether so many *samples* are less likely than *p* by the past of *key*."""
        expected = self.expected(key)
        least = max(least_count(expected, self.shape(key), p), ceil(MIN_RATIO * expected))
        return len(samples) >= least

    def _faded(self, key: Key) -> float:
        if key.faded_at is None:
            return 0.0
        age: float = max((self.now - key.faded_at) / HALF_LIFE, 0.0)
        return float(key.shape * 0.5**age)


def _round(value: float) -> float:
    """Round to three digits, so that the tail's cache is of use."""
    return float(f"{value:.3g}")
