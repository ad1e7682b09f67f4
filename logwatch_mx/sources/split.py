"""Bytes as they come → blocks of whole lines. Pure: it keeps the unfinished line and nothing else.

Memory is bounded: of a line without end no more than ``MAX_LINE`` bytes are kept, of the hole in a
sparse file none.
"""

from logwatch_mx.sources.block import MAX_LINE, Block
from logwatch_mx.sources.losses import Losses


class Splitter:
    """Cuts a stream at its newlines; *offset* and *number* say where its first byte stands."""

    def __init__(
        self,
        source: str,
        *,
        offset: int = 0,
        number: int = 1,
        identity: tuple[int, int] = (0, 0),
        losses: Losses | None = None,
    ) -> None:
        self._source = source
        self._losses = losses
        self._identity = identity
        self._rest = bytearray()
        self._over = 0
        self._in_hole = False
        self.offset = offset
        self._number = number
        self._last: Block | None = None

    @property
    def number(self) -> int:
        """The number of the line at *offset*.

        Found out late: who reads the block before counts its lines on the way.
        """
        if self._last is not None:
            self._number, self._last = self._number + self._last.count, None
        return self._number

    @property
    def end(self) -> int:
        """The byte offset behind what was fed; *offset* is that of the unfinished line."""
        return self.offset + len(self._rest) + self._over

    @property
    def unfinished(self) -> bool:
        """Whether there is the beginning of a line whose newline has not come."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[Block]:
        """Return the lines that *data* finished: no block, one, or two after an endless line."""
        blocks: list[Block] = []
        if b"\0" in data or (data and self._in_hole):
            self._note_holes(data)
        if self._over or len(self._rest) + len(data) > MAX_LINE:
            first = data.find(b"\n") + 1
            if not first:
                self._keep(data)
                return blocks
            if self._over or len(self._rest) + first - 1 > MAX_LINE:
                self._keep(data[: first - 1])
                blocks.append(self._take(bytes(self._rest) + b"\n", self._over))
                data = data[first:]
        cut = data.rfind(b"\n") + 1
        if cut:
            whole = b"".join((self._rest, memoryview(data)[:cut]))
            blocks.append(self._take(whole, 0))
        self._keep(data[cut:] if cut else data)
        return blocks

    def close(self) -> list[Block]:
        """Return the unfinished line, if there is one, as a torn block; the source has ended."""
        if not self._rest:
            return []
        return [self._take(bytes(self._rest), self._over, torn=True)]

    def skip(self, count: int) -> None:
        """Pass over *count* NULs at the beginning of a line: a hole that nobody needs to read."""
        self._note_holes(b"\0")
        self._pass_nulls(count)

    def _note_holes(self, data: bytes) -> None:
        """Count the holes that begin in *data*, which comes next.

        One before a log's first line is what a truncation leaves, and nothing is missing there.
        """
        begins = not self.unfinished and not self._over and data.startswith(b"\0")
        holes = data.count(b"\n\0")
        if begins and not self._in_hole and self.number > 1:
            holes += 1
        if holes and self._losses is not None:
            self._losses.holes += holes
        last = data[data.rfind(b"\n") + 1 :]
        self._in_hole = bool(last) and not last.strip(b"\0") and (begins or len(last) < len(data))

    def _pass_nulls(self, count: int) -> None:
        self.offset += count
        if self._losses is not None:
            self._losses.nulls += count

    def _take(self, data: bytes, dropped: int, *, torn: bool = False) -> Block:
        block = Block(self._source, data, self.offset, self.number, torn, dropped, self._identity)
        self.offset, self._last = block.end, block
        self._rest.clear()
        self._over = 0
        return block

    def _keep(self, data: bytes) -> None:
        if not self._rest and data.startswith(b"\0"):
            whole = len(data)
            data = data.lstrip(b"\0")
            self._pass_nulls(whole - len(data))
        room = MAX_LINE - len(self._rest)
        self._rest += data[:room]
        self._over += max(0, len(data) - room)
