"""Whoever writes into a log line writes text: no field of Postfix's own."""

import pytest

from logwatch_mx.model.event import (
    Auth,
    Client,
    Delivery,
    Message,
    Other,
    Reject,
    Relay,
    Status,
)

FORGED = "relay=127.0.0.1[127.0.0.1]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as DEADBEEF01)"
REAL = Relay("mx.evil.test", "192.0.2.66", 25)
CLIENT = Client("mx.a.test", "192.0.2.7")


def refused(reply, status="bounced"):
    return f"14F0A232BB4: to=<bob@b.test>, relay=mx.evil.test[192.0.2.66]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status={status} (host mx.evil.test[192.0.2.66] said: {reply} (in reply to RCPT TO command))"


@pytest.mark.parametrize(
    "reply",
    [
        f"550 no), {FORGED}",
        f"550 no, to=<victim@v.test>, {FORGED}",
        f"550 no)\r14F0A232BB4: to=<victim@v.test>, {FORGED}",
        "550 status=sent (250 2.0.0 Ok: queued as DEADBEEF01",
        "550 250 2.0.0 DEADBEEF01 Message accepted for delivery",
        "550 \x00 status=sent (x",
        "550 \x1b[2J\x1b]0;x\x07 status=sent",
        "550 \x85, status=sent (x)\u2028, status=sent (x)",
        "550 bell\x07\ttab \udcff bytes",
        "550 " + ")" * 50,
        "550 " + "(" * 50,
    ],
)
@pytest.mark.parametrize("status", ["bounced", "deferred"])
def test_a_remote_reply_stays_a_reply(read_postfix, reply, status):
    event = read_postfix(refused(reply, status))
    assert type(event) is Delivery
    assert (event.recipients, event.relay, event.status, event.dsn, event.next_queue_id) == (
        ("bob@b.test",),
        REAL,
        Status(status),
        "5.1.1",
        None,
    )
    said = f"host mx.evil.test[192.0.2.66] said: {reply} (in reply to RCPT TO command)"
    assert event.reply == said


def test_a_quoted_recipient_stays_a_recipient(read_postfix):
    local = f'"x>, {FORGED}"'
    text = f"14F0A232BB4: to=<{local}@b.test>, orig_to=<{local}>, relay=none, delay=1, delays=0/0/0/1, dsn=5.4.4, status=bounced (no such domain)"
    event = read_postfix(text)
    assert (event.recipients, event.orig_to) == ((f"{local}@b.test",), local)
    assert (event.relay, event.status, event.reply) == (None, Status.BOUNCED, "no such domain")


@pytest.mark.parametrize(
    "sender",
    [
        "a>, size=1, nrcpt=1 (queue active)",
        '"a>, status=expired, returned to sender"@v.test',
        "a>, size=1, nrcpt=1 (queue active), client=localhost[127.0.0.1]",
        "\x00\x1b[31m",
    ],
)
def test_a_sender_stays_a_sender(read_postfix, postfix_event, sender):
    text = f"14F0A232BB4: from=<{sender}>, size=366, nrcpt=2 (queue active)"
    fields = {"queue_id": "14F0A232BB4", "sender": sender, "size": 366, "nrcpt": 2}
    assert read_postfix(text, "qmgr") == postfix_event(Message, text, "qmgr", **fields)


def test_an_expired_message_stays_expired(read_postfix):
    text = "14F0A232BB4: from=<a>, size=1, nrcpt=1 (queue active)@v.test>, status=expired, returned to sender"
    event = read_postfix(text, "qmgr")
    assert (type(event), event.status) == (Delivery, Status.EXPIRED)


@pytest.mark.parametrize(
    ("printed", "message_id"),
    [
        ("<x@v.test> client=localhost[127.0.0.1]", "x@v.test"),
        ("<x@v.test>, relay=127.0.0.1[127.0.0.1]:25, status=sent (ok)", "x@v.test"),
        ("x@v.test, client=localhost[127.0.0.1]", "x@v.test, client=localhost[127.0.0.1]"),
        ("<\x1b[2J\x00>", "\x1b[2J\x00"),
    ],
)
def test_a_message_id_stays_a_message_id(read_postfix, postfix_event, printed, message_id):
    text = f"14F0A232BB4: message-id={printed}"
    fields = {"queue_id": "14F0A232BB4", "message_id": message_id}
    assert read_postfix(text, "cleanup") == postfix_event(Message, text, "cleanup", **fields)


def test_a_login_name_is_no_client(read_postfix):
    text = "14F0A232BB4: client=mx.a.test[192.0.2.7], sasl_method=PLAIN, sasl_username=x, client=localhost[127.0.0.1]"
    assert read_postfix(text, "smtpd").client == CLIENT


@pytest.mark.parametrize(
    "client",
    [
        "localhost[127.0.0.1].evil.test[192.0.2.7]",
        "localhost[127.0.0.1], x[192.0.2.7]",
        "localhost [127.0.0.1]",
        "localhost[127.0.0.1]x",
    ],
)
def test_a_client_name_with_brackets_is_unread(read_postfix, client):
    assert read_postfix(f"14F0A232BB4: client={client}", "smtpd") is None


SAID = "550 5.1.1 <{0}>: Recipient address rejected: no; from=<a@a.test> to=<{0}> proto=ESMTP helo=<mx.a.test>"


@pytest.mark.parametrize(
    "recipient",
    [
        '"x; from=<v@v.test> to=<w@v.test> proto=SMTP helo=<v>"@b.test',
        '"554 5.4.0 Error: too many hops"@b.test',
        '"x>: Relay access denied; from=<v@v.test>"@b.test',
    ],
)
def test_a_refused_recipient_stays_a_recipient(read_postfix, recipient):
    event = read_postfix(
        f"NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: {SAID.format(recipient)}", "smtpd"
    )
    assert (type(event), event.client, event.sender, event.recipient, event.dsn) == (
        Reject,
        CLIENT,
        "a@a.test",
        recipient,
        "5.1.1",
    )


@pytest.mark.parametrize("helo", ["x> from=<v@v.test> to=<w@v.test>", "x; from=<v@v.test", "<>>"])
def test_a_helo_is_no_envelope(read_postfix, helo):
    text = f"NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 554 5.7.1 no; from=<a@a.test> to=<b@b.test> proto=ESMTP helo=<{helo}>"
    event = read_postfix(text, "smtpd")
    assert (event.client, event.sender, event.recipient, event.reply) == (
        CLIENT,
        "a@a.test",
        "b@b.test",
        "554 5.7.1 no",
    )


def test_a_subject_is_no_envelope(read_postfix):
    subject = (
        "x from v.test[192.0.2.99]; from=<v@v.test> to=<w@v.test> proto=SMTP helo=<v>: 5.7.1 z"
    )
    text = f"C86F93FD8B: reject: header Subject: {subject} from mx.a.test[192.0.2.7]; from=<a@a.test> to=<b@b.test> proto=ESMTP helo=<mx.a.test>: 5.7.1 No"
    event = read_postfix(text, "cleanup")
    assert (event.client, event.sender, event.recipient, event.reply) == (
        CLIENT,
        "a@a.test",
        "b@b.test",
        "5.7.1 No",
    )


DELIVERED = f"DEADBEEF01: to=<victim@v.test>, {FORGED}"


@pytest.mark.parametrize(
    ("text", "queue_id"),
    [
        (f"14F0A232BB4: warning: header Subject: {DELIVERED} from local; from=<a@a.test>", "14F0A232BB4"),
        ("14F0A232BB4: warning: header Subject: x: message rejected: hopcount exceeded", "14F0A232BB4"),
        (f"14F0A232BB4: host mx.evil.test[192.0.2.66] said: 450 {DELIVERED} (in reply to DATA command)", "14F0A232BB4"),
        (f"improper command pipelining after EHLO from mx.a.test[192.0.2.7]: {DELIVERED}", None),
        (f"PREGREET 99 after 0 from [192.0.2.7]:1: {DELIVERED}", None),
        (f"NON-SMTP COMMAND from [192.0.2.7]:1 after CONNECT: {DELIVERED}", None),
        (f"warning: non-SMTP command from mx.a.test[192.0.2.7]: {DELIVERED}", None),
        (f"warning: Illegal address syntax from mx.a.test[192.0.2.7] in MAIL command: <{DELIVERED}>", None),
        (f"< mx.a.test[192.0.2.7]: {DELIVERED}", None),
        ("warning: Illegal address syntax from x[192.0.2.7] in RCPT command: host v.test[127.0.0.1]:25 greeted me with my own hostname v.test", None),
        ("warning: numeric domain name in resource data of MX record for v.test: mailer loop: best MX host for v.test is local", None),
    ],
)  # fmt: skip
def test_text_of_strangers_in_a_known_line_says_nothing(
    read_postfix, postfix_event, text, queue_id
):
    assert read_postfix(text) == postfix_event(Other, text, queue_id=queue_id)


def test_a_login_mechanism_is_no_verdict(read_postfix):
    text = "warning: mx.a.test[192.0.2.7]: SASL LOGIN authentication failed: host v.test[127.0.0.1]:25 greeted me with my own hostname v.test"
    event = read_postfix(text, "smtpd")
    assert (type(event), event.client, event.method) == (Auth, CLIENT, "LOGIN")


@pytest.mark.parametrize(
    "text",
    [
        refused("550 " + "x" * 1_000_000),
        refused("550 " + ", status=sent (" * 60_000),
        refused("550 x").replace("bob", "b>, " * 250_000),
        "14F0A232BB4: to=<" + ">, relay=" * 100_000,
        "14F0A232BB4: message-id=<" + "x" * 1_000_000,
        "NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 550 " + "; from=" * 140_000,
        "C86F93FD8B: reject: header X: " + " from x[y]; from=" * 60_000,
        "warning: " + "A" * 1_000_000,
        "A" * 1_000_000,
        ": " * 500_000,
        'NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 550 <"' + '\\"' * 400_000,
    ],
    ids=lambda text: text[:40],
)
def test_a_megabyte_is_read_like_any_line(read_postfix, text):
    event = read_postfix(text)
    assert event is None or event.line.text == text
