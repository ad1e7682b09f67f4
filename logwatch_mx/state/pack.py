"""Nouns to the text of a row and back.

Log text may hold bytes that are no UTF-8, as surrogate escapes. JSON in ASCII keeps them; SQLite's
text columns and msgspec's own encoder do not take them.
"""

import json
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from logwatch_mx.errors import StateError

T = TypeVar("T")


def pack(noun: msgspec.Struct) -> str:
    """Return *noun* as one line of ASCII JSON."""
    return json.dumps(msgspec.to_builtins(noun), separators=(",", ":"))


def unpack(text: str, kind: type[T]) -> T:
    """Return the *kind* that ``pack`` made *text* from; ``StateError`` when it is none."""
    try:
        return msgspec.convert(json.loads(text), kind)
    except ValueError as error:  # msgspec's and json's errors are ValueErrors
        raise StateError(f"the state holds a row that cannot be read: {error}") from error


def column(text: str) -> str:
    """Return *text* as a column takes it; it is for looking up, the JSON beside it is the truth."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def stamp(at: datetime) -> str:
    """Return the aware time *at* as UTC text that sorts by time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str | None) -> datetime | None:
    """Return the time that ``stamp`` made *text* from."""
    return None if text is None else datetime.fromisoformat(text)
