"""The sieve: which bytes of a block can matter at all. Pure.

Needles come in, positions of hits go out, in rising order; lines without a hit are never cut, decoded or parsed. One hop of
``bytes.find`` reads 10–20 M lines/s, an alternation in ``re`` 0.7 M; hyperscan, when it is installed, looks for
all needles at once.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

#: Looks around a hit: is it one? ``(data, start of the literal)``.
Check = Callable[[bytes, int], bool]


class Needle(Struct, frozen=True):
    """A literal that a line which matters holds, and a closer look where the literal is common."""

    literal: bytes
    check: Check | None = None


class Sieve(Protocol):
    """Finds needles."""

    def positions(self, data: bytes) -> list[int]:
        """Return the start of every hit in *data*, rising."""


class FindSieve:
    """The sieve of the standard library."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        self._needles = tuple(needles)

    def positions(self, data: bytes) -> list[int]:
        """Return the start of every hit in *data*, rising."""
        found: list[int] = []
        for needle in self._needles:
            found += find_all(data, needle.literal, needle.check)
        found.sort()
        return found


def find_all(data: bytes, literal: bytes, check: Check | None = None, start: int = 0) -> list[int]:
    """Return the start of every *literal* in *data* from *start* on that *check* agrees to."""
    found: list[int] = []
    find = data.find
    at = find(literal, start)
    while at >= 0:
        if check is None or check(data, at):
            found.append(at)
        at = find(literal, at + 1)
    return found


class HyperSieve:
    """The sieve with hyperscan: all literals in one pass."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        import hyperscan  # noqa: PLC0415  # the extra `fast`

        self._needles = tuple(needles)
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[_escaped(needle.literal) for needle in self._needles],
            ids=list(range(len(self._needles))),
            elements=len(self._needles),
            flags=[0] * len(self._needles),
        )

    def positions(self, data: bytes) -> list[int]:
        """Return the start of every hit in *data*, rising."""
        ends: list[tuple[int, int]] = []

        def on_match(identity: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends.append((identity, end))

        self._database.scan(data, match_event_handler=on_match)
        found = []
        for identity, end in ends:
            needle = self._needles[identity]
            start = end - len(needle.literal)
            if needle.check is None or needle.check(data, start):
                found.append(start)
        found.sort()
        return found


def build_sieve(needles: Sequence[Needle]) -> Sieve:
    """Return the quickest sieve that is installed."""
    try:
        return HyperSieve(needles)
    except ImportError:
        return FindSieve(needles)


def _escaped(literal: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in literal)
