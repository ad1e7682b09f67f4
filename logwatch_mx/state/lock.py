"""One daemon a state: a lock that dies with its process."""

import fcntl
import os
import time
from pathlib import Path

from logwatch_mx.errors import StateError
from logwatch_mx.state.faults import refusal

#: ``is_held`` takes the lock for a moment to find out: a daemon that starts just then tries again.
_TRIES, _PAUSE = 5, 0.05


class Lock:
    """The lock beside a state; the file stays, only the kernel's lock on it counts."""

    def __init__(self, state: Path) -> None:
        """Take the lock of *state*, or raise ``StateError`` that names who holds it."""
        path = state.with_name(state.name + ".lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise refusal(path, error) from error
        try:
            _take(self._file)
        except OSError as error:
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise StateError(f"{state}: in use by {who}; one daemon at a time") from error
        hand_over(path)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock up; safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _take(file: int) -> None:
    for _ in range(_TRIES - 1):
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(state: Path) -> bool | None:
    """Tell whether a daemon holds the lock of *state*; None when that cannot be found out."""
    try:
        file = os.open(state.with_name(state.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def hand_over(path: Path) -> None:
    """Give what root made to the owner of its directory, so that the daemon may use *path*."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
