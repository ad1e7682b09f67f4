"""All that the daemon reads, as one: log files, the journal, a syslog socket.

Each is polled, never waits, and has a place that is saved with what was made of its lines.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from msgspec import DecodeError, ValidationError, msgpack

from logwatch_mx.config.settings import Source
from logwatch_mx.model.event import Gap
from logwatch_mx.model.line import Line
from logwatch_mx.sources.block import Block
from logwatch_mx.sources.datagram import SyslogSocket
from logwatch_mx.sources.follow import Checkpoint
from logwatch_mx.sources.journal import Journal, JournalCheckpoint
from logwatch_mx.sources.tail import Tail

T = TypeVar("T")
#: The journal's place is saved under this name: no path of a log is without a slash.
JOURNAL = "journal"
#: As far back as a look-back reaches: a log that was never read is read whole up to this size.
READ_WHOLE = 64 << 20


class Inlet:
    """Everything of ``[source]``; *places* are those saved by an earlier run.

    *from_start*: a log that was never read is read from its beginning, whatever its size.
    """

    def __init__(self, source: Source, places: Mapping[str, bytes], *, from_start: bool) -> None:
        self.names = (
            *source.files,
            *(["the journal"] if source.journal else []),
            *([source.syslog] if source.syslog else []),
        )
        begin = from_start or _is_small(source.files)
        marks = {
            path: mark
            for path, raw in places.items()
            if path != JOURNAL and (mark := _decoded(raw, Checkpoint)) is not None
        }
        self._tail = Tail(source.files, marks, start="begin" if begin else "end")
        self._journal: Journal | None = None
        if source.journal:
            place = _decoded(places[JOURNAL], JournalCheckpoint) if JOURNAL in places else None
            self._journal = Journal(place, start="begin" if from_start else "end")
        self._syslog = SyslogSocket(source.syslog) if source.syslog else None
        self._dropped = self._unread = 0

    def poll(self, budget: int, now: float) -> Iterator[Block]:
        """Yield what is new, about *budget* bytes of each; *now* is a steady clock's time."""
        yield from self._tail.poll(budget, now)
        if self._journal is not None:
            yield from self._journal.poll(budget, now)
        if self._syslog is not None:
            yield from self._syslog.poll(budget)

    def places(self) -> dict[str, bytes]:
        """Return the place in every source, behind the blocks that were handed out."""
        found = {path: msgpack.encode(mark) for path, mark in self._tail.checkpoints().items()}
        if self._journal is not None:
            found[JOURNAL] = msgpack.encode(self._journal.checkpoint)
        return found

    def lag(self) -> int:
        """Return how many bytes of files wait to be read."""
        return self._tail.lag_bytes()

    def descriptors(self) -> list[int]:
        """Return the descriptors that become readable when there is more."""
        found = []
        if self._journal is not None and (fd := self._journal.fileno()) is not None:
            found.append(fd)
        if self._syslog is not None:
            found.append(self._syslog.fileno())
        return found

    def troubles(self) -> tuple[str, ...]:
        """Return what the operator should know: files that are missing or may not be read."""
        said = [f"{path}: no such file; waiting for it" for path in self._tail.missing]
        said += [f"{path}: {why}" for path, why in self._tail.refused.items()]
        if self._journal is not None and self._journal.trouble:
            said.append(f"journal: {self._journal.trouble}")
        return tuple(said)

    def lost(self) -> dict[str, int]:
        """Return how often lines were gone before they were read, by what happened, in words."""
        losses = self._tail.losses
        found = {
            "a log was cut and there is no copy: what was not read of it is lost": losses.uncopied,
            "a log was deleted before it was read to its end": losses.vanished,
            "an archive broke off: the rest of it is lost": losses.damaged,
            "a log has NULs in its middle: what stood there was never on the disk": losses.holes,
        }
        return {what: count for what, count in found.items() if count}

    @property
    def dropped(self) -> int:
        """How many datagrams the kernel dropped because nobody took them in time."""
        return 0 if self._syslog is None else self._syslog.losses.dropped

    def gaps(self) -> list[Gap]:
        """Return what went missing since this was asked last."""
        dropped, unread = self.dropped, sum(self.lost().values())
        found = [Gap(line=Line(""), count=0, unread=True)] * (unread - self._unread)
        if dropped > self._dropped:
            found.append(Gap(line=Line(""), count=dropped - self._dropped))
        self._dropped, self._unread = dropped, unread
        return found

    def close(self) -> None:
        """Close everything."""
        self._tail.close()
        if self._journal is not None:
            self._journal.close()
        if self._syslog is not None:
            self._syslog.close()


def _is_small(paths: tuple[str, ...]) -> bool:
    """Say whether a log that was never read is read whole: what began the trouble is in there."""
    size = 0
    for path in paths:
        with suppress(OSError):
            size += Path(path).stat().st_size
    return size <= READ_WHOLE


def _decoded(raw: bytes, kind: type[T]) -> T | None:
    """Return the saved place, None when it cannot be read (then the log counts as new)."""
    try:
        return msgpack.decode(raw, type=kind)
    except (DecodeError, ValidationError):
        return None
