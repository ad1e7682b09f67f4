"""Find the texts that every line of a kind must hold, so that other lines are never parsed.

Comes in: an expression in the subset of ``compile.py``. Goes out: substrings. Sound, not complete:
a text that the expression accepts holds all of them.
"""

import re

import pyparsing as pp

from logwatch_mx.grammar.pattern import Piece, common, merge, pieces


def required_literals(expr: pp.ParserElement) -> tuple[str, ...]:
    """Return the substrings of every text that *expr* accepts, in the order of the expression.

    Neighbouring texts are joined; one that is part of another is left out.
    """
    found = dict.fromkeys(piece for piece in merge(_pieces(expr)) if piece)
    return tuple(
        text for text in found if not any(text != other and text in other for other in found)
    )


def _pieces(expr: pp.ParserElement) -> list[Piece]:
    match expr:
        case pp.And():
            return [piece for part in expr.exprs for piece in _pieces(part)]
        case pp.MatchFirst():
            return common([merge(_pieces(part)) for part in expr.exprs])
        case pp.Suppress() | pp.Combine():
            return _pieces(expr.expr)
        case pp.OneOrMore() | pp.FollowedBy():
            # What a lookahead saw is really there; what comes next starts where it started.
            return [*_pieces(expr.expr), None]
        case pp.NotAny() | pp.Empty() | pp.StringEnd():
            return []  # takes no text, so what stands around it stays adjacent
        case pp.Keyword():
            return [expr.match]
        case pp.CaselessLiteral():
            return [None]
        case pp.Literal():
            return [expr.match]
        case pp.Regex():
            return pieces(expr.re.pattern, expr.re.flags & ~re.UNICODE)
        case _:
            return [None]
