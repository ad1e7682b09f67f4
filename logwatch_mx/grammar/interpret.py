"""Match by pyparsing itself: slow, and the oracle that ``compile.py`` is tested against.

Comes in: an expression. Goes out: a matcher of the same shape as the compiled one. Whitespace is
never skipped and tabs are never expanded, whatever pyparsing's global default is.
"""

from collections.abc import Mapping, Sequence

import pyparsing as pp

from logwatch_mx.grammar.matcher import Engine


def interpret(expr: pp.ParserElement, text: str) -> Mapping[str, str] | None:
    """Return the named tokens of *text*, or None when *expr* does not accept the whole of it."""
    return Interpreted("", expr).match(text)


class Interpreted:
    """A matcher whose every answer is pyparsing's own."""

    def __init__(self, name: str, expr: pp.ParserElement) -> None:
        self.name = name
        # parse_all=True would skip whitespace before the end: the end is a part of the grammar.
        whole = pp.And([expr.copy(), pp.StringEnd()])
        self._expr = whole.leave_whitespace(recursive=True).parse_with_tabs()

    def match(self, text: str, /) -> Mapping[str, str] | None:
        """Return the named tokens of *text*, or None when it is of another kind."""
        try:
            found = self._expr.parse_string(text)
        except pp.ParseException:
            return None
        tokens: dict[str, str] = found.as_dict()
        return tokens


class InterpretedRow:
    """Such a matcher, for an expression in which every token always takes part."""

    def __init__(self, name: str, expr: pp.ParserElement) -> None:
        self._matcher = Interpreted(name, expr)

    def match(self, text: str, /) -> tuple[str, ...] | None:
        """Return the tokens of *text* in their order, or None when it is of another kind."""
        tokens = self._matcher.match(text)
        return None if tokens is None else tuple(tokens.values())


class InterpretedChoice:
    """Several such matchers, tried in their order."""

    def __init__(self, named: Sequence[tuple[str, pp.ParserElement]]) -> None:
        self._matchers = [Interpreted(name, expr) for name, expr in named]

    def match(self, text: str, /) -> tuple[int, Mapping[str, str]] | None:
        """Return the number of the first expression that fits *text*, with its named tokens."""
        for number, matcher in enumerate(self._matchers):
            tokens = matcher.match(text)
            if tokens is not None:
                return number, tokens
        return None


#: Matchers that ask pyparsing: for tests, and for whoever doubts the compiler.
INTERPRETED = Engine(one=Interpreted, row=InterpretedRow, first=InterpretedChoice)
