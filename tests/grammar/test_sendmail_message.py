"""The ``from=`` and AUTH lines of sendmail."""

from datetime import UTC

import pytest
from msgspec.structs import asdict

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Auth, Client, Message, Unparsed
from logwatch_mx.model.line import Line

QID = "6ANEJ9Ja004004"
SIZES = ", size=7, class=0, nrcpts=2"
END = ", proto=ESMTP, daemon=MTA, relay=evil.test [192.0.2.66]"
EVIL = Client("evil.test", "192.0.2.66")
HEADER = {"line", "time", "host", "program", "agent", "pid", "mta"}


@pytest.fixture(scope="module")
def read():
    reader = Reader(Stamps(2026, UTC))
    return lambda text: reader.read(Line(text=f"Nov 23 14:46:43 mx sm-mta[1]: {text}"))


def said(event):
    return type(event), {key: each for key, each in asdict(event).items() if key not in HEADER}


def message(**fields):
    known = {"queue_id": QID, "sender": "a@b.test", "size": 7, "nrcpt": 2, "client": EVIL}
    return said(Message(line=Line(text=""), **known | fields))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            f"from=<a@b.test>{SIZES}, msgid=<1@b.test>, bodytype=8BITMIME{END}",
            {"message_id": "1@b.test"},
        ),
        (f"from=<>{SIZES}{END}", {"sender": ""}),
        (
            f"from=root{SIZES}, relay=root@localhost",
            {"sender": "root", "client": Client("localhost")},
        ),
        (
            # 8.9 prints a priority
            f"from=<a@b.test>, size=7, class=-60, pri=31234, nrcpts=2, msgid=<1@b.test>{END}",
            {"message_id": "1@b.test"},
        ),
        (
            f"from=<a@b.test>{SIZES}, msgid=<1@b.test>, proto=ESMTPSA, daemon=MSA, tls_verify=NO, auth=PLAIN, relay=evil.test [192.0.2.66]",
            {"message_id": "1@b.test"},
        ),
        (f"from=<a@b.test>{SIZES}, msgid=<1@b.test>", {"message_id": "1@b.test", "client": None}),
        (f"from=Jo Doe <a@b.test>{SIZES}{END}", {}),
        (f"from={'<' + 'a' * 199}{SIZES}{END}", {"sender": "a" * 199}),  # cut: %.200s
        (
            f"from=<a@b.test>{SIZES}, msgid=<{'1' * 99}{END}",
            {"message_id": "1" * 99},
        ),  # cut: %.100s
        (f"from=<a@b.test>{SIZES}, msgid=no brackets{END}", {"message_id": "no brackets"}),
        (f"from=<a@b.test>{SIZES}, msgid={END}", {"message_id": ""}),
    ],
)
def test_a_message_has_a_sender_a_size_and_a_client(read, text, fields):
    assert said(read(f"{QID}: {text}")) == message(**fields)


@pytest.mark.parametrize(
    ("printed", "client"),
    [
        ("mx.B.test [192.0.2.1]", Client("mx.b.test", "192.0.2.1")),
        ("mx.b.test. [192.0.2.1] (may be forged)", Client("mx.b.test", "192.0.2.1")),
        ("[192.0.2.1]", Client(None, "192.0.2.1")),
        ("[192.0.2.1] (may be forged)", Client(None, "192.0.2.1")),
        ("[IPv6:2001:db8::1]", Client(None, "2001:db8::1")),
        ("mx.b.test [IPv6:2001:db8:0:0:0:0:0:1]", Client("mx.b.test", "2001:db8:0:0:0:0:0:1")),
        ("[2001:db8::1]", Client(None, "2001:db8::1")),
        ("joe@mx.b.test [192.0.2.1]", Client("mx.b.test", "192.0.2.1")),
        ("IDENT:joe@mx.b.test [192.0.2.1]", Client("mx.b.test", "192.0.2.1")),
        ("joe@[192.0.2.1]", Client(None, "192.0.2.1")),
        ("mx.b.test (192.0.2.1)", Client("mx.b.test", "192.0.2.1")),
        ("joe@localhost", Client("localhost")),
        ("[RESPONSE]", None),  # headers.c, logsender: a notice of our own
        ("mx.b.test [12001:0db8:::0d0b]", Client("mx.b.test")),
        ("jan(a)mx.b.test [192.0.2.1]", None),  # made unreadable on purpose
    ],
)
def test_a_client_is_a_name_an_address_or_both(read, printed, client):
    event = read(f"{QID}: from=<a@b.test>{SIZES}, msgid=<1@b.test>, relay={printed}")
    assert said(event) == message(message_id="1@b.test", client=client)


@pytest.mark.parametrize(
    ("sender", "msgid", "why"),
    [
        (
            '"a>, size=1, class=0, nrcpts=1, msgid=<v@x>, relay=localhost [127.0.0.1]"@evil.test',
            "1@b.test",
            "a quoted sender",
        ),
        (
            "a@b.test",
            "1@b.test, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]",
            "a message-id with a whole tail",
        ),
        ("a@b.test", "1@b.test, proto=SMTP", "a message-id with the first of the tail"),
        (
            "a@b.test",
            "1@b.test, relay=localhost [127.0.0.1]",
            "a message-id with the last of the tail",
        ),
        ("a@b.test", "1@b.test, size=1, class=0, nrcpts=1", "a message-id with what stood before"),
    ],
)
def test_strangers_cannot_imitate_fields(read, sender, msgid, why):
    event = read(f"{QID}: from=<{sender}>{SIZES}, msgid=<{msgid}{END}")
    assert said(event) == message(sender=sender, message_id=msgid), why


def test_what_was_added_to_a_message_id_keeps_it_from_being_that_of_another(read):
    event = read(f"{QID}: from=<a@b.test>{SIZES}, msgid=<1@b.test>, relay=x{END}")
    assert said(event) == message(message_id="<1@b.test>, relay=x")


@pytest.mark.parametrize(
    ("text", "auth"),
    [
        (
            "AUTH=server, relay=mx.b.test [192.0.2.1], authid=bob, mech=PLAIN, bits=0",
            {"client": Client("mx.b.test", "192.0.2.1"), "method": "PLAIN", "ok": True},
        ),
        (
            # the name that a client gives is any text
            "AUTH=server, relay=[192.0.2.1], authid=a, mech=X, bits=0, relay=[127.0.0.1], mech=LOGIN, bits=0",
            {"client": Client(None, "192.0.2.1"), "method": "LOGIN", "ok": True},
        ),
        (
            f"{QID}: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): authentication failure: checkpass failed, user=a, relay=[127.0.0.1], relay=mx.b.test [192.0.2.1] (may be forged)",
            {"queue_id": QID, "client": Client("mx.b.test", "192.0.2.1"), "method": "LOGIN"},
        ),
        (
            f"{QID}: AUTH failure (CRAM-MD5): user not found (-20) SASL(-13): no secret in database",
            {"queue_id": QID, "method": "CRAM-MD5"},  # until 8.14: no relay
        ),
    ],
)
def test_a_client_authenticated_or_failed_to(read, text, auth):
    assert said(read(text)) == said(Auth(line=Line(text=""), **auth))


@pytest.mark.parametrize(
    "text", [f"from=<a@b.test>{END}", "from=<a@b.test>, size=x, class=0, nrcpts=1", "from="]
)
def test_a_line_without_sizes_is_no_message(read, text):
    assert isinstance(read(f"{QID}: {text}"), Unparsed)
