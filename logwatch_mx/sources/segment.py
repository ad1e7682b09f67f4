"""One file or stream of a log's history: its bytes by offset, wherever they are by now."""

import os
import stat
from itertools import chain
from pathlib import Path
from typing import Protocol

from logwatch_mx.errors import LogwatchError
from logwatch_mx.sources.archive import STDIN, read_bytes
from logwatch_mx.sources.block import Block
from logwatch_mx.sources.names import siblings
from logwatch_mx.sources.spool import Spool
from logwatch_mx.sources.unpack import MAGIC_LENGTH, sniff


class Segment(Protocol):
    """The bytes of one file or stream; *identity* is (device, inode), (0, 0) for a stream."""

    identity: tuple[int, int]
    stamp: tuple[object, ...]

    def end(self) -> int:
        """Return how many bytes there are so far."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from *start* up to *stop*, fewer or none where they are gone."""
        ...

    def feed(self, block: Block) -> None:
        """Take what the caller has just read from this file or stream."""
        ...

    def rest(self) -> None:
        """Let go of the file until it is asked for again."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


def segment_of(path: Path, keep: int) -> Segment | None:
    """Return the segment for *path*, of which *keep* bytes are spooled if they must be.

    None when it cannot be read: what it holds counts as not found.
    """
    if path == STDIN:
        return Fed(keep)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return Fed(keep, str(path))
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        head = os.pread(fd, MAGIC_LENGTH, 0)
        found = os.fstat(fd)
    finally:
        os.close(fd)
    identity = (found.st_dev, found.st_ino)
    if sniff(head) is None:
        return Plain(path, identity)
    return Packed(path, identity, (found.st_size, found.st_mtime_ns), keep)


class Plain:
    """A file that is read where it lies; it is found again when it was renamed."""

    def __init__(self, path: Path, identity: tuple[int, int]) -> None:
        self.identity = identity
        self.stamp: tuple[object, ...] = (identity,)
        self._path = path
        self._fd: int | None = None

    def end(self) -> int:
        """Return the size the file has now, 0 when it is gone."""
        fd = self._open()
        return 0 if fd is None else os.fstat(fd).st_size

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes by pread: the caller's place in the file is not touched."""
        fd = self._open()
        return b"" if fd is None else os.pread(fd, stop - start, start)

    def feed(self, block: Block) -> None:
        """Do nothing: the file is there."""

    def rest(self) -> None:
        """Close the file; a deleted one is gone then, and its space free."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def close(self) -> None:
        """Close the file."""
        self.rest()

    def _open(self) -> int | None:
        if self._fd is not None:
            return self._fd
        for path in chain((self._path,), siblings(self._path)):
            try:
                found = path.stat()
                if (found.st_dev, found.st_ino) == self.identity:
                    self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                    self._path = path
                    return self._fd
            except OSError:
                continue
        return None


class Fed:
    """A stream: what is not fed to it is not there."""

    identity = (0, 0)

    def __init__(self, keep: int, name: str = "-") -> None:
        self.stamp: tuple[object, ...] = ("stream", name)
        self._spool = Spool(keep)

    def end(self) -> int:
        """Return how much was fed."""
        return self._spool.end

    def read(self, start: int, stop: int) -> bytes:
        """Return what is kept of it."""
        return self._spool.read(start, stop)

    def feed(self, block: Block) -> None:
        """Spool the block."""
        spool(self._spool, block)

    def rest(self) -> None:
        """Do nothing: a stream cannot be read twice."""

    def close(self) -> None:
        """Give the spool back."""
        self._spool.close()


class Packed:
    """An archive: spooled as the caller reads it, or unpacked here when it is asked for first."""

    def __init__(
        self, path: Path, identity: tuple[int, int], state: tuple[int, int], keep: int
    ) -> None:
        self.identity = identity
        self.stamp: tuple[object, ...] = (identity, state)
        self._path = path
        self._keep = keep
        self._spool: Spool | None = None
        self._fed = False

    def end(self) -> int:
        """Return how many bytes the archive unpacks to, or how many the caller has fed."""
        return self._filled().end

    def read(self, start: int, stop: int) -> bytes:
        """Return what is kept: the end of the archive, or what was fed last."""
        return self._filled().read(start, stop)

    def feed(self, block: Block) -> None:
        """Spool the block, if the archive is fed from its beginning."""
        if self._spool is None and block.offset == 0:
            self._spool, self._fed = Spool(self._keep), True
        if self._fed and self._spool is not None:
            spool(self._spool, block)

    def rest(self) -> None:
        """Give the spool back; the archive will be unpacked again if it is asked for."""
        if self._spool is not None:
            self._spool.close()
        self._spool, self._fed = None, False

    def close(self) -> None:
        """Give the spool back."""
        self.rest()

    def _filled(self) -> Spool:
        if self._spool is None:
            self._spool = Spool(self._keep)
            try:
                for data in read_bytes(self._path):
                    self._spool.write(data, self._spool.end)
            except LogwatchError:
                # What came before the damage is there; whoever reads the archive tells of it.
                pass
        return self._spool


def spool(ring: Spool, block: Block) -> None:
    """Write *block* into *ring*; what exceeded a line becomes NULs, its newline stays last."""
    if block.dropped and not block.torn:
        ring.write(block.data[:-1], block.offset)
        ring.write(b"\n", block.end - 1)
    else:
        ring.write(block.data, block.offset)
        if block.dropped:
            ring.write(b"\0", block.end - 1)
