import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.sources.places import find_all, find_some

TEXTS = st.lists(st.sampled_from([b"a", b"b", b"ab", b"\0", b"\n", b"\xff"]), max_size=200).map(
    b"".join
)


@given(data=TEXTS, literal=TEXTS.filter(bool))
def test_what_is_found_is_what_python_finds(data, literal):
    found = find_all(data, literal)
    assert found == [n for n in range(len(data)) if data.startswith(literal, n)]
    assert find_some(data, literal, len(found)) == found
    assert found == [] or find_some(data, literal, len(found) - 1) is None


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
    assert find_all(data, literal) == found
