"""The names that rotation gives: which files are one log, and which of them is older.

Pure but for ``siblings``, which looks at a directory. Known shapes, each with any packed ending:
``NAME.2`` (logrotate; ``.0`` is newsyslog's newest), ``NAME-20261122`` and with hours or seconds
behind (dateext), ``NAME.2026-11-22`` and ``NAME-20261122.log`` for ``NAME.log`` (``extension``,
cronolog), ``NAME.1.log``, ``NAME.old``.
"""

import os
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst|Z|lz4|lzma)\Z")
_NUMBERED = re.compile(r"\A(?P<base>.+)\.(?P<number>\d{1,4}|old)(?P<extension>\.log)?\Z")
_DATED = re.compile(
    r"\A(?P<base>.+?)[-._]"
    r"(?P<date>(?:19|20)\d\d-?[01]\d-?[0-3]\d(?:[-_.T]?\d{2}(?:[-:.]?\d{2}){0,2}|[-_.]\d{5,12})?)"
    r"(?P<extension>\.[A-Za-z]\w*)?\Z"
)
_DIGITS = re.compile(r"\D")
_NEWEST = (2, "", 0)


class Rotated(Struct, frozen=True):
    """What a file name says: the log it belongs to, and its place in time.

    *date* is the suffix's digits, empty without one; *age* is the rotation number (1: the newest
    rotated one), 0 for the file being written.
    """

    base: str
    date: str = ""
    age: int = 0
    packed: bool = False

    @property
    def current(self) -> bool:
        """Whether this is the name that the log is written under."""
        return not (self.date or self.age or self.packed)

    @property
    def order(self) -> tuple[int, str, int]:
        """A key that sorts the files of one log by time, the current one last.

        Where a log has both kinds, the scheme was changed from numbers to dates.
        """
        if not self.date and not self.age:
            return _NEWEST
        return (1 if self.date else 0, self.date.ljust(24, "0"), -self.age)


def parse_name(name: str) -> Rotated:
    """Return what the file *name* (without its directory) says about rotation."""
    stem = _PACKED.sub("", name)
    packed = stem != name
    age = 0
    if found := _NUMBERED.match(stem):
        # .0 is the newest with newsyslog; .old (savelog, by hand) stands alone.
        number = found["number"]
        age = 1 if number == "old" else int(number) + 1
        stem = found["base"] + (found["extension"] or "")
    if found := _DATED.match(stem):
        base = found["base"] + (found["extension"] or "")
        return Rotated(base=base, date=_DIGITS.sub("", found["date"]), age=age, packed=packed)
    return Rotated(base=stem, age=age, packed=packed)


def families(
    paths: Iterable[Path], first_stamp: Callable[[Path], datetime | None] | None = None
) -> tuple[tuple[Path, ...], ...]:
    """Group *paths* by log, each group in time order; the groups come in the order first named.

    Files in different directories or with different base names are different logs, perhaps of
    different hosts. By *first_stamp*, where given, a file stands where its first line says; one
    without a stamp (empty, foreign) stays behind the file that its name puts it behind.
    """
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in paths:
        groups.setdefault((path.parent, parse_name(path.name).base), []).append(path)
    return tuple(_ordered(group, first_stamp) for group in groups.values())


def siblings(path: Path) -> tuple[Path, ...]:
    """Return the files of *path*'s log in its directory, in time order, *path* last if it exists.

    Of one rotated file that stands there plain and packed (it is being compressed just now) only
    the plain one counts. A link stands for its target, one file of a series beside it: what comes
    behind the target is not this log's yet.
    """
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    base = parse_name(path.name).base
    chosen: dict[tuple[int, str, int], Path] = {}
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return ()
    for name in names:
        read = parse_name(name)
        if read.base != base or (read.order == _NEWEST and name != path.name):
            continue
        known = chosen.get(read.order)
        if known is None or parse_name(known.name).packed:
            chosen[read.order] = path.parent / name
    last = parse_name(path.name).order
    return tuple(chosen[order] for order in sorted(chosen) if order <= last)


def _ordered(
    group: list[Path], first_stamp: Callable[[Path], datetime | None] | None
) -> tuple[Path, ...]:
    by_name = sorted(group, key=lambda path: (parse_name(path.name).order, path.name))
    if first_stamp is None or len(by_name) == 1:
        return tuple(by_name)
    keys: list[tuple[bool, float]] = []
    last = (False, 0.0)
    for path in by_name:
        stamp = first_stamp(path)
        if stamp is not None:
            last = (True, stamp.timestamp())
        keys.append(last)
    return tuple(path for _, path in sorted(zip(keys, by_name, strict=True), key=lambda k: k[0]))
