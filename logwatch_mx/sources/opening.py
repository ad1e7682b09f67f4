"""Opening a log, with errors that say which path and who may."""

import grp
import os
import pwd
import stat
from pathlib import Path

from logwatch_mx.errors import LogwatchError, PermissionDeniedError, SourceError


def open_log(path: Path) -> int:
    """Return a descriptor for reading *path*: a file, or a pipe that is waited for.

    Raises ``SourceError`` for what is missing or cannot be a log, ``PermissionDeniedError`` with
    the owner where reading is not allowed.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise explained(error, path) from error
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode) or stat.S_ISBLK(mode):
        os.close(fd)
        what = "a directory" if stat.S_ISDIR(mode) else "a block device"
        raise SourceError(f"{shown(path)}: {what}, not a log")
    return fd


def shown(path: Path | str) -> str:
    """Return *path* for a message; one with control characters is quoted and escaped."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def explained(error: OSError, path: Path) -> LogwatchError:
    """Return the error of this program that says what *error* means for reading *path*."""
    if isinstance(error, PermissionError):
        return PermissionDeniedError(f"{shown(path)}: permission denied{_who_may(path)}")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceError(f"{shown(path)}: no such file")
    return SourceError(f"{shown(path)}: {error.strerror or error}")


def _who_may(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return " (a directory above it may not be entered)"
    try:
        user = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        user = str(found.st_uid)
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    return f" ({stat.filemode(found.st_mode)}, owner {user}, group {group})"
