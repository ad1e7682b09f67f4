"""Fields as keys to group and count by."""

import pytest

from logwatch_mx.model.event import (
    KIND_OF,
    Auth,
    Client,
    Delivery,
    Message,
    MtaVerdict,
    Other,
    Reject,
    Relay,
    Said,
    Status,
)
from logwatch_mx.model.line import Line
from logwatch_mx.rulebook.fields import FIELDS, KINDS, Type, get, get_all

LINE = Line("a line")
DELIVERY = Delivery(
    line=LINE,
    pid=12,
    status=Status.SENT,
    recipients=("Ann@Far.test", "bob@near.test"),
    relay=Relay("MX.far.test.", "::ffff:192.0.2.25", 25),
    delay=0.5,
    queue_id="4jY7yc5lplzKMCr",
)


@pytest.mark.parametrize(
    ("event", "path", "domain", "expected"),
    [
        (DELIVERY, "domain", "far.test", "far.test"),
        (DELIVERY, "domain", "BÜCHER.example", "xn--bcher-kva.example"),
        (DELIVERY, "domain", None, None),  # two of them: the line does not say which
        (DELIVERY, "recipient", "near.test", "bob@near.test"),
        (DELIVERY, "recipient", "far.test", "ann@far.test"),
        (DELIVERY, "relay", None, "192.0.2.25"),
        (DELIVERY, "relay.ip", None, "192.0.2.25"),
        (DELIVERY, "relay.host", None, "mx.far.test"),
        (DELIVERY, "relay.port", None, "25"),
        (DELIVERY, "relay.absolute", None, "no"),
        (DELIVERY, "status", None, "sent"),
        (DELIVERY, "delay", None, "0.5"),
        (DELIVERY, "pid", None, "12"),
        (DELIVERY, "line", None, "a line"),
        (DELIVERY, "queue_id", None, "4jY7yc5lplzKMCr"),  # base 52: case tells them apart
        (DELIVERY, "client.ip", None, None),
        (DELIVERY, "reply", None, None),
        (Auth(line=LINE, client=Client("h", "2001:DB8::0:1")), "client.ip", None, "2001:db8::1"),
        (Auth(line=LINE, client=Client("H.test", None)), "client", None, "h.test"),
        (Auth(line=LINE, client=Client("h", "no address")), "client.ip", None, "no address"),
        (Auth(line=LINE, ok=True), "ok", None, "yes"),
        (Message(line=LINE, sender="A@Far.Test"), "sender", None, "a@far.test"),
        (Message(line=LINE, sender="A@Far.Test"), "sender.domain", None, "far.test"),
        (Message(line=LINE, sender=""), "sender", None, ""),  # the null sender is a sender
        (Message(line=LINE, sender=""), "sender.domain", None, None),
        (Reject(line=LINE, recipient="x@home.test"), "domain", None, "home.test"),
        (Reject(line=LINE, recipient="x@home.test"), "recipient", None, "x@home.test"),
        (Delivery(line=LINE, status=Status.SENT, recipients=("root",)), "domain", None, None),
        (
            Delivery(line=LINE, status=Status.SENT, recipients=("root", "a@b.test")),
            "domain",
            None,
            None,  # root is local: the line is about two places
        ),
        (MtaVerdict(line=LINE, verdict=Said.SELF_MX, domain="d.test"), "domain", None, "d.test"),
        (MtaVerdict(line=LINE, verdict=Said.SELF_MX), "verdict", None, "self_mx"),
        (Other(line=LINE), "recipient", "d.test", None),
    ],
)
def test_a_key_has_one_spelling(event, path, domain, expected):
    assert get(event, path, domain) == expected


def test_every_recipient_can_be_asked_for():
    assert get_all(DELIVERY, "recipient", None) == ("ann@far.test", "bob@near.test")
    assert get_all(DELIVERY, "recipient", "elsewhere.test") == ("ann@far.test", "bob@near.test")


def test_no_field_is_a_key_error():
    with pytest.raises(KeyError):
        get(DELIVERY, "relay.provider", None)


def test_every_attribute_of_every_event_can_be_asked_for():
    # Named otherwise: recipients is recipient, time belongs to windows, line is its text.
    known = {path.partition(".")[0] for path in FIELDS} | {"recipients", "time"}
    assert {name for cls in KIND_OF for name in cls.__struct_fields__} <= known


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_every_field_belongs_to_some_event_and_reads_any_of_them(field):
    assert field.kinds
    assert field.kinds <= KINDS
    empty = Other(line=LINE)
    assert field.read(empty, None) in (
        {False, None} if field.type is Type.FLAG else {None, "a line"}
    )
