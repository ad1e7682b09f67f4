"""What a rule would have raised, how near it came elsewhere, and why a line was not counted."""

from datetime import UTC

import pytest
from stories.hand import qid, refusals, rounds, smtp

from logwatch_mx.app.explain import explain_line
from logwatch_mx.app.trial import try_rules
from logwatch_mx.rulebook.load import load_rules, shipped_place

QUOTA = """
id = "quota"
title = "x"
when = "delivery and status is deferred"
by = "recipient"
threshold = 30
"""


def deferred(
    count,
    domain="down.test",
    said="connect to mx.down.test[198.51.100.9]:25: Connection refused",
    **words,
):
    return [
        smtp(n, qid(5000 + n), f"u{n % 4}@{domain}", "none", status="deferred", dsn="4.4.1", said=said, **words)
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture
def tried(tmp_path):
    """Return what a rule, its text or the name of a shipped one, says of lines."""

    def tell(rule, lines):
        path = tmp_path / "own.toml"
        path.write_text(rule) if "\n" in rule else None
        log = tmp_path / "maillog"
        log.write_text("".join(f"{line}\n" for line in lines))
        place = path if "\n" in rule else shipped_place() / f"{rule}.toml"
        rules = load_rules([place])
        return list(try_rules(rules, [log], year=2026, zone=UTC, since=None, until=None))

    return tell


@pytest.mark.parametrize(
    ("rule", "lines", "said"),
    [
        # sixty deferrals are a spike, which this rule has nothing to do with
        (QUOTA, deferred(60), [
            "60 of 60 lines match; 0 incidents",
            *(f"below   u{n}@down.test  15 of 30 in its last window" for n in range(4)),
        ]),
        ("spike-deferrals", deferred(25), [
            "25 of 25 lines match; 0 incidents",
            "below   down.test  25 of 30 messages in a window",
        ]),
        ("spike-deferrals", [*deferred(25), *deferred(9, "quiet.test")], [
            "34 of 34 lines match; 0 incidents",
            "below   down.test  25 of 30 messages in a window",
        ]),
        ("spike-deferrals", deferred(60), [
            "60 of 60 lines match; 1 incidents",
            "raised  down.test  at 2026-11-23T14:00:29+00:00: 60 lines, 60 counted",
        ]),
        ("loop-self-delivery", rounds(2, 1, "mail.loop.test[127.0.0.1]:25"), [
            "2 of 2 lines match; 0 incidents",
            "below   loop.test  2 of 3 passes",
        ]),
        ("loop-mta-self-mx", refusals(2, 1), [
            "2 of 2 lines match; 0 incidents",
            "below   loop.test  2 of 3 messages called looping",
        ]),
        ("loop-self-delivery", rounds(3, 1, "mail.loop.test[127.0.0.1]:25"), [
            "3 of 3 lines match; 1 incidents",
            "raised  loop.test  at 2026-11-23T14:00:02+00:00: 3 lines, 1 counted",
        ]),
    ],
)  # fmt: skip
def test_a_rule_tells_what_it_raises_and_how_near_it_came(tried, rule, lines, said):
    assert tried(rule, lines)[: len(said)] == said


GREY = "host mx.d.test[198.51.100.9] said: 450 4.2.0 Greylisted (in reply to RCPT TO command)"
FULL = "host mx.d.test[198.51.100.9] said: 452 4.2.2 Mailbox full (in reply to RCPT TO command)"
OURS = "logwatch-mx: paused"


@pytest.mark.parametrize(
    ("said", "delay", "agent", "why"),
    [
        (GREY, 1, "smtp", "not counted: greylisting, and the message is not older than 30 minutes"),
        (GREY, 1801, "smtp", "greylisted"),
        (FULL, 1, "smtp", "not counted: a mailbox is full or busy: one recipient's trouble"),
        (GREY, 3601, "smtp", "not counted: the message is older than an hour: old backlog"),
        (OURS, 1, "retry", "not counted: an action of logwatch-mx itself puts it off"),
    ],
)
def test_a_line_that_no_spike_counts_says_why(tmp_path, said, delay, agent, why):
    (line,) = deferred(1, said=said, agent=agent)
    log = tmp_path / "maillog"
    text = line.replace("delay=0.1,", f"delay={delay},").replace("dsn=4.4.1", "dsn=4.0.0")
    log.write_text(text + "\n")
    config = tmp_path / "config.toml"
    config.write_text('[source]\nfiles = ["/var/log/maillog"]\n')
    told = explain_line(log, 1, config, year=2026, zone=UTC)
    (spike,) = [rule for rule in told.rules if rule.id == "spike-deferrals"]
    assert spike.sentence.endswith(f"({why})")
