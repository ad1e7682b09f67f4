import pytest

from logwatch_mx.rulebook.fold import fold
from logwatch_mx.rulebook.syntax import parse
from logwatch_mx.rulebook.tree import to_text


@pytest.mark.parametrize(
    ("text", "kind", "left"),
    [
        ("delivery", "delivery", True),
        ("delivery", "verdict", False),
        ("not delivery", "verdict", True),
        ("delivery and status is sent", "delivery", "status is sent"),
        ("delivery and status is sent", "verdict", False),
        ("status is sent", "verdict", False),
        ("not status is sent", "verdict", True),
        ("not status is sent", "delivery", "not status is sent"),
        ("verdict is self_mx or delivery and status is sent", "verdict", "verdict is self_mx"),
        ("verdict is self_mx or delivery", "delivery", True),
        (
            "delivery and (status is sent or status is bounced)",
            "delivery",
            "status is sent or status is bounced",
        ),
        ("delivery or removed", "reject", False),
    ],
)
def test_what_is_left_when_the_kind_is_known(text, kind, left):
    found = fold(parse(text), kind)
    assert (found if isinstance(found, bool) else to_text(found)) == left
