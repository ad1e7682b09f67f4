from datetime import UTC, datetime, timedelta, timezone

import pytest

from logwatch_mx.grammar.header import HeaderReader
from logwatch_mx.grammar.kind import Head
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Mta
from logwatch_mx.model.line import Line

JOURNAL = (
    '{"__REALTIME_TIMESTAMP":"1795443551999999","_SOURCE_REALTIME_TIMESTAMP":"1795443551123456",'
    '"_HOSTNAME":"mx","SYSLOG_IDENTIFIER":"postfix/smtp","SYSLOG_PID":"12","_PID":"13",'
    '"_COMM":"smtp","PRIORITY":"6","MESSAGE":"AB12: removed"}'
)
JOURNAL_BYTES = (
    '{"__REALTIME_TIMESTAMP":"1795443551123456","_HOSTNAME":"mx","_COMM":"sm-mta","_PID":"12",'
    '"MESSAGE":[65,255,66]}'
)
NOON = datetime(2026, 11, 23, 14, 19, 11, tzinfo=UTC)
FINE = NOON.replace(microsecond=123_456)
BASE = {
    "time": NOON,
    "host": "mx",
    "program": "postfix/smtp",
    "agent": "smtp",
    "pid": 12,
    "mta": Mta.POSTFIX,
    "text": "AB12: removed",
}
PLAIN = "Nov 23 14:19:11 mx postfix/smtp[12]: AB12: removed"


def read(text: str) -> Head | None:
    return HeaderReader(Stamps(2026, UTC)).read(Line(text))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (PLAIN, {}),
        (PLAIN.replace(" mx ", "  mx  "), {}),
        (PLAIN + " \r", {}),
        ("  " + PLAIN, {}),
        ("\0\0\0" + PLAIN, {}),  # a crash while the file grew
        ("\ufeff" + PLAIN, {}),
        ("Nov 23 2026 14:19:11 mx postfix/smtp[12]: AB12: removed", {}),
        ("2026 Nov 23 14:19:11 mx postfix/smtp[12]: AB12: removed", {}),
        ("<22>" + PLAIN, {}),
        (
            "Nov 23 14:19:11 MX.Example.COM. postfix/smtp[12]: AB12: removed",
            {"host": "mx.example.com"},
        ),
        ("Nov 23 14:19:11 2001:db8::1 postfix/smtp[12]: AB12: removed", {"host": "2001:db8::1"}),
        ("Nov 23 14:19:11 src@mx/relay postfix/smtp[12]: AB12: removed", {"host": "src@mx/relay"}),
        ("Nov 23 14:19:11 postfix/smtp[12]: AB12: removed", {"host": None}),
        ("<22>Nov 23 14:19:11 postfix/smtp[12]: AB12: removed", {"host": None}),
        ("Nov 23 14:19:11 mx postfix/smtp: AB12: removed", {"pid": None}),
        ("Nov 23 14:19:11 mx postfix/smtp[-]: AB12: removed", {"pid": None}),
        ("Nov 23 14:19:11 mx postfix/smtp[" + "9" * 9000 + "]: AB12: removed", {"pid": None}),
        ("Nov 23 14:19:11 mx postfix/smtp[12]:", {"text": ""}),
        # levels: FreeBSD's -v, others without brackets, busybox; and a host of that name
        ("Nov 23 14:19:11 <mail.info> mx postfix/smtp[12]: AB12: removed", {}),
        ("Nov 23 14:19:11 mail.info mx postfix/smtp[12]: AB12: removed", {}),
        ("Nov 23 14:19:11 mx mail.info postfix/smtp[12]: AB12: removed", {}),
        ("Nov 23 14:19:11 mail.info postfix/smtp[12]: AB12: removed", {"host": "mail.info"}),
        # Solaris
        ("Nov 23 14:19:11 mx postfix/smtp[12]: [ID 197553 mail.info] AB12: removed", {}),
        (
            "<22>Nov 23 14:19:11 sendmail[12]: [ID 801593 mail.info] h5Q: clone",
            {
                "host": None,
                "program": "sendmail",
                "agent": "sendmail",
                "mta": Mta.SENDMAIL,
                "text": "h5Q: clone",
            },
        ),
        # RFC 3339, and journalctl -o short-iso and short-iso-precise
        ("2026-11-23T14:19:11.123456+00:00 mx postfix/smtp[12]: AB12: removed", {"time": FINE}),
        ("2026-11-23T14:19:11+0000 mx postfix/smtp[12]: AB12: removed", {}),
        ("2026-11-23 14:19:11 mx postfix/smtp[12]: AB12: removed", {}),
        # RFC 5424
        ("<22>1 2026-11-23T14:19:11Z mx postfix/smtp 12 - - AB12: removed", {}),
        ("<22>1 2026-11-23T14:19:11Z mx postfix/smtp 12 - -  AB12: removed", {}),
        ("<22>1 2026-11-23T14:19:11Z mx postfix/smtp 12 - - \ufeffAB12: removed", {}),
        (
            '<22>1 2026-11-23T14:19:11Z mx postfix/smtp 12 ID47 [a@1 b="x\\"]y"][c] AB12: removed',
            {},
        ),
        (
            "<22>1 2026-11-23T14:19:11Z - postfix/smtp - - - AB12: removed",
            {"host": None, "pid": None},
        ),
        ("<22>1 - mx postfix/smtp 12 - - AB12: removed", {"time": None}),
        (
            "<22>1 2026-11-23T14:19:11Z mx - - - - AB12: removed",
            {"program": None, "agent": None, "pid": None, "mta": None},
        ),
        ("<22>1 2026-11-23T14:19:11Z mx postfix/smtp 12 - -", {"text": ""}),
        # containers: the runtime's stamp has the year and the zone
        ("2026-11-23T14:19:11.123456789Z stdout F " + PLAIN, {"time": FINE}),
        ("2026-11-23T14:19:11.123456789Z stderr P:x " + PLAIN, {"time": FINE}),
        ("2026-11-23T14:19:11.123456789Z " + PLAIN, {"time": FINE}),
        (
            "2026-11-23T14:19:11.123456789Z stdout F postfix/smtp[12]: AB12: removed",
            {"time": FINE, "host": None},
        ),
        ("mail-1  | " + PLAIN, {}),
        ("mail-1  | 2026-11-23T14:19:11.123456789Z stdout F " + PLAIN, {"time": FINE}),
        ("[pod/mail-0/postfix] " + PLAIN, {}),
        (
            '{"log":"' + PLAIN + '\\n","stream":"stdout","time":"2026-11-23T14:19:11.123456789Z"}',
            {"time": FINE},
        ),
        (
            '{"log":"2026-11-23T15:19:11+01:00 mx postfix/smtp[12]: AB12: removed","time":"2030-01-01T00:00:00Z"}',
            {"time": datetime(2026, 11, 23, 15, 19, 11, tzinfo=timezone(timedelta(hours=1)))},
        ),
        # the journal
        (
            JOURNAL,
            {"time": FINE},
        ),
        (
            JOURNAL_BYTES,
            {
                "time": FINE,
                "program": "sm-mta",
                "agent": "sm-mta",
                "mta": Mta.SENDMAIL,
                "text": "A\udcffB",
            },
        ),
        # an MTA's tag alone has no time
        ("postfix/smtp[12]: AB12: removed", {"time": None, "host": None}),
        # what syslogd says itself has no tag
        *(
            (
                f"Nov 23 14:19:11 mx {said}",
                {"program": None, "agent": None, "pid": None, "mta": None, "text": said},
            )
            for said in (
                "last message repeated 7 times",
                "--- last message repeated 1 time ---",
                "-- MARK --",
            )
        ),
    ],
)
def test_a_header_is_read_in_every_form(text, fields):
    assert read(text) == Head(line=Line(text), **{**BASE, **fields})


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Nov 23 14:19:11",
        "Nov 23 14:19:11 ",
        "Nov 23 14:19:11 mx",
        "Nov 23 14:19:11 mx postfix/smtp[12",  # cut
        "Nov 23 14:19:11 mx no colon at all",
        "Feb 30 14:19:11 mx postfix/smtp[12]: AB12: removed",
        "nov 23 14:19:11 mx postfix/smtp[12]: AB12: removed",
        "mx postfix/smtp[12]: AB12: removed",
        "postfix/smtp: AB12: removed",  # without a pid it may be anything
        "Subject: postfix/smtp[12]: AB12: removed",
        "dovecot[12]: x",
        "2026-11-23T14:19:11Z stdout F hello",
        "<22>1 2026-11-23T14:19:11Z mx",
        '<22>1 2026-11-23T14:19:11Z mx postfix/smtp 12 - [a b="c] x',
        "{}",
        "{",
        '{"log":',
        '{"log":"hello"}',
        '{"log":"' + PLAIN + '","time":"x"}',
        '{"log":7}',
        '{"MESSAGE":"x"}',
        '{"MESSAGE":null,"_COMM":"smtp"}',
        '{"log":"\udcff"}',
        '{"a":' * 100_000,
        "[" * 100_000,
        "mail-1  | " * 100_000,
        "<22>1 " + "[" * 100_000,
        "Nov 23 14:19:11 " + "x" * 1_000_000,
        "Nov 23 14:19:11 " + "x " * 500_000,
    ],
)
def test_what_has_no_header_is_none(text):
    assert read(text) is None


def test_the_journal_may_say_no_time():
    line = Line('{"SYSLOG_IDENTIFIER":"sm-mta","MESSAGE":"x","__REALTIME_TIMESTAMP":"-1"}')
    assert HeaderReader(Stamps(2026, UTC)).read(line) == Head(
        line=line, text="x", program="sm-mta", agent="sm-mta", mta=Mta.SENDMAIL
    )


@pytest.mark.parametrize(
    ("text", "mta", "fields"),
    [
        ("AB12: removed", Mta.POSTFIX, {"text": "AB12: removed"}),
        (
            "postfix/qmgr: AB12: removed",
            Mta.POSTFIX,
            {"text": "AB12: removed", "program": "postfix/qmgr", "agent": "qmgr"},
        ),
        (
            "sm-mta[12]: AB12: x",
            Mta.SENDMAIL,
            {"text": "AB12: x", "program": "sm-mta", "agent": "sm-mta", "pid": 12},
        ),
        # a tag of another MTA is a text of this one
        ("sm-mta[12]: AB12: x", Mta.POSTFIX, {"text": "sm-mta[12]: AB12: x"}),
        ("warning: x", Mta.POSTFIX, {"text": "warning: x"}),
        ("", Mta.POSTFIX, {"text": ""}),
    ],
)
def test_a_body_may_carry_a_tag(text, mta, fields):
    line = Line(text)
    assert HeaderReader(Stamps(2026, UTC)).read_body(line, mta) == Head(
        line=line, mta=mta, **fields
    )
