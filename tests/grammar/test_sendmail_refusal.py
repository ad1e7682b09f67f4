"""Refusals of sendmail: rulesets, milters, errors told to a client."""

from datetime import UTC

import pytest
from msgspec.structs import asdict

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Client, Other, Reject, Unparsed
from logwatch_mx.model.line import Line

QID = "6ANEJ9Ja004004"
EVIL = Client("evil.test", "192.0.2.66")
PEER = "relay=evil.test [192.0.2.66]"
HEADER = {"line", "time", "host", "program", "agent", "pid", "mta"}


@pytest.fixture(scope="module")
def read():
    reader = Reader(Stamps(2026, UTC))
    return lambda text: reader.read(Line(text=f"Nov 23 14:46:43 mx sm-mta[1]: {text}"))


def said(event):
    return type(event), {key: each for key, each in asdict(event).items() if key not in HEADER}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            f"ruleset=check_rcpt, arg1=<a@b.test>, {PEER}, reject=553 5.1.8 <a@b.test>... no",
            {
                "client": EVIL,
                "recipient": "a@b.test",
                "dsn": "5.1.8",
                "reply": "553 5.1.8 <a@b.test>... no",
            },
        ),
        (
            f"ruleset=check_mail, arg1=<>, {PEER} (may be forged), reject=553 no code",
            {"client": EVIL, "sender": "", "reply": "553 no code"},
        ),
        (
            f"ruleset=check_compat, arg1=<s@b.test>, arg2=<r@b.test>, {PEER}, reject=550 5.7.1 no",
            {
                "client": EVIL,
                "sender": "s@b.test",
                "recipient": "r@b.test",
                "dsn": "5.7.1",
                "reply": "550 5.7.1 no",
            },
        ),
        (
            f"ruleset=check_rcpt, arg1=<a@b.test>, {PEER}, discard",
            {"client": EVIL, "recipient": "a@b.test", "reply": "discard"},
        ),
        (
            # outgoing: the relay is a server, not a client of ours
            "ruleset=tls_rcpt, arg1=a@b.test, relay=mx.b.test., reject=451 4.3.0 later",
            {"recipient": "a@b.test", "dsn": "4.3.0", "reply": "451 4.3.0 later"},
        ),
        (
            f'ruleset=check_rcpt, arg1=<"a>, relay=localhost [127.0.0.1], reject=550 x"@b.test>, {PEER}, reject=550 5.7.1 no',
            {
                "client": EVIL,
                "recipient": '"a>, relay=localhost [127.0.0.1], reject=550 x"@b.test',
                "dsn": "5.7.1",
                "reply": "550 5.7.1 no",
            },
        ),
        (
            # a header's text is any
            f"ruleset=CheckSubject, arg1=win, relay=localhost [127.0.0.1], reject=550 5.7.1 x, {PEER}, reject=553 5.0.0 Spam",
            {"client": EVIL, "dsn": "5.0.0", "reply": "553 5.0.0 Spam"},
        ),
        (
            "<a@b.test>... User unknown",
            {"recipient": "a@b.test", "reply": "<a@b.test>... User unknown"},
        ),
        ("joe... User unknown", {"recipient": "joe", "reply": "joe... User unknown"}),
        (
            "<a@b.test>... Domain of sender address a@b.test does not exist",
            {
                "sender": "a@b.test",
                "reply": "<a@b.test>... Domain of sender address a@b.test does not exist",
            },
        ),
        (
            '<"x>... User unknown"@b.test>... Relaying denied',
            {
                "recipient": '"x>... User unknown"@b.test',
                "reply": '<"x>... User unknown"@b.test>... Relaying denied',
            },
        ),
        ("Too many recipients", {"reply": "Too many recipients"}),
        (
            "Mail would loop: every MX of the domain is a loopback address",
            {"reply": "Mail would loop: every MX of the domain is a loopback address"},
        ),
        ("Milter: data, reject=511 Virus", {"reply": "511 Virus"}),
        (
            "Milter: to=<a@b.test>, reject=550 5.7.1 no",
            {"recipient": "a@b.test", "dsn": "5.7.1", "reply": "550 5.7.1 no"},
        ),
        ("Milter: from=<a@b.test>, reject=451 later", {"sender": "a@b.test", "reply": "451 later"}),
        (
            'Milter: to=<"a>, reject=x"@b.test>, reject=550 no',
            {"recipient": '"a>, reject=x"@b.test', "reply": "550 no"},
        ),
        (
            "Milter: helo=x, reject=y, reject=550 5.7.1 no",
            {"dsn": "5.7.1", "reply": "550 5.7.1 no"},
        ),
        (
            "Milter: connect: host=evil.test, addr=192.0.2.66, rejecting commands",
            {"client": EVIL, "reply": "rejecting commands"},
        ),
        (
            "Milter: connect: host=[192.0.2.66], addr=192.0.2.66, reject=554 no",
            {"client": Client(None, "192.0.2.66"), "reply": "554 no"},
        ),
        (
            "milter=spf, action=mail, reject=550 5.7.23 no",
            {"dsn": "5.7.23", "reply": "550 5.7.23 no"},
        ),
        ("milter=spf, action=rcpt, tempfail", {"reply": "tempfail"}),
        (
            "rejecting commands from evil.test [192.0.2.66] due to pre-greeting traffic after 2 seconds",
            {"client": EVIL, "reply": "due to pre-greeting traffic after 2 seconds"},
        ),
        (
            "rejecting commands from [192.0.2.66] [192.0.2.66]",
            {"client": Client(None, "192.0.2.66")},
        ),
    ],
)
def test_a_client_is_refused(read, text, fields):
    expected = Reject(line=Line(text=""), queue_id=QID, **fields)
    assert said(read(f"{QID}: {text}")) == said(expected)


def test_a_connection_is_refused_before_there_is_an_id(read):
    event = read(
        f"ruleset=check_relay, arg1=evil.test, arg2=127.0.0.4, {PEER}, reject=421 4.3.2 no"
    )
    expected = Reject(line=Line(text=""), client=EVIL, dsn="4.3.2", reply="421 4.3.2 no")
    assert said(event) == said(expected)


@pytest.mark.parametrize(
    "text",
    [
        f"ruleset=check_mail, arg1=<a@b.test>, {PEER}, quarantine=looks bad",
        f"ruleset=trust_auth, arg1=a, {PEER}, status=0",
        "Milter: data, discard",
        "Milter: to=<a@b.test>, discard",
        "milter=spf, action=mail, continue",
        "Milter add: header: Subject: x, reject=550 no",
    ],
)
def test_what_lets_the_mail_in_is_no_refusal(read, text):
    assert said(read(f"{QID}: {text}")) == said(Other(line=Line(text=""), queue_id=QID))


@pytest.mark.parametrize("text", ["ruleset=check_mail, arg1=<a@b.test>,", "<a@b.test>", "nothing"])
def test_a_line_without_an_outcome_is_not_read(read, text):
    assert isinstance(read(f"{QID}: {text}"), Unparsed)
