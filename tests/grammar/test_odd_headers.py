"""Headers that are not syslog's own: the journal's other forms, and relays that add theirs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Malformed, Removed
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
    "head",
    [
        "Mon 2026-13-23 12:00:00 UTC mx",
        "99999999999 mx",
        "1795435200. mx",
        "Nov 23 12:00:00 mx Nov",
    ],
)
def test_what_only_looks_like_one_is_no_header(head):
    text = f"{head} postfix/qmgr[71]: 17CCA8044: removed"
    assert isinstance(Reader(Stamps(2026, UTC)).read(Line(text)), Malformed)
