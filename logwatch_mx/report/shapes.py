"""Group lines that could not be read by their shape.

So that an admin can report a gap in one line.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from logwatch_mx.model.event import Event, Unparsed

#: An attacker may log lines without end; the rare shapes beyond these are one.
MAX_SHAPES = 1000
_PARTS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\"[^\"]*\"|\b[0-9A-Fa-f]{6,}\b|[0-9]+")


class Shape(Struct):
    """Lines that differ in numbers, ids and quoted parts only."""

    program: str
    shape: str
    example: str
    count: int = 0


def count_shapes(events: Iterable[Event]) -> tuple[list[Shape], int]:
    """Return the shapes of unread lines, most frequent first, and the number of lines of MTAs."""
    found: dict[tuple[str, str], Shape] = {}
    read = 0
    for event in events:
        if event.mta is None:
            continue
        read += 1
        if not isinstance(event, Unparsed):
            continue
        key = (_shown(event.program or ""), shape_of(event.text))
        if key not in found and len(found) >= MAX_SHAPES:
            key = ("", "(other shapes)")
        shape = found.get(key)
        if shape is None:
            shape = found[key] = Shape(*key, example=_shown(event.text))
        shape.count += 1
    return sorted(found.values(), key=lambda s: (-s.count, s.program, s.shape)), read


def shape_of(text: str) -> str:
    """Return *text* with its changing parts replaced."""
    return _shown(_PARTS.sub(_mask, text[:500]))


def _mask(found: re.Match[str]) -> str:
    part = found.group()
    return part[0] + "…" + part[-1] if part[0] in '<["' else "#"


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text[:300])
