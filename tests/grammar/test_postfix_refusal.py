"""Lines that refuse: a client, a login, or a message that goes round."""

import pytest

from logwatch_mx.model.event import Auth, Client, MtaVerdict, Reject, Said

PEER = Client("mx.a.test", "192.0.2.7")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 550 5.1.1 <b@b.test>: Recipient address rejected: User unknown in virtual mailbox table; from=<a@a.test> to=<b@b.test> proto=ESMTP helo=<mx.a.test>",
            {
                "client": PEER,
                "sender": "a@a.test",
                "recipient": "b@b.test",
                "dsn": "5.1.1",
                "reply": "550 5.1.1 <b@b.test>: Recipient address rejected: User unknown in virtual mailbox table",
            },
        ),
        (
            "8F1C3A2209: reject: MAIL from mx.a.test[192.0.2.7]: 452 4.3.1 Insufficient system storage; proto=ESMTP helo=<mx.a.test>",
            {
                "queue_id": "8F1C3A2209",
                "client": PEER,
                "dsn": "4.3.1",
                "reply": "452 4.3.1 Insufficient system storage",
            },
        ),
        (
            "NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 554 5.7.1 Service unavailable; Helo command [x.test] blocked using dbl.b.test; https://b.test/?q=x.test; from=<> to=<b@b.test> proto=SMTP helo=<x.test> sasl_method=LOGIN sasl_username=u@a.test",
            {
                "client": PEER,
                "sender": "",
                "recipient": "b@b.test",
                "dsn": "5.7.1",
                "reply": "554 5.7.1 Service unavailable; Helo command [x.test] blocked using dbl.b.test; https://b.test/?q=x.test",
            },
        ),
        pytest.param(
            "reject: RCPT from mx.a.test[192.0.2.7]: 554 <b@b.test>: Recipient address rejected: Relay access denied; from=<a@a.test> to=<b@b.test>",
            {
                "client": PEER,
                "sender": "a@a.test",
                "recipient": "b@b.test",
                "reply": "554 <b@b.test>: Recipient address rejected: Relay access denied",
            },
            id="1.1 has no NOQUEUE, no dsn, no proto",
        ),
        (
            "NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 554",
            {"client": PEER, "reply": "554"},
        ),
        (
            "NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 554 5.7.1 <b@b.test>: Relay access denied;",
            {
                "client": PEER,
                "dsn": "5.7.1",
                "reply": "554 5.7.1 <b@b.test>: Relay access denied",
            },
        ),
        pytest.param(
            "NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 554 5.7.1 <b@b.test>: Relay access denied; from=<a@a.test> to=<b@b.te",
            {
                "client": PEER,
                "sender": "a@a.test",
                "dsn": "5.7.1",
                "reply": "554 5.7.1 <b@b.test>: Relay access denied",
            },
            id="cut",
        ),
        (
            "NOQUEUE: milter-reject: CONNECT from mx.a.test[192.0.2.7]: 451 4.7.1 Service unavailable - try again later; proto=SMTP",
            {
                "client": PEER,
                "dsn": "4.7.1",
                "reply": "451 4.7.1 Service unavailable - try again later",
            },
        ),
        pytest.param(
            "4104E3DA: milter-reject: END-OF-MESSAGE from mx.a.test[192.0.2.7]: 5.7.1 Blocked by SpamAssassin; from=<a@a.test> to=<b@b.test> proto=ESMTP helo=<mx.a.test>",
            {
                "queue_id": "4104E3DA",
                "client": PEER,
                "sender": "a@a.test",
                "recipient": "b@b.test",
                "dsn": "5.7.1",
                "reply": "5.7.1 Blocked by SpamAssassin",
            },
            id="cleanup leaves the code out",
        ),
        pytest.param(
            "NOQUEUE: reject: RCPT from [192.0.2.7]:2413: 550 5.7.1 Service unavailable; client [192.0.2.7] blocked using zen.b.test; from=<a@a.test>, to=<b@b.test>, proto=ESMTP, helo=<mx.a.test>",
            {
                "client": Client(None, "192.0.2.7"),
                "sender": "a@a.test",
                "recipient": "b@b.test",
                "dsn": "5.7.1",
                "reply": "550 5.7.1 Service unavailable; client [192.0.2.7] blocked using zen.b.test",
            },
            id="postscreen has no name and commas",
        ),
        (
            "NOQUEUE: reject: CONNECT from [2001:db8::7]:1337: too many connections",
            {"client": Client(None, "2001:db8::7"), "reply": "too many connections"},
        ),
        (
            "reject: connect from [192.0.2.7]:1337: all screening ports busy",
            {"client": Client(None, "192.0.2.7"), "reply": "all screening ports busy"},
        ),
        (
            "NOQUEUE: reject: DATA content from mx.a.test[192.0.2.7]: 421 4.3.0 me.test Server local data error",
            {
                "client": PEER,
                "dsn": "4.3.0",
                "reply": "421 4.3.0 me.test Server local data error",
            },
        ),
        (
            "proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=31619-02 - spam; from=<> to=<b@b.test> proto=SMTP helo=<x>",
            {
                "sender": "",
                "recipient": "b@b.test",
                "dsn": "5.7.0",
                "reply": "554 5.7.0 Reject, id=31619-02 - spam",
            },
        ),
        (
            "proxy-reject: END-OF-MESSAGE: ; from=<a@a.test> to=<b@b.test> proto=SMTP helo=<x>",
            {"sender": "a@a.test", "recipient": "b@b.test"},
        ),
        (
            "C86F93FD8B: reject: header Subject: buy, buy from mx.a.test[192.0.2.7]; from=<> to=<b@b.test> proto=ESMTP helo=<mx.a.test>: 5.7.1 No backscatter",
            {
                "queue_id": "C86F93FD8B",
                "client": PEER,
                "sender": "",
                "recipient": "b@b.test",
                "dsn": "5.7.1",
                "reply": "5.7.1 No backscatter",
            },
        ),
        (
            "C86F93FD8B: reject: body # from here from local; from=<a@a.test> to=<b@b.test>: 5.7.1 No",
            {
                "queue_id": "C86F93FD8B",
                "sender": "a@a.test",
                "recipient": "b@b.test",
                "dsn": "5.7.1",
                "reply": "5.7.1 No",
            },
        ),
        (
            "C86F93FD8B: reject: mime-error nesting too deep: x from mx.a.test[192.0.2.7]; from=<a@a.test> to=<b@b.test>",
            {
                "queue_id": "C86F93FD8B",
                "client": PEER,
                "sender": "a@a.test",
                "recipient": "b@b.test",
            },
        ),
    ],
)
def test_a_refused_client(read_postfix, postfix_event, text, fields):
    assert read_postfix(text, "smtpd") == postfix_event(Reject, text, "smtpd", **fields)


@pytest.mark.parametrize(
    ("said", "dsn"),
    [
        ("550 5.1.1 no", "5.1.1"),
        ("550 5.12.345 <b@b.test>: no", "5.12.345"),
        ("5.7.1 no", "5.7.1"),
        pytest.param("550 8.8.8.8 is listed", None, id="an address"),
        pytest.param("550 4.3.2.1 is listed", None, id="an address with a 4"),
        ("550 no 5.1.1", None),
        ("9999 text ...", None),
        ("554", None),
    ],
)
def test_a_dsn_stands_behind_the_code(read_postfix, said, dsn):
    event = read_postfix(f"NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: {said}; proto=SMTP")
    assert (event.dsn, event.reply) == (dsn, said)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "warning: 6D605232BAF: message rejected: hopcount exceeded",
            {"verdict": Said.TOO_MANY_HOPS, "queue_id": "6D605232BAF"},
        ),
        (
            "6D605232BAF: message rejected: hopcount exceeded",
            {"verdict": Said.TOO_MANY_HOPS, "queue_id": "6D605232BAF"},
        ),
        (
            "NOQUEUE: reject: END-OF-MESSAGE from localhost[127.0.0.1]: 554 5.4.0 Error: too many hops; from=<> to=<n@mx127.test> proto=ESMTP helo=<mx.home.test>",
            {"verdict": Said.TOO_MANY_HOPS},
        ),
        (
            "warning: host mail.mx127.test[127.0.0.1]:25 greeted me with my own hostname mx.home.test",
            {"verdict": Said.OWN_HOSTNAME, "mx_host": "mail.mx127.test"},
        ),
        (
            "warning: host Mail.A.test.[::1] replied to HELO/EHLO with my own hostname mail.a.test",
            {"verdict": Said.OWN_HOSTNAME, "mx_host": "mail.a.test"},
        ),
        (
            "warning: host 0.0.0.0[0.0.0.0]:25 replied to HELO/EHLO with my own hostname me.test",
            {"verdict": Said.OWN_HOSTNAME, "mx_host": "0.0.0.0"},
        ),
        (
            "warning: mailer loop: best MX host for A.test is local",
            {"verdict": Said.SELF_MX, "domain": "a.test"},
        ),
    ],
)
def test_the_mta_says_that_it_loops(read_postfix, postfix_event, text, fields):
    assert read_postfix(text) == postfix_event(MtaVerdict, text, **fields)


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("SASL LOGIN authentication failed: UGFzc3dvcmQ6", "LOGIN"),
        ("SASL PLAIN authentication failed: (reason unavailable), sasl_username=u@a.test", "PLAIN"),
        ("SASL CRAM-MD5 authentication aborted", "CRAM-MD5"),
        ("SASL LOGIN authentication failed", "LOGIN"),
    ],
)
def test_a_login_that_failed(read_postfix, postfix_event, text, method):
    text = f"warning: mx.a.test[192.0.2.7]: {text}"
    fields = {"client": PEER, "method": method, "ok": False}
    assert read_postfix(text, "smtpd") == postfix_event(Auth, text, "smtpd", **fields)
