"""Delivery lines: every field, in every shape that 2.2 to 3.11 print it."""

import pytest

from logwatch_mx.model.event import Delivery, Relay, Status

SENT, DEFERRED, BOUNCED = Status.SENT, Status.DEFERRED, Status.BOUNCED
TAIL = "delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok)"


def line(to="<bob@b.test>", relay="mx.b.test[192.0.2.1]:25", tail=TAIL):
    return f"14F0A232BB4: to={to}, relay={relay}, {tail}"


WHOLE = [
    (
        "smtp",
        "14F0A232BB4: to=<bob@b.test>, orig_to=<x@a.test>, relay=mx.b.test[192.0.2.1]:25, conn_use=2, delay=0.05, delays=0.04/0/0/0.01, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 2F01D1855D)",
        {
            "queue_id": "14F0A232BB4",
            "recipients": ("bob@b.test",),
            "orig_to": "x@a.test",
            "relay": Relay(host="mx.b.test", ip="192.0.2.1", port=25),
            "status": SENT,
            "dsn": "2.0.0",
            "delay": 0.05,
            "reply": "250 2.0.0 Ok: queued as 2F01D1855D",
            "next_queue_id": "2F01D1855D",
        },
    ),
    pytest.param(
        "local",
        '5799C12A: to=<jo@a.test>, relay=local, delay=6, status=sent ("|/usr/bin/procmail")',
        {
            "queue_id": "5799C12A",
            "recipients": ("jo@a.test",),
            "relay": Relay(host="local"),
            "status": SENT,
            "delay": 6.0,
            "reply": '"|/usr/bin/procmail"',
        },
        id="2.2 has neither delays nor dsn",
    ),
    pytest.param(
        "smtp",
        "D7B274401: to=<jo@a.test>, relay=mx.a.test[192.0.2.1], delay=2, status=bounced (host mx.a.test[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command))",
        {
            "queue_id": "D7B274401",
            "recipients": ("jo@a.test",),
            "relay": Relay(host="mx.a.test", ip="192.0.2.1"),
            "status": BOUNCED,
            "delay": 2.0,
            "reply": "host mx.a.test[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
        },
        id="2.2 has no port",
    ),
    (
        "smtp",
        "A775030F22DF: to=<u@a.test>, relay=none, delay=0, delays=0/0/0/0, dsn=5.4.6, status=bounced (mail for a.test loops back to myself)",
        {
            "queue_id": "A775030F22DF",
            "recipients": ("u@a.test",),
            "status": BOUNCED,
            "dsn": "5.4.6",
            "delay": 0.0,
            "reply": "mail for a.test loops back to myself",
        },
    ),
    pytest.param(
        "discard",
        "EBFC0232C3D: to=<n@mx127.test>, relay=none, delay=0.01, delays=0/0/0/0, dsn=2.0.0, status=sent (MX is loopback)",
        {
            "queue_id": "EBFC0232C3D",
            "recipients": ("n@mx127.test",),
            "status": Status.DISCARDED,
            "dsn": "2.0.0",
            "delay": 0.01,
            "reply": "MX is loopback",
        },
        id="discard(8) says sent of what it threw away",
    ),
    pytest.param(
        "pipe",
        "95ECE24E0: to=<tom@a.test>, relay=dovecot, delay=0.12, delays=0.03/0/0/0.08, dsn=5.4.6, status=bounced (mail forwarding loop for tom@a.test)",
        {
            "queue_id": "95ECE24E0",
            "recipients": ("tom@a.test",),
            "relay": Relay(host="dovecot"),
            "status": BOUNCED,
            "dsn": "5.4.6",
            "delay": 0.12,
            "reply": "mail forwarding loop for tom@a.test",
        },
        id="a forwarding loop stays a delivery",
    ),
    pytest.param(
        "local",
        "DB5DD804DA:  to=<root@localhost>, orig_to=<info@a.test>,  relay=local, delay=0.26,delays=0.05/0.16/0/0.06, dsn=5.4.6,  status=bounced (mail forwarding loop for root@localhost)    ",
        {
            "queue_id": "DB5DD804DA",
            "recipients": ("root@localhost",),
            "orig_to": "info@a.test",
            "relay": Relay(host="local"),
            "status": BOUNCED,
            "dsn": "5.4.6",
            "delay": 0.26,
            "reply": "mail forwarding loop for root@localhost",
        },
        id="blanks doubled, lost and trailing, as forums show them",
    ),
    pytest.param(
        "smtp",
        "7EE668039: to=<u@a.test>, relay=mx.a.test[192.0.2.1]:25, delay=3.6, delays=0.08/0.02/0.85/0.14, tls=dane/!requiretls:nocertmatch, dsn=2.1.5, status=sent (250 2.1.5 Ok: queued as 153053D)",
        {
            "queue_id": "7EE668039",
            "recipients": ("u@a.test",),
            "relay": Relay(host="mx.a.test", ip="192.0.2.1", port=25),
            "status": SENT,
            "dsn": "2.1.5",
            "delay": 3.6,
            "reply": "250 2.1.5 Ok: queued as 153053D",
            "next_queue_id": "153053D",
        },
        id="tls= since 3.11",
    ),
    pytest.param(
        "qmgr",
        "BACE842E72: from=<noreply@a.test>, status=expired, returned to sender",
        {"queue_id": "BACE842E72", "status": Status.EXPIRED, "reply": "returned to sender"},
        id="qmgr gives up and names no recipient",
    ),
    (
        "qmgr",
        "B54DA300087: from=<>, status=force-expired, returned to sender",
        {"queue_id": "B54DA300087", "status": Status.EXPIRED, "reply": "returned to sender"},
    ),
    (
        "qmgr",
        "2DC5552A34: status=deferred (bounce failed)",
        {"queue_id": "2DC5552A34", "status": DEFERRED, "reply": "bounce failed"},
    ),
]


@pytest.mark.parametrize(("agent", "text", "fields"), WHOLE)
def test_a_delivery_line_gives_its_fields(read_postfix, postfix_event, agent, text, fields):
    assert read_postfix(text, agent) == postfix_event(Delivery, text, agent, **fields)


@pytest.mark.parametrize(
    ("printed", "recipient"),
    [
        ("<bob@b.test>", "bob@b.test"),
        ("bob@b.test", "bob@b.test"),
        ("bob", "bob"),
        ("<>", ""),
        pytest.param("", "", id="an anonymised log"),
        ('<"user 1234 with space"@b.test>', '"user 1234 with space"@b.test'),
        pytest.param("<user 1234 with space@b.test>", "user 1234 with space@b.test", id="< 3.5"),
        ('<"a>b"@b.test>', '"a>b"@b.test'),
        pytest.param("<a>b@b.test>", "a>b@b.test", id="< 3.5, a bracket in the local part"),
        ('<"a, relay=b"@b.test>', '"a, relay=b"@b.test'),
        (r'<"a\"b\\"@b.test>', r'"a\"b\\"@b.test'),
        ('<"@b.test>', '"@b.test'),
        ("<jürgen@bücher.test>", "jürgen@bücher.test"),
        ("<用户@例子.test>", "用户@例子.test"),
        ("<bob@[192.0.2.1]>", "bob@[192.0.2.1]"),
        ("<bob+tag=x@b.test>", "bob+tag=x@b.test"),
    ],
)
def test_a_recipient_is_read_as_it_stands(read_postfix, printed, recipient):
    event = read_postfix(line(to=printed))
    assert (event.recipients, event.orig_to) == ((recipient,), None)
    event = read_postfix(line(to=f"<x@x.test>, orig_to={printed}"))
    assert (event.recipients, event.orig_to) == (("x@x.test",), recipient)


@pytest.mark.parametrize(
    ("printed", "relay"),
    [
        ("none", None),
        ("local", Relay(host="local")),
        ("virtual", Relay(host="virtual")),
        ("mailman", Relay(host="mailman")),
        pytest.param("none.test[192.0.2.1]:25", Relay("none.test", "192.0.2.1", 25), id="a name"),
        ("127.0.0.1[127.0.0.1]:10024", Relay("127.0.0.1", "127.0.0.1", 10024)),
        ("mx.b.test[2001:db8::1]:25", Relay("mx.b.test", "2001:db8::1", 25)),
        ("2001:db8::1[2001:db8::1]:25", Relay("2001:db8::1", "2001:db8::1", 25)),
        ("mx.b.test[fe80::1%eth0]:25", Relay("mx.b.test", "fe80::1%eth0", 25)),
        ("mx.b.test[::ffff:127.0.0.1]:25", Relay("mx.b.test", "::ffff:127.0.0.1", 25)),
        ("MX.B.Test.[192.0.2.1]:587", Relay("mx.b.test", "192.0.2.1", 587)),
        ("b.test[private/dovecot-lmtp]", Relay("b.test")),
        ("b.test[/var/run/dovecot/lmtp]", Relay("b.test")),
        pytest.param("mx.b.test[85.90.xxx.xx]:25", Relay("mx.b.test", None, 25), id="censored"),
        pytest.param("mx.b.test[999.0.2.1]:25", Relay("mx.b.test", None, 25), id="no address"),
    ],
)
def test_a_relay_is_host_address_and_port(read_postfix, printed, relay):
    assert read_postfix(line(relay=printed)).relay == relay


@pytest.mark.parametrize(
    ("printed", "status"),
    [
        ("sent", SENT),
        ("deferred", DEFERRED),
        ("bounced", BOUNCED),
        pytest.param("SOFTBOUNCE", DEFERRED, id="soft_bounce keeps it in the queue"),
        ("expired", Status.EXPIRED),
        ("force-expired", Status.EXPIRED),
        ("deliverable", Status.DELIVERABLE),
        ("undeliverable", Status.UNDELIVERABLE),
        ("undeliverable-but-not-cached", Status.UNDELIVERABLE),
    ],
)
def test_a_status_is_one_of_ours(read_postfix, printed, status):
    assert read_postfix(line(tail=f"delay=1, status={printed} (x)")).status == status


def test_an_unknown_status_stays_unread(read_postfix):
    assert read_postfix(line(tail="delay=1, status=eaten (x)")) is None


@pytest.mark.parametrize(
    ("printed", "reply"),
    [
        (" (250 ok)", "250 ok"),
        ("", None),
        (" ()", ""),
        (" ((nested (twice)))", "(nested (twice))"),
        (" (unbalanced :( )", "unbalanced :( "),
        (" (unbalanced :) )", "unbalanced :) "),
        pytest.param(" (mail f$", "mail f$", id="cut"),
        pytest.param(
            " (host h[192.0.2.1] said: 450 x (in reply to RCPT TO command)",
            "host h[192.0.2.1] said: 450 x (in reply to RCPT TO command)",
            id="cut by one",
        ),
        (" (x (in reply to end of DATA command))", "x (in reply to end of DATA command)"),
        (" (250 ok)  ", "250 ok"),
    ],
)
def test_a_reply_is_what_stands_in_the_last_parentheses(read_postfix, printed, reply):
    assert read_postfix(line(tail=f"delay=1, status=deferred{printed}")).reply == reply


@pytest.mark.parametrize(
    ("reply", "next_queue_id"),
    [
        ("250 2.0.0 Ok: queued as 4986A232BAF", "4986A232BAF"),
        ("250 2.0.0 Ok: queued as 4jY7yc5qJgzKMCV", "4jY7yc5qJgzKMCV"),
        ("250 Ok: queued as BE7B04336", "BE7B04336"),
        (
            "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 2F01D185",
            "2F01D185",
        ),
        (
            "250 2.6.0 Ok, id=1-02, from MTA([127.0.0.1]:10025): 250 Ok: queued as 995DCD6C",
            "995DCD6C",
        ),
        ("250 2.0.0 kA50s0cL029158 Message accepted for delivery", "kA50s0cL029158"),
        ("250 SAA15929 Message accepted for delivery", "SAA15929"),
        ("250 OK id=1rAbCd-0001Ab-Xy", "1rAbCd-0001Ab-Xy"),
        ("forwarded as 56F5B43FD", "56F5B43FD"),
        ("delivered via filter service (250 2.0.0 Ok: queued as 56F5B43FD)", "56F5B43FD"),
        ("250 2.0.0 OK 1539154772 az9-v6si5976496plb.190 - gsmtp", None),
        ("250 2.0.0 <bob@b.test> hz3kESIo+1/dLgAAWP5Hkg Saved", None),
        ("250 2.6.0 <1A2B3C4D@b.test> Queued mail for delivery", None),
        pytest.param("250 queued as 4986A232@b.test", None, id="an address"),
        ("delivered to maildir", None),
    ],
)
def test_the_next_queue_id_is_the_one_that_the_receiver_names(read_postfix, reply, next_queue_id):
    event = read_postfix(line(tail=f"delay=1, status=sent ({reply})"))
    assert (event.next_queue_id, event.reply) == (next_queue_id, reply)


def test_only_an_accepted_message_has_a_next_queue_id(read_postfix):
    tail = "delay=1, status=deferred (host h[192.0.2.1] said: 450 Ok: queued as 4986A232BAF)"
    assert read_postfix(line(tail=tail)).next_queue_id is None


@pytest.mark.parametrize(
    ("printed", "delay"),
    [("0", 0.0), ("0.05", 0.05), ("404316", 404316.0), ("1.2e+05", 120000.0), ("-3", -3.0)],
)
def test_a_delay_is_seconds(read_postfix, printed, delay):
    assert read_postfix(line(tail=f"delay={printed}, status=sent (x)")).delay == delay


@pytest.mark.parametrize("printed", ["", "x", "1:30", "٣", "nan", "inf", "9" * 400, "1e999"])
def test_a_delay_that_is_no_number_of_seconds_makes_the_line_unread(read_postfix, printed):
    assert read_postfix(line(tail=f"delay={printed}, status=sent (x)")) is None


@pytest.mark.parametrize("agent", ["smtp", "lmtp", "relay", "virtual", "retry", "error", "qmgr"])
def test_any_daemon_may_deliver(read_postfix, agent):
    assert read_postfix(line(), agent).status == SENT
