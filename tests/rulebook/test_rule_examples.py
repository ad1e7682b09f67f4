"""A rule's own examples, run by whoever can read lines."""

from logwatch_mx.model.rule import Example, Rule
from logwatch_mx.rulebook.examples import Failure, check_examples

GOOD = Example(title="good", lines=("a.test", "b.test"), expect=("a.test", "b.test"))
SILENT = Example(title="silent", lines=("c.test",))
RULE = Rule(id="r", title="t", when="auth", examples=(GOOD, SILENT), source="r.toml")


def test_a_rule_whose_examples_come_out_as_written_has_no_failures():
    assert check_examples(RULE, lambda lines, example: [*lines] if example.expect else []) == []


def test_what_is_missing_and_what_is_too_much_is_told():
    failures = check_examples(RULE, lambda lines, _example: {lines[0]})
    assert failures == [
        Failure("r", "r.toml", "good", missing=("b.test",), unexpected=()),
        Failure("r", "r.toml", "silent", missing=(), unexpected=("c.test",)),
    ]
    assert [failure.said for failure in failures] == [
        'r.toml: rule "r": example "good": did not raise b.test',
        'r.toml: rule "r": example "silent": raised c.test',
    ]


def test_both_are_told_in_one_line():
    failure = Failure("r", "r.toml", "e", missing=("a",), unexpected=("b", "c"))
    assert failure.said == 'r.toml: rule "r": example "e": did not raise a and raised b, c'
