"""The daemon's figures over HTTP."""

import socket
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(170)

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"


def sample_text():
    lines = SAMPLE.read_text().splitlines()
    return "".join(f"2026-11-23T{line[7:15]}+00:00{line[15:]}\n" for line in lines)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        rows = answer.read().decode().splitlines()
    return {row.rpartition(" ")[0]: float(row.rpartition(" ")[2]) for row in rows if row[0] != "#"}


def test_the_metrics_say_what_was_read_found_and_done(daemon, receiver, dns_server, wait_for):
    port = free_port()
    daemon.configure(
        dns=dns_server, url=receiver.url, extra=f'[metrics]\nlisten = "127.0.0.1:{port}"\n'
    )
    daemon.log.touch()
    daemon.start()
    assert scrape(port)["lwmx_lag_bytes"] == 0
    lost = "2026-11-23T05:00:00+00:00 mx rsyslogd: imuxsock lost 37 messages from pid 7\n"
    daemon.append(lost + sample_text())
    wait_for(lambda: receiver.posts, "the notice")
    wanted = {
        "lwmx_lost_lines_total": 37,
        'lwmx_incidents{state="confirmed"}': 1,
        'lwmx_actions{state="done"}': 2,
        "lwmx_notices_pending": 0,
        "lwmx_lag_bytes": 0,
        "lwmx_failures_total": 0,
        "lwmx_troubles": 0,
    }
    wait_for(lambda: scrape(port).items() >= wanted.items(), "the figures")
    lines = sum(v for k, v in scrape(port).items() if k.startswith("lwmx_lines_total"))
    assert lines == len(SAMPLE.read_text().splitlines()) + 1
    assert daemon.stop() == 0


def test_an_address_that_is_taken_is_said_and_stops_nothing(daemon, receiver, dns_server, wait_for):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        daemon.configure(
            dns=dns_server, url=receiver.url, extra=f'[metrics]\nlisten = "{listen}"\n'
        )
        daemon.log.touch()
        daemon.start()
        assert f"metrics.listen: cannot listen at {listen}: Address already in use" in daemon.told()
        daemon.append(sample_text())
        wait_for(lambda: receiver.posts, "the notice")
        assert daemon.stop() == 0
