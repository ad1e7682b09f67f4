"""The sieve: which bytes of a block can matter at all. Pure.

Needles come in, positions of hits go out, in rising order; lines without a hit are never cut,
decoded or parsed. Each needle costs one pass over the bytes: at 100 M lines/s a text
(``places.py``), at 10 M lines/s a pattern that begins with a text (``re``); one that begins with a
choice takes ten times as long. So a pattern is asked only about lines that hold one of its anchors,
where these are rare. Hyperscan, when it is installed, looks for all in one pass.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from logwatch_mx.sources.places import find_all, find_some

#: An anchor is rare when there is no more than one in so many bytes: a line that is looked at costs
#: as much as a pattern takes for that many.
_SELDOM = 2048


class Needle(Struct, frozen=True):
    """What a line that matters holds.

    *literal* is what every hit begins with. *pattern* (a regular expression of bytes that begins
    with *literal*) says more exactly what a hit is, where the literal is common. *scan* are
    expressions for hyperscan, which knows no lookaround: one of them hits every line that *pattern*
    does, and may hit others. *anchors* are texts of which one is in every line that *pattern* hits.
    *folded*: ASCII letters match in either case; *literal* is lower-case.
    """

    literal: bytes
    pattern: bytes | None = None
    scan: tuple[bytes, ...] = ()
    anchors: tuple[bytes, ...] = ()
    folded: bool = False


class Sieve(Protocol):
    """Finds needles."""

    def positions(self, data: bytes) -> list[int]:
        """Return a position in every line of *data* that holds a needle, rising."""


class FindSieve:
    """The sieve that looks for one needle after the other."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        self._plain = [n.literal for n in needles if n.pattern is None and not n.folded]
        self._folded = [n.literal for n in needles if n.folded]
        self._patterns = [
            (re.compile(n.pattern), n.anchors) for n in needles if n.pattern is not None
        ]

    def positions(self, data: bytes) -> list[int]:
        """Return a position in every line of *data* that holds a needle, rising."""
        found: list[int] = []
        known: dict[bytes, list[int] | None] = {}
        for pattern, anchors in self._patterns:
            places = _anchored(data, anchors, known) if anchors else None
            if places is None:
                found += [match.start() for match in pattern.finditer(data)]
            else:
                found += _checked(data, pattern, places)
        for literal in self._plain:
            found += find_all(data, literal)
        if self._folded:
            lowered = data.lower()
            for literal in self._folded:
                found += find_all(lowered, literal)
        found.sort()
        return found


def _anchored(
    data: bytes, anchors: Sequence[bytes], known: dict[bytes, list[int] | None]
) -> list[int] | None:
    """Return where *anchors* are in *data*, None when they are too many to look at each."""
    limit = len(data) // _SELDOM
    places: list[int] = []
    for anchor in anchors:
        if anchor not in known:
            known[anchor] = find_some(data, anchor, limit)
        some = known[anchor]
        if some is None:
            return None
        places += some
    return places


def _checked(data: bytes, pattern: re.Pattern[bytes], places: Iterable[int]) -> Iterator[int]:
    """Yield where *pattern* is in the lines of *places*."""
    for place in places:
        stop = data.find(b"\n", place) + 1
        hit = pattern.search(data, data.rfind(b"\n", 0, place) + 1, stop or len(data))
        if hit is not None:
            yield hit.start()


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
