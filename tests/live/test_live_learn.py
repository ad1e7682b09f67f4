"""``run --learn``: the installed daemon knows what is usual before its first line."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(170)


def deferrals(at, count, gap):
    return "".join(
        f"{(at + timedelta(seconds=n * gap)).isoformat()} mx postfix/smtp[9]: {n:05X}{at.day:02X}BC1:"
        f" to=<u{n % 50}@busy.test>, relay=none, delay=0.3, delays=0.1/0/0.2/0, dsn=4.4.1,"
        " status=deferred (connect to mx.busy.test[192.0.2.25]:25: Connection timed out)\n"
        for n in range(count)
    )


def test_usual_deferrals_are_told_without_a_lesson_and_not_with_one(daemon, tmp_path, wait_for):
    now = datetime.now(UTC).replace(microsecond=0)
    old = tmp_path / "old.log"
    old.write_text(deferrals(now - timedelta(days=2), 4320, 10))
    daemon.log.touch()
    daemon.options = ["--learn", old]
    daemon.start()
    assert "learned: 4320 lines" in daemon.told()
    fresh = deferrals(now - timedelta(minutes=30), 180, 10)
    daemon.append(fresh)
    wait_for(lambda: daemon.has_read(180), "the lines")
    daemon.stop()
    assert daemon.incidents() == []
    daemon.start()  # the same words again: the state remembers
    assert daemon.told().count("learned before, nothing is learned again") == 1
    daemon.stop()
    daemon.state.unlink()
    daemon.options = ["--from-start"]
    daemon.start()
    wait_for(lambda: daemon.has_read(180), "the lines")
    daemon.stop()
    assert [i["id"].split("/")[:2] for i in daemon.incidents()] == [["spike", "busy.test"]]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--learn", "/nowhere/maillog"], 66, "/nowhere/maillog"),
        (["maillog.1"], 2, "old logs to learn from: --learn FILE..."),
    ],
)
def test_a_lesson_that_cannot_be_read_is_said_and_no_daemon_runs(daemon, words, code, said):
    daemon.log.touch()
    done = subprocess.run(
        [Path(sys.executable).parent / "logwatch-mx", "run", *words, "--config", daemon.config],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
