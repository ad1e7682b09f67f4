import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch_mx.model.event import Delivery, Foreign, Mta, Status, Unparsed
from logwatch_mx.model.line import Line
from logwatch_mx.report.shapes import MAX_SHAPES, Shape, count_shapes, shape_of

LINE = Line("")


def unread(text, program="postfix/smtp"):
    return Unparsed(line=LINE, mta=Mta.POSTFIX, program=program, text=text)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("message size 12 exceeds 34", "message size # exceeds #"),
        ("to <a@b> from [192.0.2.1]:25", "to <…> from […]:#"),
        ('said "whatever it likes"', 'said "…"'),
        ("4BFX3C2A0z: removed", "#BFX#C#A#z: removed"),
        ("DEADBEEF01: x", "#: x"),
        ("\x1b[2Jgone", "�[#Jgone"),
        ("unclosed <a [b", "unclosed <a [b"),
        ("", ""),
    ],
)
def test_a_shape_is_the_text_without_its_numbers_and_names(text, shape):
    assert shape_of(text) == shape


def test_lines_of_one_shape_are_counted_with_their_first_example():
    events = [
        unread("size 1"),
        unread("new words"),
        unread("size 2"),
        unread("size 3", "postfix/lmtp"),
        Delivery(line=LINE, mta=Mta.POSTFIX, status=Status.SENT),
        Foreign(line=LINE),
    ]
    assert count_shapes(events) == (
        [
            Shape("postfix/smtp", "size #", "size 1", 2),
            Shape("postfix/lmtp", "size #", "size 3", 1),
            Shape("postfix/smtp", "new words", "new words", 1),
        ],
        5,
    )


def test_a_program_is_printable_too():
    (shape,), _ = count_shapes([unread("foo", "postfix/sm\x1b[2Jtp")])
    assert shape.program == "postfix/sm�[2Jtp"


def test_an_attacker_who_invents_shapes_fills_no_memory():
    words = (f"{'x' * n}" for n in range(1, MAX_SHAPES * 2 + 1))
    shapes, read = count_shapes(
        unread(f"{word[: n % 250]}y{n * 'z'}") for n, word in enumerate(words)
    )
    assert len(shapes) <= MAX_SHAPES + 1
    assert sum(shape.count for shape in shapes) == read == MAX_SHAPES * 2


@settings(deadline=None)
@given(st.text())
def test_any_text_has_a_printable_shape(text):
    assert shape_of(text).isprintable()
