"""A TOML file → its tables and the lines of its keys; what is no TOML is one located fault."""

import json
import tomllib
from pathlib import Path

from msgspec import Struct

from logwatch_mx.config.place import Key, find_lines, line_of
from logwatch_mx.config.reading import mask_url
from logwatch_mx.errors import ConfigError, ConfigErrors, PermissionDeniedError

_MAX_SIZE = 1 << 20
_SHOWN = 120
_LARGE = 10**20


class Document(Struct, frozen=True):
    """What a file holds, and where; without a file nothing at all."""

    path: Path | None = None
    tables: dict[str, object] = {}
    lines: dict[Key, int] = {}

    def place(self, key: Key) -> str:
        """Return ``FILE:LINE`` of *key*, or ``FILE`` where the line is not known."""
        line = line_of(self.lines, key)
        return f"{self.path}:{line}" if line else str(self.path)


def read_document(path: Path) -> Document:
    """Return the document *path*; ConfigErrors when it cannot be read or is no TOML."""
    text = _read(path)
    try:
        return Document(path, tomllib.loads(text), find_lines(text))
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, f"not TOML: {error}") from None
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise _broken(path, "not TOML that can be read: too deep or too long") from None


def quote(raw: object) -> str:
    """Return the value *raw* in one short line as the file has it, nothing in it for a terminal."""
    match raw:
        case []:
            said = "an empty list"
        case list():
            said = "a list"
        case dict():
            said = "a table"
        case str() if "://" in raw:  # a URL that strayed to another key is a secret still
            said = json.dumps(mask_url(raw), ensure_ascii=False)
        case str() | bool() | float():
            said = json.dumps(raw)
        case int() if abs(raw) >= _LARGE:  # Python refuses to print the longest ones
            said = "a very large number"
        case _:
            said = str(raw)
    return printable(said if len(said) <= _SHOWN else said[:_SHOWN] + "…")


def printable(said: str) -> str:
    """Return *said* with what a terminal might obey written as an escape."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in said)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SIZE + 1)
    except PermissionError:
        raise PermissionDeniedError(
            f"{path}: permission denied: not readable by this user"
        ) from None
    except (OSError, ValueError) as error:
        raise _broken(path, getattr(error, "strerror", None) or str(error)) from None
    if len(content) > _MAX_SIZE:
        raise _broken(path, "larger than 1 MiB")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _broken(path, f"not UTF-8 text (byte {error.start})") from None


def _broken(path: Path, said: str) -> ConfigErrors:
    return ConfigErrors("1 fault", [ConfigError(f"{path}: {printable(said)}")])
