import json
import os
import select
import shutil
import sys

import pytest

from logwatch_mx.errors import SourceError
from logwatch_mx.model.line import Line
from logwatch_mx.sources.block import lines
from logwatch_mx.sources.journal import Journal, JournalCheckpoint, _decode, _row
from logwatch_mx.sources.losses import Losses

# It answers as journalctl does: what DIR/entries holds behind the cursor, then it follows.
PROGRAM = r"""
import json, os, sys
place = sys.argv[1]
with open(place + "/argv", "a") as file:
    file.write(json.dumps(sys.argv[2:]) + "\n")
options = dict(arg.lstrip("-").partition("=")[::2] for arg in sys.argv[2:])
rows = [json.loads(row) for row in open(place + "/entries")]
cursors = [row["__CURSOR"] for row in rows]
if "after-cursor" in options:
    if options["after-cursor"] not in cursors:
        sys.exit("Failed to seek to cursor: Invalid argument")
    rows = rows[cursors.index(options["after-cursor"]) + 1:]
if "since" in options:
    rows = [row for row in rows if int(row["__REALTIME_TIMESTAMP"]) >= float(options["since"][1:]) * 1e6]
if "lines" in options:
    rows = rows[len(rows) - int(options["lines"]):]
for row in rows:
    print(json.dumps(row), flush=True)
if "follow" in options and os.path.exists(place + "/pipe"):
    for row in open(place + "/pipe"):
        print(row, end="", flush=True)
"""

START = 1_795_443_754_000_000


def entry(number, text=None, **fields):
    return {
        "__CURSOR": f"s=1;i={number}",
        "__REALTIME_TIMESTAMP": str(START + number),
        "_HOSTNAME": "mx",
        "SYSLOG_IDENTIFIER": "postfix/smtp",
        "SYSLOG_PID": "7",
        "MESSAGE": text or f"entry {number}",
        **fields,
    }


def row(number, text=None):
    stamp = f"2026-11-23T14:22:34.{number:06}+00:00"
    return f"{stamp} mx postfix/smtp[7]: {text or f'entry {number}'}"


class Machine:
    def __init__(self, place):
        self.place = place
        self.program = place / "journalctl.py"
        self.program.write_text(PROGRAM)
        os.mkfifo(place / "pipe")
        self.write([])

    def write(self, entries):
        (self.place / "entries").write_text("".join(json.dumps(e) + "\n" for e in entries))

    def start(self, *args, **options):
        command = (sys.executable, str(self.program), str(self.place))
        return Journal(*args, command=command, matches=(), **options)

    def calls(self):
        return [json.loads(row) for row in (self.place / "argv").read_text().splitlines()]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def read(journal, count, now=0.0):
    """Poll until there are *count* lines; between polls wait for the program, not for a time."""
    result = []
    while True:
        result += [line for block in journal.poll(now=now) for line in lines(block)]
        if len(result) >= count or journal.fileno() is None:
            return result
        assert select.select([journal.fileno()], [], [], 20)[0], "the program says nothing"


def died(journal, now=0.0):
    result = []
    while True:
        result += [line.text for block in journal.poll(now=now) for line in lines(block)]
        if journal.fileno() is None:
            return result
        assert select.select([journal.fileno()], [], [], 20)[0], "the program lives"


def test_entries_become_lines_of_syslog(machine):
    machine.write([entry(1), entry(2)])
    journal = machine.start(start="begin")
    first, second = read(journal, 2)
    assert first == Line(row(1), "journal", 1, 0, len(row(1)) + 1)
    assert second == Line(row(2), "journal", 2, first.end, first.end + len(row(2)) + 1)
    assert journal.checkpoint == JournalCheckpoint("s=1;i=2", START + 2, second.end, 3)
    journal.close()


def test_a_first_start_begins_behind_the_last_entry_and_remembers_it(machine):
    machine.write([entry(1), entry(2)])
    journal = machine.start()
    assert list(journal.poll()) == []
    assert journal.checkpoint == JournalCheckpoint("s=1;i=2", START + 2)
    journal.close()
    machine.write([entry(1), entry(2), entry(3)])
    again = machine.start(journal.checkpoint)
    assert [line.text for line in read(again, 1)] == [row(3)]
    again.close()
    assert machine.calls()[0] == ["--lines=1"]
    assert machine.calls()[-1] == ["--follow", "--no-tail", "--after-cursor=s=1;i=2"]


def test_an_empty_journal_has_no_end_to_begin_at(machine):
    journal = machine.start()
    assert list(journal.poll()) == []
    writer = os.open(machine.place / "pipe", os.O_WRONLY)
    os.write(writer, json.dumps(entry(1)).encode() + b"\n")
    assert [line.text for line in read(journal, 1)] == [row(1)]
    os.close(writer)
    journal.close()


def test_when_the_program_dies_it_is_started_behind_the_last_entry_after_a_pause(machine):
    (machine.place / "pipe").unlink()
    machine.write([entry(1)])
    journal = machine.start(start="begin")
    assert died(journal, now=100.0) == [row(1)]
    machine.write([entry(1), entry(2)])
    assert list(journal.poll(now=100.9)) == []
    assert journal.fileno() is None
    assert died(journal, now=101.0) == [row(2)]
    assert journal.losses == Losses(restarts=2)


def test_a_cursor_whose_journal_is_gone_is_replaced_by_its_time(machine):
    (machine.place / "pipe").unlink()
    machine.write([entry(5), entry(6), entry(7)])
    journal = machine.start(JournalCheckpoint("s=0;i=9", START + 5, 100, 3))
    assert died(journal, now=0) == []
    assert journal.trouble == "Failed to seek to cursor: Invalid argument"
    assert died(journal, now=1) == []
    assert [line.text for line in read(journal, 2, now=3)] == [row(6), row(7)]
    assert journal.checkpoint.number == 5
    assert journal.trouble == ""
    journal.close()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"MESSAGE": "two\nlines\n"}, "mx postfix/smtp[7]: two#012lines"),
        ({"MESSAGE": list(b"caf\xe9")}, "mx postfix/smtp[7]: caf\udce9"),
        ({"MESSAGE": None}, "mx postfix/smtp[7]: "),
        ({"MESSAGE": ["one", "two"]}, "mx postfix/smtp[7]: one two"),
        ({"SYSLOG_PID": None, "_PID": "9"}, "mx postfix/smtp[9]: x"),
        ({"SYSLOG_PID": None}, "mx postfix/smtp: x"),
        ({"SYSLOG_IDENTIFIER": None, "_COMM": "smtpd"}, "mx smtpd[7]: x"),
        # whoever may log chooses the tag: it stays one word
        ({"SYSLOG_IDENTIFIER": "a: b[1]\nc"}, "mx a__b_1__c[7]: x"),
        ({"_HOSTNAME": ["mx", "mx2"]}, "mx postfix/smtp[7]: x"),
        ({"_HOSTNAME": [1, 2]}, "localhost postfix/smtp[7]: x"),
    ],
)
def test_whatever_an_entry_holds_it_is_one_line(fields, expected):
    data = _row(_decode(json.dumps(entry(1, "x", **fields))), START)
    assert (
        data.decode("utf-8", "surrogateescape") == f"2026-11-23T14:22:34.000000+00:00 {expected}\n"
    )


@pytest.mark.parametrize(
    "bad",
    [
        b"rubbish",
        b"[]",
        b"{}",
        b'{"__REALTIME_TIMESTAMP": "1e999"}',
        b'{"MESSAGE": {"a": 1}}',
        b"\xff",
    ],
)
def test_rubbish_is_counted_and_passed(machine, bad):
    journal = machine.start(start="begin")
    assert list(journal.poll()) == []
    writer = os.open(machine.place / "pipe", os.O_WRONLY)
    os.write(writer, bad.replace(b"\xff", b"?") + b"\n" + json.dumps(entry(1)).encode() + b"\n")
    assert [line.text for line in read(journal, 1)] == [row(1)]
    assert journal.losses == Losses(dropped=1)
    os.close(writer)
    journal.close()


def test_a_machine_without_journalctl_says_so(tmp_path):
    for start in ("begin", "end"):
        journal = Journal(start=start, command=(str(tmp_path / "journalctl"),))
        with pytest.raises(SourceError) as raised:
            list(journal.poll())
        assert str(raised.value) == f"{tmp_path}/journalctl: No such file or directory"


@pytest.mark.skipif(not shutil.which("journalctl"), reason="no journalctl here")
def test_the_real_journalctl_takes_the_options():
    journal = Journal()
    list(journal.poll())
    # wrong arguments would end it at once
    select.select([journal.fileno()], [], [], 0.2)
    list(journal.poll())
    assert journal.fileno() is not None, journal.trouble
    journal.close()
