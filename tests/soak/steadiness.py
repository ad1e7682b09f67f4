"""Does a process grow? Its memory over one life, after the warm-up: slope, standard error, words.

A kill gives all memory back, so that samples of several lives say nothing: they have to be of one.
While tables fill to their caps and the heap finds its size, growth is no fault: that is left out.
What is left is cut into equal pieces, of which the medians are compared. A heap grows in steps, and
one step in ten minutes is no slope: so the standard error is that of the differences between
pieces, which a steady leak makes alike, and a single step does not.
"""

from itertools import pairwise
from pathlib import Path
from statistics import mean, median, stdev
from typing import NamedTuple

#: MB an hour. At 4,000 lines a second a leak of one byte for each line is 14 MB an hour.
BOUND = 5.0
PIECES = 12
#: Seconds. Of a shorter stretch nothing is said.
SHORTEST = 60
#: So many standard errors above the bound are no accident.
SURE = 2.0


class Steadiness(NamedTuple):
    """What was seen: MB at the begin and the end, MB an hour and its standard error, in words."""

    first: float
    last: float
    slope: float
    error: float
    grows: bool
    words: str


def resident(pid):
    """Return the MB that process *pid* holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0  # it has just ended


def steadiness(samples, *, warm):
    """Judge *samples*, (seconds, MB) of one life, from *warm* seconds after the first on."""
    begun = samples[0][0] + warm if samples else 0
    kept = [(at, mb) for at, mb in samples if at >= begun]
    length = kept[-1][0] - kept[0][0] if kept else 0
    if length < SHORTEST:
        words = f"memory: {length:.0f} s behind the warm-up are too short to tell a slope"
        return Steadiness(0.0, 0.0, 0.0, 0.0, grows=False, words=words)
    piece = length / PIECES
    pieces = [[] for _ in range(PIECES)]
    for at, mb in kept:
        pieces[min(PIECES - 1, int((at - kept[0][0]) / piece))].append(mb)
    levels = [median(held) for held in pieces if held]
    steps = [after - before for before, after in pairwise(levels)]
    an_hour = 3600 / (length / len(levels))
    slope, error = mean(steps) * an_hour, stdev(steps) / len(steps) ** 0.5 * an_hour
    grows = slope - SURE * error > BOUND
    words = (
        f"memory: one life of {samples[-1][0] - samples[0][0]:.0f} s without a kill; after"
        f" {warm:.0f} s of warm-up {levels[0]:.1f} MB, {length:.0f} s later {levels[-1]:.1f} MB:"
        f" slope {slope:+.1f} MB an hour, standard error {error:.1f}: "
    ) + (
        f"IT GROWS, by more than {BOUND:g} MB an hour and {SURE:g} standard errors"
        if grows
        else f"not significantly above {BOUND:g} MB an hour"
    )
    return Steadiness(levels[0], levels[-1], slope, error, grows=grows, words=words)
