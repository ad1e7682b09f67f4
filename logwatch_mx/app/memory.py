"""What the daemon must not forget between two runs, as one value beside the engine's."""

from datetime import datetime

from msgspec import Struct, field, msgpack

from logwatch_mx.app.engine_state import EngineState
from logwatch_mx.model.notice import NoticeKind


class DeskState(Struct):
    """What was done about incidents: seen, told, asked. Times are of the wall clock.

    *ended*: incidents that the engine let go of, and at which the desk has not looked since.
    """

    seen: dict[str, datetime] = {}
    told: dict[str, list[NoticeKind]] = {}
    asked: dict[str, datetime] = {}
    sent: list[datetime] = []
    ended: list[str] = []


class Memory(Struct):
    """The engine's state and the desk's: saved with the place in the log.

    Loaded at the next start.
    """

    engine: EngineState = field(default_factory=EngineState)
    desk: DeskState = field(default_factory=DeskState)


def pack_memory(memory: Memory) -> bytes:
    """Return *memory* as bytes for the state database."""
    return msgpack.encode(memory)


def unpack_memory(data: bytes) -> Memory:
    """Return the memory that ``pack_memory`` made *data* from; ValueError when it is none."""
    return msgpack.decode(data, type=Memory)
