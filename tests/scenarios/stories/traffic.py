"""A mail server's ordinary day: what it sends, and what is put off although nothing is wrong.

Domains are as popular as Zipf says; the day has its hours; some domains are dead for days, some
greylist, some have full mailboxes, one or two servers are always a little sick; once in a while a
list writes to everybody.
"""

import math
from dataclasses import dataclass, field
from datetime import timedelta

PLACES = 400
#: The largest providers host many of the domains.
PROVIDERS = ("mx1.bighost.test", "mx.mailcloud.test", "in.webpost.test")


@dataclass
class Town:
    """The domains that a server writes to, with their habits; drawn once a story."""

    rng: object
    places: list[str] = field(default_factory=list)
    hosts: dict[str, str] = field(default_factory=dict)
    habits: dict[str, tuple[str, float]] = field(default_factory=dict)
    weights: list[float] = field(default_factory=list)

    def __post_init__(self):
        self.places = [f"place{n}.test" for n in range(PLACES)]
        self.weights = [1 / (n + 1) for n in range(PLACES)]
        for n, place in enumerate(self.places):
            draw = self.rng.random()
            if draw < 0.25:
                self.hosts[place] = self.rng.choice(PROVIDERS)
            if n < 10:  # the big ones work, but for a few in a thousand
                self.habits[place] = (self.rng.choice(("policy", "mailbox", "throttled")), 0.003)
            elif draw > 0.99:
                self.habits[place] = (self.rng.choice(("timeout", "refused", "dns")), 1.0)
            elif draw > 0.9:
                self.habits[place] = ("grey", 1.0)
            elif draw > 0.85:
                self.habits[place] = ("timeout", 0.05)
            elif draw > 0.8:
                self.habits[place] = ("mailbox", 0.1)

    def someone(self):
        place = self.rng.choices(self.places, self.weights)[0]
        return f"user{self.rng.randrange(5000)}@{place}"


def send(pen, town, at, to, *, light):
    """One message as this town takes it: sent, or put off and tried again."""
    place = to.rpartition("@")[2]
    host = town.hosts.get(place)
    cause, chance = town.habits.get(place, ("", 0.0))
    if pen.rng.random() >= chance:
        if not light:
            pen.healthy(at, "someone@home.test", to, host)
        return
    qid = pen.put_off(at, to, cause, host=host)
    tries = (300.0, 900.0, 2100.0) if cause != "grey" else (300.0,)
    for delay in tries:
        if chance == 1.0 and cause != "grey":
            pen.put_off(at + timedelta(seconds=delay), to, cause, qid=qid, delay=delay, host=host)


def day(pen, town, start, hours, *, per_hour=600, light=True, lists=1):
    """Ordinary traffic from *start* on; *light*: only the lines that put mail off."""
    rng = pen.rng
    for hour in range(int(hours)):
        rate = per_hour * (0.55 - 0.45 * math.cos(2 * math.pi * ((start.hour + hour) % 24) / 24))
        count = int(rng.gauss(rate, math.sqrt(rate)))
        for _ in range(max(count, 0)):
            at = start + timedelta(hours=hour + rng.random())
            send(pen, town, at, town.someone(), light=light)
    for _ in range(lists):
        at = start + timedelta(hours=rng.random() * hours)
        everybody = {town.someone() for _ in range(400)}
        for n, to in enumerate(sorted(everybody)):
            send(pen, town, at + timedelta(seconds=n * 0.7), to, light=light)
    # Now and then a sick server for an hour, a little: no spike
    for _ in range(rng.randrange(3)):
        place = rng.choice(town.places[20:])
        at = start + timedelta(hours=rng.random() * hours)
        for n in range(rng.randrange(2, 7)):
            pen.put_off(at + timedelta(minutes=9 * n), f"u{n}@{place}", "timeout")
    # and a man who mails one dead address again and again
    for _ in range(rng.randrange(20)):
        at = start + timedelta(hours=rng.random() * hours)
        pen.put_off(at, "nobody@gone.test", "refused")
