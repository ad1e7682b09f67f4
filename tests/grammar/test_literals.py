import re

import pyparsing as pp
import pytest
from pyparsing import Combine, FollowedBy, Literal, Opt, Regex, Suppress, Word

from logwatch_mx.grammar.literals import required_literals


@pytest.mark.parametrize(
    ("expr", "texts"),
    [
        (Literal("to=") + Regex(".*"), ("to=",)),
        (Literal("to") + Suppress("=<") + Regex("[^>]*") + Literal(">"), ("to=<", ">")),
        (Word("ab") + Literal(": removed"), (": removed",)),
        (Opt(Literal("a")) + Literal("b"), ("b",)),
        (Literal("a") + Opt(Literal("b")) + Literal("c"), ("a", "c")),
        (pp.ZeroOrMore(Literal("a")) + Literal("b"), ("b",)),
        (pp.OneOrMore(Literal("a")) + Literal("b"), ("a", "b")),
        (Literal("x") + FollowedBy("ab") + Regex("[a-z]*"), ("xab",)),
        (Literal("x") + ~Literal("ab") + Literal("y"), ("xy",)),
        # each branch holds it, one as a part of more
        (Literal("loops back to me") | Literal("loops back to") + Word("a"), ("loops back to",)),
        (Literal("a") | Literal("b"), ()),
        (Literal("a") | pp.Empty(), ()),
        (Combine(Literal("a") + "b") + Literal("c"), ("abc",)),
        (Regex(r"status=(?:sent|bounced) \("), ("status=", " (")),
        (Regex(r"(?:ab)+c"), ("ab", "c")),
        (Regex(r"(?:ab)*c"), ("c",)),
        (Regex(r"(?>ab)c"), ("abc",)),
        (Regex(r"a(?=bc)b"), ("abc", "b")[:1]),
        (Regex(r"a(?!bc)d"), ("ad",)),
        (Regex(r"abc|abd"), ("ab",)),
        (Regex(r"(?i:abc)d"), ("d",)),
        (Regex(r"abc", re.IGNORECASE), ()),
        (pp.CaselessLiteral("a") + "b", ("b",)),
        (pp.Keyword("root") + Literal("x"), ("rootx",)),
        (Regex("a[bc]d"), ("a", "d")),
        (Regex("a.d") + pp.StringEnd(), ("a", "d")),
    ],
)
def test_required_texts_are_found(expr, texts):
    assert required_literals(expr) == texts
