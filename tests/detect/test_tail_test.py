"""The Gamma-Poisson tail."""

from math import exp, lgamma, log

import pytest

from logwatch_mx.detect.tail import MAX_SHAPE, P_SPIKE, least_count, tail


def head_sum(count, expected, shape):
    """The same tail, summed from below: the negative binomial's mass by its definition."""
    size = min(shape, MAX_SHAPE)
    q = expected / (size + expected)
    mass = (
        exp(lgamma(size + k) - lgamma(size) - lgamma(k + 1) + size * log(1 - q) + k * log(q))
        for k in range(count)
    )
    return 1 - sum(mass)


@pytest.mark.parametrize("shape", [0.5, 1.0, 3.7, 12.0, 400.0])
@pytest.mark.parametrize("expected", [0.01, 0.5, 1.0, 8.0, 60.0])
@pytest.mark.parametrize("above", [1, 5, 20])
def test_the_tail_is_one_minus_the_mass_below(shape, expected, above):
    count = int(expected) + above
    assert tail(count, expected, shape) == pytest.approx(
        head_sum(count, expected, shape), rel=1e-6, abs=1e-9
    )


@pytest.mark.parametrize(
    ("count", "expected", "shape", "p"),
    [(0, 1.0, 1.0, 1.0), (-1, 1.0, 1.0, 1.0), (5, 0.0, 1.0, 0.0), (1, 3.0, 1.0, 1.0)],
)
def test_edges_of_the_tail(count, expected, shape, p):
    assert tail(count, expected, shape) == p


@pytest.mark.parametrize("shape", [0.5, 2.0, 12.0])
@pytest.mark.parametrize("expected", [0.01, 0.5, 1.0, 8.0, 60.0, 700.0])
@pytest.mark.parametrize("p", [1e-3, P_SPIKE])
def test_the_least_count_is_the_first_below_p(shape, expected, p):
    least = least_count(expected, shape, p)
    assert tail(least, expected, shape) < p <= tail(least - 1, expected, shape)


def test_a_cold_key_needs_about_thirty_one():
    # A=0.5 over five minutes: 1 expected in ten
    assert least_count(1.0, 0.5, P_SPIKE) in range(28, 34)


def test_the_shape_is_capped_so_that_a_long_life_does_not_make_it_sure():
    assert least_count(8.0, 12.0, P_SPIKE) == least_count(8.0, 1e6, P_SPIKE)
