"""What answers whether a text is of a kind: the shapes, and the compiled form of both.

Comes in: a pattern in which each group is a named token. Goes out: the tokens of a text. Knows
nothing of grammars; ``compile.py`` makes the patterns, ``interpret.py`` has its own matchers.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import methodcaller
from typing import Protocol

import pyparsing as pp
from msgspec import Struct

from logwatch_mx.grammar.branches import Part, join

_Take = Callable[[re.Match[str]], dict[str, str]]


class Matcher(Protocol):
    """Answers for one expression."""

    def match(self, text: str, /) -> Mapping[str, str] | None:
        """Return the named tokens of the whole *text*, or None when it is of another kind."""


class Chooser(Protocol):
    """Answers for several expressions at once."""

    def match(self, text: str, /) -> tuple[int, Mapping[str, str]] | None:
        """Return the number of the first expression that fits *text*, with its named tokens."""


class RowMatcher(Protocol):
    """Answers for an expression in which every token always takes part."""

    def match(self, text: str, /) -> tuple[str, ...] | None:
        """Return the tokens of the whole *text* in their order, or None."""


class Engine(Struct, frozen=True, kw_only=True):
    """A way to make matchers: ``COMPILED`` reads logs, ``INTERPRETED`` is the oracle of tests."""

    one: Callable[[str, pp.ParserElement], Matcher]
    row: Callable[[str, pp.ParserElement], RowMatcher]
    first: Callable[[Sequence[tuple[str, pp.ParserElement]]], Chooser]


class PatternMatcher:
    """One pattern, whose group *n* is the token ``names[n - 1]``."""

    def __init__(self, pattern: str, names: Sequence[str]) -> None:
        self._match = re.compile(pattern).match
        self._take = _taker(names, range(1, len(names) + 1))

    def match(self, text: str, /) -> Mapping[str, str] | None:
        """Return the named tokens of *text*, or None when it is of another kind."""
        found = self._match(text)
        return None if found is None else self._take(found)


class PatternRow:
    """One pattern, each of whose groups takes part in every match."""

    def __init__(self, pattern: str) -> None:
        self._match = re.compile(pattern).match

    def match(self, text: str, /) -> tuple[str, ...] | None:
        """Return the tokens of *text* in their order, or None."""
        found = self._match(text)
        return None if found is None else found.groups()


class PatternChooser:
    """Several patterns joined to one, tried by one call in the order given."""

    def __init__(self, sequences: Sequence[Sequence[Part]]) -> None:
        pattern, branches = join(sequences)
        self._match = re.compile(pattern).match
        self._takers: dict[int | None, tuple[int, _Take]] = {
            last: (branch.number, _taker(branch.names, branch.groups))
            for last, branch in branches.items()
        }

    def match(self, text: str, /) -> tuple[int, Mapping[str, str]] | None:
        """Return the number of the first pattern that fits *text*, with its named tokens."""
        found = self._match(text)
        if found is None:
            return None
        number, take = self._takers[found.lastindex]
        return number, take(found)


def _taker(names: Sequence[str], groups: Sequence[int]) -> _Take:
    """Return what takes the tokens *names* from a match, each from its group."""
    if len(names) <= 1:
        return _single_taker(names, groups)
    repeated = len(set(names)) < len(names)
    values_of = methodcaller("group", *groups)

    def take(found: re.Match[str]) -> dict[str, str]:
        values = values_of(found)
        if not repeated and None not in values:
            return dict(zip(names, values, strict=True))
        tokens: dict[str, str] = {}
        for name, value in zip(names, values, strict=True):
            if value is not None:
                if name in tokens:
                    return _take_last(found, zip(names, groups, strict=True))
                tokens[name] = value
        return tokens

    return take


def _single_taker(names: Sequence[str], groups: Sequence[int]) -> _Take:
    if not names:
        return lambda _: {}
    name, group = names[0], groups[0]

    def take(found: re.Match[str]) -> dict[str, str]:
        value: str | None = found[group]
        return {} if value is None else {name: value}

    return take


def _take_last(found: re.Match[str], named: Iterable[tuple[str, int]]) -> dict[str, str]:
    # Parsing goes left to right: what was set last stands last. A repeat may set the first group
    # last, so the order of the groups says nothing.
    spans: dict[str, tuple[int, int]] = {}
    for name, group in named:
        span = found.span(group)
        if span[0] >= 0:
            spans[name] = max(span, spans.get(name, span))
    return {name: found.string[start:end] for name, (start, end) in spans.items()}
