import json
import os
import shutil
import socket
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "respond"))

from queue_programs import POSTQUEUE, POSTSUPER, calls, install

from logwatch_mx.app.helper import means_of, serve
from logwatch_mx.app.helper_settings import HelperSettings
from logwatch_mx.cli.queue import queue
from logwatch_mx.errors import LogwatchError, PermissionDeniedError
from logwatch_mx.model.action import Verb
from logwatch_mx.respond import transport
from logwatch_mx.respond.route import Entry

DATA = Path(__file__).parents[1] / "respond" / "data" / "queue"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with programs of its own, asked by an ordinary user through the helper."""
    (tmp_path / "queue.json").write_text((DATA / "postqueue.json").read_text())
    programs = install(tmp_path, postqueue=POSTQUEUE, postsuper=POSTSUPER)
    shutil.copytree(DATA / "mqueue", tmp_path / "mqueue")
    cf = tmp_path / "sendmail.cf"
    cf.write_text(f"O QueueDirectory={tmp_path}/mqueue\n")
    config = tmp_path / "config.toml"
    config.write_text(
        f"[mta]\nflavour = 'postfix'\nsendmail_cf = '{cf}'\n"
        f"[respond]\nhelper = '{tmp_path}/helper.sock'\npostfix_map = '{tmp_path}/transport'\n"
    )
    # Where no real ones are, the programs on the PATH are ours; root looks at the system's only.
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "helper.sock"))
        listener.listen()
        wake, waker = socket.socketpair()
        thread = threading.Thread(
            target=serve,
            args=(listener, means_of(HelperSettings(sendmail_cf=cf, **programs))),
            kwargs={
                "allowed": frozenset({os.getuid()}),
                "log": lambda _: None,
                "idle": None,
                "wake": wake,
            },
        )
        thread.start()
        yield tmp_path
        waker.send(b"x")
        thread.join()
        wake.close()
        waker.close()


def run(host, *words):
    argv = [*words, "--config", str(host / "config.toml")]
    return CliRunner().invoke(queue, argv, standalone_mode=False)


needs_no_postfix = pytest.mark.skipif(
    shutil.which("postqueue", path="/usr/sbin:/usr/bin") is not None,
    reason="this machine has a real Postfix, which comes first",
)


@needs_no_postfix
def test_without_a_word_nothing_is_changed(host):
    ran = run(host, "seaton.biz")
    assert ran.exception is None, ran.exception
    assert "8EEB61C0  deferred" in ran.stdout
    assert "<> → nicholas@seaton.biz  (deferred transport)" in ran.stdout
    assert "955B31C8" in ran.stdout
    assert "[not only this domain]" in ran.stdout
    assert ran.stdout.splitlines()[-3:] == [
        "5 messages for seaton.biz, 2 of them held; 1 more have other recipients too and are never touched",
        "--hold would hold 3",
        "--release would release 2",
    ]
    assert calls(host) == []


@needs_no_postfix
def test_hold_says_what_it_did_and_that_no_route_is_in_force(host):
    ran = run(host, "Seaton.Biz.", "--hold")
    assert ran.stdout.splitlines()[-1] == "held 3: 8EEB61C0 917C11C3 978C81CB"
    assert ran.stderr == (
        "No route of ours is in force for seaton.biz: what arrives from now on is not held.\n"
    )
    assert calls(host) == [["-h", ["8EEB61C0", "917C11C3", "978C81CB"]]]


@needs_no_postfix
def test_json_has_every_message(host):
    told = json.loads(run(host, "sub.seaton.biz", "--json").stdout)
    assert told == {
        "schema": 1,
        "domain": "sub.seaton.biz",
        "mta": "postfix",
        "step": None,
        "done": [],
        "not_done": [],
        "messages": [
            {
                "id": "9C6F41DB",
                "queue": "hold",
                "held": True,
                "whole": True,
                "sender": "a@oak.test",
                "recipients": ["x@sub.seaton.biz"],
                "size": 252,
                "arrived": "2026-11-23T17:06:01+00:00",
                "reason": "deferred transport",
            }
        ],
    }


def _route(host, verb):
    entry = Entry(domain="seaton.biz", verb=verb, incident="loop/seaton.biz/x", action="a")
    (host / "transport").write_text(transport.render([entry]))


def test_release_into_a_route_that_throws_away_must_be_meant(host):
    _route(host, Verb.DISCARD)
    ran = run(host, "seaton.biz", "--release")
    assert isinstance(ran.exception, LogwatchError)
    assert str(ran.exception) == (
        "seaton.biz: our route says discard: what is released now is lost; first"
        " `logwatch-mx undo seaton.biz`, or say --force"
    )
    assert calls(host) == []


@pytest.mark.parametrize(("verb", "words"), [(Verb.DISCARD, ["--force"]), (Verb.PAUSE, [])])
def test_release_tells_which_route_is_in_force(host, verb, words):
    _route(host, verb)
    ran = run(host, "seaton.biz", "--release", *words)
    assert ran.stdout.splitlines()[-1] == "released 2: 9A5241D8 9E5C11DE"
    assert ran.stderr == f"Our route for seaton.biz is in force: {verb}.\n"


def test_sendmails_queue_is_listed_too(host):
    told = json.loads(run(host, "seaton.biz", "--mta", "sendmail", "--json").stdout)
    assert [(m["id"], m["whole"]) for m in told["messages"]] == [
        ("6ANH6P3l000099", True),
        ("6ANH6P5V000100", True),
        ("6ANH6P9L000103", True),
        ("6ANH6PFH000104", True),
        ("6ANH6PM4000106", True),
        ("6ANH6Pxi000102", False),
    ]


def test_without_root_and_helper_nothing_is_held(host):
    (host / "helper.sock").unlink()
    ran = run(host, "seaton.biz", "--hold")
    assert isinstance(ran.exception, PermissionDeniedError)
    assert "this needs root, or the helper" in str(ran.exception)


@needs_no_postfix
def test_words_of_a_queue_cannot_write_to_the_terminal(host):
    row = {
        "queue_id": "917C11C3",
        "queue_name": "deferred",
        "sender": "\x1b]0;owned\x07@x.test",
        "recipients": [{"address": "x@evil.test", "delay_reason": "\x1b[2J\r\nok"}],
    }
    (host / "queue.json").write_text(json.dumps(row))
    ran = run(host, "evil.test")
    assert ran.stdout.splitlines()[0] == (
        "917C11C3  deferred    ?  <?]0;owned?@x.test> → x@evil.test  (?[2J??ok)"
    )


@pytest.mark.parametrize("word", ["", "*", "a b", "nicholas@seaton.biz", "127.0.0.1"])
def test_a_word_that_is_no_domain_is_refused(host, word):
    ran = run(host, word)
    assert "DOMAIN" in str(ran.exception) or "domain" in ran.exception.message


@needs_no_postfix
def test_what_could_not_be_held_is_a_failure(host):
    (host / "busy").write_text("917C11C3")
    ran = run(host, "seaton.biz", "--hold")
    assert ran.return_value == 1
    assert "not held 1 (gone, or being delivered): 917C11C3" in ran.stderr


@needs_no_postfix
def test_a_long_list_is_cut_for_people(host):
    row = json.loads((host / "queue.json").read_text().splitlines()[0])
    rows = [json.dumps({**row, "queue_id": f"{number:08X}"}) for number in range(60)]
    (host / "queue.json").write_text("\n".join(rows))
    ran = run(host, "seaton.biz")
    assert ran.stdout.splitlines()[50:] == [
        "… and 10 more (all: --json)",
        "60 messages for seaton.biz, 0 of them held",
        "--hold would hold 60",
    ]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("flavour = 'sendmail'", "sendmail"),
        ("flavour = 'auto'", "sendmail"),  # no postqueue here, but a sendmail.cf
    ],
)
@needs_no_postfix
def test_the_server_is_the_one_that_is_there(host, monkeypatch, config, expected):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    text = (host / "config.toml").read_text().replace("flavour = 'postfix'", config)
    (host / "config.toml").write_text(text)
    assert json.loads(run(host, "seaton.biz", "--json").stdout)["mta"] == expected


@needs_no_postfix
def test_no_server_at_all_is_said(host, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (host / "sendmail.cf").unlink()
    text = (host / "config.toml").read_text().replace("flavour = 'postfix'", "flavour = 'auto'")
    (host / "config.toml").write_text(text)
    ran = run(host, "seaton.biz")
    assert str(ran.exception) == "no postqueue and no sendmail.cf on this machine: say --mta"
