"""The sieve: which bytes of a block can matter at all. Pure.

Needles come in, positions of hits go out, in rising order; lines without a hit are never cut,
decoded or parsed. Each needle costs one pass over the bytes: at 30 M lines/s a long text
(``memmem``), at 10-15 M lines/s a pattern that begins with a text (``re``); one that begins with a
choice takes ten times as long. Hyperscan, when it is installed, looks for all in one pass.
"""

import re
from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from logwatch_mx.sources.memmem import find_all


class Needle(Struct, frozen=True):
    """What a line that matters holds.

    *literal* is what every hit begins with. *pattern* (a regular expression of bytes that begins
    with *literal*) says more exactly what a hit is, where the literal is common. *scan* are
    expressions for hyperscan, which knows no lookaround: one of them hits every line that *pattern*
    does, and may hit others. *folded*: ASCII letters match in either case; *literal* is lower-case.
    """

    literal: bytes
    pattern: bytes | None = None
    scan: tuple[bytes, ...] = ()
    folded: bool = False


class Sieve(Protocol):
    """Finds needles."""

    def positions(self, data: bytes) -> list[int]:
        """Return a position in every line of *data* that holds a needle, rising."""


class FindSieve:
    """The sieve of the standard library."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        self._plain = [n.literal for n in needles if n.pattern is None and not n.folded]
        self._folded = [n.literal for n in needles if n.folded]
        self._finders = [re.compile(n.pattern).finditer for n in needles if n.pattern is not None]

    def positions(self, data: bytes) -> list[int]:
        """Return a position in every line of *data* that holds a needle, rising."""
        found = [match.start() for finder in self._finders for match in finder(data)]
        for literal in self._plain:
            found += find_all(data, literal)
        if self._folded:
            lowered = data.lower()
            for literal in self._folded:
                found += find_all(lowered, literal)
        found.sort()
        return found


class HyperSieve:
    """The sieve with hyperscan: all needles in one pass."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        import hyperscan  # noqa: PLC0415  # the extra `fast`

        scanned: list[tuple[bytes, int, re.Pattern[bytes] | None]] = []
        for needle in needles:
            flags = hyperscan.HS_FLAG_CASELESS if needle.folded else 0
            check = None if needle.pattern is None else re.compile(needle.pattern)
            expressions = needle.scan or (_escaped(needle.literal),)
            scanned += [(expression, flags, check) for expression in expressions]
        self._checks = [check for _, _, check in scanned]
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[expression for expression, _, _ in scanned],
            ids=list(range(len(scanned))),
            elements=len(scanned),
            flags=[flags for _, flags, _ in scanned],
        )

    def positions(self, data: bytes) -> list[int]:
        """Return a position in every line of *data* that holds a needle, rising."""
        ends: list[tuple[int, int]] = []
        append = ends.append

        def on_match(identity: int, _start: int, end: int, _flags: int, _context: Any) -> None:  # noqa: ANN401  # hyperscan's
            append((end, identity))

        self._database.scan(data, match_event_handler=on_match)
        ends.sort()
        found: list[int] = []
        behind = 0
        checks = self._checks
        for end, identity in ends:
            # The end may be the newline itself: the last byte of the hit is in its line.
            if end <= behind:
                continue
            check = checks[identity]
            if check is None:
                found.append(end - 1)
                continue
            start = data.rfind(b"\n", 0, end - 1) + 1
            stop = data.find(b"\n", end - 1)
            hit = check.search(data, start, stop if stop >= 0 else len(data))
            if hit is not None:
                found.append(end - 1)
                behind = stop if stop >= 0 else len(data)
        return found


def build_sieve(needles: Sequence[Needle]) -> Sieve:
    """Return the quickest sieve that is installed."""
    try:
        return HyperSieve(needles)
    except ImportError:
        return FindSieve(needles)


def _escaped(literal: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in literal)
