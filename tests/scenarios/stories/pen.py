"""What every pen shares: where lines are gathered, stamps, names and queue ids.

A pen writes lines as an MTA logs them, from facts: who wrote to whom, what the server said.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: Why mail is put off, as the stories name it.
CAUSES = (
    "refused",
    "timeout",
    "lost",
    "throttled",
    "grey",
    "mailbox",
    "dns",
    "unreachable",
    "noroute",
    "tls",
    "policy",
)
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass
class Log:
    """Lines with their times, written in any order, read in the order of time."""

    lines: list[tuple[datetime, str]] = field(default_factory=list)

    def extend(self, other):
        self.lines += other.lines

    def in_order(self):
        """Return the lines by time; those of one moment stay as they were written."""
        return [text for _, text in sorted(self.lines, key=lambda pair: pair[0])]


@dataclass
class Pen:
    """Writes for one host; *full*: also the lines that say nothing about delivery."""

    log: Log
    rng: random.Random
    host: str = "mx"
    full: bool = True
    iso: bool = False
    shown: timedelta = timedelta()

    def stamp(self, at):
        at += self.shown
        if self.iso:
            return at.isoformat(timespec="microseconds")
        return f"{at:%b} {at.day:2d} {at:%H:%M:%S}"

    def put(self, at, tag, pid, text):
        self.log.lines.append((at, f"{self.stamp(at)} {self.host} {tag}[{pid}]: {text}"))

    def pid(self):
        return self.rng.randrange(300, 32000)

    def letters(self, count):
        return "".join(self.rng.choices(_BASE36, k=count))

    def ip(self):
        return f"198.51.{self.rng.randrange(100, 104)}.{self.rng.randrange(1, 250)}"


def seconds(number):
    return timedelta(seconds=number)


def mail_host(domain):
    """Return the mail exchanger's name: a provider's for the domains that it hosts."""
    return f"mail.{domain}"
