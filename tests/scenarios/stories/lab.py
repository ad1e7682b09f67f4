"""Logs of real servers, carried to another day, host and domain, faster or slower."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
_STAMP = re.compile(r"^Nov 23 (\d\d):(\d\d):(\d\d) (\S+) ")
_SHORT = re.compile(r"\b[0-9A-F]{5}232[0-9A-F]{3}\b")
_SENDMAIL = re.compile(r"\b6ANE[0-9A-Za-z]{10}\b")

SHORT = 11


@cache
def lines_of(name):
    return tuple((DATA / f"{name}.log").read_text().splitlines())


def replay_lab(log, rng, name, at, *, domain, host="mx", slower=1.0):
    """Write the log *name* into *log* as if it had begun *at*: its domain is now *domain*.

    Queue ids are drawn anew, so that the same log may be written many times.
    """
    old = name.rpartition("/")[2].partition(".")[0] + ".test"
    ids = {}

    def other(found):
        word = found.group()
        if word not in ids:
            # sendmail's ids end with six digits of a pid
            short, pid = f"{rng.randrange(1 << 44):011X}", rng.randrange(10**6)
            ids[word] = short if len(word) == SHORT else f"6ANE{short[:4]}{pid:06d}"
        return ids[word]

    first = None
    for number, text in enumerate(lines_of(name)):
        found = _STAMP.match(text)
        hour, minute, second = (int(part) for part in found.groups()[:3])
        stamp = datetime(2026, 11, 23, hour, minute, second, tzinfo=UTC)
        first = first or stamp
        # Lines of one second keep their order when the log is slowed down.
        when = at + ((stamp - first) + timedelta(milliseconds=number)) * slower
        rest = _SENDMAIL.sub(other, _SHORT.sub(other, text[found.end() :]))
        rest = rest.replace(old, domain).replace(
            old.partition(".")[0] + ".", domain.partition(".")[0] + "."
        )
        log.lines.append((when, f"{when:%b} {when.day:2d} {when:%H:%M:%S} {host} {rest}"))
