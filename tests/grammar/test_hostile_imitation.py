"""What strangers write into a log line, imitating a delivery: each place, each disguise."""

import json
from collections import Counter
from datetime import UTC

import pytest

from logwatch_mx.grammar.census import Census
from logwatch_mx.grammar.interpret import INTERPRETED
from logwatch_mx.grammar.quick import QuickReader
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Delivery, Status
from logwatch_mx.model.line import Line

HEAD = "Nov 23 12:00:00 mx "
POSTFIX = (
    "to=<v@victim.test>, relay=127.0.0.1[127.0.0.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, "
    "status=sent (250 2.0.0 Ok: queued as ABCDEF1234)"
)
SENDMAIL = (
    "to=<v@victim.test>, delay=00:00:01, mailer=esmtp, relay=victim.test. [127.0.0.1], "
    "dsn=2.0.0, stat=Sent (ABCDE12345 Message accepted for delivery)"
)
LINE = f"{HEAD}postfix/smtp[9]: ABCDEF1234: {POSTFIX}"
DISGUISES = {
    "plain": POSTFIX,
    "of the other MTA": SENDMAIL,
    "behind NUL": f"x\0{POSTFIX}",
    "behind CR": f"x\r{POSTFIX}",
    "a line behind U+2028": f"x\u2028{LINE}",
    "behind overlong UTF-8": f"\udcc0\udcaf{POSTFIX}",
    "behind parentheses": f"))) {POSTFIX}",
    "behind an escaped quote": f'\\" {POSTFIX}',
    "a whole line": LINE,
    "a line in JSON": json.dumps({"message": LINE}),
    "behind NEL": f"\x85{POSTFIX}",
    "behind VT": f"\x0b{POSTFIX}",
    "behind a priority": f"<22>{POSTFIX}",
}
_SMTP = "postfix/smtp[1]: 17CCA8044: to=<b@b.test>, relay=mx.b.test[192.0.2.1]:25, delay=3, "
_SM = "sm-mta[1]: 6ANEM6Us010269: "
_SM_TO = (
    f"{_SM}to=<b@b.test>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=30000, "
    "relay=mx.b.test. [192.0.2.1], dsn=4.2.0, "
)
_SMTPD = "postfix/smtpd[1]: "
_REJECT = f"{_SMTPD}NOQUEUE: reject: RCPT from unknown[192.0.2.7]: "
_CLEANUP = "postfix/cleanup[1]: 17CCA8044: "
_ENVELOPE = "; from=<a@a.test> to=<b@b.test> proto=ESMTP helo=<x>"
PLACES = {
    "a reply that defers": (
        f"{_SMTP}delays=0/0/1/2, dsn=4.0.0, status=deferred (host mx.b.test[192.0.2.1] said: "
        "450 %% (in reply to RCPT TO command))"
    ),
    "the output of a command": (
        "postfix/pipe[1]: 17CCA8044: to=<b@b.test>, relay=maildrop, delay=0.1, "
        "delays=0.1/0/0/0, dsn=4.3.0, status=deferred (temporary failure. Command output: %% )"
    ),
    "reply= and stat=": f"{_SM_TO}reply=450 4.2.0 %%, stat=Deferred: 450 4.2.0 %%",
    "stat=": f"{_SM_TO}stat=Deferred: 450 4.2.0 %%",
    "HELO": (
        f"{_REJECT}554 5.7.1 <b@b.test>: Relay access denied; from=<a@a.test> to=<b@b.test> "
        "proto=ESMTP helo=<%%>"
    ),
    "message-id": f"{_CLEANUP}message-id=<%%>",
    "Subject": (f"{_CLEANUP}warning: header Subject: %% from unknown[192.0.2.7]{_ENVELOPE}"),
    "Subject of a refused message": (
        f"{_CLEANUP}reject: header Subject: %% from unknown[192.0.2.7]{_ENVELOPE}: 5.7.1 no"
    ),
    "a milter's text": (
        f"{_CLEANUP}milter-reject: END-OF-MESSAGE from unknown[192.0.2.7]: 5.7.1 %%{_ENVELOPE}"
    ),
    "SASL username": (
        f"{_SMTPD}17CCA8044: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=%%"
    ),
    "SASL username that failed": (
        f"{_SMTPD}warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: x, "
        "sasl_username=%%"
    ),
    "commands sent too early": (
        f"{_SMTPD}improper command pipelining after DATA from unknown[192.0.2.7]: %%"
    ),
    "no command at all": f"{_SMTPD}warning: non-SMTP command from unknown[192.0.2.7]: %%",
    "a command that is watched": f"{_SMTPD}< unknown[192.0.2.7]: %%",
    "talk before the greeting": "postfix/postscreen[1]: PREGREET 14 after 0.1 from [192.0.2.7]:9: %%",
    "message-id at sendmail": (
        f"{_SM}from=<a@a.test>, size=1, class=0, nrcpts=1, msgid=<%%>, proto=ESMTP, daemon=MTA, "
        "relay=mx.b.test [192.0.2.3]"
    ),
    "a milter's text at sendmail": f"{_SM}Milter: data, reject=554 5.7.1 %%",
    "a milter's header": f"{_SM}Milter add: header: X: %%",
    "Subject at sendmail": (
        f"{_SM}ruleset=CheckSubject, arg1=%%, relay=mx.b.test [192.0.2.3], reject=553 5.0.0 no"
    ),
    "words about a recipient": f"{_SM}<nobody@b.test>... %%",
    "AUTH at sendmail": (
        "sm-mta[1]: AUTH=server, relay=mx.b.test [192.0.2.1], authid=%%, mech=PLAIN, bits=0"
    ),
    "another program": "shop[1]: %%",
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("place", PLACES)
def test_what_imitates_a_delivery_is_none(place, disguise):
    line = Line(HEAD + PLACES[place].replace("%%", DISGUISES[disguise]))
    event = Reader(Stamps(2026, UTC)).read(line)

    assert event == Reader(Stamps(2026, UTC), INTERPRETED).read(line)
    assert QuickReader(Stamps(2026, UTC)).read(line) in {None, event}
    kinds = Counter()
    Census(Reader(Stamps(2026, UTC)), kinds, Counter()).count([line.text])
    assert kinds == {event.kind: 1}

    assert event.kind not in {"unparsed", "malformed"}
    assert event.queue_id in {None, "17CCA8044", "6ANEM6Us010269"}
    client = getattr(event, "client", None)
    assert client is None or client.ip in {"192.0.2.1", "192.0.2.3", "192.0.2.7"}
    if isinstance(event, Delivery):
        assert event.status is Status.DEFERRED
        assert event.recipients == ("b@b.test",)
        assert event.relay.ip in {None, "192.0.2.1"}
        assert event.next_queue_id is None


@pytest.mark.parametrize("disguise", DISGUISES)
def test_what_another_program_tells_the_journal_is_its_own(disguise):
    # The journal writes as bytes what is no UTF-8.
    said = list(DISGUISES[disguise].encode("utf-8", "surrogateescape"))
    told = {"SYSLOG_IDENTIFIER": "shop", "MESSAGE": said}
    event = Reader(Stamps(2026, UTC)).read(Line(json.dumps(told)))
    assert (event.kind, event.mta) == ("foreign", None)
