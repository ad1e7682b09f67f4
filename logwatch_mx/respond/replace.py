"""Put a new text in place of a file: whole or not at all, also when the power goes."""

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from logwatch_mx.errors import EffectError

#: Another logwatch-mx holds a map for the time of a few postmap runs.
_PATIENCE = 10.0

#: Scratch folders beside a map begin so; one that a killed process left may be cleared away.
SCRATCH = ".lwmx-"


def replace_text(path: Path, text: str) -> None:
    """Write *text* to *path* by way of a new file beside it; readable by all, owned as before.

    A map made by root (``undo`` by hand) still belongs to the daemon: the new file gets the owner
    of the old one, or of the directory.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fchmod(handle, 0o644)
            if os.geteuid() == 0:
                owner = (path if path.exists() else path.parent).stat()
                os.fchown(handle, owner.st_uid, owner.st_gid)
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    _sync(path.parent)


def put_in_place(made: Path, live: Path) -> None:
    """Rename *made* to *live*, on disk, readable by all and owned by the owner of the folder.

    makemap makes its files 0640, and sendmail ignores without a word what it may not read; what
    root makes by hand still belongs to the daemon.
    """
    made.chmod(0o644)
    if os.geteuid() == 0:
        owner = live.parent.stat()
        os.chown(made, owner.st_uid, owner.st_gid)
    _sync(made)
    made.replace(live)
    _sync(live.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold every other logwatch-mx off the maps in *folder*: the kernel's lock on the directory.

    A lock on the directory needs no file of its own, which root might leave behind.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _wait(handle, folder)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, folder: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise EffectError(
                    f"{folder}: another process holds the maps", retry=True
                ) from error
            time.sleep(0.02)
        else:
            return


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the operating system says about *path* into ``EffectError``."""
    try:
        yield
    except OSError as error:
        said = f"{error.filename or path}: {error.strerror or error}"
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise EffectError(said, retry=full) from error
