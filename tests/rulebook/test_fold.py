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


@pytest.mark.parametrize(
    ("text", "known", "left"),
    [
        ("delivery and status is sent", {"status": "deferred"}, False),
        ("delivery and status is not sent", {"status": "deferred"}, True),
        ("status in {Sent, deferred} and agent is smtp", {"status": "sent"}, "agent is smtp"),
        ('mta is postfix and dsn starts with "4"', {"mta": "postfix"}, 'dsn starts with "4"'),
        ("mta is postfix or dsn is 4.4.1", {"mta": None}, "dsn is 4.4.1"),
        ("not mta is postfix", {"mta": None}, True),
        ("status exists", {"status": "sent"}, "status exists"),
        ('status contains "en"', {"status": "sent"}, 'status contains "en"'),
        ("verdict is self_mx", {"status": "sent"}, False),
    ],
)
def test_what_is_left_when_more_is_known(text, known, left):
    found = fold(parse(text), "delivery", known)
    assert found == (left if isinstance(left, bool) else parse(left))
