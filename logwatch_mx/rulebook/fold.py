"""What is left of a condition once the kind of the event is known, and perhaps more of it.

A rule that speaks of deliveries and of verdicts asks a delivery nothing about verdicts; one that
speaks of mail that was sent asks nothing of mail that was put off.
"""

from collections.abc import Mapping
from types import MappingProxyType

from logwatch_mx.rulebook.fields import FIELDS, KINDS
from logwatch_mx.rulebook.tree import All, Compare, Node, Not, Op, Some, Word

_NOTHING: Mapping[str, str | None] = MappingProxyType({})


def fold(node: Node, kind: str, known: Mapping[str, str | None] = _NOTHING) -> Node | bool:
    """Return *node* without what is known of every event of *kind*; a bool when that is all.

    *known*: values of fields that have only a few words (``status``, ``mta``), None for no value.
    """
    match node:
        case Word() if node.name in KINDS:
            return node.name == kind
        case Compare(op=Op.IS | Op.IN) if node.name in known and kind in FIELDS[node.name].kinds:
            return known[node.name] in {value.text.lower() for value in node.values}
        case Word() | Compare():
            return node if kind in FIELDS[node.name].kinds else False
        case Not():
            part = fold(node.part, kind, known)
            return not part if isinstance(part, bool) else Not(part)
        case All() | Some():
            decides = isinstance(node, Some)
            parts = [fold(part, kind, known) for part in node.parts]
            if any(part is decides for part in parts):
                return decides
            left = tuple(part for part in parts if not isinstance(part, bool))
            if not left:
                return not decides
            return left[0] if len(left) == 1 else type(node)(left)
