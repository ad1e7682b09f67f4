"""The lines of a TOML text on which its keys stand; ``tomllib`` keeps no places.

A best effort that knows bare keys, dotted keys and table headers. Where a key is not found (it
stands in an inline table) the place of the table it is in will do.
"""

import re

#: A key as its parts; a table that may stand often is followed by its number, from 1.
Key = tuple[str | int, ...]

_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?")
_ASSIGNED = re.compile(rf"\s*({_DOTTED})\s*=")
_FENCES = re.compile(r"\"\"\"|'''")


def find_lines(text: str) -> dict[Key, int]:
    """Return the line, from 1, of every key and table of *text* that is found."""
    lines: dict[Key, int] = {}
    table: Key = ()
    often: dict[Key, int] = {}
    fenced = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not fenced and (header := _HEADER.match(line)):
            table = _parts(header[2])
            if header[1] == "[[":
                often[table] = often.get(table, 0) + 1
                table = (*table, often[table])
            lines.setdefault(table, number)
        elif not fenced and (assigned := _ASSIGNED.match(line)):
            lines.setdefault((*table, *_parts(assigned[1])), number)
        # Between an odd and an even fence a line is the inside of a text.
        fenced ^= len(_FENCES.findall(line)) % 2 == 1
    return lines


def line_of(lines: dict[Key, int], key: Key) -> int | None:
    """Return the line of *key*, or of the innermost table around it that was found."""
    for length in range(len(key), 0, -1):
        if (number := lines.get(key[:length])) is not None:
            return number
    return None


def key_text(key: Key) -> str:
    """Return *key* as a person would say it: ``loop.window``, ``hook[2].command``."""
    said = ""
    for part in key:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else part
    return said


def _parts(dotted: str) -> Key:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
