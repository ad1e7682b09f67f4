"""Join sequences of patterns into one pattern that tries them in their order.

Comes in: for each branch its parts, one after the other, each with the names of its groups. Goes
out: one pattern, and for each branch the groups in which its tokens are. Neighbours that begin with
the same parts share them: thirty kinds that begin with a queue id look for it once. That changes no
answer, since a part matches in one way only.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

#: A pattern that never backtracks, with the names of its groups.
Part = tuple[str, tuple[str, ...]]


class Branch(Struct, frozen=True):
    """What a match of branch *number* means: its tokens' *groups* by their *names*, in order."""

    number: int
    names: tuple[str, ...]
    groups: tuple[int, ...]


class _Node(Struct):
    """A part, and what may follow it; a node without followers is the end of branch *number*."""

    part: Part
    number: int
    followers: "list[_Node]"


def join(sequences: Sequence[Sequence[Part]]) -> tuple[str, dict[int, Branch]]:
    """Return the pattern, and the branches by the number of the group that closes last in them."""
    if not sequences:
        return "(?!)", {}  # fits nothing
    root = _Node(("", ()), -1, [])
    for number, parts in enumerate(sequences):
        node = root
        for part in parts:
            node = _follow(node, part)
        # An end is never shared: of two equal sequences the first one wins.
        node.followers.append(_Node((r"\Z", ()), number, []))
    branches: dict[int, Branch] = {}
    pattern = "".join(_write(root, (), iter(range(1, 1_000_000)), branches))
    return pattern, branches


def _follow(node: _Node, part: Part) -> _Node:
    # The last follower alone: to share with an earlier one would change the order.
    if node.followers and node.followers[-1].part == part and node.followers[-1].followers:
        return node.followers[-1]
    node.followers.append(_Node(part, -1, []))
    return node.followers[-1]


def _write(
    node: _Node,
    path: tuple[tuple[str, int], ...],
    groups: Iterator[int],
    branches: dict[int, Branch],
) -> Iterator[str]:
    pattern, names = node.part
    path += tuple((name, next(groups)) for name in names)
    yield pattern
    if node.number >= 0:
        yield "()"
        named = Branch(node.number, tuple(name for name, _ in path), tuple(at for _, at in path))
        branches[next(groups)] = named
        return
    written = ("".join(_write(each, path, groups, branches)) for each in node.followers)
    yield next(written) if len(node.followers) == 1 else f"(?:{'|'.join(written)})"
