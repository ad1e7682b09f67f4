"""Why mail is put off, in classes."""

import pytest

from logwatch_mx.detect.reasons import (
    FULL_SERVER,
    GREYLISTED,
    LOCAL,
    MAILBOX,
    OUTAGE_REASONS,
    OWN_SERVICE,
    host_in,
    is_deferral,
    is_own_remedy,
    reason_of,
)
from logwatch_mx.model.event import Delivery, Mta, Status
from logwatch_mx.model.line import Line


def delivery(dsn, reply, *, status=Status.DEFERRED, mta=Mta.POSTFIX, agent="smtp", mailer=None):
    return Delivery(
        line=Line("x"), status=status, dsn=dsn, reply=reply, mta=mta, agent=agent, mailer=mailer
    )


G = "host gmail-smtp-in.l.google.com[192.0.2.1] said: 421-4.7.28"
SUSPENDED = "delivery temporarily suspended: "


@pytest.mark.parametrize(
    ("dsn", "reply", "reason"),
    [
        # real lines of Postfix 3.7.11 and sendmail 8.17.1
        ("4.4.1", "connect to mail.refuse.test[10.99.0.22]:25: Connection refused", "connection refused"),
        ("4.4.1", SUSPENDED + "connect to mail.refuse.test[10.99.0.22]:25: Connection refused", "connection refused"),
        ("4.4.1", "connect to mail.timeout.test[10.99.9.9]:25: Connection timed out", "connection timed out"),
        ("4.4.1", "connect to mail.noroute.test[10.99.0.99]:25: No route to host", "no route to host"),
        ("4.4.3", "Host or domain name not found. Name service error for name=servfail.test type=MX: Host not found, try again", "DNS failure"),
        ("4.3.2", "host mail.busy421.test[10.99.0.25] refused to talk to me: 421 4.3.2 too many connections, try again later", "throttled"),
        ("4.2.0", "host mail.grey450.test[10.99.0.24] said: 450 4.2.0 Greylisted, see http://postgrey.example/help (in reply to RCPT TO command)", GREYLISTED),
        ("4.4.1", "Connection refused by mail.refuse.test.", "connection refused"),
        ("4.4.1", "Connection timed out with mail.timeout.test.", "connection timed out"),
        ("4.4.1", "mail.noroute.test.: No route to host", "no route to host"),
        ("4.4.2", "conversation with mail.hang.test[10.99.0.27] timed out while receiving the initial server greeting", "connection lost"),
        ("4.2.0", "450 4.2.0 Greylisted, see http://postgrey.example/help", GREYLISTED),
        ("4.5.0", "421 4.3.2 too many connections, try again later", "throttled"),
        ("4.4.3", "queued", "DNS failure"),
        ("4.4.1", None, "connection timed out"),
        ("4.4.2", None, "connection lost"),
        ("4.0.0", "", "deferred by the remote server"),
        # providers' documented codes
        ("4.7.28", G + " Our system has detected an unusual rate", "throttled by Gmail (4.7.28)"),
        ("4.7.0", "host mta5.am0.yahoodns.net[192.0.2.1] said: 421 4.7.0 [TSS04] Messages temporarily deferred", "throttled by Yahoo (TSS04)"),
        ("4.7.650", "host x.olc.protection.outlook.com[192.0.2.1] said: 451 4.7.650 The mail server has been temporarily rate limited (S775)", "throttled by Microsoft (S775)"),
        ("4.7.650", "host x.olc.protection.outlook.com[192.0.2.1] said: 451 4.7.650 The mail server [203.0.113.9] has been temporarily rate limited due to IP reputation.", "throttled by Microsoft (4.7.650)"),
        ("4.7.500", "host d.mail.protection.outlook.com[192.0.2.1] said: 451 4.7.500 Server busy. Please try again later from [203.0.113.9]. (S77714) (in reply to RCPT TO command)", "throttled by Microsoft (S77714)"),
        ("5.7.1", "host x.olc.protection.outlook.com[192.0.2.1] said: 421 RP-001 The mail server IP connecting to Outlook.com server has exceeded the rate limit allowed", "throttled by Microsoft (RP-001)"),
        ("4.7.1", "host mta5.am0.yahoodns.net[192.0.2.1] said: 421 4.7.1 [TS03] All messages from 203.0.113.9 will be permanently deferred", "throttled by Yahoo (TS03)"),
        ("4.7.1", "host mta5.am0.yahoodns.net[192.0.2.1] said: 421 4.7.1 [GL01] Message from (203.0.113.9) temporarily deferred", "greylisted by Yahoo (GL01)"),
        ("4.7.0", "host gmail-smtp-in.l.google.com[192.0.2.1] said: 421-4.7.0 [203.0.113.9      15] Our system has detected that this message is suspicious 421 4.7.0 review our guidelines. a1-20020a05 - gsmtp (in reply to end of DATA command)", "throttled by Gmail (4.7.0)"),
        ("4.7.26", "host gmail-smtp-in.l.google.com[192.0.2.1] said: 421-4.7.26 Your email has been rate limited because it is unauthenticated. 421 4.7.26 a1-x - gsmtp (in reply to end of DATA command)", "Gmail wants proof of the sender (4.7.26)"),
        # codes of others, and what only looks like one
        ("4.7.0", "host h[192.0.2.1] said: 421 4.7.0 see RP-0012 or corp-001", "deferred by the remote server"),
        ("4.7.500", "host h[192.0.2.1] said: 451 4.7.500 Server busy", "deferred by the remote server"),
        ("4.7.1", "host h[192.0.2.1] said: 421 4.7.1 (spam) [ts99]", "content refused for now"),
        # the server's own disk, not a mailbox: RFC 3463, X.3.1
        ("4.3.1", "host h[192.0.2.1] said: 452 4.3.1 Insufficient system resources (UsedDiskSpace[C]) (in reply to MAIL FROM command)", FULL_SERVER),
        ("4.0.0", "452 Insufficient system storage", FULL_SERVER),
        # a tenant's queue is no mailbox
        ("4.7.3", "host d.mail.protection.outlook.com[192.0.2.1] said: 450 4.7.3 Organization queue quota exceeded. (in reply to end of DATA command)", "throttled"),
        ("4.0.0", "host h[192.0.2.1] said: 452 Mailbox size limit exceeded (in reply to RCPT TO command)", MAILBOX),
        # Postfix's own words until it knows whether a recipient exists: the next try is let in
        ("4.1.1", "host h[192.0.2.1] said: 450 4.1.1 <u@d.test>: Recipient address rejected: unverified address: Address verification in progress (in reply to RCPT TO command)", GREYLISTED),
        ("4.1.1", "host h[192.0.2.1] said: 450 4.1.1 <u@d.test>: Recipient address rejected: unverified address: connect to mx: Connection refused (in reply to RCPT TO command)", "connection refused"),
        # greylisting is 450 or 451 with its codes; others who say "later" are not
        ("4.7.1", "host h[192.0.2.1] said: 451 4.7.1 Please try again later", GREYLISTED),
        # a limit says "later" as well: it is no greylisting
        ("4.7.1", "host h[192.0.2.1] said: 451 4.7.1 Temporary rate limit exceeded, try again later", "throttled"),
        ("4.3.0", "host h[192.0.2.1] said: 451 4.3.0 try again later", "deferred by the remote server"),
        ("4.7.1", "host h[192.0.2.1] said: 421 4.7.1 try again later", "deferred by the remote server"),
        ("4.2.1", "host h[192.0.2.1] said: 450 4.2.1 The user is receiving mail too quickly", MAILBOX),
        ("4.2.2", "452 4.2.2 mailbox full", MAILBOX),
        ("4.7.5", "Server certificate not trusted", "TLS trouble"),
        ("4.4.1", "connect to h[2001:db8::1]:25: Network is unreachable", "network unreachable"),
        # what a remote says of its own DNS or network is not our outage
        ("4.4.3", "host h[192.0.2.1] said: 451 4.4.3 temporary lookup failure", "deferred by the remote server"),
        ("4.4.3", SUSPENDED + "host h[192.0.2.1] refused to talk to me: 451 4.4.3 no", "deferred by the remote server"),
        ("4.3.0", "host h[192.0.2.1] said: 451 Name service error for name=evil", "deferred by the remote server"),
        ("4.3.0", "451 4.3.0 Network is unreachable", "deferred by the remote server"),
    ],
)  # fmt: skip
def test_the_reason_of_a_deferral(dsn, reply, reason):
    assert reason_of(delivery(dsn, reply)) == reason


@pytest.mark.parametrize(
    ("agent", "mailer", "reply", "reason"),
    [
        ("pipe", None, "temporary failure. Command output: disk full", LOCAL),
        ("local", None, "temporary failure", LOCAL),
        (None, "prog", "Deferred: local mailer (/usr/bin/procmail) exited with EX_TEMPFAIL", LOCAL),
        ("virtual", None, "maildir delivery failed: create maildir file: No space left on device", LOCAL),
        # a socket or a configured loopback address: no server of others that is down
        ("lmtp", None, "connect to mx[private/dovecot-lmtp]: Connection refused", OWN_SERVICE),
        ("lmtp", None, "connect to mx.home.test[/run/dovecot/lmtp]: No such file or directory", OWN_SERVICE),
        ("lmtp", None, "connect to 127.0.0.1[127.0.0.1]:24: Connection refused", OWN_SERVICE),
        ("smtp", None, "connect to localhost[::1]:10024: Connection timed out", OWN_SERVICE),
        ("error", None, SUSPENDED + "connect to 127.0.0.1[127.0.0.1]:10024: Connection refused", OWN_SERVICE),
        (None, "relay", "Deferred: Connection refused by [127.0.0.1]", OWN_SERVICE),
        # an MX led there, or somebody says so
        ("smtp", None, "connect to mail.d.test[127.0.0.1]:25: Connection refused", "connection refused"),
        ("smtp", None, "connect to localhost.d.test[192.0.2.1]:25: Connection refused", "connection refused"),
    ],
)  # fmt: skip
def test_a_mailbox_that_takes_nothing_is_no_remote_server(agent, mailer, reply, reason):
    mta = Mta.SENDMAIL if mailer else Mta.POSTFIX
    assert reason_of(delivery("4.3.0", reply, agent=agent, mailer=mailer, mta=mta)) == reason


def test_no_text_of_a_remote_server_is_an_outage():
    for text in ("Name service error", "network is unreachable", "host name lookup failure"):
        for before in ("host h[192.0.2.1] said: 450 ", "450 4.0.0 ", "421-"):
            assert reason_of(delivery("4.4.3", before + text)) not in OUTAGE_REASONS


@pytest.mark.parametrize(
    ("reply", "host"),
    [
        ("connect to Mail.D.test[192.0.2.1]:25: Connection refused", "mail.d.test"),
        (SUSPENDED + "connect to mail.d.test[192.0.2.1]:25: Connection refused", "mail.d.test"),
        (SUSPENDED + "lost connection with mail.d.test[192.0.2.1] while", "mail.d.test"),
        ("host mail.d.test[192.0.2.1] refused to talk to me: 421", "mail.d.test"),
        ("Host or domain name not found. Name service error", None),
        ("the host h[1] is in the middle", None),
        ("connect to " + "h" * 10000 + "[", None),
        (None, None),
    ],
)
def test_the_host_that_a_text_names(reply, host):
    assert host_in(reply) == host


@pytest.mark.parametrize(
    ("event", "own"),
    [
        (delivery("4.4.6", "logwatch-mx: paused", agent="error"), True),
        (delivery("4.4.6", "Logwatch-MX: paused", agent="retry"), True),
        (delivery("2.0.0", "logwatch-mx", agent="discard", status=Status.SENT), True),
        # a remote server that knows our name
        (delivery("4.4.6", "host h[192.0.2.1] said: 450 logwatch-mx", agent="smtp"), False),
        # Postfix' own throttle is news
        (delivery("4.4.1", SUSPENDED + "connect to h[192.0.2.1]:25: refused", agent="error"), False),
        (delivery("4.4.1", "Connection refused", mta=Mta.SENDMAIL, mailer="pause"), True),
        (delivery("2.0.0", None, mta=Mta.SENDMAIL, mailer="LoopDiscard"), True),
        (delivery("4.4.1", "logwatch-mx", mta=Mta.SENDMAIL, mailer="esmtp"), False),
        (delivery("4.4.1", "logwatch-mx", mta=Mta.SENDMAIL), False),
    ],
)  # fmt: skip
def test_our_own_remedies_are_known_by_our_own_words(event, own):
    assert is_own_remedy(event) is own


@pytest.mark.parametrize(
    ("status", "dsn", "deferral"),
    [
        (Status.DEFERRED, None, True),
        (Status.QUEUED, "4.4.3", True),
        (Status.QUEUED, None, False),  # sendmail: accepted, tried later
        (Status.SENT, "2.0.0", False),
        (Status.BOUNCED, "4.4.3", False),
    ],
)
def test_what_is_a_deferral(status, dsn, deferral):
    assert is_deferral(delivery(dsn, "x", status=status)) is deferral
