"""The hooks that are shipped, run as the daemon runs them, against real servers and programs."""

import asyncio
import gzip
import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec import structs

sys.path.insert(0, str(Path(__file__).parents[1]))

from shown import LOOP, SPIKE

from logwatch_mx.cli.init import HOOKS, hook_place
from logwatch_mx.config.settings import Hook
from logwatch_mx.model.action import ActionState
from logwatch_mx.report.shape import SCHEMA, shape_incident
from logwatch_mx.respond.command import hook_environment, hook_fault, run_hook
from logwatch_mx.respond.postmap import Postmap

SHIPPED = Path(__file__).parents[2] / "hooks"
DONE, FAILED = ActionState.DONE, ActionState.FAILED
HOSTILE = "\x1b[31m$(touch /tmp/owned)`id`;../../etc/x\n@everyone"


@pytest.fixture
def run(open_folder):
    """Return ``run(name, *arguments, incident=…, on=…)`` → how the hook ended."""

    def start(name, *words, incident=LOOP, on="confirmed", facts=None):
        made = open_folder / name
        made.write_bytes((SHIPPED / name).read_bytes())
        made.chmod(0o755)
        hook = Hook(command=(str(made), *map(str, words)))
        assert hook_fault(hook) is None
        shape = {"schema": SCHEMA, "on": on, **shape_incident(incident)}
        if facts is not None:
            shape["facts"] = facts
        env = hook_environment(incident, on, {"PATH": os.environ["PATH"]})
        text = json.dumps(shape).encode("ascii")

        async def once():
            return await run_hook(hook, text, env=env, limit=asyncio.Semaphore(1))

        return asyncio.run(once())

    return start


def test_each_is_printed_by_init_and_comes_with_a_wheel(tmp_path):
    assert sorted(path.name for path in SHIPPED.iterdir()) == sorted(HOOKS)
    for name in HOOKS:
        argv = [sys.executable, "-m", "logwatch_mx", "init", "--hook", name]
        done = subprocess.run(argv, capture_output=True, check=True)
        assert done.stdout == (SHIPPED / name).read_bytes()
        assert os.access(SHIPPED / name, os.X_OK)
    assert hook_place(tmp_path / "logwatch_mx") == tmp_path / "hooks"
    (tmp_path / "logwatch_mx/_data/hooks").mkdir(parents=True)
    assert hook_place(tmp_path / "logwatch_mx") == tmp_path / "logwatch_mx/_data/hooks"


# ticket


class Tickets(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        status, said = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *words):
        pass


@pytest.fixture
def tracker():
    with ThreadingHTTPServer(("127.0.0.1", 0), Tickets) as server:
        server.got, server.answer = [], (201, b'{"html_url": "https://t.test/7", "id": 7}')
        server.url = f"http://127.0.0.1:{server.server_port}/api/issues"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_ticket_is_opened_with_what_is_known(run, tracker, tmp_path):
    secret = tmp_path / "header"
    secret.write_text("Authorization: Bearer t0psecret\n")
    words = ("--header-file", secret, "--body", "description", "--set", "queue=mail")
    ended = run("ticket", tracker.url, *words)
    assert (ended.state, ended.said) == (DONE, "opened https://t.test/7")
    ((path, headers, fields),) = tracker.got
    assert path == "/api/issues"
    assert headers["Authorization"] == "Bearer t0psecret"
    assert headers["Idempotency-Key"] == LOOP.id
    assert fields["title"] == "Mail loop for seaton.biz: confirmed"
    assert fields["queue"] == "mail"
    lines = fields["description"].splitlines()
    assert lines[1:5] == [
        "    Since: 2026-11-23T16:27:32+00:00, last seen 2026-11-23T16:28:10+00:00",
        "    Seen: 24 messages, 1176 log lines",
        "    DNS: loopback",
        "    From: 192.0.2.7: 24 messages",
    ]
    assert lines[-1] == f"    More: logwatch-mx incidents show {LOOP.id}"


@pytest.mark.parametrize(
    ("status", "again"),
    [(500, True), (503, True), (429, True), (401, False), (404, False), (422, False)],
)
def test_ticket_is_tried_again_when_that_may_help(run, tracker, status, again):
    tracker.answer = (status, b"no")
    ended = run("ticket", tracker.url)
    assert (ended.state, ended.retry) == (FAILED, again)
    assert f"the server says {status}" in ended.said


def test_ticket_is_tried_again_when_nobody_listens(run):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = probe.getsockname()[1]
    ended = run("ticket", f"http://127.0.0.1:{place}/")
    assert (ended.state, ended.retry) == (FAILED, True)
    assert "cannot be reached" in ended.said


def test_ticket_of_hostile_text_is_lines_of_our_own(run, tracker):
    bad = structs.replace(LOOP, id=f"loop/{HOSTILE}", subject=HOSTILE, advice=HOSTILE)
    tracker.answer = (200, b"not json \x1b[31m")
    ended = run("ticket", tracker.url, incident=bad)
    assert (ended.state, ended.said) == (DONE, "opened")
    fields = tracker.got[0][2]
    assert fields["title"].isprintable()
    assert all(line.isprintable() and line[:4] == "    " for line in fields["body"].splitlines())


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "tickets.example.org"])
def test_ticket_goes_to_the_web_only(run, url):
    ended = run("ticket", url)
    assert (ended.state, ended.retry) == (FAILED, False)


# queue-snapshot


def snapshots(folder):
    return {path.name: gzip.decompress(path.read_bytes()) for path in sorted(folder.iterdir())}


def test_snapshot_of_a_real_queue(run, spool, tmp_path):
    spool.put("unknown@seaton.biz")
    folder = tmp_path / "kept"
    ended = run("queue-snapshot", folder, spool.program("postqueue"), "-j")
    assert ended.state is DONE, ended
    ((name, listing),) = snapshots(folder).items()
    assert name.endswith("Z-confirmed-seaton.biz.gz")
    assert ended.said == f"{folder}/{name}: 1 lines"
    row = json.loads(listing)
    assert (row["sender"], row["recipients"][0]["address"]) == (
        "nicholas@forged.test",
        "unknown@seaton.biz",
    )
    assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("status", "again"), [(69, True), (1, False)])
def test_snapshot_of_a_queue_that_cannot_be_seen(run, tmp_path, status, again):
    command = ("sh", "-c", f"echo 'postqueue: fatal: \033[31mdown' >&2; exit {status}")
    ended = run("queue-snapshot", tmp_path / "kept", *command)
    assert (ended.state, ended.retry) == (FAILED, again)
    assert "postqueue: fatal: [31mdown" in ended.said
    assert list((tmp_path / "kept").iterdir()) == []


def test_snapshots_of_a_hostile_subject_stay_in_their_folder(run, tmp_path):
    bad = structs.replace(LOOP, subject=HOSTILE)
    ended = run("queue-snapshot", tmp_path / "kept", "echo", "x", incident=bad)
    assert ended.state is DONE
    (name,) = snapshots(tmp_path / "kept")
    assert (
        name.partition("-confirmed-")[2] == "__31m__touch__tmp_owned__id__.._.._etc_x__everyone.gz"
    )
    assert not Path("/tmp/owned").exists()


def test_the_fifty_newest_snapshots_are_kept_and_nothing_else_is_deleted(run, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    old = [f"20200101T0000{number:02}Z-opened-a.gz" for number in range(60)]
    for name in (*old, "mine.gz", "20200101T000000Z-notes"):
        (folder / name).touch()
    run("queue-snapshot", folder, "echo", "x")
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == 52
    assert {"mine.gz", "20200101T000000Z-notes", old[-1]}.issubset(left)
    assert old[10] not in left


# slow-transport

PROVIDERS = ("gmail.com", "googlemail.com", "yahoo.com")
THROTTLED = structs.replace(
    SPIKE, subject="google.com", reasons={"throttled by Gmail (4.7.28)": 90, "TLS trouble": 1}
)
FACTS = {"domains": {"gmail.com": 60, "ours.example": 10}}


@pytest.fixture
def slow(run, tmp_path, postmap):
    """Return ``slow(on, …)`` → what the hook said, and what the map says then."""
    path = tmp_path / "slow"
    path.touch()
    Postmap(postmap).build(path)

    def start(on, incident=THROTTLED, facts=FACTS):
        words = (f"lmdb:{path}", *PROVIDERS, "--postmap", postmap)
        ended = run("slow-transport", *words, incident=incident, on=on, facts=facts)
        assert ended.state is DONE, ended
        return ended.said, Postmap(postmap).contents(path)

    return start


def test_a_provider_that_throttles_gets_mail_slowly_until_it_is_over(slow):
    assert slow("opened") == ("sent slowly: gmail.com", {"gmail.com": "slow:"})
    assert slow("opened") == ("nothing to do", {"gmail.com": "slow:"})
    assert slow("closed") == ("sent as before: gmail.com", {})
    assert slow("closed") == ("nothing to do", {})


def test_a_provider_that_throttles_again_gets_mail_slowly_again(slow):
    slow("opened")
    slow("closed")
    back = structs.replace(THROTTLED, returns=1)
    assert slow("opened", back) == ("sent slowly: gmail.com", {"gmail.com": "slow:"})
    assert slow("closed", back) == ("sent as before: gmail.com", {})


def test_what_opened_and_was_over_before_the_hook_came_to_it_slows_nothing(slow):
    over = structs.replace(THROTTLED, closed=THROTTLED.last)
    assert slow("opened", over) == ("nothing to do", {})


def test_a_domain_stays_slow_while_another_spike_needs_it(slow):
    slow("opened")
    other = structs.replace(THROTTLED, id="spike/other")
    two = {"domains": {"gmail.com": 1, "googlemail.com": 1}}
    assert slow("opened", other, two)[0] == "sent slowly: googlemail.com"
    assert slow("closed") == ("nothing to do", {"gmail.com": "slow:", "googlemail.com": "slow:"})
    assert slow("closed", other)[1] == {}


@pytest.mark.parametrize(
    ("incident", "facts"),
    [
        (LOOP, FACTS),
        (structs.replace(THROTTLED, reasons={"connection refused": 90}), FACTS),
        # Relayed to a place of its own, or hosted there: it would take a wrong way.
        (THROTTLED, {"domains": {"ours.example": 60}}),
        (THROTTLED, {"domains": {"mail.gmail.com": 60, "*": 1, "gmail.com\t x": 1}}),
        (THROTTLED, {}),
    ],
)
def test_nothing_else_is_ever_slowed(slow, incident, facts):
    assert slow("opened", incident, facts)[1] == {}


def test_slow_transport_makes_no_map_that_main_cf_may_name_already(run, tmp_path, postmap):
    words = (f"lmdb:{tmp_path}/slow", "gmail.com", "--postmap", postmap)
    ended = run("slow-transport", *words, incident=THROTTLED, on="opened", facts=FACTS)
    assert ended.state is FAILED
    assert "slow.lmdb: not there" in ended.said
    assert list(tmp_path.glob("slow*")) == []


@pytest.mark.parametrize(
    "words",
    [("hash:/x", "gmail.com"), ("lmdb:x", "gmail.com"), ("lmdb:/x", "Gmail.com"), ("lmdb:/x", "*")],
)
def test_slow_transport_refuses_what_it_cannot_do_well(run, words):
    assert run("slow-transport", *words).state is FAILED
