"""The log before a line: the same bytes whatever was read, cut or restarted since.

A history is the files of one log in time order, the last one perhaps still growing. Plain files
are read where they lie; archives and streams are spooled to an unlinked temporary file, of which
the end is kept. Going back, the files are one; the unterminated end of a file is a line.

The reach: of a line before which there are *p* bytes of log, exactly those lines are seen that
begin at ``p - reach`` or later. To be exact for archives and streams too, the caller feeds what it
reads of them and asks before it has fed ``SLACK`` bytes beyond the line that it asks for.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

from logwatch_mx.sources.block import MAX_LINE, Block
from logwatch_mx.sources.names import siblings
from logwatch_mx.sources.segment import Fed, Segment, segment_of

FILE_REACH = 64 << 20
STREAM_REACH = 8 << 20
SLACK = 8 << 20
# Small enough to stay in the processor's cache between reading and searching.
CHUNK = 1 << 17
# A stamp and a queue id: enough to know a line by. A copy is one of the newest files, unless the
# reader is far behind: then every archive is unpacked once to find it.
_PROBE = 256
_COPIES = 8


class Position(NamedTuple):
    """A place in a history: *offset* bytes into its *segment*."""

    segment: int
    offset: int


class History:
    """The segments of one log, oldest first; *reach* is how far back a look may go, in bytes."""

    def __init__(self, segments: Iterable[Segment] = (), *, reach: int = FILE_REACH) -> None:
        self._segments = list(segments)
        self._path: Path | None = None
        self._seen: int | None = None
        # Where the lines of files stand that were packed or cut, by identity; None: nowhere.
        self._copies: dict[tuple[int, int], tuple[int, int] | None] = {}
        self.reach = reach

    @classmethod
    def of(cls, paths: Iterable[Path], *, reach: int | None = None) -> "History":
        """Return the history made of *paths*, one log's files in time order.

        *reach* is 64 MiB unless told, 8 MiB where a pipe or standard input is among them.
        """
        files = tuple(paths)
        if reach is None:
            streams = any(not path.is_file() for path in files)
            reach = STREAM_REACH if streams else FILE_REACH
        history = cls(reach=reach)
        history.refresh(files)
        return history

    @classmethod
    def live(cls, path: Path, *, reach: int = FILE_REACH) -> "History":
        """Return the history of a log that is being written and rotated: *path* and its siblings.

        It looks for itself when a rotation has changed the directory.
        """
        history = cls(reach=reach)
        history._path = path
        return history

    @classmethod
    def stream(cls, *, reach: int = STREAM_REACH) -> "History":
        """Return the history of a journal or socket, which is what is fed to it."""
        return cls([Fed(reach + SLACK)], reach=reach)

    def refresh(self, paths: Iterable[Path]) -> None:
        """Take *paths* for the files of this log; what is known of unchanged ones is kept."""
        known = {segment.stamp: segment for segment in self._segments}
        segments: list[Segment] = []
        for path in paths:
            new = segment_of(path, self.reach + SLACK)
            if new is None:
                continue
            kept = known.pop(new.stamp, None)
            if kept is not None:
                new.close()
            segments.append(kept or new)
        for gone in known.values():
            gone.close()
        if {segment.stamp for segment in segments} != {segment.stamp for segment in self._segments}:
            here = {segment.identity for segment in segments}
            self._copies = {own: copy for own, copy in self._copies.items() if copy in here}
        self._segments = segments

    def feed(self, block: Block) -> None:
        """Take a block just read; plain files need none of it."""
        for segment in self._segments:
            if segment.identity == block.identity:
                segment.feed(block)

    def position(self, block: Block, offset: int) -> Position | None:
        """Return where the line at *offset* of *block*'s source stands, None if not in here.

        The bytes there are compared: the file that *block* was read from may since have been
        truncated, or packed and deleted; then they stand at the same offset of its copy.
        """
        if self._path is not None and self._moved(self._path):
            self.refresh(siblings(self._path))
        begin = offset - block.offset
        probe = block.data[begin : begin + _PROBE]
        found = self._find(block.identity, offset, probe)
        if found is None and self._path is not None:
            self.refresh(siblings(self._path))
            found = self._find(block.identity, offset, probe)
        return found

    def chunks_before(self, position: Position, limit: int | None = None) -> Iterator[bytes]:
        """Yield the lines before *position*, latest chunk first, from *limit* bytes back at most.

        A chunk holds whole lines, in order, each with its newline. *limit* is capped by the reach,
        which is its default. A line longer than ``MAX_LINE`` may be cut off behind that.
        """
        left = self._left(limit)
        for place in range(position.segment, -1, -1):
            segment = self._segments[place]
            here = place == position.segment
            stop = position.offset if here else segment.end()
            yield from _backwards(segment, stop, max(0, stop - left), finished=not here)
            left -= stop
            if left <= 0:
                # Looks go forward with the log: what is out of reach now will not be asked again.
                for old in self._segments[:place]:
                    old.rest()
                return

    def beyond(self, position: Position, limit: int | None = None) -> bool:
        """Return whether there is log that a look back from *position* does not reach."""
        left = self._left(limit)
        for place in range(position.segment, -1, -1):
            here = place == position.segment
            left -= position.offset if here else self._segments[place].end()
            if left < 0:
                return True
        return False

    def close(self) -> None:
        """Close every file and give the spools back."""
        for segment in self._segments:
            segment.close()
        self._segments = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _left(self, limit: int | None) -> int:
        return self.reach if limit is None else min(limit, self.reach)

    def _find(self, identity: tuple[int, int], offset: int, probe: bytes) -> Position | None:
        newest = range(len(self._segments) - 1, -1, -1)
        likely = (identity, self._copies.get(identity))
        own = [place for place in newest if self._segments[place].identity in likely]
        older = newest[_COPIES:] if identity not in self._copies else ()
        for place in [*own, *newest[:_COPIES], *older]:
            segment = self._segments[place]
            if segment.read(offset, offset + len(probe)) == probe:
                if segment.identity != identity:
                    self._copies[identity] = segment.identity
                return Position(place, offset)
            if place in older:
                segment.rest()
        self._copies.setdefault(identity)
        return None

    def _moved(self, path: Path) -> bool:
        try:
            seen = path.parent.stat().st_mtime_ns
        except OSError:
            return False
        moved, self._seen = seen != self._seen, seen
        return moved


def _backwards(segment: Segment, stop: int, floor: int, *, finished: bool) -> Iterator[bytes]:
    """Yield the lines of *segment* that begin in [*floor*, *stop*), latest chunk first."""
    # The byte before the floor tells whether a line begins at the floor.
    lowest = max(0, floor - 1)
    # Parts of one line whose beginning is further back, last part first; a hole as its length.
    line: list[bytes | int] = []
    ended = False
    while stop > lowest:
        start = max(lowest, stop - CHUNK)
        data = segment.read(start, stop)
        if len(data) < stop - start:
            return
        stop = start
        if not ended:
            if finished:
                data = data if data.endswith(b"\n") else data + b"\n"
            else:
                # What stands between the last newline and the line asked for is a hole's NULs.
                data = data[: data.rfind(b"\n") + 1]
            ended = bool(data)
        first = 0 if start == floor == 0 else data.find(b"\n") + 1
        if first or start == floor == 0:
            whole = data[first:] + _line_end(data[max(first, data.rfind(b"\n") + 1) :], line)
            if whole:
                yield whole if whole.endswith(b"\n") else whole + b"\n"
            line = [data[:first]]
        elif data.strip(b"\0"):
            line.append(data)
            if sum(len(part) for part in line[1:] if isinstance(part, bytes)) > MAX_LINE:
                del line[0]
        elif data:
            line.append(len(data))


def _line_end(begun: bytes, parts: list[bytes | int]) -> bytes:
    """Join *parts* behind *begun*; a hole at the beginning of the line is dropped."""
    leads = not begun.strip(b"\0")
    joined = bytearray()
    for part in reversed(parts):
        if isinstance(part, int):
            joined += b"" if leads else bytes(min(part, MAX_LINE))
        else:
            joined += part
            leads = False
    return bytes(joined)
