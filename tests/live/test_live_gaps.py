"""Lines that nobody can read any more are told in the incident that was open when they went."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(170)

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
LOST = "imuxsock lost 123 messages from pid 456 due to rate-limiting"
HEAD = "2026-11-23T16:59:{:02}+00:00 mx "
CUT = "a log was cut and there is no copy: what was not read of it is lost"
HOLE = "a log has NULs in its middle: what stood there was never on the disk"
DELETED = "a log was deleted before it was read to its end"


@pytest.fixture
def looping(daemon, receiver, wait_for):
    """Return a daemon that has told of a loop, which is open."""
    daemon.log.touch()
    daemon.start()
    daemon.append("".join(f"{line}\n" for line in loop_lines()))
    wait_for(lambda: receiver.posts, "the notice")
    return daemon


def loop_lines():
    lines = SAMPLE.read_text().splitlines()
    return [f"2026-11-23T{line[7:15]}+00:00{line[15:]}" for line in lines]


def gaps(daemon):
    """Return what the only incident says that it misses: lines, and parts of the log."""
    (loop,) = daemon.incidents()
    return loop["facts"]["lost"], loop["facts"]["gone"]


def lines(*texts):
    return "".join(f"{HEAD.format(number)}{text}\n" for number, text in enumerate(texts))


def test_what_the_logger_the_disk_and_a_rotation_lost_is_told_in_the_incident(
    looping, receiver, wait_for
):
    assert gaps(looping) == (0, 0)
    looping.append(lines(f"rsyslogd: {LOST}"))
    wait_for(lambda: gaps(looping) == (123, 0), "what the logger lost")

    # The power failed: the file had grown, what was written had not come to the disk.
    os.truncate(looping.log, looping.log.stat().st_size + 10_000)
    looping.append(lines("cron[1]: x"))
    wait_for(lambda: gaps(looping) == (123, 1), "the hole")

    looping.log.write_text(lines("cron[1]: y"))
    wait_for(lambda: gaps(looping) == (123, 2), "the cut")

    # Both at once.
    looping.log.write_text(lines("cron[1]: a") + "\0" * 100 + lines("cron[1]: b"))
    wait_for(lambda: gaps(looping) == (123, 4), "a cut and a hole")

    assert looping.stop() == 0
    looping.log.unlink()
    looping.log.write_text(lines("cron[1]: z"))
    looping.start()
    wait_for(lambda: gaps(looping) == (123, 5), "what was deleted while nobody read")

    told = looping.told()
    assert [told.count(what) for what in (HOLE, CUT, DELETED)] == [2, 2, 1]
    (loop,) = looping.incidents()
    # A terminal breaks long lines.
    shown = " ".join(looping.command("incidents", "show", loop["id"]).stdout.split())
    assert "the logger dropped 123 lines meanwhile: there was more" in shown
    assert "5 parts of the log meanwhile, before it was read: there may have been more" in shown

    looping.append("2026-11-23T23:00:00+00:00 mx cron[1]: hours later\n")
    closed = wait_for(
        lambda: [post["message"] for post in receiver.posts if "over" in post["title"]],
        "the notice of its end",
    )
    assert "Lost: 123 lines by the logger meanwhile, so there was more" in closed[0]
    said = "Lost: 5 parts of the log meanwhile, before it was read, so there may have been more"
    assert said in closed[0]
    # What goes missing now is not of it.
    looping.log.write_text(lines(f"rsyslogd: {LOST}"))
    wait_for(lambda: looping.told().count(CUT) == 3, "another cut")
    assert looping.stop() == 0
    assert gaps(looping) == (123, 5)


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "when it was seen"])
def test_a_gap_is_told_once_however_soon_the_daemon_is_killed(looping, wait_for, waits):
    looping.log.write_text(lines("cron[1]: y"))
    if waits:
        wait_for(lambda: CUT in looping.told(), "the cut")
    looping.stop(signal.SIGKILL)
    looping.start()
    wait_for(lambda: gaps(looping) == (0, 1), "the cut")
    assert looping.stop() == 0
    looping.start()
    assert looping.stop() == 0
    assert gaps(looping) == (0, 1)


def test_datagrams_that_nobody_took_in_time_are_told_in_the_incident(
    daemon, dns_server, receiver, wait_for
):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            sender.connect(probe.getsockname())
        host, port = sender.getpeername()
        source = f'syslog = "udp:{host}:{port}"'
        daemon.configure(dns=dns_server, url=receiver.url, source=source)
        daemon.start()
        for line in loop_lines():
            sender.send(line.encode())
        wait_for(lambda: receiver.posts, "the notice")
        before = gaps(daemon)[0]
        daemon.process.send_signal(signal.SIGSTOP)
        for _ in range(400):
            sender.send(b"x" * 60_000)
        daemon.process.send_signal(signal.SIGCONT)

        def told():
            # The kernel tells with what it keeps next.
            sender.send(HEAD.format(0).encode() + b"cron[1]: x")
            return gaps(daemon)[0] > before

        wait_for(told, "what the kernel dropped")
    assert daemon.stop() == 0
    lost = gaps(daemon)[0]
    status = daemon.command("status", check=False).stdout
    assert re.search(rf"lines that the logger lost\s+{lost}\n", status)
