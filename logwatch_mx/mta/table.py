"""Lookup tables of an MTA as far as they are text: in comes ``hash:/etc/postfix/transport``.

The source beside an indexed table is read, not the index: it is what the admin wrote. Tables that
ask a program or a server (ldap, mysql, regexp, …) are not read, and said so.
"""

import re
from pathlib import Path

#: Postfix and sendmail types whose source is a text file of the same name.
_TEXT_BESIDE = frozenset(
    {"hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash", "text", "implicit"}
)
_INLINE = re.compile(r"inline:\{(.*)\}", re.DOTALL)
# postconf(5): inline:{ key=value, { key = text with blanks } }
_PAIR = re.compile(r"\{\s*([^=\s{}]+)\s*=([^{}]*)\}|([^=\s,{}]+)=([^\s,{}]*)")
_MAX_SIZE = 8 << 20


class UnreadableTableError(Exception):
    """The table is of a type that is not read, or its text is not there; ``str()`` says which."""


def read_table(name: str) -> dict[str, str]:
    """Return the keys, in lower case, and values of the table *name* (``TYPE:PATH``)."""
    name = name.strip()
    while name.startswith(("proxy:", "proxymap:")):
        name = name.partition(":")[2]
    if inline := _INLINE.fullmatch(name):
        pairs = _PAIR.findall(inline[1])
        return {
            (spaced or key).lower(): (text or value).strip() for spaced, text, key, value in pairs
        }
    kind, _, place = name.partition(":")
    if kind not in _TEXT_BESIDE or not place.startswith("/"):
        raise UnreadableTableError(f"{name}: tables of this kind are not read")
    return dict(_split(line) for line in read_lines(Path(place)))


def read_lines(path: Path) -> list[str]:
    """Return the logical lines of *path*: no comments, lines that begin with a blank joined."""
    lines: list[str] = []
    for line in _read(path).split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t" and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return lines


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableTableError(f"{path}: {reason}") from None
    if len(content) > _MAX_SIZE:
        raise UnreadableTableError(f"{path}: larger than 8 MiB")
    return content.decode(errors="replace")


def _split(line: str) -> tuple[str, str]:
    key, _, value = line.replace("\t", " ").partition(" ")
    return key.lower(), value.strip()
