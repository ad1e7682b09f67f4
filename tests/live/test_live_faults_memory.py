"""A log that is made to fill the memory, under the limit that systemd's unit sets."""

import resource
import sqlite3
import subprocess

import pytest

pytestmark = pytest.mark.timeout(170)

#: A process with its threads' stacks takes 300 MB of addresses; little of that is memory.
LIMIT = 600 << 20
LINE = (
    "2026-11-23T05:00:00+00:00 mx postfix/smtp[77]: {n:010X}: to=<x@d{n}.test>, relay=none,"
    " delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to d{n}.test[192.0.2.1]:25:"
    " Connection timed out)\n"
)
HEALTHY = (
    "2026-11-23T06:00:0{n}+00:00 mx postfix/smtp[77]: {n:08X}AB: to=<x@oak.example>,"
    " relay=oak.example[93.184.216.21]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250)\n"
)


def limited(daemon):
    daemon.start()
    resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (LIMIT, LIMIT))


def write(daemon, piece, times):
    with daemon.log.open("a") as file:
        for _ in range(times):
            file.write(piece)


def test_a_line_longer_than_the_memory_is_passed_over(daemon, wait_for):
    daemon.log.touch()
    limited(daemon)
    write(daemon, "x" * (1 << 20), 700)
    daemon.append("\n" + "".join(HEALTHY.format(n=n) for n in range(5)))
    wait_for(lambda: daemon.has_read(6), "the lines behind it")
    assert daemon.stop() == 0
    assert "MemoryError" not in daemon.told()


def test_names_without_end_are_counted_and_forgotten(daemon, wait_for):
    daemon.log.touch()
    limited(daemon)
    count = 150_000
    with daemon.log.open("a") as file:
        file.writelines(LINE.format(n=n) for n in range(count))
    wait_for(lambda: daemon.has_read(count), "the names", 120)
    assert daemon.resident_mb() < 200
    assert daemon.stop() == 0
    assert "MemoryError" not in daemon.told()
    with sqlite3.connect(f"file:{daemon.state}?mode=ro", uri=True) as db:
        (told,) = db.execute("SELECT value FROM meta WHERE key = 'status'").fetchone()
    assert '"deferral keys": 0' not in told


def test_a_packed_log_that_unpacks_to_more_than_the_memory_streams(daemon):
    bomb = daemon.folder / "bomb.gz"
    with bomb.open("wb") as out:
        words = "head -c 1000000000 /dev/zero | tr '\\0' x | gzip -1"
        subprocess.run(["sh", "-c", words], stdout=out, check=True)
    words = [
        "prlimit",
        f"--as={LIMIT}",
        *daemon.argv("replay", "--json", "--tz", "UTC", str(bomb)),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert "MemoryError" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 65}, done.stderr
