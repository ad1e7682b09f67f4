"""The whole-log figures: of blocks however they are cut, and of single events."""

from datetime import UTC
from itertools import pairwise
from pathlib import Path

import pytest

from logwatch_mx.app.stats import Counting, Stats
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.sources.block import Block, lines

HEAD = "Nov 23 12:00:00 mx postfix/smtp[1]: "
TO = "AB12CD34EF: to=<{}>, relay=mx.b.test[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, "
LOG = "\n".join(
    [
        HEAD + TO.format("Bob@B.test") + "status=sent (250 ok)",
        "Nov 23 12:00:00 mx last message repeated 2 times",
        "\0\0" + HEAD + TO.format("eve@b.test.") + "status=deferred (450 no)\r",
        HEAD + TO.format("root") + "status=sent (250 ok)  ",
        HEAD + TO.format("jo@bücher.test") + "status=sent (\udcff)",
        "no line of syslog",
        "",
    ]
).encode("utf-8", "surrogateescape")
SHAPE = {
    "kinds": {"delivery": 6, "gap": 1, "malformed": 1},
    "deliveries": {"sent": 5, "deferred": 1},
    "domains": {"b.test": 4, "(local)": 1, "xn--bcher-kva.test": 1},
    "domains_forgotten": 0,
}


def blocks(cuts):
    places = [0, *cuts, LOG.count(b"\n")]
    rows = LOG.splitlines(keepends=True)
    for start, stop in pairwise(places):
        data = b"".join(rows[start:stop])
        yield Block("log", data, len(b"".join(rows[:start])), start + 1)


@pytest.mark.parametrize("cuts", [[], [1], [2, 3], [1, 2, 3, 4, 5]])
def test_the_figures_are_the_same_however_the_log_is_cut(cuts):
    stats = Stats()
    counting = Counting(stats, UTC)
    for block in blocks(cuts):
        counting.count(block)
    assert stats.shape() == SHAPE


def test_single_events_give_the_same_figures():
    stats, reader = Stats(), Reader(Stamps(2026, UTC))
    counting = Counting(stats, UTC)
    for block in blocks([]):
        for line in lines(block):
            counting.note(reader.read(line))
    assert stats.shape() == SHAPE


def test_an_end_that_may_be_cut_anywhere_is_not_counted():
    stats = Stats()
    data = (
        f"{HEAD}{TO.format('a@b.test')}status=sent (ok)\n{HEAD}{TO.format('a@b.test')}st".encode()
    )
    Counting(stats, UTC).count(Block("log", data, 0, 1, torn=True))
    assert stats.shape()["kinds"] == {"delivery": 1}


def test_real_logs_count_as_they_are_read():
    data = Path(__file__).parent.parent.joinpath("grammar/data/postfix.log").read_bytes()
    whole, single, reader = Stats(), Stats(), Reader(Stamps(2026, UTC))
    Counting(whole, UTC).count(block := Block("log", data, 0, 1))
    counting = Counting(single, UTC)
    for line in lines(block):
        counting.note(reader.read(line))
    assert whole.shape() == single.shape()
    assert whole.shape()["deliveries"]
