import json
from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.state.lock import is_held
from logwatch_mx.state.store import Store


@pytest.fixture
def state(tmp_path):
    path = tmp_path / "state.db"
    config = tmp_path / "config.toml"
    config.write_text(f'[state]\npath = "{path}"\n')
    return path, config


def save(store, *, ago=0, **words):
    told = {"saved": (datetime.now(UTC) - timedelta(seconds=ago)).isoformat(), **words}
    with store.transaction() as t:
        t.save_meta("status", json.dumps(told))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ({"lines": 7, "lag": 0}, 0, "running: last sign of life"),
        ({"lines": 7, "lag": 0, "ago": 600}, 1, "NOT running, or stuck: last sign of life"),
        ({"lines": 7, "lag": 2**30}, 1, "running, but FAR BEHIND: last sign of life"),
    ],
)
def test_the_exit_code_says_whether_all_is_well(logwatch, state, words, code, said):
    path, config = state
    with Store.open(path, daemon=True) as store:
        save(store, **words)
        ran = logwatch("status", "--config", config)
    assert (ran.code, ran.err) == (code, "")
    assert ran.out.startswith(said)
    assert "last stamp in the log       none yet\n" in ran.out


def test_a_daemon_that_has_just_stopped_is_not_running(logwatch, state):
    path, config = state
    with Store.open(path, daemon=True) as store:
        save(store, lines=7, lag=0)
        assert is_held(path) is True
    assert is_held(path) is False
    ran = logwatch("status", "--json", "--config", config)
    told = json.loads(ran.out)
    assert (ran.code, told["running"], told["far_behind"]) == (1, False, False)
    assert logwatch("status", "--config", config).out.startswith("NOT running: last sign of life")
