"""What the user named → the files to read."""

import os
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from logwatch_mx.errors import LogwatchError, SourceError
from logwatch_mx.sources.archive import STDIN, read_bytes
from logwatch_mx.sources.names import parse_name
from logwatch_mx.sources.opening import explained, open_log, shown

# What syslog daemons call the log that mail goes to, apart from everything that ends in "log".
_LOG_NAME = re.compile(
    r"(?:log|\Amessages|\Amail|\Amail\.(?:err|info|warn|notice))\Z", re.IGNORECASE
)
# Debian and SUSE write the lines of the mail log a second time into these.
_TWICE = frozenset({"mail.err", "mail.info", "mail.warn", "mail.notice", "syslog", "messages"})
_MAIL_LOGS = frozenset({"mail.log", "maillog", "mail"})
# Any other text is one when its first line has a time near its beginning, unless its name says
# that it is something else.
_STAMPED = re.compile(rb"\s*.{0,48}?[ T]\d\d:\d\d:\d\d[ .,+Z-]")
_OTHER_NAME = re.compile(
    r"\.(?:json|html?|md|rst|toml|ya?ml|conf|cfg|ini|py|sh|sql|csv|db|pid|lock|sock|eml)\Z",
    re.IGNORECASE,
)
_SNIFFED = 4096


def expand(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files that *paths* name, each once, in the order named; ``-`` stays.

    A directory stands for the logs directly in it: regular files that hold text and have the name
    of a log, or a time in their first line; rotated and packed ones too. Files which repeat the
    lines of a mail log beside them (``mail.err``, ``syslog`` …) are left out: name them to read
    them.
    Raises ``SourceError`` for what is missing, not a log, or a directory without logs,
    ``PermissionDeniedError`` for what may not be read, before anything is read.
    """
    found: dict[object, Path] = {}
    for path in paths:
        if path == STDIN:
            found.setdefault(STDIN, STDIN)
            continue
        for file in _logs_in(path) if path.is_dir() else (path,):
            _check(file)
            place = file.stat()
            found.setdefault((place.st_dev, place.st_ino), file)
    return tuple(found.values())


def _check(path: Path) -> None:
    # A pipe is opened by whom reads it: opening it here would wait for its writer.
    try:
        is_pipe = path.is_fifo()
    except OSError as error:
        raise explained(error, path) from error
    if not is_pipe:
        os.close(open_log(path))


def _logs_in(directory: Path) -> list[Path]:
    try:
        entries = sorted(directory.iterdir())
    except OSError as error:
        raise explained(error, directory) from error
    named = [
        path
        for path in entries
        if not path.name.startswith(".")
        and not _OTHER_NAME.search(parse_name(path.name).base)
        and path.is_file()
    ]
    bases = {parse_name(path.name).base for path in named}
    if bases & _MAIL_LOGS:
        named = [path for path in named if parse_name(path.name).base not in _TWICE]
    packed_twice = {
        (read.base, read.order) for path in named if not (read := parse_name(path.name)).packed
    }
    logs = [
        path
        for path in named
        if not ((read := parse_name(path.name)).packed and (read.base, read.order) in packed_twice)
        and _looks_like_log(path)
    ]
    if not logs:
        raise SourceError(f"{shown(directory)}: no logs in this directory")
    return logs


def _looks_like_log(path: Path) -> bool:
    head = b""
    try:
        for chunk in islice(read_bytes(path), 4):
            head += chunk[:_SNIFFED]
            if len(head) >= _SNIFFED:
                break
    except LogwatchError:
        # What may not be read or is damaged is told to the user, not passed over here.
        pass
    else:
        text = head.lstrip(b"\0")
        # wtmp, lastlog, a journal: binary, or a hole
        if b"\0" in text or (head and not text):
            return False
    if _LOG_NAME.search(parse_name(path.name).base):
        return True
    return _STAMPED.match(head.lstrip(b"\0")) is not None
