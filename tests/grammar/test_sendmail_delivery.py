"""The ``to=`` lines of sendmail."""

from datetime import UTC

import pytest
from msgspec.structs import asdict

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Delivery, Relay, Status, Unparsed
from logwatch_mx.model.line import Line

QID = "6ANEJ9Ja004004"
NUMBERS = ", delay=00:00:03, xdelay=00:00:03, mailer=esmtp, pri=30000"
PEER = ", relay=mx.b.test. [192.0.2.66]"
HEADER = {"line", "time", "host", "program", "agent", "pid", "mta"}


@pytest.fixture(scope="module")
def read():
    reader = Reader(Stamps(2026, UTC))
    return lambda text: reader.read(Line(text=f"Nov 23 14:46:43 mx sm-mta[1]: {QID}: {text}"))


def said(event):
    return type(event), {key: each for key, each in asdict(event).items() if key not in HEADER}


def delivery(**fields):
    known = {"queue_id": QID, "recipients": ("a@b.test",), "delay": 3.0, "mailer": "esmtp"}
    return said(Delivery(line=Line(text=""), **known | fields))


@pytest.mark.parametrize(
    ("stat", "fields"),
    [
        (
            ", dsn=2.0.0, stat=Sent (6ANEJ9Jb004005 Message accepted for delivery)",
            {
                "status": Status.SENT,
                "dsn": "2.0.0",
                "reply": "6ANEJ9Jb004005 Message accepted for delivery",
                "next_queue_id": "6ANEJ9Jb004005",
            },
        ),
        (
            # a content filter: the id stands behind the filter's own words
            ", dsn=2.0.0, stat=Sent (from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 6ANEfuKt006304 Message accepted for delivery)",
            {
                "status": Status.SENT,
                "dsn": "2.0.0",
                "reply": "from MTA(smtp:[127.0.0.1]:10025): "
                "250 2.0.0 6ANEfuKt006304 Message accepted for delivery",
                "next_queue_id": "6ANEfuKt006304",
            },
        ),
        (
            ", dsn=2.0.0, stat=Sent (ok: queued as 4jY7yd0S7FzKMCW)",
            {
                "status": Status.SENT,
                "dsn": "2.0.0",
                "reply": "ok: queued as 4jY7yd0S7FzKMCW",
                "next_queue_id": "4jY7yd0S7FzKMCW",
            },
        ),
        (
            ", dsn=2.0.0, stat=Sent (<1@b.test> Queued mail for delivery)",  # Exchange: no id
            {
                "status": Status.SENT,
                "dsn": "2.0.0",
                "reply": "<1@b.test> Queued mail for delivery",
            },
        ),
        (", stat=Sent", {"status": Status.SENT, "reply": "Sent"}),  # 8.9
        (
            ", dsn=4.2.0, reply=450 4.2.0 Greylisted, see http://g.test, stat=Deferred: 450 4.2.0 Greylisted, see http://g.test",
            {
                "status": Status.DEFERRED,
                "dsn": "4.2.0",
                "reply": "450 4.2.0 Greylisted, see http://g.test",
            },
        ),
        (
            ", dsn=4.5.0, stat=Deferred",
            {"status": Status.DEFERRED, "dsn": "4.5.0", "reply": "Deferred"},
        ),
        (
            ", dsn=4.4.1, stat=Deferred: mx.b.test.: No route to host",
            {
                "status": Status.DEFERRED,
                "dsn": "4.4.1",
                "reply": "mx.b.test.: No route to host",
            },
        ),
        (", stat=Deferred: no", {"status": Status.DEFERRED, "reply": "no"}),  # 8.9: no dsn=
        (
            ", dsn=2.0.0, stat=Deferred: no",  # contradicts itself: still in the queue
            {"status": Status.DEFERRED, "dsn": "2.0.0", "reply": "no"},
        ),
        (
            ", dsn=4.0.0, stat=I/O error",
            {"status": Status.DEFERRED, "dsn": "4.0.0", "reply": "I/O error"},
        ),
        (", stat=I/O error", {"status": Status.DEFERRED, "reply": "I/O error"}),
        (
            ", dsn=5.3.5, stat=Local configuration error",
            {"status": Status.BOUNCED, "dsn": "5.3.5", "reply": "Local configuration error"},
        ),
        (", stat=User unknown", {"status": Status.BOUNCED, "reply": "User unknown"}),
        (
            ", dsn=5.0.0,stat=Service unavailable",  # an anonymiser ate the blank
            {"status": Status.BOUNCED, "dsn": "5.0.0", "reply": "Service unavailable"},
        ),
        (
            ", dsn=4.4.3, stat=queued",
            {"status": Status.QUEUED, "dsn": "4.4.3", "reply": "queued"},
        ),
        (
            ", quarantine=held, by me, stat=quarantined",
            {"status": Status.QUARANTINED, "reply": "held, by me"},
        ),
        (
            # 8.17 can say a null MX in words
            ", dsn=5.1.10, status=Domain b.test does not accept mail (nullMX), stat=Service unavailable",
            {"status": Status.BOUNCED, "dsn": "5.1.10", "reply": "Service unavailable"},
        ),
        (", ntries=3, stage=RCPT, stat=queued", {"status": Status.QUEUED, "reply": "queued"}),
    ],
)
def test_the_status_is_that_of_the_code_and_of_the_words(read, stat, fields):
    assert said(read(f"to=<a@b.test>{NUMBERS}{stat}")) == delivery(**fields)


@pytest.mark.parametrize(
    ("stat", "status"),
    [
        ("virus Worm.X detected by ClamAV - http://c.test", Status.BOUNCED),
        ("Please try again later", Status.DEFERRED),
        ("discarded", Status.DISCARDED),
        ("aborted by sender", Status.DISCARDED),
    ],
)
def test_without_a_mailer_a_client_was_told_so_and_nothing_was_queued(read, stat, status):
    # srvrsmtp.c, logundelrcpts
    line = f"to=<a@b.test>, delay=00:00:03, pri=30000, stat={stat}"
    assert said(read(line)) == delivery(mailer=None, status=status, reply=stat)


@pytest.mark.parametrize(
    ("printed", "relay"),
    [
        ("mail.B.test. [127.0.0.1]", Relay(host="mail.b.test", ip="127.0.0.1", absolute=True)),
        ("mxlocalhost.test.", Relay(host="mxlocalhost.test", absolute=True)),
        ("mail.b.test [192.0.2.1]", Relay(host="mail.b.test", ip="192.0.2.1")),
        ("[127.0.0.1] [127.0.0.1]", Relay(host="127.0.0.1", ip="127.0.0.1")),
        ("[127.0.0.1]", Relay(host="127.0.0.1")),
        ("[IPv6:::1] [IPv6:::1]", Relay(host="::1", ip="::1")),
        ("b.test. [IPv6:2001:db8::1]", Relay(host="b.test", ip="2001:db8::1", absolute=True)),
        ("b.test. [2001:db8::1]", Relay(host="b.test", ip="2001:db8::1", absolute=True)),
        ("b.test. [192.0.2.1] (may be forged)", Relay("b.test", "192.0.2.1", absolute=True)),
        ("b.test. [192.0.2.1]:25", Relay("b.test", "192.0.2.1", 25, absolute=True)),
        ("b.test. [172.73.**.**]", Relay(host="b.test", absolute=True)),  # censored
        ("lmtp [[UNIX: /run/lmtp]]", Relay(host="lmtp")),
        ("local", Relay(host="local")),
        ("'smtp.b.test'", Relay(host="'smtp.b.test'")),
    ],
)
def test_a_dot_tells_a_relay_found_by_dns_from_a_configured_one(read, printed, relay):
    event = read(f"to=<a@b.test>{NUMBERS}, relay={printed}, dsn=4.0.0, stat=Deferred")
    assert said(event) == delivery(
        relay=relay, status=Status.DEFERRED, dsn="4.0.0", reply="Deferred"
    )


@pytest.mark.parametrize(
    ("printed", "recipients"),
    [
        ("<a@b.test>,<c@d.test>", ("a@b.test", "c@d.test")),
        ("a@b.test,root", ("a@b.test", "root")),
        ("Vasya <x@y.test>", ("x@y.test",)),
        ("x@y.test (Doe, Jo)", ("x@y.test",)),
        ('"Doe, Jo" <x@y.test>', ("x@y.test",)),
        ('<"a,b"@y.test>,<c@y.test>', ('"a,b"@y.test', "c@y.test")),
        ("<@a.test,@b.test:c@d.test>", ("@a.test,@b.test:c@d.test",)),
        ('"|/usr/bin/procmail -f a, b"', ('"|/usr/bin/procmail -f a, b"',)),
        ("/dev/null", ("/dev/null",)),
        ("\\\\root", ("\\\\root",)),  # str2prt doubles a backslash
        ("<a@b.test>,<c@d.test>, [more]", ("a@b.test", "c@d.test")),
        ("<>", ("",)),
        ("", ()),  # logdelivery: nothing is left of the line for the list
        ("<" + "a" * 300, ("a" * 300,)),  # cut
    ],
)
def test_recipients_are_bare_addresses(read, printed, recipients):
    event = read(f"to={printed}, ctladdr=<joe@b.test> (1000/1000){NUMBERS}, stat=queued")
    assert said(event) == delivery(recipients=recipients, status=Status.QUEUED, reply="queued")


@pytest.mark.parametrize(
    ("printed", "seconds"),
    [
        ("00:00:00", 0.0),
        ("1+14:41:13", 139273.0),
        ("123+00:00:01", 10627201.0),
        ("00:00:-1", -1.0),  # the clock was set back
        ("too long", None),  # convtime.c: what -1 seconds look like to it
    ],
)
def test_a_delay_is_seconds(read, printed, seconds):
    event = read(f"to=<a@b.test>, delay={printed}, mailer=local, pri=1, stat=queued")
    expected = delivery(delay=seconds, mailer="local", status=Status.QUEUED, reply="queued")
    assert said(event) == expected


@pytest.mark.parametrize(
    ("local_part", "why"),
    [
        (
            '"x>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=y. [127.0.0.1], dsn=2.0.0, stat=Sent (6ANEJ9Jb004005 Message accepted for delivery)"',
            "a whole line in quotes",
        ),
        ('"a\\\\", delay=00:00:00, stat=Sent"', "a quoted quote, as str2prt prints it"),
        ('"a\\", delay=00:00:00, stat=Sent"', "a quoted quote, as other loggers print it"),
        ('"a\\\\\\\\",b', "a quoted backslash does not quote the end"),
        ("a, delay=00:00:00, stat=Sent", "bracketed"),
    ],
)
def test_a_recipient_cannot_imitate_fields(read, local_part, why):
    event = read(f"to=<{local_part}@evil.test>{NUMBERS}{PEER}, dsn=5.1.1, stat=User unknown")
    assert said(event) == delivery(
        recipients=(f"{local_part}@evil.test",),
        relay=Relay(host="mx.b.test", ip="192.0.2.66", absolute=True),
        status=Status.BOUNCED,
        dsn="5.1.1",
        reply="User unknown",
    ), why


FORGED = (
    "x, to=<victim@home.test>, relay=y. [127.0.0.1], dsn=2.0.0, "
    "stat=Sent (6ANEJ9Jb004005 Message accepted for delivery)"
)


@pytest.mark.parametrize(
    ("dsn", "rest", "fields"),
    [
        (
            "5.1.1",
            f"reply=550 5.1.1 {FORGED}, stat=User unknown",
            {"status": Status.BOUNCED, "reply": f"550 5.1.1 {FORGED}"},
        ),
        (
            "5.0.0",
            "reply=550 no, stat=Deferred: later, stat=Service unavailable",
            {"status": Status.BOUNCED, "reply": "550 no, stat=Deferred: later"},
        ),
        (
            "4.2.0",
            f"reply=450 {FORGED}, stat=Deferred: 450 {FORGED}",
            {"status": Status.DEFERRED, "reply": f"450 {FORGED}"},
        ),
        (
            "4.2.0",
            "reply=450 a, stat=Deferred: 450 a, stat=Deferred: 450 a, stat=Deferred: 450 a",
            {"status": Status.DEFERRED, "reply": "450 a, stat=Deferred: 450 a"},
        ),
        (
            "4.2.0",
            "reply=450 a, stat=Deferred: b , stat=Deferred: 450 a, stat=Deferred: b ",
            {"status": Status.DEFERRED, "reply": "450 a, stat=Deferred: b "},
        ),
        (
            "4.2.0",
            f"stat=Deferred: 450 {FORGED}",
            {"status": Status.DEFERRED, "reply": f"450 {FORGED}"},
        ),
        (
            "2.0.0",
            f"stat=Sent ({FORGED})",
            # the id is not where sendmail's reply has it
            {"status": Status.SENT, "reply": FORGED},
        ),
        (
            "2.0.0",
            "stat=Sent (\\033[31mok\\000, stat=queued)",
            {"status": Status.SENT, "reply": "\\033[31mok\\000, stat=queued"},
        ),
        (
            "2.0.0",
            "stat=Sent (\x1b[31mok\x00\x85\u2028)",  # no sendmail wrote this
            {"status": Status.SENT, "reply": "\x1b[31mok\x00\x85\u2028"},
        ),
    ],
)
def test_a_remote_reply_cannot_imitate_fields(read, dsn, rest, fields):
    event = read(f"to=<a@b.test>{NUMBERS}{PEER}, dsn={dsn}, {rest}")
    relay = Relay(host="mx.b.test", ip="192.0.2.66", absolute=True)
    assert said(event) == delivery(relay=relay, dsn=dsn, **fields)


def test_a_reply_that_sendmail_shortened_twice_ends_where_both_are_alike(read):
    # shortenstring(): 203 characters, of which the middle is dots
    reply = "450 " + "a" * 90 + ", stat=User unknown, stat=Deferred: b " + "c" * 90
    printed = f"{reply[:100]}...{reply[-100:]}"
    again = f"Deferred: {reply}"
    event = read(
        f"to=<a@b.test>{NUMBERS}, dsn=4.2.0, reply={printed}, stat={again[:100]}...{again[-100:]}"
    )
    assert said(event) == delivery(status=Status.DEFERRED, dsn="4.2.0", reply=printed)


@pytest.mark.parametrize(
    "text",
    [
        f"to=<a@b.test>{NUMBERS}",  # cut: how it ended is not said
        f"to=<a@b.test>{NUMBERS}, reply=550 no",
        "to=<a@b.test>",
        "to=",
        "tofu=<a@b.test>, delay=00:00:00, stat=Sent",
    ],
)
def test_a_line_that_is_not_whole_is_no_delivery(read, text):
    assert isinstance(read(text), Unparsed)


@pytest.mark.parametrize(
    "text",
    [
        "to=" + piece * 50_000
        for piece in ("<", '"', '<"', "(", ", delay=", ", ctladdr=", ", delay=00:00:00, pri=1")
    ]
    + [
        f"to=<a@b.test>{NUMBERS}, " + piece * 50_000
        for piece in ("relay=a, ", "quarantine=, ", "reply=, stat=Deferred: ", "stat=Sent (a ")
    ],
    ids=lambda text: text[:12] + "…" + text[-12:],
)
def test_a_huge_line_is_read_in_one_go(read, text):
    # quadratic time would run into the timeout of the test
    assert isinstance(read(text), Delivery | Unparsed)
