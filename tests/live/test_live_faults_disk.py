"""A disk that fails under the daemon: the log is read on, and what is done is done once.

The errors are real to the process: a library in front of libc returns them (``fault.c``).
"""

import errno
import json
import sqlite3
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(170)

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
LINES = len(SAMPLE.read_text().splitlines())
OCCASIONS = ["confirmed", "opened"]
LATER = "2026-11-23T17:00:00+00:00 mx postfix/master[340]: reload\n"


def sample_lines():
    lines = SAMPLE.read_text().splitlines()
    return [f"2026-11-23T{line[7:15]}+00:00{line[15:]}\n" for line in lines]


def actions(daemon):
    with sqlite3.connect(f"file:{daemon.state}?mode=ro", uri=True) as db:
        return dict(db.execute("SELECT verb || ' ' || id, state FROM actions ORDER BY at"))


def ends_well(daemon, receiver, wait_for):
    """The story is found, told and hooked once, and says what a replay says."""
    wait_for(lambda: receiver.posts, "the notice")
    wait_for(lambda: daemon.hooks.exists() and "confirmed" in daemon.hooks.read_text(), "the hook")
    wait_for(lambda: [*actions(daemon).values()] == ["done", "done"], "the ticks at the hooks")
    assert daemon.stop() == 0
    # Late, both hooks may be due at once.
    assert sorted(line.split()[0] for line in daemon.hooks.read_text().splitlines()) == OCCASIONS
    assert len(receiver.posts) == 1
    assert "Traceback" not in daemon.told()
    (incident,) = daemon.incidents()
    replayed = daemon.command("replay", "--json", "--tz", "UTC", str(daemon.log))
    (expected,) = json.loads(replayed.stdout)["incidents"]
    assert incident["state"] == "confirmed"
    for part in ("id", "counts", "signals", "origin", "evidence"):
        assert incident[part] == expected[part], part


@pytest.mark.parametrize(
    ("what", "number", "said"),
    [
        pytest.param("write", errno.EIO, "the disk failed: disk I/O error", id="EIO"),
        pytest.param("sync", errno.EIO, "the disk failed: disk I/O error", id="EIO-on-sync"),
        pytest.param("read", errno.EIO, "the disk failed: disk I/O error", id="EIO-on-read"),
        pytest.param("write", errno.ENOSPC, "no space left on the disk", id="ENOSPC"),
        # What a file system does that its kernel made read-only after an error.
        pytest.param("write", errno.EROFS, "the disk failed: disk I/O error", id="EROFS"),
    ],
)
def test_a_state_on_a_disk_that_fails_stops_nothing_but_the_saving(
    daemon, receiver, faults, wait_for, what, number, said
):
    daemon.log.touch()
    daemon.start()
    faults.set(f"fail {what} {number} {daemon.state}")
    daemon.append("".join(sample_lines()))
    wait_for(lambda: daemon.has_read(LINES), "the end of the log")
    if what != "read":  # what was read before is in memory: it may not even notice
        wait_for(lambda: said in daemon.told(), "the complaint")
        assert daemon.told().count(said) < 6
        assert not receiver.posts
        assert not daemon.hooks.exists()
    faults.set()
    ends_well(daemon, receiver, wait_for)


def test_a_log_that_cannot_be_read_is_said_and_read_on_when_it_can(
    daemon, receiver, faults, wait_for
):
    daemon.log.touch()
    daemon.start()
    lines = sample_lines()
    half = len(lines) // 2
    daemon.append("".join(lines[:half]))
    wait_for(lambda: daemon.has_read(half), "the first half")
    faults.set(f"fail read {errno.EIO} {daemon.log}")
    daemon.append("".join(lines[half:]))
    wait_for(
        lambda: f"{daemon.log}: cannot be read: Input/output" in daemon.told(), "the complaint"
    )
    wait_for(
        lambda: json.loads(daemon.command("status", "--json", check=False).stdout)["troubles"],
        "the trouble in the status",
    )
    faults.set()
    wait_for(lambda: daemon.has_read(LINES), "the second half")
    assert f"no longer: {daemon.log}: " in daemon.told()
    ends_well(daemon, receiver, wait_for)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_map_that_cannot_be_written_is_told_and_stops_nothing(
    daemon, receiver, faults, wait_for, dns_server, second_dns_server, postmap, number
):
    daemon.configure(
        dns=dns_server,
        url=receiver.url,
        flavour="postfix",
        second=second_dns_server,
        extra=f'[respond]\npostmap = "{postmap}"\n',
    )
    daemon.log.touch()
    daemon.start()
    route = daemon.folder / "state/transport"
    before = route.read_text()
    faults.set(f"fail write {number} {route}", f"fail write {number} {route.parent}/.transport")
    daemon.append("".join(sample_lines()))
    wait_for(lambda: receiver.posts, "the notice")
    wait_for(lambda: "failed" in actions(daemon).values(), "the end of the action")
    assert "seaton.biz" not in route.read_text()
    assert "FAILED" in receiver.posts[0]["message"].upper()
    daemon.append(LATER)
    wait_for(lambda: daemon.has_read(LINES + 1), "the end of the log")
    faults.set()
    assert daemon.stop() == 0
    assert route.read_text() == before
    assert "Traceback" not in daemon.told()
