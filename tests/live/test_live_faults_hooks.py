"""Hooks that hang, fork, die, flood, or ask for patience: each ends, is written down, and once."""

import json
import sqlite3
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(170)

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
LINES = len(SAMPLE.read_text().splitlines())
#: What the program does, and how it ends: state, last words, and what they begin with.
HOOKS = [
    ("sleep 100", "failed", "killed after 1 s"),
    ("sleep 100 & echo grandchild", "done", "grandchild"),
    ("kill -SEGV $$", "failed", "died of SIGSEGV"),
    ("head -c 1000000000 /dev/zero; echo; echo last words", "done", ""),
    ("echo busy; exit 75", "failed", "status 75: busy (it asks to be run again later)"),
    ("exit 3", "failed", "status 3"),
    ("cat > /dev/full", "failed", "status "),
    ("exec 0<&-; echo did not read", "done", "did not read"),
]


def sample_text():
    lines = SAMPLE.read_text().splitlines()
    return "".join(f"2026-11-23T{line[7:15]}+00:00{line[15:]}\n" for line in lines)


def outcomes(daemon):
    with sqlite3.connect(f"file:{daemon.state}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT id, state, said FROM actions ORDER BY id").fetchall()
    return {name.rpartition("#command#")[2]: (state, said) for name, state, said in rows}


def test_no_hook_holds_up_the_reading_or_another(daemon, receiver, dns_server, wait_for):
    text = ""
    for number, (does, _, said) in enumerate(HOOKS):
        path = daemon.folder / f"hook{number}.sh"
        path.write_text(f"#!/bin/sh\necho {number} >> {daemon.folder}/ran\n{does}\n")
        path.chmod(0o755)
        # The others may take their time on a busy machine.
        timeout = "1s" if said.startswith("killed") else "60s"
        text += f'[[hook]]\non = ["opened"]\ncommand = ["{path}"]\ntimeout = "{timeout}"\n'
    daemon.configure(dns=dns_server, url=receiver.url, extra=text)
    daemon.log.touch()
    daemon.start()
    daemon.append(sample_text())
    wait_for(lambda: daemon.has_read(LINES), "the end of the log")

    def ended():
        found = outcomes(daemon)
        states = {state for state, _ in found.values()}
        return len(found) == len(HOOKS) + 2 and "running" not in states and found

    found = wait_for(ended, "the end of all hooks")
    assert daemon.stop() == 0
    for number, (does, state, said) in enumerate(HOOKS):
        got = found[f"opened#{number + 2}"]
        assert got[0] == state, does
        assert got[1].startswith(said), does
    ran = (daemon.folder / "ran").read_text().split()
    assert sorted(ran) == [str(number) for number in range(len(HOOKS))]
    assert "Traceback" not in daemon.told()


def test_a_hook_that_became_writable_for_others_is_not_run(daemon, receiver, wait_for):
    daemon.log.touch()
    daemon.start()
    daemon.hook.chmod(0o775)
    daemon.append(sample_text())
    wait_for(lambda: receiver.posts, "the notice")
    wait_for(lambda: outcomes(daemon).get("confirmed#1", ("running",))[0] != "running", "the end")
    assert daemon.stop() == 0
    assert not daemon.hooks.exists()
    refusal = f"{daemon.hook}: others than its owner may write to it; not run"
    assert outcomes(daemon)["opened#1"] == ("failed", refusal)


def test_a_hook_gets_lines_that_are_no_utf_8_as_ascii_json(daemon, receiver, wait_for):
    evil = sample_text().encode().replace(b"nicholas@", b"nichol\xe9\x1b[31m@")
    daemon.log.touch()
    daemon.start()
    with daemon.log.open("ab") as log:
        log.write(evil)
    wait_for(lambda: receiver.posts, "the notice")
    wait_for(lambda: outcomes(daemon).get("opened#1", ("running",))[0] == "done", "the hook")
    assert daemon.stop() == 0
    data = (daemon.folder / "hook.opened.json").read_bytes()
    assert data.isascii()
    incident = json.loads(data)
    assert incident["schema"] == 1
    assert incident["on"] == "opened"
    assert incident["subject"] == "seaton.biz"
    assert any("\udce9" in line["text"] for line in incident["evidence"])
    assert "Error" not in daemon.told()
