import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logwatch_mx.model.line import Line
from logwatch_mx.sources import block as block_module
from logwatch_mx.sources import split as split_module
from logwatch_mx.sources.block import MAX_LINE, Block, lines, lines_at, sift_losses
from logwatch_mx.sources.losses import Losses
from logwatch_mx.sources.split import Splitter

BITS = st.sampled_from(
    [
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\0\0\0",
        b"a",
        b"log line",
        b"\xff",
        b"\xc3\xa4",
        b"\x85",
        b"\x0b",
        b"xxxxxxx",
    ]
)
STREAMS = st.lists(BITS, max_size=30).map(b"".join)


def read(pieces, losses=None):
    splitter = Splitter("log", losses=losses)
    blocks = [block for piece in pieces for block in splitter.feed(piece)] + splitter.close()
    return [line for block in blocks for line in lines(block, losses)]


def cut(data, places):
    places = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def plainly(data, limit):
    """Read the contract of block.py in the slowest way."""
    offset, result = 0, []
    parts = data.split(b"\n")
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        raw = part.lstrip(b"\0")
        start, end = offset + len(part) - len(raw), offset + len(part) + (not last)
        offset = end
        if last and not raw:
            break
        text = raw[:limit] if len(raw) > limit else raw.removesuffix(b"\r")
        result.append(Line(text.decode("utf-8", "surrogateescape"), "log", number, start, end))
    return result


@given(STREAMS, st.lists(st.integers(0, 400), max_size=12))
@example(b"\0\0\0\0xxxxxxxxxxxxxx\r\n", [2, 5, 9])
@example(b"xxxxxxxx\r\nxxxxxxxxx\n", [8, 9])
def test_no_cut_changes_the_lines(data, places):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_module, "MAX_LINE", 8)
        patch.setattr(split_module, "MAX_LINE", 8)
        whole, pieces = Losses(), Losses()
        expected = plainly(data, 8)
        assert read([data], whole) == expected
        assert read(cut(data, places), pieces) == expected
        assert read([data[i : i + 1] for i in range(len(data))]) == expected
        assert whole == pieces


@given(STREAMS)
def test_whatever_is_searched_lines_at_gives_the_same_lines(data):
    block = Block("log", data, 100, 7, torn=not data.endswith(b"\n"))
    for wanted in (b"a", b"x", b"\0", b"log"):
        hits = [i for i in range(len(data)) if data.startswith(wanted, i)]
        numbers = {7 + data.count(b"\n", 0, hit) for hit in hits}
        expected = [line for line in lines(block) if line.number in numbers]
        assert list(lines_at(block, hits)) == expected


@given(STREAMS)
def test_losses_are_the_same_with_or_without_making_lines(data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_module, "MAX_LINE", 8)
        block = Block("log", data, 0, 1, torn=not data.endswith(b"\n"))
        made, sifted = Losses(), Losses()
        list(lines(block, made))
        sift_losses(block, sifted)
        assert made == sifted


def test_only_a_newline_ends_a_line():
    data = "a\x0bb\x0cc\x1cd\x85e\u2028f\rg\r\nh\n".encode()
    assert [line.text for line in read([data])] == ["a\x0bb\x0cc\x1cd\x85e\u2028f\rg", "h"]


def test_bytes_that_are_no_utf8_come_back():
    (line,) = read([b"caf\xe9\n"])
    assert line.text.encode("utf-8", "surrogateescape") == b"caf\xe9"


def test_places_tile_the_source():
    assert read([b"one\r\n\ntwo\nrest"]) == [
        Line("one", "log", 1, 0, 5),
        Line("", "log", 2, 5, 6),
        Line("two", "log", 3, 6, 10),
        Line("rest", "log", 4, 10, 14),
    ]


def test_a_hole_is_counted_and_the_line_behind_it_is_whole():
    losses = Losses()
    assert read([b"old\n", b"\0" * 5000, b"\0" * 5000 + b"new\n"], losses) == [
        Line("old", "log", 1, 0, 4),
        Line("new", "log", 2, 10004, 10008),
    ]
    assert losses == Losses(nulls=10000, holes=1)


@pytest.mark.parametrize(
    ("data", "holes"),
    [
        (b"\0\0\0a\nb\n", 0),  # what a truncation leaves under a writer that goes on where it was
        (b"a\n\0\0\0b\nc\n", 1),
        (b"a\n\0\0\0", 1),
        (b"a\n\0\0\n\0b\n", 2),
        (b"a\0\0\nb\n", 0),  # in a line they are text
    ],
)
def test_nulls_between_lines_are_holes_however_they_are_cut(data, holes):
    for size in range(1, len(data) + 1):
        losses = Losses()
        read([data[at : at + size] for at in range(0, len(data), size)], losses)
        assert losses.holes == holes


def test_a_hole_that_is_passed_without_reading_it_is_one():
    losses = Losses()
    splitter = Splitter("log", losses=losses)
    splitter.feed(b"a\n")
    splitter.skip(4094)
    splitter.feed(b"\0\0\0")
    splitter.feed(b"\0b\n")
    assert (losses.holes, losses.nulls) == (1, 4097)


def test_an_endless_line_costs_its_cap_and_is_one_line():
    losses = Losses()
    splitter = Splitter("log", losses=losses)
    assert splitter.feed(b"before\n")[0].data == b"before\n"
    for _ in range(5):
        assert splitter.feed(b"x" * MAX_LINE) == []
        assert len(splitter._rest) == MAX_LINE
    blocks = splitter.feed(b"tail\nafter\n")
    assert [(b.number, b.offset, b.end, b.count) for b in blocks] == [
        (2, 7, 7 + 5 * MAX_LINE + 5, 1),
        (3, 7 + 5 * MAX_LINE + 5, 7 + 5 * MAX_LINE + 11, 1),
    ]
    long, after = [line for block in blocks for line in lines(block, losses)]
    assert (len(long.text), long.number, long.end) == (MAX_LINE, 2, after.offset)
    assert (after.text, after.number) == ("after", 3)
    assert losses == Losses(long_lines=1, cut=4 * MAX_LINE + 4)


def test_an_endless_line_that_never_ends_is_torn():
    losses = Losses()
    (line,) = read([b"x" * MAX_LINE, b"y" * 10], losses)
    assert (line.text, line.offset, line.end) == ("x" * MAX_LINE, 0, MAX_LINE + 10)
    assert losses == Losses(long_lines=1, cut=10, torn=1)
