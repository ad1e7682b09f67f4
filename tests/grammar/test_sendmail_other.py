"""Lines of sendmail about whole messages, and those that say nothing about delivery."""

from datetime import UTC

import pytest
from msgspec.structs import asdict

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Delivery, Other, Removed, Status, Unparsed
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
    ("text", "event"),
    [
        ("done; delay=00:00:01, ntries=1", Removed(line=Line(text=""), queue_id=QID)),
        (
            "discarded",
            Delivery(line=Line(text=""), queue_id=QID, status=Status.DISCARDED, reply="discarded"),
        ),
        (
            "quarantine=held, by me",
            Delivery(
                line=Line(text=""), queue_id=QID, status=Status.QUARANTINED, reply="held, by me"
            ),
        ),
        ("unquarantine", Other(line=Line(text=""), queue_id=QID)),
    ],
)
def test_what_becomes_of_a_whole_message(read, text, event):
    assert said(read(f"{QID}: {text}")) == said(event)


@pytest.mark.parametrize(
    "text",
    [
        "mx.b.test [192.0.2.1] (may be forged) did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA-v4",
        "IDENT:joe@mx.b.test [IPv6:2001:db8::1] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
        "[192.0.2.1] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
        "lost input channel from [192.0.2.1] to MTA after rcpt",
        "timeout waiting for input from mx.b.test. during client greeting",
        "mx.b.test [192.0.2.1]: possible SMTP attack: command=HELO/EHLO, count=3",
        "mx.b.test [192.0.2.1]: Possible SMTP RCPT flood, throttling.",
        "mx.b.test [192.0.2.1]: VRFY root [rejected]",
        "Milter (loop): error connecting to filter: Connection refused by 127.0.0.1",
        "Milter insert (1): header: X-A: to=<v@x>, delay=00:00:00, stat=Sent",
        "Milter (x) change: header Subject: from a to b",
        "Milter: no active filter",
        "milter_read(x): cmd read returned 0, expecting 5",
        "collect: premature EOM: unexpected close",
        "setsender: <a@b.test>: invalid or unparsable, received from evil.test [192.0.2.66]",
        "Authentication-Warning: mx.home.test: www set sender to a@b.test using -f",
        "Saved message in /var/lib/sendmail/dead.letter",
        "Losing ./qf6ANEJ9Ja004004: bogus file uid/gid in mqueue",
        "forward /home/joe/.forward: Group writable directory",
        "alias <joe@home.test> => jo@b.test",
        "SMTP outgoing connect on mx.home.test",
        "STARTTLS=server, relay=[192.0.2.1], version=TLSv1.3, verify=NO, cipher=X, bits=256/256",
    ],
)
def test_a_known_line_about_a_message_says_nothing_about_delivery(read, text):
    assert said(read(f"{QID}: {text}")) == said(Other(line=Line(text=""), queue_id=QID))


@pytest.mark.parametrize(
    "text",
    [
        "starting daemon (8.17.1.9): SMTP+queueing@00:00:02",
        "restarting /usr/sbin/sendmail-mta due to signal",
        "stopping daemon, reason=signal",
        "alias database /etc/mail/aliases rebuilt by root",
        "/etc/mail/aliases: 4 aliases, longest 10 bytes, 65 bytes total",
        "rejecting connections on daemon MTA: load average: 41",
        "STARTTLS=client, relay=b.test., version=TLSv1.3, verify=FAIL, cipher=X, bits=256/256",
        "STARTTLS: read error=timeout",
        "AUTH=client, relay=b.test., mech=PLAIN, bits=0",
        "AUTH: available mech=LOGIN, allowed mech=LOGIN PLAIN",
        "runqueue: Flushing queue from mqueue/6ANEJ9Ja004004 (pri 30000, LA 1, 1 of 1)",
        "NOQUEUE: connect from mx.b.test [192.0.2.1]",
        "NOQUEUE: tcpwrappers (mx.b.test, 192.0.2.1) rejection",
        "gethostbyaddr(192.0.2.1) failed: 1",
    ],
)
def test_a_known_line_about_the_daemon_has_no_queue_id(read, text):
    assert said(read(text)) == said(Other(line=Line(text="")))


def test_the_rest_of_a_long_line_is_no_delivery(read):
    # conf.c, sm_syslog, cuts at 1024 characters
    event = read(f"{QID}[2]: relay=mx.b.test. [192.0.2.1], dsn=2.0.0, stat=Sent")
    assert said(event) == said(Other(line=Line(text=""), queue_id=QID))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        f"{QID}: ",
        f"{QID}: hello",
        f"{QID}: mx.b.test: hello",
        f"{QID}: unquarantined",
        "sm: 6 aliases",
    ],
)
def test_an_unknown_line_stays_unread(read, text):
    assert isinstance(read(text), Unparsed)
