import json

import pytest


def test_rules_are_listed_with_those_that_are_off_marked(logwatch):
    code, out, err = logwatch("rules", "list")
    assert (code, err) == (0, "")
    marks = {line[2:].split()[0]: line[0] for line in out.splitlines()}
    assert marks["loop-self-delivery"] == " "
    assert marks["mailbox-full"] == "-"
    assert list(marks) == sorted(marks)


def test_a_rule_is_explained_in_a_sentence(logwatch):
    code, out, _ = logwatch("rules", "explain", "loop-self-delivery")
    assert code == 0
    assert out.count("\n") == 1
    assert "the relay is this site itself" in out


def test_a_rule_that_is_not_there_is_bad_data(logwatch):
    told = "logwatch-mx: nope: no such rule (see: logwatch-mx rules list)\n"
    assert [*logwatch("rules", "explain", "nope")] == [65, "", told]


def test_the_examples_of_the_shipped_rules_hold(logwatch):
    code, out, err = logwatch("rules", "test")
    assert (code, err) == (0, "")
    held, _, rest = out.partition(" of ")
    assert rest.startswith(f"{held} examples of ")


RULE = """\
id = "mine"
title = "Mine"
when = "status == '{status}'"
by = "domain"
threshold = 1
window = "10m"

[[examples]]
title = "a bounce"
lines = ["Nov 23 16:27:32 mx postfix/smtp[3]: F0ACC240: to=<a@b.example>, relay=none, delay=0, \
delays=0/0/0/0, dsn=5.0.0, status=bounced (no)"]
expect = ["b.example"]
"""


@pytest.mark.parametrize(("status", "code"), [("bounced", 0), ("sent", 65)])
def test_an_own_rule_is_held_to_its_examples(logwatch, tmp_path, status, code):
    rule = tmp_path / "mine.toml"
    rule.write_text(RULE.replace("{status}", status))
    ran = logwatch("rules", "test", "--rules", tmp_path)
    assert (ran.code, "mine" in ran.err) == (code, code != 0)


def test_the_schema_is_json(logwatch):
    ran = logwatch("rules", "schema")
    assert ran.code == 0
    assert "when" in json.dumps(json.loads(ran.out))


def test_a_rule_is_tried_on_an_old_log(logwatch, tmp_path, healthy):
    rule = tmp_path / "mine.toml"
    rule.write_text(RULE.replace("{status}", "bounced"))
    code, out, err = logwatch("rules", "try", "--year", "2026", "--tz", "UTC", rule, healthy)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "8 of 2320 lines match; 1 incidents",
        "raised  inner.example.net  at 2026-11-23T16:32:20+00:00: 8 lines, 8 counted",
    ]
