"""Marks for stories: what was found, missed and false, how soon, and how sure that is."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from math import sqrt

from stories.player import play

#: An alarm so long before its trouble is a false one.
EARLY = timedelta(minutes=20)


@dataclass
class Marks:
    """Counts over many stories; *late* holds seconds from the beginning to the alarm, by kind."""

    found: Counter = field(default_factory=Counter)
    missed: Counter = field(default_factory=Counter)
    false: Counter = field(default_factory=Counter)
    stories: Counter = field(default_factory=Counter)
    late: dict = field(default_factory=lambda: defaultdict(list))
    days: float = 0.0
    faults: list = field(default_factory=list)

    def add(self, story, seed):
        """Play *story* and mark what came of it."""
        told = play(story.lines, zone=story.zone)
        self.days += story.days
        self.stories[story.name] += 1
        seen = set()
        for incident in told.incidents:
            key = (incident.kind.value, incident.subject)
            wanted = story.expected.get(key)
            if wanted is None or key in seen:
                self.false[incident.kind.value] += 1
                self.faults.append((story.name, seed, "false", incident.id, incident.reasons))
                continue
            if told.alarms[incident.id] < wanted - EARLY:
                self.false[incident.kind.value] += 1
                self.faults.append((story.name, seed, "early", incident.id, incident.reasons))
                continue
            seen.add(key)
            self.found[key[0]] += 1
            # Stamps are whole seconds: an alarm may seem to be earlier than what it is about.
            late = (told.alarms[incident.id] - wanted).total_seconds()
            self.late[key[0]].append(max(late, 0.0))
        for key in story.expected.keys() - seen:
            self.missed[key[0]] += 1
            self.faults.append((story.name, seed, "missed", *key))


def wilson(hits, trials, z=1.96):
    """Return the interval in which the true share lies with 95 % (Wilson, 1927)."""
    if not trials:
        return 0.0, 1.0
    share = hits / trials
    middle = share + z * z / (2 * trials)
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    below = 1 + z * z / trials
    return max(0.0, (middle - half) / below), min(1.0, (middle + half) / below)


def rate_bound(events, days):
    """Return the upper end, 95 %, of a Poisson rate per day of which *events* were seen."""
    # Wilson and Hilferty's approximation of the chi-square quantile
    k = events + 1
    return k * (1 - 1 / (9 * k) + 1.645 / (3 * sqrt(k))) ** 3 / days if days else float("inf")


def quantile(values, share):
    """Return the value below which *share* of *values* lie, the next larger one."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
