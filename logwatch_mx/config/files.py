"""What the configuration names on disk: hooks and files that hold a secret, and who may touch them.

Whoever may write a hook runs programs as the daemon, so others may write neither hook nor
directory. Who may read a secret is told as a warning: containers mount secrets readable by all.
"""

import os
import stat
from pathlib import Path

from logwatch_mx.config.reading import url
from logwatch_mx.config.settings import Settings

_MAX_SECRET = 8192
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def check_hook(program: str) -> None:
    """Raise ValueError with what is wrong with *program* as a hook."""
    if not program.startswith("/"):
        raise ValueError("expected the absolute path of a program")
    try:
        found = os.stat(program)  # noqa: PTH116 -- a text from the file, not yet a good path
        above = Path(program).resolve().parent.stat()
    except (OSError, ValueError) as error:
        raise ValueError(f"expected a program ({_reason(error)})") from None
    if not stat.S_ISREG(found.st_mode) or not os.access(program, os.X_OK):
        raise ValueError("expected a file that may be executed")
    if found.st_mode & _OTHERS_WRITE:
        raise ValueError("expected a program that group and others may not write: chmod go-w")
    # In a sticky directory nobody replaces a file of another's.
    if above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX:
        raise ValueError("expected a program in a directory that others may not write: chmod o-w")


def read_secret_url(path: Path) -> str:
    """Return the notification URL that the file *path* holds; ValueError never repeats it."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            content = file.read(_MAX_SECRET + 1) if stat.S_ISREG(found.st_mode) else b""
    except (OSError, ValueError) as error:
        raise ValueError(f"expected a file that can be read ({_reason(error)})") from None
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("expected an ordinary file")
    if found.st_mode & stat.S_IWOTH:
        raise ValueError("expected a file that others may not write: chmod o-w")
    try:
        return url(content.decode().strip())
    except ValueError:
        raise ValueError("expected a file with one notification URL in it") from None


def file_warnings(path: Path | None, settings: Settings) -> tuple[str, ...]:
    """Return what an admin should mend about the files of *settings*, a sentence each.

    *path*: the configuration file itself; readable by all it is a fault only with a URL in it.
    """
    warnings = []
    if path is not None and (mode := _mode(path)) is not None:
        if mode & _OTHERS_WRITE:
            warnings.append(f"{path}: group or others may write it: chmod go-w")
        holds_secret = any(target.url_file is None for target in settings.notify)
        if mode & stat.S_IROTH and holds_secret:
            warnings.append(f"{path}: holds a notification URL and others may read it: chmod o-r")
    secrets = [target.url_file for target in settings.notify if target.url_file is not None]
    warnings += [
        f"{secret}: others may read this secret: chmod o-r"
        for secret in secrets
        if (_mode(secret) or 0) & stat.S_IROTH
    ]
    return tuple(warnings)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
