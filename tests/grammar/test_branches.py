import re

import pytest
from pyparsing import Literal, OneOrMore, Opt, Regex

from logwatch_mx.grammar.branches import Branch, join
from logwatch_mx.grammar.compile import compile_choice
from logwatch_mx.grammar.interpret import InterpretedChoice

ID, COLON = ("([0-9]++)", ("id",)), (":", ())
A, B = ("(a)", ("x",)), ("b", ())


@pytest.mark.parametrize(
    ("sequences", "pattern", "branches"),
    [
        ([], "(?!)", {}),
        ([[A]], r"(a)\Z()", {2: Branch(0, ("x",), (1,))}),
        # what they begin with in common is looked for once
        (
            [[ID, COLON, A], [ID, COLON, B]],
            r"([0-9]++):(?:(a)\Z()|b\Z())",
            {3: Branch(0, ("id", "x"), (1, 2)), 4: Branch(1, ("id",), (1,))},
        ),
        # but not across another kind, which would then be tried too late
        (
            [[ID, A], [B], [ID, B]],
            r"(?:([0-9]++)(a)\Z()|b\Z()|([0-9]++)b\Z())",
            {
                3: Branch(0, ("id", "x"), (1, 2)),
                4: Branch(1, (), ()),
                6: Branch(2, ("id",), (5,)),
            },
        ),
        # one is the beginning of the other
        (
            [[A], [A, B]],
            r"(a)(?:\Z()|b\Z())",
            {2: Branch(0, ("x",), (1,)), 3: Branch(1, ("x",), (1,))},
        ),
        (
            [[A, B], [A]],
            r"(a)(?:b\Z()|\Z())",
            {2: Branch(0, ("x",), (1,)), 3: Branch(1, ("x",), (1,))},
        ),
        # two are equal
        (
            [[B], [B]],
            r"b(?:\Z()|\Z())",
            {1: Branch(0, (), ()), 2: Branch(1, (), ())},
        ),
    ],
)
def test_sequences_share_what_neighbours_begin_with(sequences, pattern, branches):
    assert join(sequences) == (pattern, branches)


QUEUE_ID = Regex("[0-9A-F]{4,}")("id")
KINDS = [
    ("removed", QUEUE_ID + ": removed"),
    ("from", QUEUE_ID + ": " + "from=" + Regex("[^,]*")("from") + Opt(", " + Regex(".*")("rest"))),
    ("to", QUEUE_ID + ": " + OneOrMore(Literal("to=") + Regex("[^,]*")("to") + Opt(", "))),
    ("connect", Literal("connect from ") + Regex(".*")("from")),
    ("other", QUEUE_ID + ": " + Regex(".*")("text")),
    ("any", Regex(".*")),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AB12: removed", (0, {"id": "AB12"})),
        ("AB12: from=", (1, {"id": "AB12", "from": ""})),
        ("AB12: from=a, b", (1, {"id": "AB12", "from": "a", "rest": "b"})),
        ("AB12: from=a,b", (4, {"id": "AB12", "text": "from=a,b"})),
        ("AB12: to=a, to=b", (2, {"id": "AB12", "to": "b"})),
        ("connect from x", (3, {"from": "x"})),
        ("AB12:removed", (5, {})),
        ("", (5, {})),
        ("a\nb", None),
    ],
)
def test_the_first_kind_that_fits_is_chosen(text, found):
    assert compile_choice(KINDS).match(text) == found
    assert InterpretedChoice(KINDS).match(text) == found


def test_a_choice_of_nothing_fits_nothing():
    assert compile_choice([]).match("") is None


def test_more_than_a_hundred_kinds_are_one_pattern():
    kinds = [(str(n), Regex("[a-z]")("letter") + Literal(f"{n:03}")("n")) for n in range(150)]
    chooser = compile_choice(kinds)
    assert [chooser.match(f"x{n:03}") for n in range(150)] == [
        (n, {"letter": "x", "n": f"{n:03}"}) for n in range(150)
    ]
    assert re.compile(join([[("x", ())]] * 3)[0]).groups == 3
