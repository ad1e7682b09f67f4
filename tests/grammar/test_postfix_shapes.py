"""Lines of every kind that Postfix logs, 2.2 to 3.12, after its source: what each is read as."""

from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.grammar.census import Census
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.line import Line

SHAPES = [
    tuple(row.split("\t"))
    for row in (Path(__file__).parent / "data" / "postfix_shapes.tsv")
    .read_text("utf-8")
    .splitlines()
]


def line_of(agent, text):
    return f"Nov 23 12:00:00 mx postfix/{agent}[1]: {text}"


def test_every_shape_is_read_as_what_it_is():
    reader = Reader(Stamps(2026, UTC))
    wrong = [
        (kind, event.kind, text)
        for kind, agent, text in SHAPES
        if (event := reader.read(Line(line_of(agent, text)))).kind != kind
    ]
    assert wrong == []


def test_every_shape_counts_as_what_it_is():
    kinds = Counter()
    Census(Reader(Stamps(2026, UTC)), kinds, Counter()).count(
        [line_of(agent, text) for _, agent, text in SHAPES]
    )
    assert kinds == Counter(kind for kind, _, _ in SHAPES)


@pytest.mark.parametrize(
    "text",
    [
        "17CCA8044: parked by ops",
        "17CCA8044: from=<a@a.test>, size=123, nrcpt=1 (queue active), x",
        "hello",
        "status=sent (250 ok)",
        "to=<b@b.test>, relay=none, status=sent (x)",
    ],
)
def test_what_no_postfix_logs_is_not_read(text):
    assert Reader(Stamps(2026, UTC)).read(Line(line_of("smtpd", text))).kind == "unparsed"
