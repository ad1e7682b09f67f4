"""The shipped rules do what they say, with the lines that they carry."""

import re
from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.app.setup import build_engine
from logwatch_mx.config.settings import Settings
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.condition import compile_condition
from logwatch_mx.rulebook.examples import check_examples
from logwatch_mx.rulebook.fields import FIELDS, KINDS
from logwatch_mx.rulebook.keys import EXAMPLE_KEYS, RULE_KEYS
from logwatch_mx.rulebook.load import load_rules, place_in, shipped_rules

RULES = shipped_rules(disabled=True)
IDS = [found.rule.id for found in RULES]
EXAMPLES = [(found, example) for found in RULES for example in found.rule.examples]
#: A counting rule may take lines below its threshold, a loop rule none.
SILENT = [
    (found, example)
    for found, example in EXAMPLES
    if found.rule.kind is IncidentKind.LOOP and not example.expect
]
DOCS = Path(__file__).parents[2] / "docs" / "rules.md"


def events(lines):
    reader = Reader(Stamps(2026, UTC))
    offset = 0
    for number, text in enumerate(lines, 1):
        line = Line(text, "example", number, offset, offset + len(text) + 1)
        offset = line.end
        yield reader.read(line)


def site_of(example):
    return Site(domains=frozenset(example.own_domains), addresses=frozenset(example.own_addresses))


def runner(rules):
    def run(lines, example):
        engine = build_engine(Settings(), site=site_of(example), rules=rules)
        last = None
        for event in events(lines):
            engine.feed(event)
            last = event.time
        engine.finish(last)
        return [incident.subject for incident in engine.incidents()]

    return run


def test_the_rules_are_found_in_a_wheel_and_in_a_checkout(tmp_path):
    package = tmp_path / "logwatch_mx"
    package.mkdir()
    assert place_in(package) == tmp_path / "rules"
    built = package / "_data" / "rules"
    built.mkdir(parents=True)
    assert place_in(package) == built


def test_the_detectors_are_switched_on_and_the_extras_are_not():
    assert [found.rule.id for found in shipped_rules()] == [
        "alias-loop",
        "forwarding-loop",
        "loop-mta-self-mx",
        "loop-self-delivery",
        "loop-too-many-hops",
        "mailer-loop-local",
        "spike-deferrals",
    ]
    assert set(IDS) - {found.rule.id for found in shipped_rules()} == {
        "mailbox-full",
        "sasl-failures",
    }


@pytest.mark.parametrize("found", RULES, ids=IDS)
def test_a_rule_lies_in_the_file_of_its_name(found):
    assert Path(found.rule.source).stem == found.rule.id


@pytest.mark.parametrize("found", RULES, ids=IDS)
def test_a_rule_shows_what_it_raises_and_what_it_does_not(found):
    assert found.rule.description
    assert found.rule.references
    assert any(example.expect for example in found.rule.examples)
    assert any(not example.expect for example in found.rule.examples)


@pytest.mark.parametrize("found", RULES, ids=IDS)
def test_the_examples_of_a_rule_come_out_as_written(found):
    assert check_examples(found.rule, runner([found])) == []


@pytest.mark.parametrize("found", RULES, ids=IDS)
def test_the_examples_of_a_rule_come_out_the_same_beside_all_others(found):
    assert check_examples(found.rule, runner(RULES)) == []


@pytest.mark.parametrize(
    ("found", "example"),
    EXAMPLES,
    ids=[f"{found.rule.id}: {example.title}" for found, example in EXAMPLES],
)
def test_only_lines_that_are_in_reach_match(found, example):
    condition = found.condition
    for event in events(example.lines):
        if not condition.matches(event, None, site_of(example)):
            continue
        text = event.line.text
        assert condition.kinds is None or event.kind in condition.kinds
        assert not condition.literals or any(one in text for one in condition.literals)
        assert not condition.folded or any(one in text.lower() for one in condition.folded)


@pytest.mark.parametrize(
    ("found", "example"),
    SILENT,
    ids=[f"{found.rule.id}: {example.title}" for found, example in SILENT],
)
def test_a_loop_rule_takes_no_line_of_what_is_no_loop_for_evidence(found, example):
    taken = [
        event.line.text
        for event in events(example.lines)
        if found.condition.matches(event, None, site_of(example))
    ]
    assert taken == []


def test_the_first_rule_of_the_documentation_works(tmp_path):
    written = DOCS.read_text().partition("```toml\n")[2].partition("```\n")[0]
    (tmp_path / "quota.toml").write_text(written)
    (found,) = load_rules([tmp_path])
    assert found.rule.examples
    assert check_examples(found.rule, runner([found])) == []


def test_the_conditions_of_the_documentation_are_conditions():
    table = DOCS.read_text().partition("| write | means |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    written = [text for row in rows for text in re.findall(r"`([^`]+)`", row)]
    assert len(written) > 20
    for text in written:
        if text != "not in":
            compile_condition(text)


@pytest.mark.parametrize("name", [*IDS, *FIELDS, *KINDS, *RULE_KEYS, *EXAMPLE_KEYS])
def test_every_rule_field_kind_and_key_is_in_the_documentation(name):
    assert f"`{name}`" in DOCS.read_text()


def test_what_our_own_pause_and_discard_log_is_no_self_delivery_even_by_name():
    """The engine leaves our remedies out before any rule; the rule alone does so as well."""
    line = (
        "Nov 23 14:31:39 mx sm-mta[6474]: 6ANEVd4e006474: to=<n@mx127.test>, delay=00:00:00,"
        " xdelay=00:00:00, mailer={}, pri=30000, relay=mail.mx127.test. [127.0.0.1], dsn=2.0.0,"
        " stat=Sent (6ANEMoNb011245 Message accepted for delivery)"
    )
    (rule,) = [one for one in RULES if one.rule.id == "loop-self-delivery"]
    matched = {
        mailer: rule.condition.matches(event, "mx127.test", Site())
        for mailer in ("esmtp", "pause", "loopdiscard", "relay", "local")
        for event in events([line.format(mailer)])
    }
    assert matched == {
        "esmtp": True, "pause": False, "loopdiscard": False, "relay": False, "local": False,
    }  # fmt: skip
