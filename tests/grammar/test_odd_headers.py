"""Headers that are not syslog's own: the journal's other forms, and relays that add theirs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Foreign, Malformed, Removed
from logwatch_mx.model.line import Line

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("head", "host", "time"),
    [
        # journalctl -o short-full, in UTC and in the zone of the server
        ("Mon 2026-11-23 12:00:00 UTC mx", "mx", NOON),
        ("Mon 2026-11-23 12:00:00 CET mx", "mx", NOON.replace(tzinfo=CET)),
        ("Mon 2026-11-23 12:00:00.250000 +01 mx", "mx", NOON.replace(microsecond=250_000, tzinfo=CET)),
        # journalctl -o short-unix
        ("1795435200.250000 mx", "mx", NOON.replace(microsecond=250_000)),
        ("1795435200 mx", "mx", NOON),
        ("1795435200250 mx", "mx", NOON.replace(microsecond=250_000)),
        # ctime(3): appliances; the year of the stamp counts, the zone is the reader's
        ("Nov 23 12:00:00 2026 mx", "mx", NOON.replace(tzinfo=CET)),
        ("Mon Nov 23 12:00:00 2026 mx", "mx", NOON.replace(tzinfo=CET)),
        ("Mon Nov 23 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("Mon, 23 Nov 2026 12:00:00 +0100 mx", "mx", NOON.replace(tzinfo=CET)),
        ("Nov 23 12:00:00 CET mx", "mx", NOON.replace(tzinfo=CET)),
        ("Nov 23 12:00:00 CET 2026 mx", "mx", NOON.replace(tzinfo=CET)),
        ("23-Nov-2026 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("2026/11/23 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("20261123T120000Z mx", "mx", NOON),
        ("20261123T120000+0100 mx", "mx", NOON.replace(tzinfo=CET)),
        ("2026-11-23T12:00:00+01 mx", "mx", NOON.replace(tzinfo=CET)),
        # AIX: the level, and another host's line
        ("Nov 23 12:00:00 mx mail:info", "mx", NOON.replace(tzinfo=CET)),
        ("Nov 23 12:00:00 Message forwarded from mx:", "mx", NOON.replace(tzinfo=CET)),
        ("Nov 23 12:00:00 relay Message forwarded from mx:", "mx", NOON.replace(tzinfo=CET)),
        # multilog, and socklog under svlogd: TAI64N, or UTC
        ("@400000006b042aca0ee6b280", None, NOON.replace(microsecond=250_000)),
        ("@400000006b042aca", None, NOON),
        ("@400000006b042aca0ee6b280 mail.info: Nov 23 13:00:00", None, NOON.replace(microsecond=250_000)),
        ("@400000006b042aca <22>Nov 23 13:00:00 mx", "mx", NOON),
        ("2026-11-23T12:00:00.25000 mail.info: Nov 23 13:00:00", None, NOON.replace(microsecond=250_000)),
        ("2026-11-23_12:00:00 mail.info: Nov 23 13:00:00", None, NOON),
        ("23.11.2026 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("23.11.2026, 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        # a container's output under its id or a name; its clock is in another zone than the host's
        ("Nov 23 12:00:00 host 3f4e5d6c7b8a[812]: Nov 23 11:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("Nov 23 12:00:00 host mailu-smtp[812]: Nov 23 11:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("2026-11-23T12:00:00Z host docker/mx[8]: 2026-11-23T12:00:00.2+00:00 mx", "mx", NOON),
        # grep -H, -n
        ("/var/log/mail.log.1:Nov 23 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("mail.log:12:2026-11-23T12:00:00Z mx", "mx", NOON),
        # RFC 6587, octet counting
        ("71 <22>Nov 23 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        # a relay's header before the one of the host, in one form or in two
        ("Nov 23 12:00:05 relay Nov 23 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("2026-11-23T12:00:05+01:00 relay Nov 23 12:00:00 mx", "mx", NOON.replace(tzinfo=CET)),
        ("Nov 23 12:00:05 mx 2026-11-23T12:00:00Z mx.a.test", "mx.a.test", NOON),
    ],
)  # fmt: skip
def test_the_time_and_the_host_are_those_of_the_server(head, host, time):
    event = Reader(Stamps(2026, CET)).read(Line(f"{head} postfix/qmgr[71]: 17CCA8044: removed"))
    assert isinstance(event, Removed)
    assert (event.host, event.time, event.pid, event.program) == (host, time, 71, "postfix/qmgr")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Nov 23 12:00:00 [postfix/qmgr] 17CCA8044: removed", None),
        ("Nov 23 12:00:00 mx [postfix/qmgr] 17CCA8044: removed", "mx"),
    ],
)
def test_metalog_writes_the_tag_in_brackets(text, host):
    event = Reader(Stamps(2026, UTC)).read(Line(text))
    assert isinstance(event, Removed)
    assert (event.host, event.time, event.program, event.pid) == (host, NOON, "postfix/qmgr", None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("postfix/qmgr[71]:17CCA8044: removed", "removed"),
        ("postfix/smtpd[71]:connect from unknown[192.0.2.7]", "other"),
        ("sm-mta[71]:6ANEM6Us010269: done; delay=00:00:01, ntries=1", "removed"),
    ],
)
def test_a_tag_may_have_no_blank_behind_it(text, kind):
    event = Reader(Stamps(2026, UTC)).read(Line(f"Nov 23 12:00:00 mx {text}"))
    assert (event.kind, event.host, event.pid) == (kind, "mx", 71)


@pytest.mark.parametrize(
    "head",
    [
        "Mon 2026-13-23 12:00:00 UTC mx",
        "99999999999 mx",
        "1795435200. mx",
        "Nov 23 12:00:00 mx Nov",
        "31-Feb-2026 12:00:00 mx",
        "20261323T120000Z mx",
        "2026/13/23 12:00:00 mx",
        "Mon Foo 23 12:00:00 2026 mx",
        "/var/log/mail.log: mx",
        "71 mx",
    ],
)
def test_what_only_looks_like_one_is_no_header(head):
    text = f"{head} postfix/qmgr[71]: 17CCA8044: removed"
    assert isinstance(Reader(Stamps(2026, UTC)).read(Line(text)), Malformed)


FORGED = "Nov 23 12:00:00 mx postfix/qmgr[71]: 17CCA8044: removed"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        # What a program says may be a stranger's text.
        (f"Nov 23 12:00:00 mx sshd[1]: {FORGED}", Foreign),
        (f"Nov 23 12:00:00 mx mailu-smtp[1]: x {FORGED}", Foreign),
        ("Nov 23 12:00:00 mx mailu-smtp[1]: postfix/qmgr[71]: 17CCA8044: removed", Foreign),
        ("Nov 23 12:00:00 mx mailman[1]: Nov 23 12:00:00 mx sshd[71]: 17CCA8044: removed", Foreign),
        # Times that cannot be: before 1970, behind the year 9999, more than a second of a second.
        ("@3fffffffffffffff postfix/qmgr[71]: 17CCA8044: removed", Malformed),
        ("@4fffffffffffffff <22>x: 17CCA8044: removed", Malformed),
        ("@400000006a7c0a4affffffff x: 17CCA8044: removed", Malformed),
        ("31.11.2026 12:00:00 mx postfix/qmgr[71]: 17CCA8044: removed", Malformed),
    ],
)
def test_what_looks_like_such_a_header_is_none(text, kind):
    assert isinstance(Reader(Stamps(2026, CET)).read(Line(text)), kind)
