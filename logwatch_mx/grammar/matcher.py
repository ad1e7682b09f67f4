"""What answers whether a text is of a kind: the shapes, and the compiled form of both.

Comes in: a pattern in which each group is a named token. Goes out: the tokens of a text. Knows
nothing of grammars; ``compile.py`` makes the patterns, ``interpret.py`` has its own matchers.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import pyparsing as pp
from msgspec import Struct

_Take = Callable[[re.Match[str]], dict[str, str]]


class Matcher(Protocol):
    """Answers for one expression."""

    def match(self, text: str, /) -> Mapping[str, str] | None:
        """Return the named tokens of the whole *text*, or None when it is of another kind."""


class Chooser(Protocol):
    """Answers for several expressions at once."""

    def match(self, text: str, /) -> tuple[int, Mapping[str, str]] | None:
        """Return the number of the first expression that fits *text*, with its named tokens."""


class Engine(Struct, frozen=True, kw_only=True):
    """A way to make matchers: ``COMPILED`` reads logs, ``INTERPRETED`` is the oracle of tests."""

    one: Callable[[str, pp.ParserElement], Matcher]
    first: Callable[[Sequence[tuple[str, pp.ParserElement]]], Chooser]


class PatternMatcher:
    """One pattern, whose group *n* is the token ``names[n - 1]``."""

    def __init__(self, pattern: str, names: Sequence[str]) -> None:
        self._match = re.compile(pattern).match
        self._take = _taker(names, 0)

    def match(self, text: str, /) -> Mapping[str, str] | None:
        """Return the named tokens of *text*, or None when it is of another kind."""
        found = self._match(text)
        return None if found is None else self._take(found)


class PatternChooser:
    """Several patterns as the branches of one, tried by one call in the order given."""

    def __init__(self, patterns: Sequence[tuple[str, Sequence[str]]]) -> None:
        branches: list[str] = []
        groups = 0
        # By the number of an empty group at the end of each branch: the last one that was closed.
        self._takers: dict[int | None, tuple[int, _Take]] = {}
        for number, (pattern, names) in enumerate(patterns):
            take = _taker(names, groups)
            groups += len(names) + 1
            self._takers[groups] = (number, take)
            branches.append(f"{pattern}()")
        self._match = re.compile("|".join(branches) or "(?!)").match

    def match(self, text: str, /) -> tuple[int, Mapping[str, str]] | None:
        """Return the number of the first pattern that fits *text*, with its named tokens."""
        found = self._match(text)
        if found is None:
            return None
        number, take = self._takers[found.lastindex]
        return number, take(found)


def _taker(names: Sequence[str], before: int) -> _Take:
    """Return what takes the tokens *names* from a match, whose groups follow the first *before*."""
    if len(set(names)) < len(names):
        return _repeated_taker(names, before)
    match len(names):
        case 0:
            return lambda _: {}
        case 1:
            return _single_taker(names[0], before + 1)
    groups = range(before + 1, before + 1 + len(names))

    def take(found: re.Match[str]) -> dict[str, str]:
        values = found.group(*groups)
        if None in values:
            pairs = zip(names, values, strict=True)
            return {name: value for name, value in pairs if value is not None}
        return dict(zip(names, values, strict=True))

    return take


def _single_taker(name: str, group: int) -> _Take:
    def take(found: re.Match[str]) -> dict[str, str]:
        value: str | None = found[group]
        return {} if value is None else {name: value}

    return take


def _repeated_taker(names: Sequence[str], before: int) -> _Take:
    groups: dict[str, list[int]] = {}
    for group, name in enumerate(names, start=before + 1):
        groups.setdefault(name, []).append(group)

    def take(found: re.Match[str]) -> dict[str, str]:
        tokens: dict[str, str] = {}
        for name, numbers in groups.items():
            # Parsing goes left to right: what was set last stands last. (-1, -1) took no part.
            start, end = max(map(found.span, numbers))
            if start >= 0:
                tokens[name] = found.string[start:end]
        return tokens

    return take
