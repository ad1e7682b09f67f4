"""What is usual, learned from an older log: the past of one spike detector made that of another.

The older log counts as if it had ended where the watched one begins: what lies between was not
observed. Only what is usual is handed over, no incident and nothing of the last window's news.
"""

from datetime import datetime, timedelta

from logwatch_mx.detect.baseline import HALF_LIFE, Key
from logwatch_mx.detect.spike_state import SpikeState


def teach(known: SpikeState, lesson: SpikeState, until: datetime) -> int:
    """Make what *lesson* saw until *until* the past of *known*; return how many domains it knew."""
    if lesson.begun is None:
        return 0
    shapes = {name: _shape(key, until) for name, key in lesson.keys.items()}
    shapes = {name: shape for name, shape in shapes.items() if shape > 0}
    at = known.begun
    if at is None:
        # The watched log has not begun: ``SpikeState.begin`` puts the past before it.
        known.learned_until = at = until
    known.begun = at - (until - lesson.begun)
    for name, shape in shapes.items():
        key = known.keys.get(name) or Key()
        later = max(key.faded_at or at, at)
        key.shape += shape * _faded(later - at)
        key.faded_at = later
        known.keys.set(name, key)
    return sum(name.startswith("domain ") for name in shapes)


def _shape(key: Key, until: datetime) -> float:
    """Return the past messages of *key*, faded up to *until*; a spike that is open is none."""
    past = 0.0 if key.faded_at is None else key.shape * _faded(until - key.faded_at)
    return past + (key.total if key.frozen is None else 0)


def _faded(age: timedelta) -> float:
    return float(0.5 ** max(age / HALF_LIFE, 0.0))
