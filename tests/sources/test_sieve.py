import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.sources.sieve import FindSieve, HyperSieve, Needle, build_sieve

try:
    import hyperscan
except ImportError:
    hyperscan = None

NEEDLES = (
    Needle(b"loops back"),
    Needle(b"[ab]*"),  # a literal, not a pattern
    Needle(b"quota", folded=True),
    Needle(b"relay=", rb"relay=(?:x|[^\n]*(?<!y)z)", (rb"relay=x", rb"relay=[^\n]*z")),
    Needle(b"stat=", rb"stat=(?!Sent)", (rb"stat=[^S]", rb"stat=S[^e]", rb"stat=Se[^n]")),
)
SIEVES = [
    FindSieve,
    pytest.param(
        HyperSieve, marks=pytest.mark.skipif(hyperscan is None, reason="hyperscan not installed")
    ),
]
WORDS = st.sampled_from(
    b"loops back|loops bac|[ab]*|ab|QuoTa|quota|relay=|x|yz|z|stat=|Sent|Service| |\n|\n|\0|\xff"
    b"|relay=relay=x".split(b"|")
)
TEXTS = st.lists(WORDS, max_size=40).map(b"".join)


def lines_hit(sieve, data):
    found = sieve.positions(data)
    assert found == sorted(found)
    return sorted({data.count(b"\n", 0, at) for at in found})


def lines_wanted(data):
    """Return the numbers of the lines that hold a needle, told line by line."""
    wanted = []
    for number, line in enumerate(data.split(b"\n")):
        plain = (b"loops back", b"[ab]*")
        patterns = (NEEDLES[3].pattern, NEEDLES[4].pattern)
        # A needle may look at what follows: a line has its newline then.
        whole = line + b"\n" if number < data.count(b"\n") else line
        if (
            any(literal in line for literal in plain)
            or b"quota" in line.lower()
            or any(re.search(pattern, whole) for pattern in patterns)
        ):
            wanted.append(number)
    return wanted


@pytest.mark.parametrize("sieve", SIEVES)
@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"nothing\nat all\n", []),
        (b"a loops back\n\nb loops back loops back\n", [0, 2]),
        (b"[ab]*\nab\n", [0]),
        (b"over QUOTA\n", [0]),
        (b"relay=x\nrelay=abz\nrelay=abyz\nrelay=ab\nz\n", [0, 1]),
        (b"stat=Sent (ok)\nstat=Service unavailable\nstat=Deferred\n", [1, 2]),
        (b"loops\nback\n", []),
        (b"a loops back", [0]),
    ],
)
def test_each_line_with_a_needle_is_hit(sieve, data, lines):
    assert lines_hit(sieve(NEEDLES), data) == lines


@pytest.mark.skipif(hyperscan is None, reason="hyperscan not installed")
@given(TEXTS)
def test_both_sieves_hit_the_same_lines(data):
    # At the very end of the data a pattern may want to see one byte more.
    data += b"\n"
    found = lines_hit(FindSieve(NEEDLES), data)
    assert lines_hit(HyperSieve(NEEDLES), data) == found
    assert lines_wanted(data) == found


@given(TEXTS)
def test_the_sieve_of_the_standard_library_misses_no_line(data):
    data += b"\n"
    assert lines_hit(FindSieve(NEEDLES), data) == lines_wanted(data)


def test_the_quickest_sieve_that_is_installed_is_taken():
    assert isinstance(build_sieve(NEEDLES), HyperSieve if hyperscan else FindSieve)
