"""The last bytes of a stream, kept in an unlinked temporary file."""

import os
import tempfile
from typing import BinaryIO


class Spool:
    """A ring on disk: what was written last can be read again by its offset in the stream.

    *keep* bytes are kept. The file has no name, so nothing is left behind by any end; until
    something is written there is none.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._file: BinaryIO | None = None
        self.end = 0

    @property
    def floor(self) -> int:
        """The lowest offset that can still be read."""
        return max(0, self.end - self._keep)

    def write(self, data: bytes, offset: int) -> None:
        """Keep *data*, which begins at *offset*; bytes passed over read as NULs.

        What is below ``end`` already is known and not written again.
        """
        known = self.end - offset
        if known > 0:
            data, offset = data[known:], offset + known
        if offset > self.end:
            self._fill(offset)
        if len(data) > self._keep:
            cut = len(data) - self._keep
            data, offset = data[cut:], offset + cut
        at = offset % self._keep
        room = self._keep - at
        self._put(data[:room], at)
        self._put(data[room:], 0)
        self.end = max(self.end, offset + len(data))

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from *start* up to *stop*, less where they are no longer kept."""
        start, stop = max(start, self.floor), min(stop, self.end)
        if start >= stop:
            return b""
        at, length = start % self._keep, stop - start
        first = min(length, self._keep - at)
        fd = self._fd()
        data = os.pread(fd, first, at)
        return data if first == length else data + os.pread(fd, length - first, 0)

    def close(self) -> None:
        """Give the space back."""
        if self._file is not None:
            self._file.close()

    def _fd(self) -> int:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="logwatch-mx-", buffering=0)  # noqa: SIM115
        return self._file.fileno()

    def _fill(self, offset: int) -> None:
        gap = min(offset - self.end, self._keep)
        self.end = offset - gap
        while gap:
            piece = min(gap, 1 << 20)
            gap -= piece
            at = self.end % self._keep
            room = self._keep - at
            self._put(bytes(min(piece, room)), at)
            self._put(bytes(max(0, piece - room)), 0)
            self.end += piece

    def _put(self, data: bytes, at: int) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._fd(), view, at)
            view, at = view[written:], at + written
