"""The tree of a condition as it was written, and its text again.

Nodes know nothing of fields and their types: ``meaning`` does. *at* is the offset in the text; it
takes no part in comparing, so that the same condition written twice is equal.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

#: Words with a meaning of their own; as a value they are written in quotes.
RESERVED = frozenset(
    "and or not in is contains starts ends with matches exists".split()  # noqa: SIM905 - reads better
)
BARE = re.compile(r"[A-Za-z0-9_.:@*+-]+(?:/[0-9]{1,3})?")


class Op(StrEnum):
    """What a comparison asks; ``!=``, ``is not`` and ``not in`` are a ``Not`` around one."""

    IS = "is"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    CONTAINS = "contains"
    STARTS = "starts with"
    ENDS = "ends with"
    MATCHES = "matches"
    EXISTS = "exists"


class Form(StrEnum):
    """How a value was written."""

    BARE = "bare"
    QUOTED = "quoted"
    REGEX = "regex"
    REGEX_ANY_CASE = "regex, any case"


@dataclass(frozen=True, slots=True)
class Value:
    """One value; *text* without its quotes or slashes."""

    text: str
    form: Form = Form.BARE
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word: the name of an event kind, or of a field that is true or false."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """A field and what is asked of it; several values only with ``in``, none with ``exists``."""

    name: str
    op: Op
    values: tuple[Value, ...] = ()
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of *part*."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class All:
    """Every one of *parts* (two or more)."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of *parts* (two or more)."""

    parts: "tuple[Node, ...]"


Node = Word | Compare | Not | All | Some


def to_text(node: Node) -> str:
    """Return *node* in the language it is written in; parsing that gives *node* again."""
    match node:
        case Word():
            return node.name
        case Compare():
            return _compare(node)
        case Not():
            return f"not {_inside(node.part, (All, Some))}"
        case All():
            return " and ".join(_inside(part, (All, Some)) for part in node.parts)
        case Some():
            return " or ".join(_inside(part, (Some,)) for part in node.parts)


def _inside(node: Node, wrapped: tuple[type, ...]) -> str:
    return f"({to_text(node)})" if isinstance(node, wrapped) else to_text(node)


def _compare(node: Compare) -> str:
    values = [_value(value) for value in node.values]
    match node.op:
        case Op.EXISTS:
            return f"{node.name} exists"
        case Op.IN if len(values) != 1 or "/" not in values[0]:
            return f"{node.name} in {{{', '.join(values)}}}"
        case _:
            return f"{node.name} {node.op} {values[0]}"


def _value(value: Value) -> str:
    match value.form:
        case Form.REGEX:
            return f"/{value.text}/"
        case Form.REGEX_ANY_CASE:
            return f"/{value.text}/i"
        case Form.BARE if BARE.fullmatch(value.text) and value.text not in RESERVED:
            return value.text
        case _:
            escaped = value.text.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
