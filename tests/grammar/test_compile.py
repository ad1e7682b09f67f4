import re

import pyparsing as pp
import pytest
from pyparsing import CharsNotIn, Combine, FollowedBy, Keyword, Literal, Opt, Regex, Suppress, Word

from logwatch_mx.grammar.compile import NotCompilableError, compile_expression
from logwatch_mx.grammar.interpret import interpret

QUEUED = (
    Regex(r"[0-9A-F]+")("queue_id")
    + Suppress(": from=<")
    + Regex(r"[^>]*")("sender")
    + Suppress(">, size=")
    + Word(pp.nums)("size")
    + Opt(Suppress(", nrcpt=") + Word(pp.nums)("nrcpt"))
)
PAIRS = pp.OneOrMore(
    (
        Suppress("to=") + CharsNotIn(",")("to")
        | Suppress("dsn=") + Regex(r"[0-9.]+")("dsn")
        | Suppress(Regex(r"[a-z]+="))
    )
    + Opt(Suppress(", "))
)
RELAY = (
    Literal("none")("relay") + FollowedBy(",")
    | Regex(r"[^\[,]+")("relay") + Suppress("[") + Regex(r"[^\]]+")("ip") + Suppress("]")
) + Suppress(",")


@pytest.mark.parametrize(
    ("expr", "text", "tokens"),
    [
        (QUEUED, "AB1: from=<a@b>, size=4", {"queue_id": "AB1", "sender": "a@b", "size": "4"}),
        # the null sender is a token that took part, although it is empty
        (QUEUED, "AB1: from=<>, size=4", {"queue_id": "AB1", "sender": "", "size": "4"}),
        (
            QUEUED,
            "AB1: from=<>, size=4, nrcpt=2",
            {"queue_id": "AB1", "sender": "", "size": "4", "nrcpt": "2"},
        ),
        (QUEUED, "AB1: from=<>, size=4, nrcpt=", None),
        (QUEUED, "AB1: from=<>, size=4 ", None),  # nothing may be left over
        (QUEUED, "AB1: from=<>, size=4\n", None),  # not even a newline
        (QUEUED, "AB1: from=<>, size=४", None),  # a digit, but not one of ours
        (QUEUED, "AB1:  from=<>, size=4", None),  # no whitespace is skipped
        (QUEUED, "AB1: from=<\t>, size=4", {"queue_id": "AB1", "sender": "\t", "size": "4"}),
        (QUEUED, "", None),
        (PAIRS, "to=a, dsn=2.0.0", {"to": "a", "dsn": "2.0.0"}),
        (PAIRS, "to=a, to=b, dsn=2.0.0, to=c", {"to": "c", "dsn": "2.0.0"}),  # the last one wins
        (PAIRS, "x=, to=a", {"to": "a"}),
        (RELAY, "none,", {"relay": "none"}),
        (RELAY, "none[1],", {"relay": "none", "ip": "1"}),  # nothing stays of the failed branch
        (Keyword("to", "a-z")("k") + Opt(Regex(".*")), "to=", {"k": "to"}),
        (Keyword("to", "tox"), "tox", None),
        (
            Combine(Word("ab") + Opt("." + Word("ab")))("c") + Opt(Literal("!")),
            "ab.a",
            {"c": "ab.a"},
        ),
        ((Literal("a") | Literal("b"))("x"), "b", {"x": "b"}),
        (Opt(Literal("a"))("x") + Regex("c*"), "c", {}),
        (~Literal("to=") + Regex(".*")("text"), "to=a", None),
        (~Literal("to=") + Regex(".*")("text"), "t", {"text": "t"}),
        (Regex(".*")("text"), "a\nb", None),  # a dot is no newline
        (Regex(".*", re.DOTALL)("text"), "a\nb", {"text": "a\nb"}),
        (Regex("status=", re.IGNORECASE)("k"), "STATUS=", {"k": "STATUS="}),
        (Regex("ab|a")("x") + Opt(Literal("b")), "ab", {"x": "ab"}),
        (Regex("a|ab")("x"), "ab", None),  # the first branch is final, as in pyparsing
        (Literal("a")("x") + pp.StringEnd(), "a", {"x": "a"}),
        (CharsNotIn(",", max=2)("x") + Regex(".*")("y"), "abc", {"x": "ab", "y": "c"}),
        (CharsNotIn("", exact=2)("x"), "a\n", {"x": "a\n"}),
        (pp.Empty() + pp.Char("ab")("x"), "b", {"x": "b"}),
    ],
)
def test_a_pattern_answers_as_the_grammar_reads(expr, text, tokens):
    assert compile_expression("kind", expr).match(text) == tokens
    assert interpret(expr, text) == tokens


def test_an_alternative_name_in_the_text_order_counts_not_in_the_grammar_order():
    expr = pp.OneOrMore(Suppress("b") + Word("0123")("n") | Suppress("a") + Word("4567")("n"))
    assert compile_expression("kind", expr).match("a4b0") == {"n": "0"}
    assert compile_expression("kind", expr).match("b0a4") == {"n": "4"}


def test_whitespace_is_never_skipped_whatever_the_global_default():
    spaced = Literal("a")("x") + Literal("b")("y").copy()
    for text in ("a b", " ab", "ab ", "ab\n", "a\tb"):
        assert compile_expression("kind", spaced).match(text) is None
        assert interpret(spaced, text) is None


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        (Regex(r"\d+"), r"\d, \w, \s or \b means other alphabets too"),
        (Regex(r"[\w.]+"), r"\d, \w, \s or \b means other alphabets too"),
        (Regex(r"to\b"), r"\d, \w, \s or \b means other alphabets too"),
        (Regex(r"(a)b"), "a capturing group"),
        (Regex(r"(?P<a>a)b"), "a capturing group"),
        (Regex(r"(?i)a"), "a global inline flag"),
        (Regex(r"a # b", re.VERBOSE), "flags other than I, S, M and A"),
        (Regex(r"(?:a+)+b"), "a repeat inside a repeat that can backtrack"),
        (Regex(r"(?:a*?)*b"), "a repeat inside a repeat that can backtrack"),
        ((Literal("a") + Literal("b"))("x"), "the name 'x' is on a sequence"),
        (Suppress("a")("x"), "the name 'x' is on a sequence"),
        (pp.Group(Literal("a")), "Group is not in the subset"),
        (pp.Forward() << Literal("a"), "Forward is not in the subset"),
        (pp.SkipTo(Literal("a")), "SkipTo is not in the subset"),
        (pp.CaselessLiteral("a"), "CaselessLiteral is not in the subset"),
        (pp.CaselessKeyword("a"), "CaselessKeyword is not in the subset"),
        (pp.Literal("a") ^ pp.Literal("b"), "Or is not in the subset"),
        (pp.Literal("a") - pp.Literal("b"), "_ErrorStop is not in the subset"),
        (Literal("a").set_parse_action(lambda: None), "a parse action"),
        (Literal("a").ignore("b"), "ignore()"),
        (Opt(Literal("a"), default="b"), "Opt with a default"),
        (pp.ZeroOrMore(Literal("a"), stop_on="b"), "a repeat with stop_on or max"),
        (pp.OneOrMore(Regex("a*")), "repeats something that may be empty"),
        (pp.ZeroOrMore(FollowedBy("a")), "repeats something that may be empty"),
        (Literal("a")("x*"), "a name that collects a list"),
        (FollowedBy(Literal("a")("x")), "a name inside FollowedBy"),
        (Suppress(Literal("a")("x")), "a name inside Suppress"),
        (Combine(Literal("a") + Suppress("b"))("x"), "the name 'x' is on a sequence"),
        (Combine(Literal("a"), adjacent=False), "Combine with a join string"),
        (Opt(Literal("a")("x"))("y"), "a name inside Opt"),
        (pp.StringEnd() + Literal("a"), "something follows the end of the text"),
        (Word("ab c", min=2), "Word is not in the subset"),
        (Word("ab", as_keyword=True), "Word is not in the subset"),
        (pp.MatchFirst([]), "an empty sequence or choice"),
    ],
)
def test_what_cannot_be_translated_is_refused_with_the_name_of_the_grammar(expr, reason):
    with pytest.raises(NotCompilableError) as refused:
        compile_expression("smtp delivery", expr)
    assert str(refused.value).startswith(f"smtp delivery: {reason}")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (pp.OneOrMore(Regex(r"[a-z]+=")("k") | Regex(r"[a-z]+")("v")) + Literal("!"), "a" * 50_000),
        (pp.ZeroOrMore(Opt(Literal("a")) + Literal("a")) + Literal("!"), "a" * 50_000),
        (Regex(r"(?:[^,]++|,(?! to=))*") + Literal(", to="), "a," * 50_000),
        (pp.OneOrMore(CharsNotIn(",") + Opt(Literal(","))) + Literal("!"), "ab," * 50_000),
    ],
)
def test_hostile_text_is_refused_in_linear_time(expr, text):
    # The only clock is the time limit of the test: backtracking would take longer than the universe.
    assert compile_expression("kind", expr).match(text) is None
