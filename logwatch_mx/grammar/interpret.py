"""Match by pyparsing itself: slow, and the oracle that ``compile.py`` is tested against.

Comes in: an expression. Goes out: a matcher of the same shape as the compiled one. Whitespace is
never skipped and tabs are never expanded, whatever pyparsing's global default is.
"""

from collections.abc import Mapping

import pyparsing as pp


def interpret_expression(name: str, expr: pp.ParserElement) -> "Interpreted":
    """Return a matcher for *expr* that asks pyparsing; *name* is for the reader of a traceback."""
    return Interpreted(name, expr)


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
