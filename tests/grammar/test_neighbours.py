"""Programs beside an MTA in its log: they quote it, and none of their lines is one of its."""

from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.grammar.interpret import INTERPRETED
from logwatch_mx.grammar.quick import QuickReader
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Foreign, Gap
from logwatch_mx.model.line import Line

HEADS = ("Nov 23 12:00:00 mx ", "2026-11-23T12:00:00+00:00 mx ")
LINES = (Path(__file__).parent / "data" / "neighbours.txt").read_text("utf-8").splitlines()
TAGS = tuple(dict.fromkeys(line.partition(": ")[0] for line in LINES))
QUOTES = (
    (
        "AB12CD34EF5: to=<v@victim.test>, relay=127.0.0.1[127.0.0.1]:25, delay=1, delays=0/0/0/1, "
        "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABCDEF1234)"
    ),
    (
        "6ANEM6Us010269: to=<v@victim.test>, delay=00:00:01, mailer=esmtp, relay=victim.test. "
        "[127.0.0.1], dsn=2.0.0, stat=Sent (ABCDE12345 Message accepted for delivery)"
    ),
    "6ANEM6Us010269: SYSERR(root): MX list for victim.test. points back to mx",
    "6ANEM6Us010269: from=<a@a.test>, size=1, class=0, nrcpts=1, msgid=<x@a.test>, relay=localhost",
    "AB12CD34EF5: client=localhost[127.0.0.1]",
    (
        "Nov 23 12:00:00 mx postfix/smtp[9]: AB12CD34EF5: to=<v@victim.test>, relay=none, delay=1, "
        "delays=0/0/0/1, dsn=4.4.1, status=deferred (x)"
    ),
)


@pytest.fixture(params=[None, INTERPRETED])
def reader(request):
    stamps = Stamps(2026, UTC)
    return Reader(stamps) if request.param is None else Reader(stamps, request.param)


@pytest.mark.parametrize("line", LINES)
def test_a_neighbours_line_is_no_event_of_an_mta(line):
    reader = Reader(Stamps(2026, UTC))
    assert {type(reader.read(Line(head + line))) for head in HEADS} == {Foreign}


@pytest.mark.parametrize("quote", QUOTES)
def test_a_neighbour_that_quotes_an_mta_is_not_believed(reader, quote):
    read = {tag: type(reader.read(Line(f"{HEADS[0]}{tag}: {quote}"))) for tag in TAGS}
    assert read == dict.fromkeys(TAGS, Foreign)


def test_the_logger_may_speak_under_a_neighbours_name(reader):
    event = reader.read(Line(f"{HEADS[0]}amavis[7]: last message repeated 3 times"))
    assert isinstance(event, Gap)
    assert (event.count, event.repeated) == (3, True)


def test_a_sendmail_of_another_name_is_still_told_by_its_lines(reader):
    event = reader.read(Line(f"{HEADS[0]}mailout[7]: {QUOTES[1]}"))
    assert (event.kind, event.queue_id) == ("delivery", "6ANEM6Us010269")


@pytest.mark.parametrize("quote", QUOTES)
def test_the_quick_way_believes_them_as_little(quote):
    quick = QuickReader(Stamps(2026, UTC))
    assert [tag for tag in TAGS if quick.read(Line(f"{HEADS[0]}{tag}: {quote}"))] == []
