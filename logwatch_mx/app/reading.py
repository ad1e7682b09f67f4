"""Read logs to events: one stream a log, several logs merged by time.

A stream is the files of one log in time order. It holds what looks backward: the year and the
repeated hour (``grammar``), and the log's own bytes before a line (``sources.history``).
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from msgspec import Struct

from logwatch_mx.grammar.kind import Head
from logwatch_mx.grammar.quick import QuickReader
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.deferral import Deferral
from logwatch_mx.model.event import Event, Mta
from logwatch_mx.model.line import Line
from logwatch_mx.sources.archive import STDIN, read_blocks
from logwatch_mx.sources.block import Block, lines
from logwatch_mx.sources.datagram import SOURCE as SYSLOG
from logwatch_mx.sources.finding import expand
from logwatch_mx.sources.history import History, Position
from logwatch_mx.sources.journal import SOURCE as JOURNAL
from logwatch_mx.sources.losses import Losses
from logwatch_mx.sources.names import families

#: Sorts before every stamp that a log can have.
EVER = datetime(1, 1, 2, tzinfo=UTC)


class Tally(Struct):
    """What was read: lines, those that were looked at by kind, first and last stamp."""

    lines: int = 0
    first: datetime | None = None
    last: datetime | None = None
    kinds: dict[str, int] = {}

    def note(self, event: Event | Deferral) -> None:
        """Count *event*."""
        self.lines += 1
        kind = event.kind
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if event.time is not None:
            if self.first is None or event.time < self.first:
                self.first = event.time
            if self.last is None or event.time > self.last:
                self.last = event.time

    def pass_over(self, count: int) -> None:
        """Count *count* lines in which the sieve found nothing: their kind is not known."""
        self.lines += count
        if count:
            self.kinds["sifted"] = self.kinds.get("sifted", 0) + count


class Place(Struct, frozen=True):
    """Where an event was read: its stream, and the block that its line came from."""

    stream: "Stream"
    block: Block

    def position(self, offset: int) -> Position | None:
        """Return the place of the line at *offset* in the log's history."""
        return self.stream.position(self.block, offset)

    def is_torn(self, event: Event) -> bool:
        """Say whether the line of *event* is the unterminated end of its file."""
        return self.block.torn and event.line.end >= self.block.end


class Stream:
    """The files of one log, oldest first, all of them finished."""

    def __init__(
        self, paths: Sequence[Path], *, year: int | None, zone: tzinfo, body: Mta | None = None
    ) -> None:
        self.paths = tuple(paths)
        self.name = str(paths[-1])
        self.losses = Losses()
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.stamps = Stamps(year, zone, _written(paths[0], zone))
        self.reader = Reader(self.stamps)
        self._quick = QuickReader(self.stamps)
        self.history = History.stream() if paths[0] == STDIN else History.of(paths)
        self.zone = zone
        self.count: Callable[[Block], None] | None = None
        self._body = body
        self._back: tuple[Reader, Stamps] | None = None

    @property
    def is_body(self) -> bool:
        """Say whether lines have no header."""
        return self._body is not None

    def looking_back(self, at: datetime) -> Reader:
        """Return the reader for lines before *at*: going back, stamps come in no order."""
        if self._back is None:
            stamps = Stamps(None, self.zone, at)
            self._back = Reader(stamps), stamps
        reader, stamps = self._back
        stamps.extend(at)
        return reader

    def position(self, block: Block, offset: int) -> Position | None:
        """Return the place of the line at *offset* of *block* in the log's history."""
        return self.history.position(block, offset)

    def blocks(self, progress: Callable[[int], None] | None = None) -> Iterator[Block]:
        """Yield the log's bytes in blocks of whole lines.

        What was read is there to look back at. Who counts whole blocks (*count*) is given each.
        """
        for path in self.paths:
            written = _written(path, self.zone)
            if written is not None:
                self.stamps.extend(written)
            for block in read_blocks(path, losses=self.losses, progress=progress):
                self.history.feed(block)
                if self.count is not None:
                    self.count(block)
                yield block

    def events(
        self, progress: Callable[[int], None] | None = None
    ) -> Iterator[tuple[Event, Place]]:
        """Yield every line as an event, with its place."""
        for block in self.blocks(progress):
            place = Place(self, block)
            for line in lines(block, self.losses):
                event = self.read(line)
                if event.time is not None and not place.is_torn(event):
                    self.span(event.time)
                yield event, place

    def span(self, time: datetime) -> None:
        """Take the stamp of a line: the log's *first* and *last* are those of its lines."""
        if self.first is None:
            self.first = time
        self.last = time

    def read(self, line: Line) -> Event:
        """Return the event that *line* is."""
        if self._body is not None:
            return self.reader.read_body(line, self._body)
        return self.reader.read(line)

    def look(self, line: Line) -> Head | None:
        """Return the header of *line* alone: the time, the MTA; None when it has none."""
        if self._body is not None:
            return self.reader.look_at_body(line, self._body)
        return self.reader.look(line)

    def read_hit(self, line: Line) -> Event:
        """Return what ``read`` does of *line*, which is a delivery in nearly all cases."""
        event = None if self._body is not None else self._quick.read(line)
        return self.read(line) if event is None else event


class LiveStream(Stream):
    """A source that grows: a file with the rotated ones before it, the journal, a socket."""

    def __init__(self, source: str, *, zone: tzinfo) -> None:
        super().__init__((Path(source),), year=None, zone=zone)
        # The log is being written now: no stamp lies in the future, and none is fixed by a mtime.
        self.stamps = Stamps(None, zone, None)
        self.reader = Reader(self.stamps)
        self._quick = QuickReader(self.stamps)
        self.history.close()
        is_file = source not in {JOURNAL, SYSLOG}
        self.history = History.live(Path(source)) if is_file else History.stream()


def open_streams(
    paths: Iterable[Path], *, year: int | None, zone: tzinfo, body: str | None = None
) -> tuple[Stream, ...]:
    """Return the logs that *paths* name, each with its rotated files in time order.

    Raises ``SourceError`` or ``PermissionDeniedError`` before anything is read.
    """
    files = expand(paths)
    mta = Mta(body) if body else None
    return tuple(Stream(group, year=year, zone=zone, body=mta) for group in families(files))


def merge_events(
    streams: Sequence[Stream], progress: Callable[[int], None] | None = None
) -> Iterator[tuple[Event, Place]]:
    """Yield the events of all *streams* in the order of time.

    A line without a stamp follows the one before.
    """
    if len(streams) == 1:
        return streams[0].events(progress)
    return (
        (event, place)
        for _, _, event, place in heapq.merge(
            *(_timed(index, s, progress) for index, s in enumerate(streams)),
            key=lambda item: (item[0], item[1]),
        )
    )


def _timed(
    index: int, stream: Stream, progress: Callable[[int], None] | None
) -> Iterator[tuple[datetime, int, Event, Place]]:
    at = EVER
    for event, place in stream.events(progress):
        at = event.time if event.time is not None and event.time > at else at
        yield at, index, event, place


def _written(path: Path, zone: tzinfo) -> datetime | None:
    if path == STDIN:
        return None
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, zone)
    except (OSError, OverflowError, ValueError):
        return None
