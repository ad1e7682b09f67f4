"""The statistical test of the spike detector: the Gamma-Poisson predictive tail.

A key's deferrals are Poisson with an unknown rate; what was seen of it (*shape* events in *rate*
windows, a Gamma posterior) predicts the next window as a negative binomial. The shape is capped, so
that a long quiet life does not make the test sure of a rate that mail does not have.
"""

from functools import lru_cache
from math import exp, lgamma, log, log1p

PRIOR_SHAPE = 0.5
MAX_SHAPE = 12.0
#: A count this unlikely under the prediction is a spike.
P_SPIKE = 1e-6


@lru_cache(maxsize=4096)
def tail(count: int, expected: float, shape: float) -> float:
    """Return P(X >= *count*): a negative binomial, mean *expected*, size min(*shape*, 12)."""
    if count <= 0:
        return 1.0
    size = min(shape, MAX_SHAPE)
    if expected <= 0:
        return 0.0
    success = expected / (size + expected)
    log_q = log(success)
    head = size * log1p(-success)
    # The tail is a short, quickly falling series once count is above the mean; below it nobody
    # asks.
    if count <= expected:
        return 1.0
    total = 0.0
    for k in range(count, count + 2000):
        term = exp(lgamma(size + k) - lgamma(size) - lgamma(k + 1) + head + k * log_q)
        total += term
        if term < total * 1e-9:
            break
    return min(1.0, total)


@lru_cache(maxsize=4096)
def least_count(expected: float, shape: float, p: float) -> int:
    """Return the smallest count whose tail is below *p*."""
    low, high = 1, 2
    while tail(high, expected, shape) >= p:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if tail(middle, expected, shape) >= p:
            low = middle
        else:
            high = middle
    return high
