"""Where a story is written: a log with its truth."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stories.pen import Log
from stories.postfix_pen import PostfixPen
from stories.sendmail_pen import SendmailPen
from stories.traffic import Town, day

from logwatch_mx.model.verdict import Outcome

PENS = (PostfixPen, SendmailPen)
#: Every alarm of these is wanted; greylisting and full mailboxes are not in it.
SPIKE_CAUSES = ("refused", "timeout", "lost", "throttled", "noroute", "tls", "policy")
OUTAGE_CAUSES = ("dns", "unreachable", "timeout", "refused")


@dataclass
class Story:
    """A log with its truth: *expected* is (kind, subject) with the time at which it began."""

    name: str
    lines: list[str]
    expected: dict[tuple[str, str], datetime] = field(default_factory=dict)
    days: float = 0.0
    zone: dict[str, Outcome] = field(default_factory=dict)


class Desk:
    """Where a story is written: a log, a pen of one MTA, a town, all of one seed."""

    def __init__(self, name, seed, pen=None, *, full=False):
        self.name = name
        self.rng = random.Random(f"{name}/{seed}")
        self.log = Log()
        self.start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(
            days=self.rng.randrange(200), seconds=self.rng.randrange(86400)
        )
        self.pen = (pen or self.rng.choice(PENS))(self.log, self.rng, full=full)
        self.town = Town(self.rng)
        self.expected = {}
        self.days = 0.0

    def after(self, least, most=None):
        """Return a time so many minutes after the beginning, drawn between the two."""
        return self.start + timedelta(minutes=self.rng.uniform(least, most or least))

    def ordinary(self, hours, **words):
        day(self.pen, self.town, self.start, hours, **words)
        self.days += hours / 24

    def expect(self, kind, subject, at):
        self.expected[kind, subject] = at

    def story(self):
        zone = {subject: Outcome.LOOPBACK for kind, subject in self.expected if kind == "loop"}
        return Story(self.name, self.log.in_order(), self.expected, self.days, zone)
