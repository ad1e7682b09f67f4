"""The wall clock leaps by hours while the daemon runs; libc hands it another time (``fault.c``)."""

import re
import sqlite3
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(170)

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
DOMAINS = ["seaton.biz", "loop-a.test", "loop-b.test"]
ZONE = "".join(
    f"{d}. 60 IN SOA ns.{d}. r.{d}. 1 60 60 60 60\n{d}. 60 IN MX 10 mail.{d}.\n"
    f"mail.{d}. 60 IN A 127.0.0.1\n"
    for d in DOMAINS
)
HOUR = 3600
QUIET = "2026-11-23T06:00:{number:02}+00:00 mx postfix/master[340]: reload\n"


def spin(domain, minute):
    """The sample's beginning about *domain*, at *minute* and under other queue ids."""
    text = "".join(
        f"2026-11-23T05:{minute:02}:{number // 30:02}+00:00{line[15:]}\n"
        for number, line in enumerate(SAMPLE.read_text().splitlines()[:1500])
    )
    text = re.sub(r"\b([0-9A-F]{8,10})\b", lambda m: f"{m[1]}{minute:02X}", text)
    return text.replace("seaton.biz", domain)


def titles(receiver):
    return [post["title"].partition(" (")[0] for post in list(receiver.posts)]


def title(domain):
    return f"Mail loop for {domain}: confirmed"


@pytest.mark.parametrize("leap", [-5 * HOUR, 5 * HOUR, -400 * 24 * HOUR])
def test_after_a_clock_that_leapt_what_is_due_is_done_once_and_at_once(
    daemon, receiver, faults, serve_zone, wait_for, leap
):
    daemon.configure(dns=serve_zone(ZONE), url=receiver.url)
    daemon.log.touch()
    daemon.start()
    daemon.append(spin(DOMAINS[0], 1))
    wait_for(lambda: titles(receiver) == [title(DOMAINS[0])], "the notice before")
    faults.set(f"clock {leap}")
    daemon.append(spin(DOMAINS[1], 2))
    wait_for(lambda: titles(receiver) == [*map(title, DOMAINS[:2])], "the notice behind the leap")
    faults.set()
    daemon.append(spin(DOMAINS[2], 3))
    wait_for(lambda: titles(receiver) == [*map(title, DOMAINS)], "the notice after it came back")
    wait_for(lambda: len(daemon.hooks.read_text().splitlines()) == 6, "the hooks")
    assert daemon.stop() == 0
    ran = daemon.hooks.read_text().splitlines()
    assert len(set(ran)) == len(ran)
    assert "Traceback" not in daemon.told()


def tries(daemon):
    with sqlite3.connect(f"file:{daemon.state}?mode=ro", uri=True) as db:
        return [row[0] for row in db.execute("SELECT tries FROM notices ORDER BY at, key")]


def test_notices_that_were_refused_for_an_hour_are_kept_and_come_in_order_and_once(
    daemon, receiver, faults, serve_zone, wait_for
):
    receiver.status = 500
    daemon.configure(dns=serve_zone(ZONE), url=receiver.url)
    daemon.log.touch()
    daemon.start()
    for minute, domain in enumerate(DOMAINS, 1):
        daemon.append(spin(domain, minute))
        wait_for(lambda minute=minute: len(tries(daemon)) == minute, "the notice to be queued")
    # An hour in which it answers 500: after 0, 30, 90, 210 s and so on there is one more try.
    wait_for(lambda: sum(tries(daemon)) == 1, "the first try")
    for number, seconds in enumerate((40, 110, 250, 600, 1200, 2400, 4400), 2):
        faults.set(f"clock {seconds}")
        daemon.append(QUIET.format(number=number))  # so that it looks at once
        wait_for(lambda number=number: sum(tries(daemon)) == number, f"try {number}")
    assert tries(daemon) == [8, 0, 0]  # in order: nobody overtakes
    assert receiver.posts == []
    receiver.status = 200
    faults.set("clock 10000")
    wait_for(lambda: len(receiver.posts) == len(DOMAINS), "the notices")
    assert daemon.stop() == 0
    assert titles(receiver) == [*map(title, DOMAINS)]
