"""The compiled reader against pyparsing itself, on real lines and on what chance makes of them.

``data/`` holds one line of every shape that Postfix 3.7 and sendmail 8.17 logged in a laboratory.
"""

import re
from datetime import UTC
from pathlib import Path
from random import Random

import pytest

from logwatch_mx.grammar import header, postfix, sendmail
from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.interpret import INTERPRETED, Interpreted
from logwatch_mx.grammar.literals import required_literals
from logwatch_mx.grammar.quick import QuickReader
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Event, Mta
from logwatch_mx.model.line import Line

DATA = Path(__file__).parent / "data"
KINDS = {Mta.POSTFIX: postfix.KINDS, Mta.SENDMAIL: sendmail.KINDS}
# What separates fields, what strangers like to write, and what no log should hold.
CHARACTERS = ' ,=<>[]():;/"\\%0aA.@-\t\n\0\x1b\udcffé'


def lines_of(mta: Mta) -> list[str]:
    text = (DATA / f"{mta}.log").read_text("utf-8", "surrogateescape")
    return text.removesuffix("\n").split("\n")


def mutated(text: str, others: list[str], random: Random) -> str:
    """Return *text* after one to three accidents."""
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(text) + 1)
        match random.randrange(5):
            case 0:
                text = text[:place] + random.choice(CHARACTERS) + text[place:]
            case 1:
                text = text[:place] + text[place + 1 :]
            case 2:
                text = text[:place]
            case 3:
                text = text[:place] + random.choice(CHARACTERS) + text[place + 1 :]
            case _:  # the rest of another line
                other = random.choice(others)
                text = text[:place] + other[random.randrange(len(other) + 1) :]
    return text


def read_both(texts: list[str]) -> list[tuple[Event, Event]]:
    fast, slow = Reader(Stamps(2026, UTC)), Reader(Stamps(2026, UTC), INTERPRETED)
    return [(fast.read(line), slow.read(line)) for line in map(Line, texts)]


def differences(texts: list[str]) -> list[tuple[Event, Event]]:
    return [(fast, slow) for fast, slow in read_both(texts) if fast != slow]


@pytest.mark.parametrize("mta", Mta)
def test_every_real_line_reads_as_the_interpreter_reads_it(mta):
    assert differences(lines_of(mta)) == []


@pytest.mark.parametrize("mta", Mta)
def test_mutated_lines_read_as_the_interpreter_reads_them(mta):
    lines, random = lines_of(mta), Random(20261123)
    assert differences([mutated(line, lines, random) for line in lines for _ in range(3)]) == []


def read_quickly(texts: list[str]) -> tuple[int, list[tuple[Event, Event]]]:
    """Return how many lines the quick reader reads, and where it differs from the other one."""
    stamps, ahead = Stamps(2026, UTC), Stamps(2026, UTC)
    reader, quick = Reader(stamps), QuickReader(ahead)
    both = []
    for line in map(Line, texts):
        ahead.follow(stamps)
        found, event = quick.read(line), reader.read(line)
        if found is not None:
            both.append((found, event))
    return len(both), [(fast, slow) for fast, slow in both if fast != slow]


@pytest.mark.parametrize("mta", Mta)
def test_what_is_read_quickly_is_read_alike(mta):
    lines, random = lines_of(mta), Random(20261124)
    count, found = read_quickly(lines)
    assert count > len([line for line in lines if ": to=" in line]) / 3
    assert found == []
    assert read_quickly([mutated(x, lines, random) for x in lines for _ in range(20)])[1] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("mta", Mta)
def test_many_mutated_lines_read_as_the_interpreter_reads_them(mta, seed):
    lines, random = lines_of(mta), Random(seed)
    many = [mutated(line, lines, random) for line in lines for _ in range(20)]
    assert differences(many) == []
    assert read_quickly(many)[1] == []


@pytest.mark.parametrize("mta", Mta)
def test_every_real_line_is_known(mta):
    reader = Reader(Stamps(2026, UTC))
    unknown = [
        event.line.text
        for event in (reader.read(Line(text)) for text in lines_of(mta))
        if event.kind in {"unparsed", "malformed", "foreign"}
    ]
    assert unknown == []


def test_the_usual_header_is_a_case_of_the_general_one():
    usual, general = (
        compile_expression(name, expr)
        for name, expr in (("usual", header._USUAL_LINE), ("general", header._HEADER))
    )
    random = Random(1)
    lines = [text for mta in Mta for text in lines_of(mta)]
    fitting = 0
    for text in lines + [mutated(line[:60], lines, random) for line in lines for _ in range(20)]:
        tokens = usual.match(text)
        if tokens is not None:
            assert general.match(text) == tokens
            fitting += 1
    assert fitting > 3000


@pytest.mark.parametrize("mta", Mta)
def test_what_a_kind_requires_is_in_every_line_that_it_accepts(mta):
    reader, random = Reader(Stamps(2026, UTC)), Random(2)
    lines = lines_of(mta)
    lines += [mutated(line, lines, random) for line in lines for _ in range(5)]
    texts = {head.text for line in lines if (head := reader._header.read(Line(line)))}
    accepted = 0
    for kind in KINDS[mta]:
        needed, matcher = required_literals(kind.expr), compile_expression(kind.name, kind.expr)
        for text in texts:
            if matcher.match(text) is not None:
                accepted += 1
                assert [each for each in needed if each not in text] == []
    assert accepted > 500


@pytest.mark.parametrize("mta", Mta)
def test_every_kind_has_a_name_of_its_own(mta):
    names = [kind.name for kind in KINDS[mta]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("text", ["a\nb", "a\0b", "a\x1b[2Jb", "\n", "a\n"])
def test_a_newline_inside_a_text_is_the_same_to_both(text):
    for mta, program in ((Mta.POSTFIX, "postfix/smtp"), (Mta.SENDMAIL, "sm-mta")):
        line = f"Nov 23 12:00:00 mx {program}[1]: "
        texts = [line + text, line + "AB12CD34EF5: to=<" + text, line + "AB12CD34EF5: " + text]
        assert differences(texts) == []
        for kind in KINDS[mta]:
            matcher, oracle = compile_expression(kind.name, kind.expr), Interpreted("", kind.expr)
            assert matcher.match(text) == oracle.match(text)


@pytest.mark.parametrize("digits", ["9" * 5000, "9" * 320, "-9", "0", "٣"])
@pytest.mark.parametrize("mta", Mta)
def test_no_number_is_too_large_to_be_read(mta, digits):
    # int() refuses 5 000 digits and float() 320: a stranger may send either.
    reader = Reader(Stamps(2026, UTC))
    for text in lines_of(mta):
        start = text.index(": ")
        for number in re.finditer(r"[0-9]+", text[start:]):
            line = Line(text[: start + number.start()] + digits + text[start + number.end() :])
            assert reader.read(line).line == line
