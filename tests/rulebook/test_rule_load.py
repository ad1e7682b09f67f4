"""Rule files: what is read, and how every fault is told at once."""

import os
from datetime import timedelta

import pytest

from logwatch_mx.errors import ConfigErrors
from logwatch_mx.model.action import Verb
from logwatch_mx.model.incident import IncidentKind, SignalKind
from logwatch_mx.model.rule import Example, Rule, Severity
from logwatch_mx.rulebook.load import load_rules

SMALL = 'id = "small"\ntitle = "A small rule"\nwhen = "auth and not ok"\n'
WHOLE = '''
id = "sasl"
title = "Failures to log in"
description = """
Somebody guesses
passwords.
"""
severity = "critical"
kind = "rule"
when = "auth and not ok"
by = "client.ip"
count = "queue_id"
window = "1h30m"
threshold = 20
respond = ["command"]
references = ["https://example.org/a"]

[[examples]]
title = "One failure"
lines = \'\'\'
first line

second line
\'\'\'
expect = ["203.0.113.10"]
own_domains = ["Home.test."]
own_addresses = ["::ffff:10.99.0.10"]

[[examples]]
title = "As a list"
lines = ["one"]
'''


def write(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def faults(*paths, own=()):
    with pytest.raises(ConfigErrors) as caught:
        load_rules(paths, own)
    return [str(error) for error in caught.value.exceptions]


def fault_of(tmp_path, text):
    """Return the faults of one file, without the file's name."""
    path = tmp_path / "x.toml"
    path.write_text(text)
    return [said.removeprefix(f"{path}: ") for said in faults(path)]


def test_a_whole_rule_is_read(tmp_path):
    path = write(tmp_path / "rules", sasl=WHOLE) / "sasl.toml"
    (found,) = load_rules([path])
    assert found.rule == Rule(
        id="sasl",
        title="Failures to log in",
        when="auth and not ok",
        description="Somebody guesses\npasswords.",
        severity=Severity.CRITICAL,
        kind=IncidentKind.RULE,
        by="client.ip",
        count="queue_id",
        window=timedelta(minutes=90),
        threshold=20,
        respond=(Verb.COMMAND,),
        references=("https://example.org/a",),
        examples=(
            Example(
                title="One failure",
                lines=("first line", "second line"),
                expect=("203.0.113.10",),
                own_domains=("home.test",),
                own_addresses=("10.99.0.10",),
            ),
            Example(title="As a list", lines=("one",)),
        ),
        source=str(path),
    )
    assert found.condition.kinds == {"auth"}


def test_a_loop_rule_says_its_signal(tmp_path):
    text = SMALL.replace("auth and not ok", "delivery") + 'kind = "loop"\nsignal = "mta_verdict"\n'
    (found,) = load_rules([write(tmp_path, x=text)])
    assert (found.rule.kind, found.rule.signal) == (IncidentKind.LOOP, SignalKind.MTA_VERDICT)


def test_a_directory_is_read_by_name_and_only_its_toml_files(tmp_path):
    write(tmp_path, b=SMALL.replace("small", "aa"), a=SMALL.replace("small", "zz"))
    (tmp_path / "README.md").write_text("not a rule")
    (tmp_path / "c.toml.bak").write_text("= broken")
    assert [found.rule.id for found in load_rules([tmp_path])] == ["aa", "zz"]


def test_own_rules_are_added_and_replace_those_of_the_same_id(tmp_path):
    shipped = write(tmp_path / "shipped", one=SMALL, two=SMALL.replace("small", "two"))
    own = write(
        tmp_path / "own",
        a=SMALL.replace("A small", "Our small"),
        b=SMALL.replace("small", "three"),
    )
    found = load_rules([shipped], [own])
    assert [(one.rule.id, one.rule.title) for one in found] == [
        ("small", "Our small rule"),
        ("three", "A three rule"),
        ("two", "A two rule"),
    ]


def test_two_lines_switch_a_shipped_rule_off_or_on(tmp_path):
    shipped = write(
        tmp_path / "shipped",
        on=SMALL,
        off=SMALL.replace("small", "off") + "enabled = false\n",
    )
    own = write(
        tmp_path / "own", x='id = "small"\nenabled = false\n', y='id = "off"\nenabled = true\n'
    )
    assert [one.rule.id for one in load_rules([shipped])] == ["small"]
    assert [one.rule.id for one in load_rules([shipped], [own])] == ["off"]
    every = load_rules([shipped], [own], disabled=True)
    assert [(one.rule.id, one.rule.enabled) for one in every] == [("off", True), ("small", False)]


def test_a_switch_for_no_rule_is_a_fault(tmp_path):
    own = write(tmp_path / "own", x='id = "nothing"\nenabled = false\n')
    assert faults(own=[own]) == [f'{own}/x.toml: rule "nothing": no rule to switch']


def test_two_rules_with_one_id_are_a_fault(tmp_path):
    write(tmp_path, a=SMALL, b=SMALL)
    assert faults(tmp_path) == [
        f'{tmp_path}/b.toml: rule "small": id: already used in {tmp_path}/a.toml'
    ]


def test_every_fault_of_every_file_is_told_at_once(tmp_path):
    write(
        tmp_path,
        a='id = "a"\ntitle = ""\nwhen = "delivery and"\nwindow = "5 parsecs"\ntresholds = 3\n',
        b="= nonsense",
    )
    said = faults(tmp_path)
    assert said[:3] == [
        f'{tmp_path}/a.toml: rule "a": title: expected a text in quotes',
        (
            f'{tmp_path}/a.toml: rule "a": window: not a duration: "5 parsecs"'
            ' (such as "90s", "10m", "6h", "7d")'
        ),
        f"{tmp_path}/a.toml: rule \"a\": tresholds: no such key (did you mean 'threshold'?)",
    ]
    assert said[3].startswith(f'{tmp_path}/a.toml: rule "a": when: column 13: expected a kind')
    assert said[4].startswith(f"{tmp_path}/b.toml: not TOML: ")
    assert "line 1" in said[4]
    assert len(said) == 5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('threshold = "3"', "threshold: expected a whole number from 1 to 1000"),
        ("threshold = 0", "threshold: expected a whole number from 1 to 1000"),
        ("threshold = 1001", "threshold: expected a whole number from 1 to 1000"),
        ("threshold = true", "threshold: expected a whole number from 1 to 1000"),
        ("window = 600", 'window: expected a duration in quotes, such as "10m"'),
        ('window = "8d"', "window: at most 7 days"),
        ('severity = "bad"', "severity: expected one of info, warning, critical, not 'bad'"),
        ("severity = []", "severity: expected one of info, warning, critical, not []"),
        (
            'kind = "outage"',
            "kind: expected one of loop, forwarding_loop, spike, rule, not 'outage'",
        ),
        ('by = "clientip"', "by: no field is called 'clientip' (did you mean 'client.ip'?)"),
        ('by = "relay.provider"', "by: relay.provider is known to the spike test only"),
        ('count = "relay.provider"', "count: this is a group, no field"),
        ('signal = "deferral"', "signal: only rules about loops and spikes give signals"),
        ("spike = true", 'spike: spike = true and kind = "spike" go together'),
        ('kind = "spike"', 'spike: spike = true and kind = "spike" go together'),
        ('respond = "pause"', "respond: expected a list in [...]"),
        (
            'respond = ["erase"]',
            "respond: expected one of pause, reject, discard, hold, command, not 'erase'",
        ),
        (
            'by = "client.ip"\nrespond = ["pause"]',
            "respond: mail is paused, rejected, discarded or held for a domain only",
        ),
        ('enabled = "no"', "enabled: expected true or false"),
        ("references = [1]", "references: expected a text in quotes"),
        ("examples = 3", "examples: write each one under [[examples]]"),
        ("[[examples]]\ntitle = 'x'", "examples: number 1: lines: this key is missing"),
        (
            "[[examples]]\ntitle = 'x'\nlines = ''",
            "examples: number 1: lines: expected at least one log line",
        ),
        (
            "[[examples]]\ntitle = 'x'\nlines = ['a']\nown_domains = ['a b']",
            "examples: number 1: own_domains: not a domain",
        ),
        (
            "[[examples]]\ntitle = 'x'\nlines = ['a']\nown_addresses = ['here']",
            "examples: number 1: own_addresses: expected an IP address",
        ),
        (
            "[[examples]]\ntitle = 'x'\nlines = ['a']\nexpected = ['a']",
            "examples: number 1: expected: no such key (did you mean 'expect'?)",
        ),
    ],
)
def test_a_wrong_key_is_told(tmp_path, more, said):
    assert fault_of(tmp_path, SMALL + more) == [f'rule "small": {said}']


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('kind = "loop"', ["signal: a rule about loops says which kind of evidence it gives"]),
        (
            'kind = "loop"\nsignal = "reentry"\nby = "sender"\nthreshold = 2\nwindow = "1m"',
            [
                "by: loops are folded by the recipient's domain",
                "threshold: loops are counted as [loop] in the configuration says",
                "window: loops are counted as [loop] in the configuration says",
            ],
        ),
        (
            'kind = "spike"\nspike = true\nthreshold = 5\ncount = "queue_id"',
            [
                "threshold: a rule has a threshold or spike = true, not both",
                "count: the spike test counts messages by itself",
            ],
        ),
    ],
)
def test_keys_that_contradict_each_other_are_told(tmp_path, more, said):
    assert fault_of(tmp_path, SMALL + more) == [f'rule "small": {one}' for one in said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "",
            ["id: this key is missing", "title: this key is missing", "when: this key is missing"],
        ),
        (
            'id = "Small Rule"\ntitle = "t"\nwhen = "auth"',
            [
                (
                    'rule "Small Rule": id: expected lower-case words with hyphens between them,'
                    ' such as "sasl-failures"'
                )
            ],
        ),
        ('id = 3\ntitle = "t"\nwhen = "auth"', ["id: expected a text in quotes"]),
        ('id = "x"\ntitle = "t"\nwhen = 3', ['rule "x": when: expected a text in quotes']),
        ('id = "x"\nenabled = 1', ['rule "x": enabled: expected true or false']),
    ],
)
def test_a_rule_without_what_it_needs_is_told(tmp_path, text, said):
    assert fault_of(tmp_path, text) == said


def test_files_that_are_no_rules_are_told(tmp_path):
    (tmp_path / "bytes.toml").write_bytes(b'id = "\xff"')
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000)
    (tmp_path / "folder.toml").mkdir()
    os.mkfifo(tmp_path / "fifo.toml")
    (tmp_path / "huge.toml").write_bytes(b"#" * (1 << 20) + b"##")
    said = faults(tmp_path, tmp_path / "none.toml")
    assert said[0] == f"{tmp_path}/bytes.toml: not UTF-8 at byte 6"
    assert said[1].startswith(f"{tmp_path}/deep.toml: not TOML: ")
    assert said[2:] == [
        f"{tmp_path}/fifo.toml: not a file",
        f"{tmp_path}/folder.toml: not a file",
        f"{tmp_path}/huge.toml: larger than 1 MiB",
        f"{tmp_path}/none.toml: no such file or directory",
    ]


def test_a_path_that_cannot_be_asked_for_is_told(tmp_path):
    (said,) = faults(tmp_path / ("x" * 300))
    assert said.startswith(f"{tmp_path}/xxx")


def test_nothing_of_a_hostile_file_reaches_the_terminal(tmp_path):
    text = 'id = "\\u001b[2J"\ntitle = "t"\nwhen = "auth"\n"\\u001b[1m" = 1\nby = "\\u0007"\n'
    said = "".join(fault_of(tmp_path, text))
    assert not [c for c in said if not c.isprintable()]
