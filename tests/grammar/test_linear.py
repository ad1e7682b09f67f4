"""Hostile text costs linear time: every kind is fed long runs of what separates its fields.

There is no clock but the time limit of a test: a hundred thousand characters take a linear pattern a
millisecond, a quadratic one a minute.
"""

import re
from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.grammar import postfix, sendmail
from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.header import HeaderReader
from logwatch_mx.grammar.kind import Head
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Mta
from logwatch_mx.model.line import Line

DATA = Path(__file__).parent / "data"
KINDS = {Mta.POSTFIX: postfix.KINDS, Mta.SENDMAIL: sendmail.KINDS}
LENGTH = 100_000
PUMPS = [" ", ",", ":", "@", "a@", "[", "[]", "<", "(", '"', "\\", ", to=", ": ", "a=b, ", "<a>,"]


def texts_of(mta: Mta) -> list[str]:
    header = HeaderReader(Stamps(2026, UTC))
    lines = (DATA / f"{mta}.log").read_text("utf-8", "surrogateescape").split("\n")
    return [head.text for line in lines if (head := header.read(Line(line)))]


def shortest_of_each_kind(mta: Mta) -> dict[str, str]:
    texts = sorted(texts_of(mta), key=len)
    found: dict[str, str] = {}
    for kind in KINDS[mta]:
        matcher = compile_expression(kind.name, kind.expr)
        fitting = (text for text in texts if matcher.match(text) is not None)
        found[kind.name] = next(fitting, "")
    return found


@pytest.mark.timeout(60)
@pytest.mark.parametrize("pump", PUMPS)
@pytest.mark.parametrize("mta", Mta)
def test_a_run_at_the_start_of_any_field_takes_no_time(mta, pump):
    examples = shortest_of_each_kind(mta)
    fitting = 0
    run = pump * (LENGTH // len(pump))
    for kind in KINDS[mta]:
        matcher = compile_expression(kind.name, kind.expr)
        text = examples[kind.name]
        starts = {0, *(found.end() for found in re.finditer("[=<([:] ?", text[:120]))}
        for start in sorted(starts)[:8]:
            for hostile in (text[:start] + run + text[start:], text[:start] + run):
                tokens = matcher.match(hostile)
                if tokens is not None:
                    kind.build(Head(line=Line(hostile), text=hostile), tokens)
                    fitting += 1
            matcher.match(text[:start] + run + "\n")
    assert fitting
