import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.model.action import Action, ActionState, Outcome, Verb
from logwatch_mx.state.store import Store


@pytest.fixture
def db(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
def ignore(tmp_path, db):
    config = tmp_path / "config.toml"
    config.write_text(f'[state]\npath = "{db}"\n')

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "logwatch_mx", "ignore", "--config", config, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_domain_is_ignored_for_good_or_for_a_time(ignore, db):
    assert ignore("Seaton.BIZ.") == (0, "seaton.biz: ignored for good\n", "")
    code, out, _ = ignore("bücher.example", "--for", "7d")
    assert code == 0
    assert out.startswith("xn--bcher-kva.example: ignored until 2")
    now = datetime.now(UTC)
    with Store.open(db, read_only=True) as store:
        found = store.ignores(now)
    assert found["seaton.biz"] is None
    left = found["xn--bcher-kva.example"] - now
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_what_is_ignored_is_listed_and_watched_again(ignore):
    assert ignore("--list") == (0, "", "Nothing is ignored.\n")
    ignore("b.example")
    ignore("a.example")
    assert ignore("--list")[:2] == (0, "a.example  for good\nb.example  for good\n")
    assert json.loads(ignore("--list", "--json")[1]) == {
        "schema": 1,
        "ignored": [{"domain": "a.example", "until": None}, {"domain": "b.example", "until": None}],
    }
    assert ignore("--remove", "a.example") == (0, "a.example: watched again\n", "")
    assert ignore("--list")[1] == "b.example  for good\n"
    assert ignore("--remove", "a.example") == (
        1,
        "",
        "logwatch-mx: a.example: is not ignored\n",
    )


def test_listing_makes_no_state(ignore, db):
    ignore("--list")
    assert not db.exists()


def test_a_running_daemon_heeds_it(ignore, db):
    with Store.open(db) as daemon:
        assert ignore("seaton.biz")[0] == 0
        assert daemon.ignored(datetime.now(UTC)) == {"seaton.biz"}


def test_what_is_in_force_is_told(ignore, db):
    at = datetime.now(UTC)
    words = {"id": "loop/x#pause", "incident": "loop/x", "target": "seaton.biz", "why": ""}
    pause = Action(**words, verb=Verb.PAUSE, state=ActionState.RUNNING, at=at)
    with Store.open(db) as store, store.transaction() as t:
        t.add_action(pause)
        t.finish_action(Outcome(action=pause.id, state=ActionState.DONE, at=at))
    said = ignore("seaton.biz")[2]
    assert said == "pause is still in force; to end it: logwatch-mx undo seaton.biz\n"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("seaton.biz", "--list"),
        ("seaton.biz", "--json"),
        ("--list", "--for", "7d"),
        ("seaton.biz", "--remove", "--for", "7d"),
        ("seaton.biz", "--for", "soon"),
        ("seaton.biz", "--for", "0s"),
        ("not a domain",),
        ("127.0.0.1",),
        ("\x1b[31m.example",),
    ],
)
def test_wrong_words_are_told(ignore, db, words):
    code, out, err = ignore(*words)
    assert (code, out) == (2, "")
    assert "Error: " in err
    assert "\x1b" not in err
    assert not db.exists()


def test_a_state_that_is_not_ours_is_left_alone(ignore, db):
    db.write_bytes(b"x" * 8192)
    code, _, err = ignore("seaton.biz")
    assert code == 1
    assert "damaged" in err
    assert db.read_bytes() == b"x" * 8192
