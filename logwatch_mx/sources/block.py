r"""Blocks of whole lines, and the lines in them.

A block comes in, lines go out; nothing here reads a file. The contract:

1. However a stream is cut into blocks, the lines are the same: text, number, offset and end.
2. A line ends at ``\n`` and nowhere else: ``\r``, ``\x0b``, ``\x85`` and U+2028 are text, for a
   sender chooses some of them. One ``\r`` before the ``\n`` is dropped.
3. NULs at the beginning of a line are the hole of a sparse file: they are dropped, counted, and
   *offset* points behind them. NULs elsewhere stay.
4. A line costs no more than ``MAX_LINE`` bytes: what exceeds it is dropped and counted, and never
   becomes a second line.
5. The unterminated end of a finished file is a line (*torn*), unless it is nothing but NULs.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import force_setattr
from stringzilla import count as count_in

from logwatch_mx.model.line import Line
from logwatch_mx.sources.losses import Losses

# Postfix and sendmail log a few kB at most; 1 MiB leaves room for any relay that joins lines.
MAX_LINE = 1 << 20
BLOCK_SIZE = 1 << 20


class Block(Struct, frozen=True):
    r"""Whole lines of one source, each ending in ``\n``, *torn* apart.

    *source* is the path as it was given. *offset* is the byte offset of ``data[0]`` in the
    uncompressed source and *number* the 1-based number of its first line. *torn*: the last line is
    the unterminated end of a finished file. *dropped*: bytes of the last line that exceeded
    ``MAX_LINE`` and are not in *data* (they came before its newline). *identity* is (device,
    inode) of the file, (0, 0) for a stream: after a rotation one *source* names several files.
    """

    source: str
    data: bytes
    offset: int
    number: int
    torn: bool = False
    dropped: int = 0
    identity: tuple[int, int] = (0, 0)
    #: What ``count`` has found, less than 0 before: to count takes a pass over the bytes.
    counted: int = -1

    @property
    def end(self) -> int:
        """The byte offset behind the block."""
        return self.offset + len(self.data) + self.dropped

    @property
    def count(self) -> int:
        """How many line numbers the block takes."""
        if self.counted < 0:
            force_setattr(self, "counted", count_in(self.data, b"\n") + self.torn)
        return self.counted


def lines(block: Block, losses: Losses | None = None) -> Iterator[Line]:
    """Yield every line of *block* in order, adding what was dropped to *losses*."""
    data, start, number = block.data, 0, block.number
    while (stop := data.find(b"\n", start)) >= 0:
        yield _line(block, start, stop, number, losses)
        start, number = stop + 1, number + 1
    if start < len(data):
        yield from _torn(block, start, number, losses)


class Cutter:
    """Cuts single lines out of a block: those in which the hits of a search lie.

    Positions mostly come in rising order; what lies between two costs one count of newlines.
    """

    def __init__(self, block: Block) -> None:
        self._block = block
        self._counted = 0
        self._number = block.number

    def cut(self, position: int, losses: Losses | None = None) -> tuple[Line | None, int]:
        """Return the line in which *position* lies, and the index behind it.

        None for the torn end of a block that is nothing but NULs.
        """
        block, data = self._block, self._block.data
        start = data.rfind(b"\n", 0, position) + 1
        self.number(start)
        stop = data.find(b"\n", position)
        if stop < 0:
            return next(_torn(block, start, self._number, losses), None), len(data)
        return _line(block, start, stop, self._number, losses), stop + 1

    def number(self, start: int) -> int:
        """Return the number of the line that begins at *start*."""
        data = self._block.data
        if start >= self._counted:
            self._number += count_in(data, b"\n", self._counted, start)
        else:
            self._number -= count_in(data, b"\n", start, self._counted)
        self._counted = start
        return self._number

    def finish(self) -> int:
        """Return the block's ``count``: with what is counted already, one pass does for all."""
        block, data = self._block, self._block.data
        if block.counted < 0:
            rest = count_in(data, b"\n", self._counted)
            force_setattr(block, "counted", self._number - block.number + rest + block.torn)
        return block.count


def lines_at(
    block: Block, positions: Iterable[int], losses: Losses | None = None
) -> Iterator[Line]:
    """Yield the lines of *block* in which the *positions* lie, each line once.

    *positions* are indexes into ``block.data`` in rising order: the hits of a search.
    """
    cutter, behind = Cutter(block), 0
    for position in positions:
        if position < behind:
            continue
        line, behind = cutter.cut(position, losses)
        if line is not None:
            yield line


def sift_losses(block: Block, losses: Losses) -> None:
    """Add to *losses* what ``lines`` would drop from *block*, without making its lines.

    For a caller that reads only the lines of a search, by ``lines_at`` without *losses*.
    """
    data = block.data
    # One byte is looked for at many times the speed of two.
    holes = b"\0" in data and (data.startswith(b"\0") or b"\n\0" in data)
    if holes or block.torn or block.dropped or _has_long(data):
        for _ in lines(block, losses):
            pass


def _has_long(data: bytes) -> bool:
    at = 0
    while len(data) - at > MAX_LINE:
        stop = data.rfind(b"\n", at, at + MAX_LINE + 1)
        if stop < 0:
            return True
        at = stop + 1
    return False


def _line(block: Block, start: int, stop: int, number: int, losses: Losses | None) -> Line:
    data = block.data
    dropped = block.dropped if stop + 1 >= len(data) else 0
    end = min(block.offset + stop + 1 + dropped, block.end)
    raw = data[start:stop]
    if raw.startswith(b"\0"):
        whole = len(raw)
        raw = raw.lstrip(b"\0")
        start += whole - len(raw)
        if losses is not None:
            losses.nulls += whole - len(raw)
    if dropped or len(raw) > MAX_LINE:
        if losses is not None:
            losses.long_lines += 1
            losses.cut += dropped + max(0, len(raw) - MAX_LINE)
        raw = raw[:MAX_LINE]
    elif raw.endswith(b"\r"):
        raw = raw[:-1]
    return Line(
        text=raw.decode("utf-8", "surrogateescape"),
        source=block.source,
        number=number,
        offset=block.offset + start,
        end=end,
    )


def _torn(block: Block, start: int, number: int, losses: Losses | None) -> Iterator[Line]:
    if not block.data[start:].strip(b"\0"):
        if losses is not None:
            losses.nulls += len(block.data) - start
        return
    if losses is not None:
        losses.torn += 1
    yield _line(block, start, len(block.data), number, losses)
