from datetime import UTC, datetime

import pytest

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Gap, Mta
from logwatch_mx.model.line import Line

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RSYSLOG = {"program": "rsyslogd", "agent": "rsyslogd"}
IMUXSOCK = (
    "imuxsock[pid: 12, name: /usr/sbin/smtpd] from <postfix/smtpd:postfix.service>: "
    "17 messages lost due to rate-limiting (500 allowed within 5 seconds)"
)
JOURNALD = {"program": "systemd-journald", "agent": "systemd-journald", "pid": 4}


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("last message repeated 7 times", {"count": 7, "repeated": True}),
        ("--- last message repeated 1 time ---", {"count": 1, "repeated": True}),
        (
            "postfix/smtp[12]: message repeated 3 times: [ AB12: removed]",
            {
                "count": 3,
                "repeated": True,
                "program": "postfix/smtp",
                "agent": "smtp",
                "pid": 12,
                "mta": Mta.POSTFIX,
            },
        ),
        (
            "sm-mta[12]: last message repeated 2 times",
            {
                "count": 2,
                "repeated": True,
                "program": "sm-mta",
                "agent": "sm-mta",
                "pid": 12,
                "mta": Mta.SENDMAIL,
            },
        ),
        (
            "cron: message repeated 2 times: [ x]",
            {"count": 2, "repeated": True, "program": "cron", "agent": "cron"},
        ),
        (
            "rsyslogd: imuxsock lost 123 messages from pid 456 due to rate-limiting",
            {"count": 123, **RSYSLOG},
        ),
        (
            "rsyslogd-2177: imuxsock lost 123 messages from pid 456 due to rate-limiting",
            {"count": 123, "program": "rsyslogd-2177", "agent": "rsyslogd-2177"},
        ),
        (
            "rsyslogd: rsyslogd-2177: imuxsock begins to drop messages from pid 456 due to rate-limiting",
            {"count": 0, **RSYSLOG},
        ),
        (
            f"rsyslogd: {IMUXSOCK}",
            {"count": 17, **RSYSLOG},
        ),
        (
            "rsyslogd: imjournal: begin to drop messages due to rate-limiting",
            {"count": 0, **RSYSLOG},
        ),
        (
            "rsyslogd: imjournal: 73 messages lost due to rate-limiting (20000 allowed within 600 seconds)",
            {"count": 73, **RSYSLOG},
        ),
        (
            "systemd-journald[4]: Suppressed 1234 messages from /system.slice/postfix.service",
            {"count": 1234, **JOURNALD},
        ),
        ("systemd-journald[4]: Forwarding to syslog missed 3 messages.", {"count": 3, **JOURNALD}),
    ],
)
def test_what_the_logger_lost_is_a_gap(said, fields):
    line = Line(f"Nov 23 12:00:00 mx {said}")
    assert Reader(Stamps(2026, UTC)).read(line) == Gap(line=line, time=NOON, host="mx", **fields)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "postfix/smtp[12]: imuxsock lost 123 messages from pid 456 due to rate-limiting",
            "unparsed",
        ),
        ("cron[12]: Suppressed 1234 messages from /system.slice/postfix.service", "foreign"),
        ('rsyslogd: [origin software="rsyslogd"] start', "foreign"),
        ("systemd-journald[4]: Suppressed many messages from x", "foreign"),
        ("cron[12]: message repeated " + "9" * 5000 + " times", "foreign"),
    ],
)
def test_only_a_logger_tells_of_losses(said, kind):
    assert Reader(Stamps(2026, UTC)).read(Line(f"Nov 23 12:00:00 mx {said}")).kind == kind
