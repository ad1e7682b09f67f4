"""Is it one domain, or is it us? Many keys that defer at once are one outage.

Tripped keys and what was deferred in the window come in, the deferrals of the outage go out, or
None when each key is a spike of its own. Two signs:

1. At least four keys satisfy the test at once, and they are half of all that defer.
2. A key satisfies it because servers cannot be reached, and at the same time too many others
   cannot be reached either. Keys do not reach their thresholds in the same minute: the busiest
   provider is first, and would be told as if it were the only one.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from logwatch_mx.detect.baseline import Key, Moment, Sample
from logwatch_mx.detect.reasons import UNREACHABLE

MIN_KEYS = 4
#: The second sign: others than those that tripped.
MIN_OTHERS = 3
MIN_OTHER_MESSAGES = 5
#: The others need no proof of their own: a key satisfied the strict test already.
P_OTHERS = 1e-3


def find_outage(tripped: AbstractSet[str], pool: Key, moment: Moment) -> list[Sample] | None:
    """Return the deferrals in *pool* (all of the window) that are one outage, or None.

    *tripped*: the groups whose keys satisfied the test.
    """
    active = {sample.group for sample in pool.samples}
    if len(tripped) >= MIN_KEYS and len(tripped) * 2 >= len(active):
        return [s for s in pool.samples if s.group in tripped or s.reason in UNREACHABLE]
    first = [s for s in pool.samples if s.group in tripped]
    unreachable = [s for s in pool.samples if s.reason in UNREACHABLE]
    others = [s for s in unreachable if s.group not in tripped]
    if (
        _mostly_unreachable(first)
        and len(others) >= MIN_OTHER_MESSAGES
        and len({s.group for s in others}) >= MIN_OTHERS
        and moment.is_raised(pool, others, P_OTHERS)
    ):
        return [s for s in pool.samples if s.group in tripped or s.reason in UNREACHABLE]
    return None


def _mostly_unreachable(samples: Sequence[Sample]) -> bool:
    return sum(s.reason in UNREACHABLE for s in samples) * 2 > len(samples)
