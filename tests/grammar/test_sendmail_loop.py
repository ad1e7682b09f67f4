"""Notices and SYSERR lines of sendmail."""

from datetime import UTC

import pytest
from msgspec.structs import asdict

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Bounce, MtaVerdict, Other, Said
from logwatch_mx.model.line import Line

QID = "6ANEJ9Ja004004"
HEADER = {"line", "time", "host", "program", "agent", "pid", "mta"}


@pytest.fixture(scope="module")
def read():
    reader = Reader(Stamps(2026, UTC))
    return lambda text: reader.read(Line(text=f"Nov 23 14:46:43 mx sm-mta[1]: {text}"))


def said(event):
    return type(event), {key: each for key, each in asdict(event).items() if key not in HEADER}


@pytest.mark.parametrize(
    "cause",
    [
        "DSN: User unknown",
        "DSN: Return receipt",
        "return to sender: Local configuration error",
        "sender notify: Cannot send message for 5 days",
        "postmaster notify: Too many hops 101 (100 max): from <> via localhost, to <a@b.test>",
        "DSN: x, to=<victim@home.test>, relay=y. [127.0.0.1], stat=Sent",  # a remote's words
    ],
)
def test_a_notice_names_its_own_id_and_its_cause(read, cause):
    expected = Bounce(
        line=Line(text=""), queue_id=QID, child_queue_id="6ANEJ9Jb004004", cause=cause
    )
    assert said(read(f"{QID}: 6ANEJ9Jb004004: {cause}")) == said(expected)


@pytest.mark.parametrize(
    "text",
    [
        "6ANEJ9Jb004004: clone: owner=owner-news",
        "clone 6ANEJ9Jb004004, owner=owner-news",  # 8.9
    ],
)
def test_a_clone_is_no_notice(read, text):
    assert said(read(f"{QID}: {text}")) == said(Other(line=Line(text=""), queue_id=QID))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            f"{QID}: SYSERR(root): mail.B.test. config error: mail loops back to me (MX problem?)",
            {"queue_id": QID, "verdict": Said.SELF_MX, "mx_host": "mail.b.test"},
        ),
        (
            "NOQUEUE: SYSERR(UID33): b.test config error: mail loops back to me (MX problem?)",
            {"verdict": Said.SELF_MX, "mx_host": "b.test"},
        ),
        (
            f"{QID}: SYSERR(root): MX list for b.test. points back to mx.home.test",
            {
                "queue_id": QID,
                "verdict": Said.SELF_MX,
                "mx_host": "mx.home.test",
                "domain": "b.test",
            },
        ),
        (
            f"{QID}: SYSERR(root): Too many hops 101 (100 max): from <> via localhost, to <a@B.test>",
            {"queue_id": QID, "verdict": Said.TOO_MANY_HOPS, "domain": "b.test"},
        ),
        (
            f"{QID}: Too many hops 26 (25 max): from <x@y.test> via mx.b.test, to <a@b.test>",
            {"queue_id": QID, "verdict": Said.TOO_MANY_HOPS, "domain": "b.test"},
        ),
        (
            f"{QID}: SYSERR(root): Too many hops 26 (25 max): from <> via localhost, to (nobody)",
            {"queue_id": QID, "verdict": Said.TOO_MANY_HOPS},
        ),
        (
            f'{QID}: SYSERR(root): Too many hops 26 (25 max): from <"a> via b, to <v@victim.test>"@evil.test> via localhost, to <a@b.test>',
            {"queue_id": QID, "verdict": Said.TOO_MANY_HOPS, "domain": "b.test"},
        ),
        (
            f"{QID}: aliasing/forwarding loop for joe broken",
            {"queue_id": QID, "verdict": Said.FORWARDING_LOOP},
        ),
    ],
)
def test_sendmail_says_that_mail_loops(read, text, fields):
    assert said(read(text)) == said(MtaVerdict(line=Line(text=""), **fields))


@pytest.mark.parametrize(
    "text",
    [
        "No local mailer defined",
        "opendaemonsocket: daemon MTA: cannot bind: Address already in use",
        # what a stranger wrote into the middle of another sentence
        "collect: I/O error on connection from evil.test, from=<x config error: mail loops back to me (MX problem?)>",
        "x, b.test. config error: mail loops back to me (MX problem?)",
        "b.test. config error: mail loops back to me (MX problem?) not",
        "MX list for b.test. points back to mx.home.test, or so",
    ],
)
def test_another_error_of_the_system_says_nothing_about_loops(read, text):
    event = read(f"{QID}: SYSERR(root): {text}")
    assert said(event) == said(Other(line=Line(text=""), queue_id=QID))
