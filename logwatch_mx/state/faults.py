"""What SQLite and the file system complain of, as one line that says whose fault it is."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logwatch_mx.errors import EffectError, LogwatchError, PermissionDeniedError, StateError

#: The file is not what it should be: the only faults for which it may be set aside.
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about *path* into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _fault(path, error) from error


def code_of(error: sqlite3.Error) -> int:
    """Return the primary result code of *error*; Python's own complaints have none, that is 0."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def refusal(path: Path, error: OSError) -> LogwatchError:
    """Return what the operating system's *error* about *path* means for the one who asked."""
    said = error.strerror or str(error)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return PermissionDeniedError(f"{error.filename or path}: {said}")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EffectError(f"{error.filename or path}: {said}: make room", retry=True)
    return StateError(f"{error.filename or path}: {said}")


def _fault(path: Path, error: sqlite3.Error) -> LogwatchError:
    match code_of(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return EffectError(f"{path}: busy: another process is writing to it", retry=True)
        case sqlite3.SQLITE_FULL:
            return EffectError(f"{path}: no space left on the disk: make room", retry=True)
        case sqlite3.SQLITE_IOERR:
            return EffectError(f"{path}: the disk failed: {error}", retry=True)
        case sqlite3.SQLITE_READONLY:
            return PermissionDeniedError(f"{path}: cannot be written to: {error}")
        case sqlite3.SQLITE_CANTOPEN if path.exists() and not os.access(path, os.R_OK):
            return PermissionDeniedError(f"{path}: may not be read by this user")
        case sqlite3.SQLITE_CANTOPEN:
            return StateError(f"{path}: cannot be opened: {error}")
        case code if code in DAMAGED:
            return StateError(f"{path}: damaged: {error}; the daemon sets it aside when it starts")
    return StateError(f"{path}: {error}")
