import re

import pytest

from logwatch_mx.grammar.pattern import atomic


@pytest.mark.parametrize(
    ("pattern", "piece"),
    [
        ("abc", "abc"),
        ("", ""),
        ("[0-9]+", "[0-9]++"),
        ("[0-9]{2,4}", "[0-9]{2,4}+"),
        ("ab*", "ab*+"),
        ("ab*c", "a(?>b*c)"),
        ("a.b", "a.b"),
        # the characters at the beginning stay outside, where a choice sees them
        (r"starting daemon \(.*", r"starting daemon \(.*+"),
        (r"user .* of group", r"user (?>.* of group)"),
        (r"user (?:a|bc)d", r"user (?>(?:a|bc)d)"),
        # the tree of these is that of a[bc] and of a(?:b|cd), but they are written otherwise
        ("ab|ac", "(?>ab|ac)"),
        ("ab|acd", "(?>ab|acd)"),
        ("a|b", "(?>a|b)"),
        ("a|", "(?>a|)"),
        (r"a\|b", r"a\|b"),
        (r"\[[^\]]*\]", r"\[(?>[^\]]*\])"),
    ],
)
def test_a_piece_gives_nothing_back(pattern, piece):
    assert atomic(pattern) == piece


@pytest.mark.parametrize(
    ("flags", "piece"),
    [(re.IGNORECASE, "(?>(?i:a+))"), (re.DOTALL | re.ASCII, "(?>(?sa:a+))")],
)
def test_flags_stay_with_their_piece(flags, piece):
    assert atomic("a+", flags) == piece


@pytest.mark.parametrize("pattern", ["a|b", "ab|ac", "ab*", "a?b?", "(?:a|ab)", "a*?b", "[ab]+b?"])
def test_a_piece_stands_for_its_pattern_in_a_larger_one(pattern):
    for text in ("", "a", "b", "ab", "ac", "aab", "abb", "bb"):
        alone = re.match(pattern, text)
        larger = re.match(f"({atomic(pattern)})(.*)", text)
        assert (larger and larger[1]) == (alone and alone[0])
