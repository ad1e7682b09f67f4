"""One daemon a state, whoever looks at its lock meanwhile."""

import fcntl
import threading

import pytest

from logwatch_mx.errors import StateError
from logwatch_mx.state.lock import Lock, is_held


def test_a_look_at_the_lock_does_not_keep_a_daemon_from_starting(tmp_path, monkeypatch):
    state = tmp_path / "state.db"
    Lock(state).release()
    looked = (tmp_path / "state.db.lock").open()
    fcntl.flock(looked, fcntl.LOCK_SH)
    waited = threading.Event()

    def pause(_seconds):
        looked.close()
        waited.set()

    monkeypatch.setattr("logwatch_mx.state.lock.time.sleep", pause)
    lock = Lock(state)
    assert waited.is_set()
    assert is_held(state) is True
    lock.release()
    assert is_held(state) is False


def test_a_second_daemon_is_refused_after_it_has_waited(tmp_path):
    first = Lock(tmp_path / "state.db")
    with pytest.raises(StateError, match="one daemon at a time"):
        Lock(tmp_path / "state.db")
    first.release()
