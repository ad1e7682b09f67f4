import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.sources import memmem

TEXTS = st.lists(st.sampled_from([b"a", b"b", b"ab", b"\0", b"\n", b"\xff"]), max_size=60).map(
    b"".join
)


@given(data=TEXTS, literal=TEXTS.filter(bool))
def test_the_library_finds_what_python_finds(data, literal):
    found = list(memmem.find_all(data, literal))
    assert found == [n for n in range(len(data)) if data.startswith(literal, n)]
    assert found == list(memmem._find_plainly(data, literal))


@pytest.mark.parametrize(
    ("data", "literal", "found"),
    [
        (b"", b"a", []),
        (b"a", b"ab", []),
        (b"aaaa", b"aa", [0, 1, 2]),
        (b"x" * 100_000 + b"loop", b"loop", [100_000]),
        (b"loop" + b"\0" * 10 + b"loop", b"loop", [0, 14]),
    ],
)
def test_places(data, literal, found):
    assert list(memmem.find_all(data, literal)) == found


def test_what_is_searched_may_be_let_go_of_meanwhile():
    places = memmem.find_all(b"".join([b"loop " * 1000]), b"loop")
    assert next(places) == 0
    rubbish = [bytes([n % 256]) * 5000 for n in range(200)]
    assert len(rubbish) == 200
    assert list(places) == [5 * n for n in range(1, 1000)]
