"""Patterns: they agree with Python's own engine, and no text makes them slow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.rulebook.pattern import LOOKED_AT, PatternError, compile_pattern

ATOMS = st.sampled_from(["a", "b", "c", " ", ".", "[ab]", "[^a]", r"\d", r"\W", r"\.", "1", "-"])


def grown(inner):
    marks = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"])
    rows = st.lists(inner, min_size=1, max_size=4).map("".join)
    return st.one_of(
        st.builds("({}){}".format, rows, marks),
        rows.map("({})".format),
        st.lists(rows, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
    )


BODIES = st.lists(st.recursive(ATOMS, grown, max_leaves=8), max_size=4).map("".join)
PATTERNS = st.builds(
    "{}{}{}".format, st.sampled_from(["", "^"]), BODIES, st.sampled_from(["", "$"])
)


@given(PATTERNS, st.text("abcA1 .-\n", max_size=12), st.booleans())
def test_a_pattern_finds_what_pythons_engine_finds(pattern, text, any_case):
    # \Z: here `$` is the very end, where Python's also stops before a newline.
    same = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    flags = re.ASCII | re.DOTALL | (re.IGNORECASE if any_case else 0)
    expected = re.search(same, text, flags) is not None
    assert compile_pattern(pattern, any_case=any_case)(text) is expected


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_pattern_or_a_fault(pattern, text):
    try:
        found = compile_pattern(pattern)
    except PatternError as error:
        assert 0 <= error.at <= len(pattern)  # noqa: PT017
    else:
        assert found(text) in {True, False}


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a.*b.*c", "xxaxxbxxc", True),
        (r"a\$", "a$", True),
        (r"a\\$", "a\\", True),  # an escaped backslash, then the end
        (r"\/var\/", "/var/", True),
        ("[]a]+$", "]a", True),
        ("[a&&b]", "&", True),  # no set of sets
        ("[a-]", "-", True),
        ("", "", True),
        ("^$", "x", False),
        (r"\d", "٣", False),  # ASCII digits only
        ("(x*)*y", "xxy", True),
        ("\t", "a\tb", True),
    ],
)
def test_the_dialect(pattern, text, expected):
    assert compile_pattern(pattern)(text) is expected


@pytest.mark.parametrize("pattern", ["(x+x+)+y", "(x|xx)*y", "(.*)(.*)(.*)(.*)[^x]", "(x*)*$y|^z"])
def test_a_pattern_that_hangs_others_reads_each_character_once(pattern):
    try:
        found = compile_pattern(pattern)
    except PatternError:
        assert "$" in pattern
    else:
        # Backtracking would take 2**8000 steps; the test's timeout would end it.
        assert found("x" * LOOKED_AT) is False


def test_what_is_remembered_has_a_limit():
    found = compile_pattern("[^a]{3}b", any_case=True)
    machine = found.__self__
    for code in range(0x100, 0x2000):
        found(chr(code) * 3)
    assert len(machine._next) <= 2000


@pytest.mark.parametrize(
    ("pattern", "at"),
    [
        ("a**", 2),
        ("(a", 2),
        ("a)", 1),
        ("[a", 0),
        ("[z-a]", 0),
        ("a{3,2}", 0),
        ("a{1000}", 1),
        (r"(a)\1", 3),  # what was captured is not there to refer to
        ("(?:a)", 1),
        ("(?=a)", 1),
        ("a^b", 1),
        ("a$b", 1),
        (r"\b", 0),
        ("[a--b]", 0),
        ("a||b", 2),
        ("(a{100}){100}", 0),  # too many states
        ("(" * 40, 12),
    ],
)
def test_what_is_not_in_the_dialect_is_refused_with_its_place(pattern, at):
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert caught.value.at == at
