"""What is left of a condition once the kind of the event is known.

A rule that speaks of deliveries and of verdicts asks a delivery nothing about verdicts.
"""

from logwatch_mx.rulebook.fields import FIELDS, KINDS
from logwatch_mx.rulebook.tree import All, Compare, Node, Not, Some, Word


def fold(node: Node, kind: str) -> Node | bool:
    """Return *node* without what is known of every event of *kind*; a bool when that is all."""
    match node:
        case Word() if node.name in KINDS:
            return node.name == kind
        case Word() | Compare():
            return node if kind in FIELDS[node.name].kinds else False
        case Not():
            part = fold(node.part, kind)
            return not part if isinstance(part, bool) else Not(part)
        case All() | Some():
            decides = isinstance(node, Some)
            parts = [fold(part, kind) for part in node.parts]
            if any(part is decides for part in parts):
                return decides
            left = tuple(part for part in parts if not isinstance(part, bool))
            if not left:
                return not decides
            return left[0] if len(left) == 1 else type(node)(left)
