"""kill -9 at random moments under load: nothing is lost, nothing is done twice."""

import json
import random
import re
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
PARTS = "id kind subject opened first last counts signals reasons cause origin".split()  # noqa: SIM905
DOMAINS = ["seaton.biz", "loop-a.test", "loop-b.test", "loop-c.test"]


def essence(incident):
    """Return what live and replay must agree on."""
    return {
        **{name: incident[name] for name in PARTS},
        "outcome": incident["verdict"]["outcome"],
        "evidence": [line["text"] for line in incident["evidence"]],
    }


def spin(lines, domain, shift):
    """The sample as if it were about *domain*, *shift* seconds later and under other queue ids."""
    found = []
    for line in lines:
        stamp = time.gmtime(1795410000 + shift + len(found) // 40)
        text = re.sub(r"\b([0-9A-F]{8,10})\b", lambda m: f"{m[1]}{shift:02X}", line[15:])
        text = text.replace("seaton.biz", domain)
        found.append(time.strftime("%Y-%m-%dT%H:%M:%S+00:00", stamp) + text + "\n")
    return found


def story():
    lines = SAMPLE.read_text().splitlines()
    return [line for n, domain in enumerate(DOMAINS) for line in spin(lines, domain, n * 40)]


def zone_text():
    return "".join(
        f"{d}. 60 IN SOA ns.{d}. root.{d}. 1 60 60 60 60\n"
        f"{d}. 60 IN MX 10 mail.{d}.\nmail.{d}. 60 IN A 127.0.0.1\n"
        for d in DOMAINS
    )


def write_slowly(path, lines, ended, pause):
    """Append *lines* in small pieces, a *pause* apart, until *ended* is set, then the rest."""
    rng = random.Random(1)
    place = 0
    while place < len(lines) and not ended.is_set():
        size = rng.randrange(1, 90)
        with path.open("a") as file:
            file.write("".join(lines[place : place + size]))
        place += size
        ended.wait(pause)
    with path.open("a") as file:
        file.write("".join(lines[place:]))


def replay(daemon, path):
    zone = daemon.folder / "dns.zone"
    body = zone_text().replace(" 60 IN ", " ")
    zone.write_text(
        "$TTL 60\n$ORIGIN .\n@ SOA ns.test. root.test. 1 60 60 60 60\n@ NS ns.test.\n"
        + "".join(line + "\n" for line in body.splitlines() if " SOA " not in line)
    )
    words = ["replay", "--json", "--tz", "UTC", "--dns", f"zone:{zone}", str(path)]
    return [essence(i) for i in json.loads(daemon.command(*words).stdout)["incidents"]]


def deeds(daemon):
    """Return state and last words of every hook that was begun, by its id."""
    with sqlite3.connect(f"file:{daemon.folder}/state/state.db?mode=ro", uri=True) as db:
        return {row[0]: row[1:] for row in db.execute("SELECT id, state, said FROM actions")}


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(8, marks=pytest.mark.timeout(300)),
        pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
    ],
)
def test_kills_at_random_moments_lose_nothing_and_do_nothing_twice(
    daemon, receiver, wait_for, serve_zone, kills
):
    rng = random.Random(kills)
    hook = daemon.hook
    hook.write_text(f'#!/bin/sh\necho "$LWMX_ON $LWMX_INCIDENT" >> {daemon.hooks}\n')
    daemon.configure(dns=serve_zone(zone_text()), url=receiver.url)
    daemon.log.touch()
    lines = story()
    ended = threading.Event()
    pause = kills * 45 / len(lines)  # most of it is written while it is being killed
    writer = threading.Thread(target=write_slowly, args=(daemon.log, lines, ended, pause))
    daemon.start()
    writer.start()
    try:
        for _ in range(kills):
            time.sleep(rng.random() * 0.7)
            daemon.stop(signal.SIGKILL)
            daemon.start()
    finally:
        ended.set()
        writer.join()
    expected = replay(daemon, daemon.log)
    assert {i["subject"] for i in expected} == set(DOMAINS)
    wait_for(lambda: [essence(i) for i in daemon.incidents()] == expected, "what a replay says", 90)
    ids = [i["id"] for i in expected]
    wait_for(lambda: {*told(receiver.posts)} == {*DOMAINS}, "all notices", 90)
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.told()
    ran = daemon.hooks.read_text().splitlines()
    assert len(ran) == len(set(ran)), "a hook ran twice"
    # Nobody can know whether a hook whose start was cut off has run, so it is never run again.
    cut_off = {
        f"{key.split('#')[2]} {key.split('#')[0]}"
        for key, (_, said) in deeds(daemon).items()
        if said.startswith("cut off by a restart")
    }
    occasions = {f"{on} {i}" for on in ("opened", "confirmed") for i in ids}
    assert set(ran) <= occasions
    assert occasions - set(ran) <= cut_off
    # Nor whether a notice has arrived whose sending was cut off: it comes again, and says so.
    surely = told(p for p in receiver.posts if "have this already" not in p["message"])
    assert len(surely) == len(set(surely)), "a notice was told twice"


def told(posts):
    """Return the domains that were told of."""
    return [d for post in posts for d in DOMAINS if f" {d}:" in post["title"]]


def test_what_was_written_after_a_first_start_that_was_cut_short_is_read_through_a_rotation(
    daemon, receiver, serve_zone, wait_for
):
    daemon.configure(dns=serve_zone(zone_text()), url=receiver.url)
    daemon.log.touch()
    daemon.start()
    daemon.stop(signal.SIGKILL)
    daemon.append("".join(spin(SAMPLE.read_text().splitlines(), "seaton.biz", 0)))
    daemon.log.rename(daemon.folder / "maillog.1")
    daemon.log.touch()
    daemon.start()
    wait_for(lambda: told(receiver.posts) == ["seaton.biz"], "the notice")
    assert daemon.stop() == 0
