"""A backlog is sifted: to the engine it must be as if every line had been read."""

from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.app.intake import Intake
from logwatch_mx.app.past import trace
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.app.share import is_usual
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site
from logwatch_mx.sources.archive import read_blocks

DATA = Path(__file__).parents[1] / "scenarios" / "data"
SAMPLES = Path(__file__).parents[2] / "samples" / "maillog"
LOGS = [
    SAMPLES / "postfix-seaton.log",
    SAMPLES / "sendmail-seaton.log",
    SAMPLES / "postfix-spike.log",
    DATA / "postfix" / "mx127.spinning.log",
]
NEVER = 1 << 40


class Daemon:
    """The reading half of one."""

    def __init__(self, backlog):
        self.engine = build_engine(Settings(), site=Site(), rules=load_all_rules(()))
        self.said, self.changes = [], []
        self.intake = Intake(zone=UTC, take=self.take, log=self.said.append, backlog=backlog)

    def take(self, changes, place):
        for question in changes.questions:
            self.engine.recall(trace(question, place))
        for doubt in changes.doubts:
            if is_usual(doubt, place):
                self.engine.dispel(doubt)
        self.changes += changes.changes

    def read(self, paths, size):
        for path in paths:
            for block in read_blocks(path, size):
                self.intake.read(self.engine, self.intake.place(block))
        return self.engine.incidents(), self.changes, self.intake.tally.lines, self.said


@pytest.mark.parametrize("size", [700, 20_000, 1 << 20])
@pytest.mark.parametrize("path", LOGS, ids=lambda p: p.stem)
def test_a_backlog_says_what_its_lines_say(path, size, tmp_path):
    log = tmp_path / "maillog"
    log.write_bytes(path.read_bytes()[: 400_000 if size > 700 else 60_000])
    assert Daemon(0).read([log], size) == Daemon(NEVER).read([log], size)
    assert Daemon(size - 300).read([log], size) == Daemon(NEVER).read([log], size)


def test_logs_that_are_read_in_turns(tmp_path):
    lines = (DATA / "postfix" / "mx127.spinning.log").read_bytes().splitlines(keepends=True)
    parts = [tmp_path / name for name in "abcdef"]
    for n, part in enumerate(parts):
        part.write_bytes(b"".join(lines[80 * n : 80 * n + 80]))
    found = Daemon(0).read(parts, 1 << 20)
    assert found == Daemon(NEVER).read(parts, 1 << 20)
    assert len(found[0]) == 1


def test_lines_that_nobody_looked_at_are_counted_apart(tmp_path):
    log = tmp_path / "maillog"
    lines = (SAMPLES / "postfix-healthy.log").read_text().splitlines(keepends=True)[:400]
    lost = "Nov 23 10:00:00 mx rsyslogd: imuxsock lost 123 messages from pid 456 due to rate-limiting\n"
    log.write_text("".join([*lines, lost, *lines]))
    sifting, reading = Daemon(0), Daemon(NEVER)
    for daemon in (sifting, reading):
        daemon.read([log], 1 << 20)
        assert (daemon.intake.tally.lines, daemon.intake.gaps) == (801, 123)
    kinds = sifting.intake.tally.kinds
    assert sum(kinds.values()) == 801
    assert kinds["sifted"] > 700
    assert "sifted" not in reading.intake.tally.kinds


def test_a_rule_that_needs_every_line_has_every_line(tmp_path):
    log = tmp_path / "maillog"
    log.write_bytes((SAMPLES / "postfix-healthy.log").read_bytes()[:50_000])
    daemon = Daemon(0)
    daemon.engine.needles = None
    daemon.read([log], 1 << 20)
    assert "sifted" not in daemon.intake.tally.kinds


class Broken(Daemon):
    """Its engine stumbles over one of two events."""

    def take(self, changes, place):
        super().take(changes, place)
        raise ValueError(place.stream.name)


def test_a_line_that_goes_wrong_takes_no_other_along(tmp_path):
    log = tmp_path / "maillog"
    log.write_bytes((SAMPLES / "postfix-seaton.log").read_bytes()[:400_000])
    broken = Broken(0)
    assert broken.read([log], 1 << 20)[0] == Daemon(NEVER).read([log], 1 << 20)[0]
    assert broken.intake.failed == len(broken.said) > 0
