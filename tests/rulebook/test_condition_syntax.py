"""The grammar of conditions: what is printed reads back the same, and no text makes it stumble."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.errors import ConfigError
from logwatch_mx.model.event import KIND_OF
from logwatch_mx.rulebook.condition import compile_condition
from logwatch_mx.rulebook.fields import FIELDS
from logwatch_mx.rulebook.syntax import Fault, parse
from logwatch_mx.rulebook.tree import (
    RESERVED,
    All,
    Compare,
    Form,
    Not,
    Op,
    Some,
    Value,
    Word,
    to_text,
)

NAMES = st.from_regex(r"[a-z][a-z_0-9]{0,8}(\.[a-z0-9]{1,5})?", fullmatch=True).filter(
    lambda name: name not in RESERVED
)
BARE = st.from_regex(r"[A-Za-z0-9_.:@*+-]{1,12}(/[0-9]{1,3})?", fullmatch=True).filter(
    lambda text: text not in RESERVED
)
TEXTS = st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",)), max_size=12)
PATTERNS = st.from_regex(r"([a-z .*]|\\/|\\d){1,12}", fullmatch=True)
QUOTED = st.builds(Value, TEXTS, st.just(Form.QUOTED))
VALUES = st.one_of(st.builds(Value, BARE), QUOTED)
TEXT_OPS = st.sampled_from([Op.CONTAINS, Op.STARTS, Op.ENDS])
ORDERS = st.sampled_from([Op.IS, Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST])
FORMS = st.sampled_from([Form.REGEX, Form.REGEX_ANY_CASE])

LEAVES = st.one_of(
    st.builds(Word, NAMES),
    st.builds(lambda n: Compare(n, Op.EXISTS), NAMES),
    st.builds(lambda n, op, v: Compare(n, op, (v,)), NAMES, ORDERS, VALUES),
    st.builds(lambda n, op, v: Compare(n, op, (v,)), NAMES, TEXT_OPS, QUOTED),
    st.builds(lambda n, v: Compare(n, Op.IN, tuple(v)), NAMES, st.lists(VALUES, min_size=1)),
    st.builds(lambda n, t, f: Compare(n, Op.MATCHES, (Value(t, f),)), NAMES, PATTERNS, FORMS),
)


def grown(children):
    parts = st.lists(children, min_size=2, max_size=4).map(tuple)
    return st.one_of(st.builds(Not, children), st.builds(All, parts), st.builds(Some, parts))


TREES = st.recursive(LEAVES, grown, max_leaves=12)


@given(TREES)
def test_a_printed_tree_is_parsed_to_the_same_tree(tree):
    text = to_text(tree)
    try:
        found = parse(text)
    except Fault as fault:
        # The only trees that may not come back are deeper or longer than a person writes.
        assert "within each other" in fault.said or "at most" in fault.said  # noqa: PT017
    else:
        assert found == tree


VOCABULARY = st.sampled_from(
    [
        *RESERVED,
        *FIELDS,
        *KIND_OF.values(),
        *("(", ")", "{", "}", ",", "==", "!=", "<", ">=", '"a b"', "'c'", "/d+/i", '"', "/", "'"),
        *("sent", "self", "own", "loopback", "25", "1h", "10.0.0.0/8", "::1", "5.4.6", "\x00", "é"),
    ]
)


@given(
    st.one_of(
        st.text(max_size=60),
        st.text(string.printable, max_size=60),
        st.lists(VOCABULARY, max_size=14).map(" ".join),
        st.lists(VOCABULARY, max_size=14).map("".join),
    )
)
def test_any_text_is_a_condition_or_a_fault_with_a_column(text):
    try:
        condition = compile_condition(text, "x.toml")
    except ConfigError as error:
        assert "column " in str(error).partition("\n")[0]  # noqa: PT017
    else:
        assert condition.sentence()
        assert compile_condition(to_text(condition.tree)).tree == condition.tree


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("a != 1", "not a is 1"),
        ("a is not 1", "not a is 1"),
        ("a == 1", "a is 1"),
        ("a not in {b,c}", "not a in {b, c}"),
        ("a not contains 'x'", 'not a contains "x"'),
        ("a in 10.0.0.0/8", "a in 10.0.0.0/8"),
        ("((a))", "a"),
        ("a and b or c and not (d or e)", "a and b or c and not (d or e)"),
        ("a and (b and c)", "a and (b and c)"),
        (r'a is "say \"and\" \\"', r'a is "say \"and\" \\"'),
        ("a is 'and'", 'a is "and"'),
        (r"a matches /b\/c/i", r"a matches /b\/c/i"),
    ],
)
def test_there_is_one_way_to_print_a_condition(written, canonical):
    assert to_text(parse(written)) == canonical


def test_offsets_point_at_the_tokens_themselves():
    tree = parse("aa  is   bb and\t cc")
    assert tree == All((Compare("aa", Op.IS, (Value("bb"),)), Word("cc")))
    assert (tree.parts[0].at, tree.parts[0].values[0].at, tree.parts[1].at) == (0, 9, 17)
