"""What the spike detector remembers; bounded, saved with the place in the log."""

from datetime import datetime

from msgspec import Struct, field

from logwatch_mx.detect.baseline import KEPT_SAMPLES, Key
from logwatch_mx.detect.case import Kept
from logwatch_mx.detect.window import Table


class SpikeState(Struct):
    """Everything that spike detection remembers; bounded, saved with the place in the log.

    *seen*: messages that were counted; a message older than ``BACKLOG`` is known by its delay.
    *lines*: evidence by message, for what is not an incident yet. *learned*: what older logs it
    was primed from, in words; *learned_until*: their end, until the watched log begins. *kept*: how
    many deferrals of a key are kept one by one at present.
    """

    begun: datetime | None = None
    keys: Table[Key] = field(default_factory=lambda: Table(cap=5_000))
    seen: Table[int] = field(default_factory=lambda: Table(cap=200_000))
    aged: datetime | None = None
    lines: Table[Kept] = field(default_factory=lambda: Table(cap=3_000))
    active: dict[str, int] = {}
    learned: str = ""
    learned_until: datetime | None = None
    kept: int = KEPT_SAMPLES

    def begin(self, at: datetime) -> datetime:
        """Let the watched log begin *at*, which is returned: what was learned is put before it."""
        if self.learned_until is None or self.begun is None:
            self.begun = at
            return at
        later = at - self.learned_until
        self.begun += later
        for _, key in self.keys.items():  # noqa: PERF102  # a table, no dictionary
            key.faded_at = key.faded_at and key.faded_at + later
        self.learned_until = None
        return at
