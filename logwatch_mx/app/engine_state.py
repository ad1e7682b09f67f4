"""What the engine remembers, as one value that is saved with the place in the log."""

from datetime import datetime, timedelta

from msgspec import Struct, field

from logwatch_mx.detect.case import Case
from logwatch_mx.detect.counting import CountingState
from logwatch_mx.detect.loop import LoopState
from logwatch_mx.detect.refused import RefusedState
from logwatch_mx.detect.spike_state import SpikeState

#: So many lines in a row that are late by more than a day mean that the time was wrong before.
REWIND_AFTER = 100
A_DAY = timedelta(days=1)


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

    def be_late(self, now: datetime, to: datetime) -> bool:
        """Count an event that is late *now*; return whether the time goes back *to* its stamp.

        One stamp from the far future must not hold the time for ever.
        """
        self.late += to < now
        self.behind = self.behind + 1 if now - to > A_DAY else 0
        if self.behind < REWIND_AFTER:
            return False
        self.now, self.behind = to, 0
        for case in self.cases.values():
            case.last = min(case.last, to)
            case.closed = case.closed and min(case.closed, to)
        return True
