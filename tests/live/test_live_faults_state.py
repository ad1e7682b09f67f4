"""The state cannot be written, or is damaged: the log is read on, and what is done is done once."""

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(170)

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
LINES = len(SAMPLE.read_text().splitlines())
HOOKS = ["opened seaton.biz suspected", "confirmed seaton.biz confirmed"]


def sample_text():
    lines = SAMPLE.read_text().splitlines()
    return "".join(f"2026-11-23T{line[7:15]}+00:00{line[15:]}\n" for line in lines)


@pytest.fixture
def small_disk(tmp_path):
    """Yield a directory on a file system of 2 MB of its own."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: a full disk needs root, to mount one")
    place = tmp_path / "state"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("NOT TESTED: a full disk, since nothing may be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place):
    """Take what is left of the file system at *place*."""
    with (place / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


def waiting(daemon):
    with sqlite3.connect(f"file:{daemon.state}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM notices WHERE sent_at IS NULL").fetchone()[0]


def hook_states(daemon):
    with sqlite3.connect(f"file:{daemon.state}?mode=ro", uri=True) as db:
        return [row[0] for row in db.execute("SELECT state FROM actions ORDER BY at")]


def ends_well(daemon, receiver, wait_for):
    """The story is found, told and hooked once."""
    wait_for(lambda: receiver.posts, "the notice")
    wait_for(lambda: daemon.hooks.exists() and "confirmed" in daemon.hooks.read_text(), "the hook")
    wait_for(lambda: waiting(daemon) == 0, "the tick at the notice")
    wait_for(lambda: hook_states(daemon) == ["done", "done"], "the ticks at the hooks")
    assert daemon.stop() == 0
    assert daemon.hooks.read_text().splitlines() == HOOKS
    assert len(receiver.posts) == 1
    assert "Traceback" not in daemon.told()
    (incident,) = daemon.incidents()
    assert incident["state"] == "confirmed"


def test_a_full_disk_stops_nothing_but_the_saving(daemon, receiver, small_disk, wait_for):
    daemon.log.touch()
    daemon.start()
    fill(small_disk)
    daemon.append(sample_text())
    wait_for(lambda: "no space left on the disk" in daemon.told(), "the complaint")
    wait_for(lambda: daemon.has_read(LINES), "the end of the log")
    assert not receiver.posts
    assert not daemon.hooks.exists()
    assert daemon.told().count("no space left") == 1
    (small_disk / "ballast").unlink()
    ends_well(daemon, receiver, wait_for)


def test_a_disk_that_fills_while_a_notice_is_under_way_tells_nobody_twice(
    daemon, receiver, small_disk, wait_for
):
    receiver.gate.clear()
    daemon.log.touch()
    daemon.start()
    daemon.append(sample_text())
    wait_for(lambda: receiver.posts, "the notice to be under way")
    wait_for(lambda: hook_states(daemon) == ["done", "done"], "the hooks")
    fill(small_disk)
    receiver.gate.set()
    daemon.append("2026-11-23T17:00:00+00:00 mx postfix/master[340]: reload\n")
    wait_for(lambda: "no space left on the disk" in daemon.told(), "the complaint")
    wait_for(lambda: daemon.has_read(LINES + 1), "the end of the log")
    (small_disk / "ballast").unlink()
    ends_well(daemon, receiver, wait_for)


def test_a_state_that_another_process_has_locked_is_waited_for_reading_on(
    daemon, receiver, wait_for
):
    receiver.gate.clear()
    daemon.log.touch()
    daemon.start()
    daemon.append(sample_text())
    wait_for(lambda: receiver.posts, "the notice to be under way")
    with sqlite3.connect(daemon.state, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        receiver.gate.set()
        daemon.append("2026-11-23T17:00:00+00:00 mx postfix/master[340]: reload\n")
        wait_for(lambda: "busy: another process is writing" in daemon.told(), "the complaint")
        wait_for(lambda: daemon.has_read(LINES + 1), "the end of the log")
        other.execute("ROLLBACK")
    other.close()
    ends_well(daemon, receiver, wait_for)


def test_a_damaged_state_is_set_aside_and_begun_anew(daemon, receiver, wait_for):
    daemon.state.parent.mkdir()
    rubbish = b"SQLite format 3\0" + os.urandom(8192)
    daemon.state.write_bytes(rubbish)
    daemon.log.touch()
    daemon.start()
    assert "kept as state.db.corrupt-1, and an empty state begun" in daemon.told()
    assert (daemon.state.parent / "state.db.corrupt-1").read_bytes() == rubbish
    daemon.append(sample_text())
    ends_well(daemon, receiver, wait_for)


def refused(daemon):
    """Return the one line that ``run`` ends with, and its status."""
    done = daemon.command("run", check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.strip().splitlines()


def test_a_read_only_file_system_is_said_in_one_line(daemon, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    daemon.log.touch()
    status, (line,) = refused(daemon)
    assert status != 0
    assert "Read-only file system" in line
    assert str(small_disk) in line


def test_a_state_below_a_file_is_said_in_one_line(daemon, receiver, dns_server):
    (daemon.folder / "file").write_text("")
    daemon.configure(dns=dns_server, url=receiver.url, state=daemon.folder / "file/state.db")
    daemon.log.touch()
    status, (line,) = refused(daemon)
    assert status != 0
    assert f"{daemon.folder}/file: File exists" in line


def test_status_tells_how_far_behind_it_is_and_what_is_wrong(daemon, wait_for):
    daemon.start()
    wait_for(lambda: "waiting for it" in daemon.told(), "the complaint")

    def told():
        done = daemon.command("status", "--json", check=False)
        return json.loads(done.stdout) if done.stdout else {}

    found = wait_for(lambda: told().get("troubles") and told(), "the status")
    assert found["running"]
    assert found["lag"] == 0
    assert found["troubles"] == [f"{daemon.log}: no such file; waiting for it"]
