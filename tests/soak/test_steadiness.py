"""The soak's judgement of memory: what is growth, and what is not."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from steadiness import steadiness  # it lies beside this file


def life(mb, *, seconds=600, seed=1):
    rng = random.Random(seed)
    return [(5000 + s / 2, mb(s / 2) + rng.gauss(0, 0.2)) for s in range(seconds * 2)]


def warming(s):
    return 60 + min(20, s / 8)


@pytest.mark.parametrize(
    ("mb", "grows"),
    [
        (lambda _: 70, False),
        (warming, False),
        # The heap grew once, and once more: that is how heaps are.
        (lambda s: 70 + 2 * (s > 400), False),
        (lambda s: 70 + 2 * (s > 300) + 3 * (s > 500), False),
        (lambda s: 90 - s / 60, False),
        # Two bytes of each line, at 4,000 lines a second.
        (lambda s: warming(s) + 30 * s / 3600, True),
        # The same in arenas of a MB.
        (lambda s: 70 + int(60 * s / 3600), True),
        (lambda s: 70 + 400 * s / 3600, True),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_what_grows_steadily_is_told_from_what_warms_up_or_steps(mb, grows, seed):
    assert steadiness(life(mb, seed=seed), warm=180).grows is grows


def test_slope_and_levels_are_those_behind_the_warm_up():
    found = steadiness(life(lambda s: warming(s) + s / 36), warm=180)
    assert found.slope == pytest.approx(100, abs=10)
    assert found.first == pytest.approx(80 + 197.5 / 36, abs=0.5)
    assert "IT GROWS, by more than 5 MB an hour" in found.words


@pytest.mark.parametrize("seconds", [0, 20, 230])
def test_of_a_short_stretch_nothing_is_said(seconds):
    found = steadiness(life(lambda s: 70 + s, seconds=seconds), warm=180)
    assert (found.grows, "too short" in found.words) == (False, True)
