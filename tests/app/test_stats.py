"""The whole-log figures: of blocks however they are cut, and of single events."""

from datetime import UTC
from itertools import pairwise
from pathlib import Path

import pytest

from logwatch_mx.app.stats import Counting, Stats
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.line import Line
from logwatch_mx.sources.block import MAX_LINE, Block, lines

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


def test_of_too_many_domains_those_that_are_named_most_stay():
    stats = Stats()
    counting = Counting(stats, UTC)
    often, rare = [f"o{n}.test" for n in range(20)], [f"r{n}.test" for n in range(40_000)]
    texts = (HEAD + TO.format(f"x@{name}") + "status=sent (ok)\n" for name in [*often * 9, *rare])
    data = "".join(texts).encode()
    cut = data.find(b"\n", len(data) // 2) + 1
    counting.count(Block("log", data[:cut], 0, 1))
    counting.count(Block("log", data[cut:], cut, 1))
    shape = stats.shape()
    assert shape["domains"] == dict.fromkeys(sorted(often), 9)
    assert len(stats.domains) + shape["domains_forgotten"] == len(often) + len(rare)
    assert len(stats.domains) <= 25_000


def test_a_name_is_counted_in_one_spelling_and_a_local_one_is_no_domain():
    stats = Stats()
    counting = Counting(stats, UTC)
    for address in ("a@B.test", "b.test", "a@b.test", "b@b.test."):
        data = f"{HEAD}{TO.format(address)}status=sent (ok)\n".encode()
        counting.count(Block("log", data, 0, 1))
        counting.count_domains()
    assert stats.shape()["domains"] == {"b.test": 3, "(local)": 1}


@pytest.mark.parametrize(
    "address",
    ["a@b.test", "a@B.Test..", "a@", "a@.", "a", "@b", "a@b@c.test", "a@bücher.test", "a@\udcff.test",
     "a@" + "x" * 300, "a@" + "ü" * 300, "a@İ.test", "a@ .test "],
)  # fmt: skip
def test_domains_are_spelled_as_in_incidents(address):
    stats, reader = Stats(), Reader(Stamps(2026, UTC))
    text = HEAD + TO.format(address) + "status=sent (ok)"
    event = reader.read(Line(text))
    Counting(stats, UTC).count(Block("log", f"{text}\n".encode("utf-8", "surrogateescape"), 0, 1))
    names = (domain_of(each) or "(local)" for each in getattr(event, "recipients", ()))
    assert stats.shape()["domains"] == dict.fromkeys(names, 1)


@pytest.mark.parametrize("more", [-1, 0, 1, 2])
def test_a_line_that_is_too_long_counts_as_it_is_cut(more):
    start = f"{HEAD}AB12CD34EF: from=<".encode()
    end = b">, size=1, nrcpt=1 (queue active)\n"
    long = start + b"x" * (MAX_LINE + 1 + more - len(start) - len(end)) + end
    stats = Stats()
    Counting(stats, UTC).count(Block("log", b"x\n" + long + long, 0, 1))
    kind = "unparsed" if more > 0 else "message"
    assert stats.shape()["kinds"] == {"malformed": 1, kind: 2}


def test_real_logs_count_as_they_are_read():
    data = Path(__file__).parent.parent.joinpath("grammar/data/postfix.log").read_bytes()
    whole, single, reader = Stats(), Stats(), Reader(Stamps(2026, UTC))
    Counting(whole, UTC).count(block := Block("log", data, 0, 1))
    counting = Counting(single, UTC)
    for line in lines(block):
        counting.note(reader.read(line))
    assert whole.shape() == single.shape()
    assert whole.shape()["deliveries"]
