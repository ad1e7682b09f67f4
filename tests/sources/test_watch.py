import threading

import pytest

from logwatch_mx.sources.watch import Watcher


@pytest.fixture
def woken():
    return threading.Event()


def started(paths, woken):
    watcher = Watcher([str(path) for path in paths], woken.set)
    watcher.start()
    return watcher


CHANGES = [
    lambda path: path.write_text("more"),
    lambda path: path.rename(path.with_name("maillog.1")),
    lambda path: path.unlink(),
    lambda path: path.with_name("other").touch(),
]


@pytest.mark.parametrize("change", CHANGES, ids=["write", "rename", "delete", "create"])
def test_a_change_beside_the_log_wakes(tmp_path, woken, change):
    path = tmp_path / "maillog"
    path.touch()
    watcher = started([path], woken)
    change(path)
    assert woken.wait(10)
    watcher.stop()


def test_a_missing_directory_is_watched_when_it_comes(tmp_path, woken):
    path = tmp_path / "later" / "maillog"
    watcher = started([path, tmp_path / "maillog"], woken)
    assert watcher.refresh() == (tmp_path / "later",)
    path.parent.mkdir()
    assert watcher.refresh() == ()
    woken.clear()
    path.write_text("line\n")
    assert woken.wait(10)
    watcher.stop()


def test_a_directory_made_anew_is_watched_again(tmp_path, woken):
    path = tmp_path / "logs" / "maillog"
    path.parent.mkdir()
    watcher = started([path], woken)
    path.parent.rename(tmp_path / "old")
    path.parent.mkdir()
    assert watcher.refresh() == ()
    woken.clear()
    path.write_text("line\n")
    assert woken.wait(10)
    path.unlink()
    path.parent.rmdir()
    assert watcher.refresh() == (path.parent,)
    watcher.stop()


def test_reading_a_log_wakes_nobody(tmp_path, woken):
    path = tmp_path / "maillog"
    path.write_text("line\n")
    seen = []
    again = threading.Event()

    def wake():
        seen.append(1)
        again.set()

    watcher = Watcher([str(path)], wake)
    watcher.start()
    for _ in range(5):
        path.read_bytes()
    # The marker comes behind whatever reading may have caused.
    (tmp_path / "marker").touch()
    assert again.wait(10)
    watcher.stop()
    # one for the marker's creation and one at most for its stamp
    assert len(seen) <= 2


def test_start_and_stop_may_be_called_in_any_number(tmp_path, woken):
    watcher = Watcher([str(tmp_path / "maillog")], woken.set)
    watcher.stop()
    assert watcher.refresh() == (tmp_path,)
    for _ in range(2):
        watcher.start()
        watcher.start()
        watcher.stop()
        watcher.stop()
    watcher.start()
    (tmp_path / "maillog").touch()
    assert woken.wait(10)
    watcher.stop()


def test_a_stopped_watcher_is_silent(tmp_path, woken):
    watcher = started([tmp_path / "maillog"], woken)
    watcher.stop()
    threads = threading.active_count()
    (tmp_path / "maillog").touch()
    assert not woken.is_set()
    assert threads == threading.active_count()
