"""Known lines that say nothing about a delivery, and lines that are known to nobody."""

import pytest

from logwatch_mx.model.event import Other

PEER = "mx.a.test[192.0.2.7]"
REPLY = "450 4.2.0 <b@b.test>: Greylisted (in reply to RCPT TO command)"


@pytest.mark.parametrize(
    "text",
    [
        f"connect from {PEER}",
        "connect from unknown[unknown]",
        "connect from unknown[192.0.2.7] ",
        f"disconnect from {PEER} ehlo=2 starttls=1 mail=1 rcpt=0/1 quit=1 commands=5/7",
        f"lost connection after DATA (7774180 bytes) from {PEER}",
        f"lost connection after END-OF-MESSAGE from {PEER}",
        f"NOQUEUE: lost connection after CONNECT from {PEER}",
        f"timeout after END-OF-MESSAGE from {PEER}",
        f"too many errors after RCPT from {PEER}",
        f"improper command pipelining after EHLO from {PEER}: MAIL FROM:<>",
        f"bare <LF> received after CONNECT from {PEER}",
        f"NOQUEUE: reject_warning: RCPT from {PEER}: 553 5.7.1 <a@a.test>: no; from=<a@a.test>",
        f"NOQUEUE: filter: RCPT from {PEER}: <a@a.test>: triggers FILTER x; from=<a@a.test>",
        f"NOQUEUE: discard: MAIL from {PEER}: <a@a.test>: Sender address SPAM; proto=SMTP",
        "NOQUEUE: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as DF66E940; from=<a@a.test>",
        f"NOQUEUE: abort: TLS from {PEER}: No client certificate presented",
        f"warning: {PEER}: hostname x verification failed",
        "warning: SASL authentication failure: Password verification failed",
        "fatal: no SASL authentication mechanisms",
        "error: open /dev/urandom: x",
        "panic: myfree: corrupt or unallocated memory block",
        "postfix/postlog: starting the Postfix mail system",
        "starting the Postfix mail system",
        "the Postfix mail system is running: PID: 95072",
        "Postfix is running with backwards-compatible default settings",
        "See http://www.postfix.org/COMPATIBILITY_README.html for details",
        "daemon started -- version 3.7.11, configuration /etc/postfix",
        "reload -- version 2.11.0, configuration /etc/postfix",
        "terminating on signal 15",
        "statistics: max connection rate 1/60s for (smtpd:192.0.2.7) at Oct 26 18:13:50",
        "statistics: max cache size 1 at Oct 26 18:13:50",
        "statistics: address lookup hits=0 miss=1 success=0%",
        "CONNECT from [192.0.2.7]:53024 to [192.0.2.1]:25",
        "CONNECT to [192.0.2.7]:25",
        "DISCONNECT [2001:db8::7]:43421",
        "PASS NEW [192.0.2.7]:36051",
        "ALLOWLIST VETO [192.0.2.7]:53024",
        "DENYLISTED [192.0.2.7]:5678",
        "PREGREET 14 after 0.18 from [192.0.2.7]:5678: EHLO x\\r\\n",
        "DNSBL rank 3 for [192.0.2.7]:5678",
        "HANGUP after 2.5 from [192.0.2.7]:5678 in tests after SMTP handshake",
        "COMMAND TIME LIMIT from [192.0.2.7]:51799 after CONNECT",
        "BDAT without valid RCPT from [192.0.2.7]:51799",
        "entering STRESS mode with 10 connections",
        "addr 192.0.2.7 listed by domain zen.b.test as 127.0.0.2",
        "connect to mx.b.test[192.0.2.1]:25: Connection timed out",
        "connect to mx.b.test[192.0.2.1]: Connection timed out (port 25)",
        "connect to b.test[private/dovecot-lmtp]: No such file or directory",
        "Untrusted TLS connection established to mx.b.test[192.0.2.1]:25: TLSv1.3 with cipher x",
        f"Anonymous TLS connection established from {PEER}: TLSv1.2 with cipher x",
        "Verified TLS connection reused to mx.b.test[192.0.2.1]:25: TLSv1.3 with cipher x",
        f"SSL_accept error from {PEER}: -1",
        "certificate verification failed for mx.b.test[192.0.2.1]:25: untrusted issuer /C=de",
        "server certificate verification failed for mx.b.test[192.0.2.1]:25: num=62:x",
        f"{PEER}: Untrusted: subject_CN=x, issuer=y, fingerprint=00:11",
        f"{PEER}: Issuing session ticket, key expiration: 1460000000",
        "Host offered STARTTLS: [mx.b.test]",
        "TLS handshake failed for service=smtp peer=[192.0.2.7]:63991",
        "TLSRPT: status=success, domain=b.test, receiving_mx=mx.b.test[192.0.2.1]",
        "table hash:/etc/postfix/virtual(0,lock|fold_fix) has changed -- restarting",
        "cache btree:/var/lib/postfix/postscreen_cache full cleanup: retained=2 dropped=7 entries",
        "close database /var/lib/postfix/verify.db: No such file or directory (possible Berkeley DB bug)",
        "using backwards-compatible default setting relay_domains=$mydestination to update x",
        "discarding EHLO keywords: CHUNKING ETRN",
        "mapping DSN status 5.1.1 into Recipient address status 5.1.1",
        "ignoring DNS RR: mx.b.test. 60 IN A 127.0.0.1",
        "Deleted: 115 messages",
        "Requeued: 1 message",
        f"< {PEER}: EHLO x",
        f"> {PEER}: 250-PIPELINING",
    ],
)
def test_a_known_line_without_a_message(read_postfix, postfix_event, text):
    assert read_postfix(text, "smtpd") == postfix_event(Other, text, "smtpd")


@pytest.mark.parametrize(
    "text",
    [
        f"host mx.b.test[192.0.2.1] said: {REPLY}",
        "host mx.b.test[192.0.2.1] refused to talk to me: 450 4.3.2 try again later",
        "lost connection with mx.b.test[192.0.2.1] while receiving the initial server greeting",
        "conversation with mx.b.test[192.0.2.1] timed out while sending RCPT TO",
        "enabling PIX workarounds: disable_esmtp delay_dotcrlf for mx.b.test[192.0.2.1]:25",
        "enabling PIX <CRLF>.<CRLF> workaround for mx.b.test[192.0.2.1]",
        "SASL authentication failed; server mx.b.test[192.0.2.1] said: 535 5.7.8 Error",
        "Cannot start TLS: handshake failure",
        "TLS is required, but was not offered by host mx.b.test[192.0.2.1]",
        "Server certificate not trusted",
        "mail for b.test loops back to myself",
        "skipped, still being delivered",
        "passing <bob@b.test> to transport=lmtp",
        'passing <"a> b"@b.test> to transport=lmtp',
        "breaking line > 990 bytes with <CR><LF>SPACE",
        "not sending trace/success notification for double-bounce message",
        "placed on hold",
        "released from hold",
        "requeued",
        "expired",
        f"warning: header Subject: x from {PEER}; from=<a@a.test> to=<b@b.test> proto=ESMTP",
        "info: header Subject: x from local; from=<a@a.test> to=<b@b.test>",
        f"replace: header MIME-Version: 1.0 from {PEER}; from=<a@a.test>: Mime-Version: 1.0",
        f"prepend: header X: y from {PEER}; from=<a@a.test>: Z: y",
        f"hold: DATA from {PEER}: <b@b.test>: Recipient address triggers HOLD action; proto=SMTP",
        f"milter-discard: END-OF-MESSAGE from {PEER}: milter triggers DISCARD action; from=<>",
        f"milter-header-redirect: header X: y from {PEER}; from=<a@a.test>: c@c.test",
        f"lost connection after DATA (15 bytes) from {PEER}",
    ],
)
def test_a_known_line_about_a_message_names_it(read_postfix, postfix_event, text):
    text = f"14F0A232BB4: {text}"
    assert read_postfix(text) == postfix_event(Other, text, queue_id="14F0A232BB4")


@pytest.mark.parametrize(
    ("text", "queue_id"),
    [
        ("warning: 9BECF3F19D: x map lookup problem -- message not accepted", "9BECF3F19D"),
        ("warning: 4jY7yc5qJgzKMCV: undeliverable postmaster notification", "4jY7yc5qJgzKMCV"),
        ("warning: database: x", None),
        ("warning: ABCDEF: no digit, no id", None),
        ("warning: 192.0.2.7: hostname x verification failed", None),
    ],
)
def test_a_warning_names_a_message_only_if_it_is_an_id(read_postfix, text, queue_id):
    assert read_postfix(text).queue_id == queue_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x",
        "hello world",
        "14F0A232BB4:",
        "14F0A232BB4: sold",
        "to=<bob@b.test>",
        "Warning: x",
    ],
)
def test_what_nobody_says_stays_unread(read_postfix, text):
    assert read_postfix(text) is None
