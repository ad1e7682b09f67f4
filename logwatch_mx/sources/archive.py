"""Finished logs: files, directories, archives and standard input → blocks.

Memory stays bounded whatever is read: a block, one line, and what an unpacker needs.
"""

import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain
from pathlib import Path

from logwatch_mx.errors import DataError
from logwatch_mx.sources.block import BLOCK_SIZE, Block
from logwatch_mx.sources.export import read_export
from logwatch_mx.sources.losses import Losses
from logwatch_mx.sources.opening import explained, open_log, shown
from logwatch_mx.sources.split import Splitter
from logwatch_mx.sources.unpack import MAGIC_LENGTH, sniff, unpack

STDIN = Path("-")
_STDIN_FD = 0

# Archives are read in smaller pieces than they unpack to.
_PACKED_READ = 1 << 16


def read_blocks(
    path: Path,
    block_size: int = BLOCK_SIZE,
    *,
    progress: Callable[[int], None] | None = None,
    note: Callable[[DataError], None] | None = None,
    losses: Losses | None = None,
) -> Iterator[Block]:
    """Yield the lines of *path* in blocks of about *block_size* bytes; ``-`` is standard input.

    *progress* is called with each number of bytes read from the file (packed, where it is). When
    an archive breaks off or is corrupt, what was read before is yielded, and then the
    ``DataError`` is given to *note*, or raised where there is none. The last line, when it has no
    newline, comes in a torn block. A pipe's lines are yielded as they arrive.
    Raises ``SourceError`` or ``PermissionDeniedError`` before the first block.
    """
    fd = _STDIN_FD if path == STDIN else open_log(path)
    try:
        identity = (0, 0) if path == STDIN else identity_of(fd)
        splitter = Splitter(str(path), identity=identity, losses=losses)
        try:
            for chunk in _chunks(fd, path, block_size, progress):
                yield from splitter.feed(chunk)
        except DataError as error:
            yield from splitter.close()
            if losses is not None:
                losses.damaged += 1
            if note is None:
                raise
            note(error)
        else:
            yield from splitter.close()
    finally:
        if fd != _STDIN_FD:
            os.close(fd)


def read_bytes(path: Path) -> Generator[bytes]:
    """Yield the plain bytes of the file *path*, unpacked where it is an archive.

    Raises as ``read_blocks`` does.
    """
    fd = open_log(path)
    try:
        yield from _chunks(fd, path, BLOCK_SIZE, None)
    finally:
        os.close(fd)


def identity_of(fd: int) -> tuple[int, int]:
    """Return device and inode of an open regular file, (0, 0) for anything else."""
    found = os.fstat(fd)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else (0, 0)


def total_size(paths: Iterable[Path]) -> int | None:
    """Return the bytes that ``read_blocks`` will report for *paths*, None if nobody can know."""
    total = 0
    for path in paths:
        try:
            found = os.fstat(_STDIN_FD) if path == STDIN else path.stat()
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        total += found.st_size
    return total


def _chunks(
    fd: int, path: Path, size: int, progress: Callable[[int], None] | None
) -> Iterator[bytes]:
    head = b""
    while len(head) < MAGIC_LENGTH and (more := _read(fd, path, size, progress)):
        head += more
    kind = sniff(head)
    if kind is None:
        if head:
            yield head
        while chunk := _read(fd, path, size, progress):
            yield chunk
        return

    def packed() -> Iterator[bytes]:
        yield head
        while chunk := _read(fd, path, _PACKED_READ, progress):
            yield chunk

    place = shown(path)
    if kind == "export":
        yield from read_export(packed(), place)
    else:
        yield from _exported(unpack(packed(), kind, place), place)


def _exported(chunks: Iterator[bytes], place: str) -> Iterator[bytes]:
    """Yield the plain bytes *chunks* of an archive, as lines where they are an export."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= MAGIC_LENGTH:
            break
    whole = chain((head,) if head else (), chunks)
    yield from read_export(whole, place) if sniff(head[:MAGIC_LENGTH]) == "export" else whole


def _read(fd: int, path: Path, size: int, progress: Callable[[int], None] | None) -> bytes:
    try:
        chunk = os.read(fd, size)
    except OSError as error:
        raise explained(error, path) from error
    if progress is not None and chunk:
        progress(len(chunk))
    return chunk
