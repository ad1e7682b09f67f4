"""Lines met in the wild and in our own runs of sendmail, each with every field that it says."""

import json
from datetime import UTC
from pathlib import Path

import msgspec
import pytest

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Mta, Unparsed
from logwatch_mx.model.line import Line

HERE = Path(__file__).parent
# What every event has from its header; the dialect has no say in it.
HEADER = {"line", "time", "host", "program", "agent", "pid", "mta"}


def rows(name):
    text = (HERE / name).read_text(encoding="utf-8")
    return [json.loads(row) for row in text.split("\n") if row]


@pytest.fixture(scope="module")
def read():
    reader = Reader(Stamps(2026, UTC))
    return lambda text: reader.read(Line(text=text))


def said(event):
    """Return the fields that the dialect set, and of a relay or client those that hold something."""
    printed = msgspec.json.decode(msgspec.json.encode(event))
    fields = {key: each for key, each in printed.items() if key not in HEADER}
    return {
        key: {part: text for part, text in each.items() if text not in (None, False)}
        if isinstance(each, dict)
        else each
        for key, each in fields.items()
        if each is not None and each != []
    }


@pytest.mark.parametrize(
    "row",
    [*rows("sendmail_wild.jsonl"), *rows("sendmail_lab.jsonl")],
    ids=lambda row: row["line"][:60],
)
def test_a_line_of_sendmail_says_these_fields_and_no_others(read, row):
    event = read(row["line"])
    assert (event.kind, event.mta) == (row["kind"], Mta.SENDMAIL)
    assert said(event) == row["expect"]


@pytest.mark.parametrize(
    "row", rows("exceptions/sendmail.jsonl"), ids=lambda row: row["reason"][:60]
)
def test_a_line_that_was_cut_or_censored_is_not_read(read, row):
    assert isinstance(read(row["line"]), Unparsed), row["reason"]
