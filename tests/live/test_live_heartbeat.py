"""A notice that all is well, so often as it is asked for, and not oftener for a restart."""

import pytest

pytestmark = pytest.mark.timeout(170)

DAY = 24 * 3600


def beats(receiver):
    return [post for post in list(receiver.posts) if "is watching" in post["title"]]


def test_a_heartbeat_comes_once_a_period_whatever_is_restarted(
    daemon, receiver, dns_server, faults, wait_for
):
    beat = '[health]\nheartbeat = "24h"\n'
    daemon.configure(dns=dns_server, url=receiver.url, extra=beat)
    daemon.log.touch()
    daemon.start()
    wait_for(lambda: len(beats(receiver)) == 1, "the first")
    assert beats(receiver)[0]["title"].startswith("logwatch-mx is watching: 0 open incidents")
    assert "logwatch-mx status" in beats(receiver)[0]["message"]
    daemon.process.kill()
    daemon.process.wait()
    daemon.start()
    faults.set(f"clock {DAY}")
    wait_for(lambda: len(beats(receiver)) == 2, "that of the next day")
    assert daemon.stop() == 0
    assert len(receiver.posts) == 2


def test_without_the_key_there_is_none(daemon, receiver, faults, wait_for):
    daemon.log.touch()
    daemon.start()
    faults.set(f"clock {DAY}")
    daemon.append("2026-11-23T06:00:00+00:00 mx postfix/master[340]: reload\n")
    wait_for(lambda: daemon.has_read(1), "the line")
    assert daemon.stop() == 0
    assert receiver.posts == []
