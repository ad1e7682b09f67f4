"""What the engine remembers, as one value that is saved with the place in the log."""

from datetime import datetime

from msgspec import Struct, field

from logwatch_mx.detect.case import Case
from logwatch_mx.detect.counting import CountingState
from logwatch_mx.detect.loop import LoopState
from logwatch_mx.detect.refused import RefusedState
from logwatch_mx.detect.spike_state import SpikeState


class EngineState(Struct):
    """Everything that the engine remembers."""

    now: datetime | None = None
    late: int = 0
    behind: int = 0
    refused: int = 0
    loop: LoopState = field(default_factory=LoopState)
    unanswered: RefusedState = field(default_factory=RefusedState)
    spike: SpikeState = field(default_factory=SpikeState)
    counting: CountingState = field(default_factory=CountingState)
    cases: dict[str, Case] = {}
