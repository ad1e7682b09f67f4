"""One open log file that may grow: its next lines, its place, and whether it is still itself."""

import os
import stat
from collections.abc import Generator
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

from logwatch_mx.errors import LogwatchError
from logwatch_mx.sources.archive import read_bytes
from logwatch_mx.sources.block import Block
from logwatch_mx.sources.follow import HEAD, Checkpoint, Seen, fingerprint
from logwatch_mx.sources.losses import Losses
from logwatch_mx.sources.split import Splitter
from logwatch_mx.sources.unpack import MAGIC_LENGTH, sniff

_COUNTING = 1 << 20


class Reader:
    """Reads *path* from *offset* on; its blocks carry *source*, the path that was asked for.

    The descriptor is kept: the file may be renamed or deleted and is still read to its end. A pipe
    is read without waiting. Raises ``OSError`` as ``os.open`` does.
    """

    def __init__(self, path: Path, source: str, *, losses: Losses) -> None:
        # Without O_NONBLOCK, opening a pipe waits for its writer.
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        found = os.fstat(self._fd)
        if stat.S_ISDIR(found.st_mode):
            os.close(self._fd)
            raise IsADirectoryError(21, "a directory, not a log", str(path))
        self.identity = (found.st_dev, found.st_ino)
        self.regular = stat.S_ISREG(found.st_mode)
        self.packed = self.regular and sniff(os.pread(self._fd, MAGIC_LENGTH, 0)) is not None
        self.grown: float | None = None
        self._path = path
        self._source = source
        self._losses = losses
        # An archive is known by what it holds, also before it is begun.
        self._head = _head_of(self._fd, HEAD, packed=True) if self.packed else b""
        self._modified = found.st_mtime_ns
        self._plain: Generator[bytes] | None = None
        self._pending = b""
        self._ended = False
        self._ready: list[Block] = []
        self._split = self._splitter(0, 1)
        self.same()

    def start_at(self, offset: int, number: int) -> Self:
        """Read on from *offset*, where line *number* begins."""
        self._split = self._splitter(offset, number)
        if self.packed:
            self._skip(offset)
        return self

    def start_at_end(self) -> Self:
        """Read on behind the last whole line; the lines before it are counted, not yielded."""
        offset, number, at = 0, 1, 0
        while self.regular and (data := os.pread(self._fd, _COUNTING, at)):
            number += data.count(b"\n")
            last = data.rfind(b"\n")
            offset = at + last + 1 if last >= 0 else offset
            at += len(data)
        return self.start_at(offset, number)

    def anew(self) -> Self:
        """Return another reader of the same file from its beginning, even if it was deleted."""
        path = Path(f"/proc/self/fd/{self._fd}")
        return type(self)(path, self._source, losses=self._losses)

    def read(self, size: int) -> tuple[int, Block | None]:
        """Return how many bytes were read, about *size* at most, and the lines they finished."""
        taken = self._read(size) if not self._ready else len(self._ready[0].data)
        return taken, self._ready.pop(0) if self._ready else None

    def _read(self, size: int) -> int:
        if self.packed:
            data = self._unpacked(size)
        elif not self.regular:
            data = b""
            with suppress(BlockingIOError):
                data = os.read(self._fd, size)
        else:
            self._pass_hole()
            data = self._at(self._split.end, size)
            # Asked after the reading: what was read before a truncation is good.
            if data and not (self.same() and self._agrees(data)):
                return 0
        if data:
            self._ready += self._split.feed(data)
            self._modified = max(self._modified, self.modified)
        return len(data)

    def same(self) -> bool:
        """Return whether the file still begins as it did; a shorter one may still."""
        if not self.regular or self.packed:
            return True
        head = self._at(0, HEAD)
        if not head.startswith(self._head):
            return False
        # What was visible once does not change; more of it tells the file better from others.
        self._head = head
        return True

    @property
    def head(self) -> bytes:
        """How the file begins, as far as that was seen."""
        return self._head

    def begins_as(self, mark: Checkpoint) -> bool:
        """Return whether the file still begins as that at *mark* did; nobody truncates archives."""
        if self.packed or not self.regular:
            return True
        head = self._head[: mark.head]
        return len(head) == mark.head > 0 and fingerprint(head) == mark.fingerprint

    def beginning(self) -> bytes | None:
        """Return the first bytes of a plain file, None once reading has begun."""
        if not self.regular or self.packed or self._split.end:
            return None
        return self._at(0, HEAD)

    @property
    def size(self) -> int:
        """The bytes of the open file; 0 when the file system has lost it (ESTALE)."""
        try:
            return os.fstat(self._fd).st_size
        except OSError:
            return 0

    @property
    def modified(self) -> int:
        """When the open file was last written to, in ns."""
        try:
            return os.fstat(self._fd).st_mtime_ns
        except OSError:
            return self._modified

    @property
    def consumed(self) -> int:
        """The offset behind what was read, the unfinished line included."""
        return self._split.end if self.regular and not self.packed else 0

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to come for certain: the end of an archive."""
        return self.packed and self._ended and not self._pending and not self._ready

    def lag(self) -> int:
        """Return how many bytes wait to be read; of an archive not begun, its packed size."""
        if not self.regular:
            return 0
        if self.packed:
            return 0 if self.finished else self.size
        return max(0, self.size - self.consumed) + sum(len(block.data) for block in self._ready)

    def mark(self) -> Checkpoint:
        """Return the place behind the lines that were handed out."""
        # Late lines may have come to a file that was empty: learn how it begins.
        self.same()
        place = self._ready[0] if self._ready else self._split
        return Checkpoint(
            path=self._source,
            device=self.identity[0],
            inode=self.identity[1],
            offset=place.offset,
            number=place.number,
            fingerprint=fingerprint(self._head),
            head=len(self._head),
            modified=self._modified,
        )

    def close(self) -> list[Block]:
        """Close the file and return its unterminated end, if it has one."""
        blocks = self._ready + self._split.close()
        os.close(self._fd)
        if self._plain is not None:
            self._plain.close()
        return blocks

    def _agrees(self, data: bytes) -> bool:
        """Return whether *data*, just read, is what the file begins with as far as that is known.

        A file that was truncated meanwhile, of which nothing was known, holds something else now.
        """
        begin = self._split.end
        shared = data[: max(0, HEAD - begin)]
        return self._head[begin : begin + len(shared)] == shared

    def _splitter(self, offset: int, number: int) -> Splitter:
        identity = self.identity if self.regular else (0, 0)
        return Splitter(
            self._source, offset=offset, number=number, identity=identity, losses=self._losses
        )

    def _at(self, offset: int, size: int) -> bytes:
        # A file that a network file system has lost reads as empty: it is then found anew by name.
        with suppress(OSError):
            return os.pread(self._fd, size, offset)
        return b""

    def _pass_hole(self) -> None:
        # A writer without O_APPEND leaves a hole of the old size behind a truncation.
        if self._split.unfinished:
            return
        with suppress(OSError):
            data_at = os.lseek(self._fd, self._split.end, os.SEEK_DATA)
            if data_at > self._split.end:
                self._split.skip(data_at - self._split.end)

    def _unpacked(self, size: int) -> bytes:
        while not self._pending and not self._ended:
            if self._plain is None:
                self._plain = read_bytes(Path(f"/proc/self/fd/{self._fd}"))
            try:
                self._pending = next(self._plain)
            except StopIteration:
                self._ended = True
            except LogwatchError:
                self._losses.damaged += 1
                self._ended = True
        data, self._pending = self._pending[:size], self._pending[size:]
        return data

    def _skip(self, offset: int) -> None:
        while offset > 0 and (data := self._unpacked(min(offset, _COUNTING))):
            offset -= len(data)


def look_at(path: Path, mark: Checkpoint, *, current: bool) -> Seen:
    """Return what the directory shows of *path*, compared with *mark*.

    *current* says that this is the log's own path.
    Raises ``OSError`` when it is not there or may not be read.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(fd)
        head = b""
        packed = False
        if stat.S_ISREG(found.st_mode):
            packed = sniff(os.pread(fd, MAGIC_LENGTH, 0)) is not None
            head = _head_of(fd, mark.head, packed=packed)
    finally:
        os.close(fd)
    return Seen(
        path=str(path),
        device=found.st_dev,
        inode=found.st_ino,
        size=found.st_size,
        modified=found.st_mtime_ns,
        packed=packed,
        current=current,
        same=len(head) == mark.head and fingerprint(head) == mark.fingerprint,
    )


def _head_of(fd: int, length: int, *, packed: bool) -> bytes:
    if not packed:
        return os.pread(fd, length, 0)
    head = b""
    with suppress(LogwatchError), closing(read_bytes(Path(f"/proc/self/fd/{fd}"))) as plain:
        for data in plain:
            head += data
            if len(head) >= length:
                break
    return head[:length]
