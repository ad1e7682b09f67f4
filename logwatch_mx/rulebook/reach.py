"""What a condition can reach: the kinds of event, and texts in raw lines, that may match at all.

Both are wide where nothing is known: a reader may skip what is certainly out of reach, and nothing
else.
"""

from logwatch_mx.rulebook.fields import FIELDS, KINDS, Type
from logwatch_mx.rulebook.tree import All, Compare, Node, Not, Op, Some, Word

#: Shorter texts are in every line, more of them cost more than they save.
_SHORTEST = 4
_MOST = 16


def kinds_of(node: Node, *, holds: bool = True) -> frozenset[str]:
    """Return the kinds of event for which *node* can be true (or false, when not *holds*)."""
    match node:
        case Word() if node.name in KINDS:
            return frozenset({node.name}) if holds else KINDS - {node.name}
        case Word() | Compare():
            # What an event does not have is not equal to anything, so a negation may always hold.
            return FIELDS[node.name].kinds if holds else KINDS
        case Not():
            return kinds_of(node.part, holds=not holds)
        case All() | Some():
            parts = [kinds_of(part, holds=holds) for part in node.parts]
            if isinstance(node, All) == holds:
                return frozenset.intersection(*parts)
            return frozenset.union(*parts)


def needles_of(node: Node, *, holds: bool = True) -> frozenset[str] | None:
    """Return texts in lower case, one of which is in every lower-case line that matches.

    None when there are no such texts. ASCII only, so that lowering the bytes is enough.
    """
    match node:
        case Word():
            return None
        case Compare():
            return _needles(node) if holds else None
        case Not():
            return needles_of(node.part, holds=not holds)
        case All() | Some():
            parts = [needles_of(part, holds=holds) for part in node.parts]
            if isinstance(node, All) == holds:
                return max((part for part in parts if part), key=_worth, default=None)
            if any(part is None for part in parts):
                return None
            every = frozenset().union(*(part or () for part in parts))
            return every if len(every) <= _MOST else None


def _needles(node: Compare) -> frozenset[str] | None:
    field = FIELDS[node.name]
    if not field.verbatim or node.op not in {Op.IS, Op.IN, Op.CONTAINS, Op.STARTS, Op.ENDS}:
        return None
    if field.type is Type.HOST and node.op is Op.IS and node.values[0].text in _CLASSES:
        return None
    # Asked before lowering: the Kelvin sign lowers to an ASCII "k".
    if not all(_is_plain(value.text) for value in node.values) or len(node.values) > _MOST:
        return None
    return frozenset(value.text.lower() for value in node.values)


_CLASSES = frozenset({"loopback", "own", "self"})


def _is_plain(text: str) -> bool:
    # A control character may have been decoded from an escape (rsyslog writes #011 for a tab).
    return len(text) >= _SHORTEST and text.isascii() and text.isprintable()


def _worth(texts: frozenset[str]) -> tuple[int, int]:
    return min(map(len, texts)), -len(texts)
