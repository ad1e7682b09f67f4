"""Random grammars on random texts: the compiled pattern must answer as pyparsing does."""

import re
from random import Random

import pyparsing as pp
import pytest

from logwatch_mx.grammar.compile import NotCompilableError, compile_choice, compile_expression
from logwatch_mx.grammar.interpret import Interpreted, InterpretedChoice
from logwatch_mx.grammar.literals import required_literals

LETTERS = "ab,= \n"
REGEXES = [
    *("a+", "b*", "[ab]+", "ab|a", "a|ab", "a??b", "(?:ab)*", "[^,]+", "[^,=]*", "a{1,2}", "a{2}"),
    *(
        "(?:a|ab)(?:b|)",
        ".*(?=,)",
        "(?=a)",
        "a(?!b)",
        "(?i:A)b?",
        ".",
        "a?",
        "[ab]{1,2}",
        "(?<=a)b",
    ),
    *("a$", "^a", "(?>a|ab)b", "[^,]*+", "(?:[^,]++|,(?!a))*", "a.*?b", "[ab]*?,"),
    *("a|b", "ab|a=", "a|[b,]", "ab*", "ab?,", "a,(?:a|b)*", "ba{1,2}", "(?:a|b)+", "a|", ",|=a"),
]


def random_token(random: Random, *, named: bool = True) -> pp.ParserElement:
    tokens = [
        lambda: pp.Literal(random.choice(["a", "b", "ab", ",", "=", "ba", ""])),
        lambda: pp.Regex(random.choice(REGEXES)),
        lambda: pp.Regex(random.choice(REGEXES)),
        lambda: pp.Regex("A|.b", random.choice([re.IGNORECASE, re.DOTALL, re.ASCII])),
        lambda: pp.Word("ab"),
        lambda: pp.Word("a", "ab"),
        lambda: pp.Word("ab", exact=2),
        lambda: pp.Word("ab", min=2, max=3),
        lambda: pp.CharsNotIn(",="),
        lambda: pp.CharsNotIn(",", min=2, max=3),
        lambda: pp.Keyword(random.choice(["a", "ab"]), "ab"),
        lambda: pp.Combine(random_grammar(random, 1, named=False)),
    ]
    token = random.choice(tokens)()
    return token(f"n{random.randrange(4)}") if named and random.random() < 0.5 else token


def random_grammar(random: Random, depth: int, *, named: bool = True) -> pp.ParserElement:
    if depth == 0:
        return random_token(random, named=named)

    def part(*, named: bool = named) -> pp.ParserElement:
        return random_grammar(random, depth - 1, named=named)

    def unnamed() -> pp.ParserElement:
        # mostly, so that refusals are met as well
        return part(named=named and random.random() < 0.1)

    def several() -> list[pp.ParserElement]:
        return [part() for _ in range(random.randrange(1, 4))]

    shapes = [
        lambda: pp.And(several()),
        lambda: pp.And(several()),
        lambda: part() + part(),
        lambda: pp.MatchFirst(several()),
        lambda: part() | part(),
        lambda: pp.Opt(part()),
        lambda: pp.Opt(random_token(random, named=False))("n1" if named else None),
        lambda: pp.MatchFirst([random_token(random, named=False), pp.Word("b")])(
            "n2" if named else None
        ),
        lambda: pp.ZeroOrMore(pp.Literal(random.choice("ab,")) + part()),
        lambda: pp.OneOrMore(part()),
        lambda: ~unnamed() + part(),
        lambda: pp.FollowedBy(unnamed()) + part(),
        lambda: pp.Suppress(unnamed()) + part(),
        lambda: part() * random.randrange(2, 4),
        lambda: part() + (pp.StringEnd() | pp.Literal(",")),
    ]
    return random.choice(shapes)()


def texts_for(random: Random) -> list[str]:
    return ["".join(random.choices(LETTERS, (5, 4, 3, 2, 1, 0.5), k=k % 9)) for k in range(30)]


def differences(random: Random, grammars: int) -> tuple[list[object], int]:
    """Return the disagreements, and how many texts were accepted (a run that accepts none is void)."""
    found: list[object] = []
    accepted = 0
    for _ in range(grammars):
        expr = random_grammar(random, random.randrange(1, 5))
        try:
            matcher = compile_expression("random", expr)
        except NotCompilableError:
            continue
        oracle = Interpreted("random", expr)
        needed = required_literals(expr)
        for text in texts_for(random):
            read, expected = matcher.match(text), oracle.match(text)
            if read != expected:
                found.append((str(expr), text, read, expected))
            if expected is not None:
                accepted += 1
                found += [(str(expr), text, each) for each in needed if each not in text]
    return found, accepted


def choice_differences(random: Random, choices: int) -> tuple[list[object], int]:
    """Return the disagreements of choices among grammars, some with a common beginning."""
    found: list[object] = []
    accepted = 0
    for _ in range(choices):
        shared = random_token(random)
        kinds = []
        for number in range(random.randrange(1, 6)):
            expr = random_grammar(random, random.randrange(3))
            expr = shared + expr if random.random() < 0.5 else expr
            try:
                compile_expression("random", expr)
            except NotCompilableError:
                continue
            kinds.append((str(number), expr))
        chooser, oracle = compile_choice(kinds), InterpretedChoice(kinds)
        for text in texts_for(random):
            read, expected = chooser.match(text), oracle.match(text)
            accepted += expected is not None
            if read != expected:
                found.append((kinds, text, read, expected))
    return found, accepted


@pytest.mark.parametrize("seed", range(5))
def test_a_compiled_grammar_answers_as_the_interpreted_one(seed):
    found, accepted = differences(Random(seed), 120)
    assert found == []
    assert accepted > 200


@pytest.mark.parametrize("seed", range(5))
def test_a_compiled_choice_answers_as_the_interpreted_one(seed):
    found, accepted = choice_differences(Random(seed), 60)
    assert found == []
    assert accepted > 200


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_compiled_grammars_answer_as_the_interpreted_ones(seed):
    found, accepted = differences(Random(seed), 1500)
    assert found == []
    assert accepted > 3000
    assert choice_differences(Random(seed), 500)[0] == []
