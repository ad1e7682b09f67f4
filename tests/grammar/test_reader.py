from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import (
    Delivery,
    Event,
    Foreign,
    Malformed,
    Mta,
    Relay,
    Removed,
    Status,
    Unparsed,
)
from logwatch_mx.model.line import Line

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DELIVERY = (
    "AB12CD34EF5: to=<bob@seaton.biz>, relay=mail.seaton.biz[127.0.0.1]:25, delay=0.1, "
    "delays=0/0/0.1/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 2F01D1855D)"
)


def reader() -> Reader:
    return Reader(Stamps(2026, UTC))


def read(text: str) -> Event:
    return reader().read(Line(text))


@pytest.mark.parametrize(
    ("said", "event", "fields"),
    [
        (
            f"postfix/smtp[12]: {DELIVERY}",
            Delivery,
            {
                "program": "postfix/smtp",
                "agent": "smtp",
                "pid": 12,
                "mta": Mta.POSTFIX,
                "queue_id": "AB12CD34EF5",
                "recipients": ("bob@seaton.biz",),
                "relay": Relay(host="mail.seaton.biz", ip="127.0.0.1", port=25),
                "status": Status.SENT,
                "dsn": "2.0.0",
                "delay": 0.1,
                "reply": "250 2.0.0 Ok: queued as 2F01D1855D",
                "next_queue_id": "2F01D1855D",
            },
        ),
        (
            "postfix/qmgr[12]: AB12CD34EF5: removed",
            Removed,
            {
                "program": "postfix/qmgr",
                "agent": "qmgr",
                "pid": 12,
                "mta": Mta.POSTFIX,
                "queue_id": "AB12CD34EF5",
            },
        ),
        (
            "sm-mta[12]: \x1b[2J",
            Unparsed,
            {
                "program": "sm-mta",
                "agent": "sm-mta",
                "pid": 12,
                "mta": Mta.SENDMAIL,
                "text": "\x1b[2J",
            },
        ),
        ("dovecot: imap: x", Foreign, {"program": "dovecot", "agent": "dovecot"}),
        # what another program says is not the MTA's word
        (f"evil[12]: {DELIVERY}", Foreign, {"program": "evil", "agent": "evil", "pid": 12}),
    ],
)
def test_a_line_is_one_event(said, event, fields):
    line = Line(f"Nov 23 12:00:00 mx {said}", "maillog", 7, 100, 200)
    assert reader().read(line) == event(line=line, time=NOON, host="mx", **fields)


def test_a_line_without_a_header_is_malformed():
    line = Line("hello\0\n")
    assert reader().read(line) == Malformed(line=line, text="hello\0\n")


@pytest.mark.parametrize(
    ("body", "mta", "kind", "agent"),
    [
        (DELIVERY, Mta.POSTFIX, "delivery", None),
        (f"postfix/smtp[12]: {DELIVERY}", Mta.POSTFIX, "delivery", "smtp"),
        (f"postfix/smtp: {DELIVERY}", Mta.POSTFIX, "delivery", "smtp"),
        ("x", Mta.SENDMAIL, "unparsed", None),
        ("", Mta.SENDMAIL, "unparsed", None),
    ],
)
def test_a_body_is_read_without_a_header(body, mta, kind, agent):
    event = reader().read_body(Line(body), mta)
    assert (event.kind, event.agent, event.mta, event.time) == (kind, agent, mta, None)


def test_explain_names_the_kinds_in_the_order_tried():
    tried = reader().explain(Line(f"Nov 23 12:00:00 mx postfix/smtp[12]: {DELIVERY}"))
    names = ("logger.repeated", "postfix.came", "postfix.went", "postfix.encrypted")
    assert tried[:-1] == [("header", True), *((name, False) for name in names)]
    assert tried[-1] == ("postfix.usual_delivery", True)


def test_explain_of_a_line_that_nothing_fits_ends_with_a_refusal():
    tried = reader().explain(Line("Nov 23 12:00:00 mx postfix/smtp[12]: \x1b"))
    assert tried[0] == ("header", True)
    assert {made for _, made in tried[1:]} == {False}
    assert len(tried) > 20


def test_explain_of_a_line_without_a_header_says_so():
    assert reader().explain(Line("hello")) == [("header", False)]


HEADERS = st.sampled_from(
    [
        "",
        *(
            f"Nov 23 12:00:00 mx {tag}[1]: "
            for tag in ("postfix/smtp", "postfix/qmgr", "postfix/smtpd", "postfix", "sm-mta", "x")
        ),
        "<22>1 2026-11-23T14:19:11Z mx postfix/smtp 12 - - ",
        "2026-11-23T14:19:11.5+01:00 mx sendmail[2]: ",
        '{"log":"',
    ]
)
# The words of real lines in any order meet more branches than any text does.
WORDS = st.sampled_from(
    [
        *(
            "AB12CD34EF5: ",
            "6ANEJ9Ja123456: ",
            "to=<",
            "from=<",
            ">, ",
            "relay=",
            "[127.0.0.1]",
            ":25",
        ),
        *(", delay=", "0.1", "1+00:00:01", ", dsn=", "5.4.6", ", status=", "sent", "bounced", " ("),
        *(")", "stat=", "Sent", "Deferred: ", "client=", "message-id=<", "reject: ", "RCPT from "),
        *(
            "warning: ",
            "SYSERR(root): ",
            "config error: ",
            "mail loops back to me",
            "size=",
            "nrcpt=",
        ),
        *(
            "9" * 5000,
            "\0",
            "\x1b[31m",
            "\n",
            "\r",
            "\t",
            "\udcff",
            "\u2028",
            "٣",
            "[",
            "]",
            "<",
            ">",
        ),
        *(
            ",",
            ";",
            ":",
            " ",
            '"',
            "\\",
            "=",
            "@",
            ".",
            "1e999",
            "-1",
            "[IPv6:::1]",
            "[1.2.3.4.5]:99999",
        ),
    ]
)


@given(HEADERS, st.one_of(st.text(), st.lists(WORDS, max_size=25).map("".join)))
@example("Nov 23 12:00:00 mx postfix/smtp[1]: ", "a\nb\0c\x1b[2Jd")
def test_any_text_is_an_event(header, text):
    line = Line(header + text)
    event = read(line.text)
    assert event.line == line
    assert event.kind


@given(st.sampled_from(list(Mta)), st.one_of(st.text(), st.lists(WORDS, max_size=25).map("".join)))
def test_any_body_is_an_event(mta, text):
    assert reader().read_body(Line(text), mta).mta is mta


@pytest.mark.parametrize("tag", ["postfix/smtp[1]", "postfix/smtpd[1]", "sm-mta[1]"])
@pytest.mark.parametrize(
    "text",
    [
        "A" * 1_000_000,
        "AB12CD34EF5: to=<" + "a," * 300_000,
        "AB12CD34EF5: to=<" + "(" * 300_000,
        "AB12CD34EF5: to=<a@b>, relay=none, delay=1, dsn=4.4.1, status=deferred (" + "(x" * 300_000,
        "AB12CD34EF5: to=" + "<a@b>," * 150_000,
        "AB12CD34EF5: to=" + "x, to=" * 150_000,
        "AB12CD34EF5: from=<" + ">" * 500_000,
        "6ANEJ9Ja123456: from=" + "<a@b>, size=1" * 50_000,
        "6ANEJ9Ja123456: to=a, delay=" + "0" * 500_000,
        "6ANEJ9Ja123456: to=a, stat=" + "Deferred: " * 50_000,
        "6ANEJ9Ja123456: " + "DSN: " * 100_000,
        "SYSERR(" * 100_000,
        "SYSERR(root): " + "config error: " * 50_000,
        "NOQUEUE: reject: RCPT from " + "[" * 500_000,
        "NOQUEUE: reject: RCPT from x[1.2.3.4]: 550 " + "; from=<" * 100_000,
        "warning: " * 100_000,
        "warning: host " + "[" * 500_000,
        "connect from " + "x[" * 300_000,
        " " * 500_000 + "x",
        "AB12CD34EF5: message-id=<" + "\t" * 500_000 + "x",
    ],
    ids=lambda text: text[:40],
)
def test_a_megabyte_of_nonsense_takes_no_time(tag, text):
    # The time limit of the test is the clock: a pattern that backtracks would take hours.
    assert read(f"Nov 23 12:00:00 mx {tag}: {text}").kind != "malformed"
