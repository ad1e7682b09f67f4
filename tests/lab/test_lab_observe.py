"""Observe mode, everything configured, beside real MTAs: it tells, and changes nothing."""

import http.server
import json
import shutil
import socket
import threading
from pathlib import Path

import pytest
from mailworld.attack import SPINNING, attack, in_map, read_map, watched
from mailworld.space import wait_for

NOTE_WRITES = Path(__file__).parent / "mailworld/note_writes.py"
#: What the mail server and its logger write to themselves.
THEIRS = ("/var/spool", "/var/mail", "/var/log", "/var/lib", "/run", "/proc", "/dev", "/sys")
RULE = """\
id = "sent-out"
title = "Mail leaves"
when = "delivery and status is sent"
by = "domain"
window = "10m"
threshold = 2
"""


@pytest.fixture
def post_box():
    """Yield the URL and the list of what was posted to it."""
    taken = []

    class Box(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Box) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"json://127.0.0.1:{server.server_port}", taken
        server.shutdown()
        thread.join()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def everything(world, url):
    """Return words for ``watched``: all that could make a daemon change something."""
    hook = world.home / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {world.home}/lib/hooked\n")
    hook.chmod(0o755)
    rules = world.home / "rules"
    rules.mkdir()
    (rules / "sent-out.toml").write_text(RULE)
    notes = world.home / "notes"
    notes.mkdir()
    shutil.copy(NOTE_WRITES, notes / "sitecustomize.py")
    return {
        "top": f'rules = ["{rules}"]',
        "more": f"""\
helper = "{world.home}/helper.sock"
protected_domains = ["birch.example"]
[metrics]
listen = "127.0.0.1:{free_port()}"
[[notify]]
url = "{url}"
[[hook]]
on = ["opened", "confirmed", "acted", "closed"]
command = ["{hook}"]
""",
        "environment": {
            "PYTHONPATH": str(notes),
            "NOTE_WRITES": str(world.home / "writes.said"),
            "HOME": str(world.home),
        },
    }


def tree(world, state):
    """Return each file below the world's folder with its mode, its owner and its bytes.

    Without *state* and what the world writes itself: the log, and what its parts said.
    """
    theirs = {world.log_path("3164"), world.log_path("3339"), world.home / "kept"}
    return {
        path: (path.lstat().st_mode, path.lstat().st_uid, path.read_bytes() if path.is_file() else b"")
        for path in sorted(world.home.rglob("*"))
        if path not in theirs and path.suffix != ".said" and not path.is_relative_to(state)
    }  # fmt: skip


def machine(world):
    """Return what the whole chroot's files look like; any write moves a file's ctime."""
    skip = [word for path in THEIRS for word in ("-path", path, "-o")][:-1]
    find = ["find", "/", "-xdev", "(", *skip, ")", "-prune", "-o"]
    said = world.run([*find, "-type", "d", "-o", "-printf", "%p %m %U %G %s %C@ %l\\n"])
    return sorted(said.splitlines())


def strangers(world, state, before):
    """Return what the daemon opened for writing, or changed, outside *state*."""
    lines = (world.home / "writes.said").read_text().splitlines()
    heard = {tuple(json.loads(line)) for line in lines if '"subprocess.Popen"' not in line}
    # A database is named by a URI; a number is an open file, which was heard of when it was opened.
    found = {
        (event, Path(path.removeprefix("file:").partition("?")[0]))
        for event, path in heard
        if not path.isdigit()
    }
    assert any(path.is_relative_to(state) for _, path in found)  # it is listened to at all
    return {
        (event, path)
        for event, path in found
        if not path.is_relative_to(state)
        and path != Path("/dev/null")
        and not (event == "os.mkdir" and path in before)
    }


@pytest.mark.parametrize("action", ["pause", "discard"])
@pytest.mark.parametrize("mta", list(SPINNING))
def test_observe_mode_changes_nothing_outside_its_state(open_world, post_box, mta, action):
    url, posted = post_box
    world = open_world(mta, SPINNING[mta])
    # Once it acted: its map is there, and the mail server reads it.
    with watched(world, action=action, name="before") as acted:
        read_map(world, acted)
        wait_for(lambda: acted.folder.joinpath(acted.map.name).exists(), "the map")
    words = everything(world, url)
    daemon = watched(world, mode="observe", action=action, **words)
    state = world.home / "daemon.state"
    before, chroot = tree(world, state), machine(world)
    assert acted.map in before
    with daemon:
        world.send_plan(attack(["seaton.biz"], 3))
        wait_for(lambda: (action, "planned") in daemon.actions("seaton.biz"), "the plan", 90)
        assert world.settle(120)
        wait_for(lambda: posted, "a notice", 90)
        daemon.command("incidents", "show", "seaton.biz")
        assert {made for _, made in daemon.actions("seaton.biz")} == {"planned"}
        assert in_map(world, daemon) == []
    assert tree(world, state) == before
    assert machine(world) == chroot
    assert strangers(world, state, before) == set()
    # In act mode the same settings change what was looked at: the test could have failed.
    with watched(world, action=action, name="after", **words) as acting:
        world.send_plan(attack(["seaton.biz"], 1))
        wait_for(lambda: (action, "done") in acting.actions("seaton.biz"), "the action", 90)
        wait_for((world.home / "lib/hooked").exists, "the hook")
        assert in_map(world, acting) == ["seaton.biz"]
    assert tree(world, state) != before
