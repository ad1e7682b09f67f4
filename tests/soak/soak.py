"""The daemon beside a busy log that is rotated, and killed, for as long as wanted: `make soak`.

A writer appends real lines about loops among healthy mail; the log is renamed, copied and
truncated, and packed; the daemon is killed and stopped and started again. At the end every line
must have counted once, every incident must be what a replay of the whole log says, and nothing may
have been done twice. In the second half nobody kills it, so that its memory can be seen to stay
(``steadiness.py``).

Exit status 0: all held. The last line is JSON.
"""

import argparse
import json
import random
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "live"))
sys.path.insert(0, str(HERE))
from busy_log import LOOPS, Rotator, Writer, loop_domain  # noqa: E402
from conftest import Daemon, Receiver, serve_dns  # noqa: E402  # the harness of the live tests
from steadiness import BOUND, resident, steadiness  # noqa: E402

PARTS = "id kind subject opened first last counts signals reasons cause origin".split()  # noqa: SIM905
#: The daemon is killed in this part of the time, in which all loops happen too.
WILD = 0.5
#: Seconds. Tables fill and the heap finds its size (seen: flat after a minute to three).
WARM_UP = 180
#: Seconds in which all must have been told and counted, also beside another program that is busy.
PATIENCE = 600
WAITING = "SELECT count(*) FROM notices WHERE sent_at IS NULL"
RULE = """
id = "soak"
title = "Every bounce to the counting domain"
when = 'delivery and status is bounced and domain is "count.test"'
by = "domain"
window = "1h"
threshold = 1
[[examples]]
title = "One is enough"
expect = ["count.test"]
lines = '''
Nov 23 10:15:00 mx postfix/smtp[18001]: 9F6B0232C10: to=<x@count.test>, relay=mx.count.test[93.184.216.9]:25, delay=1, delays=1/0/0/0, dsn=5.1.1, status=bounced (host mx.count.test[93.184.216.9] said: 550 5.1.1 unknown)
'''
"""


def zone():
    return "".join(
        f"{d}. 60 IN SOA ns.{d}. r.{d}. 1 60 60 60 60\n{d}. 60 IN MX 10 mail.{d}.\n"
        f"mail.{d}. 60 IN A 127.0.0.1\n"
        for d in map(loop_domain, range(LOOPS))
    )


def essence(incident):
    return {
        **{name: incident[name] for name in PARTS},
        "outcome": incident["verdict"]["outcome"],
        "evidence": [line["text"] for line in incident["evidence"]],
    }


def differences(live, replayed):
    """Return what is not the same, in words."""
    said = []
    ours, theirs = ({i["id"]: essence(i) for i in some} for some in (live, replayed))
    for name in sorted({*ours, *theirs}):
        here, there = ours.get(name, {}), theirs.get(name, {})
        said += [
            f"{name}: {key}: {here.get(key)} here, {there.get(key)} by replay"
            for key in {**here, **there}
            if here.get(key) != there.get(key)
        ]
    return [text[:600] for text in said]


def configured(folder, dns, receiver):
    rules = folder / "rules"
    rules.mkdir()
    (rules / "soak.toml").write_text(RULE)
    daemon = Daemon(folder, "127.0.0.1:1", receiver)
    daemon.hook.write_text(f'#!/bin/sh\necho "$LWMX_ON $LWMX_INCIDENT" >> {daemon.hooks}\n')
    daemon.configure(dns=dns, url=receiver.url)
    # Top-level keys stand before the first table.
    daemon.config.write_text(f'rules = ["{rules}"]\n' + daemon.config.read_text())
    daemon.log.touch()
    return daemon


def soak(folder, *, minutes, lines, seed):
    rng = random.Random(seed)
    receiver = Receiver()
    dns = serve_dns(zone())
    daemon = configured(folder, next(dns), receiver)
    daemon.start()
    begun = time.monotonic()
    until = begun + minutes * 60
    calm = begun + minutes * 60 * WILD
    writer = Writer(daemon.log, lines=lines, until=until, wild=WILD)
    rotator = Rotator(writer, rng)
    writer.start()
    kills = stops = 0
    rotate_at = kill_at = begun + 1
    samples, lags = [], []
    while writer.is_alive():
        time.sleep(0.5)
        now = time.monotonic()
        if now >= rotate_at:
            rotator.rotate()
            rotate_at = now + rng.uniform(4, 25)
        if kill_at <= now < calm:
            hard = rng.random() < 0.8
            kills, stops = kills + hard, stops + (not hard)
            daemon.stop(signal.SIGKILL if hard else signal.SIGTERM)
            if rng.random() < 0.3:
                rotator.rotate()  # while nobody looks
            time.sleep(rng.random() * 2)
            daemon.start()
            kill_at = now + rng.uniform(2, 20)
        if now > calm:
            samples.append((now, resident(daemon.process.pid)))
            lags.append(
                json.loads(state(folder, "SELECT value FROM meta WHERE key = 'status'")).get(
                    "lag", 0
                )
            )
    died = daemon.gone()
    replayed = replay(daemon)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        faults = differences(daemon.incidents(), replayed)
        # In a storm notices are gathered, and go out once a minute.
        if not faults and state(folder, WAITING) == 0 and not untold(receiver):
            break
        time.sleep(2)
    daemon.stop()
    receiver.close()
    # A short soak has no time for all of the warm-up.
    memory = steadiness(samples, warm=min(WARM_UP, minutes * 60 * (1 - WILD) * 0.4))
    if died:
        faults.append("the daemon ended by itself")
    if memory.grows:
        faults.append(memory.words)
    return judge(
        daemon,
        receiver,
        writer,
        faults,
        replayed,
        {
            "minutes": minutes,
            "kills": kills,
            "stops": stops,
            "rotations": rotator.count,
            "memory": memory.words,
            "rss_mb": round(memory.last, 1),
            "rss_slope_mb_per_hour": round(memory.slope, 2),
            "rss_slope_standard_error": round(memory.error, 2),
            "rss_slope_bound": BOUND,
            "worst_lag_bytes_when_calm": max(lags, default=0),
        },
    )


def judge(daemon, receiver, writer, faults, replayed, figures):
    """Return everything that was seen, with ``faults`` in words."""
    counted = sum(i["counts"]["events"] for i in daemon.incidents() if i["subject"] == "count.test")
    if counted != writer.counted:
        faults.append(f"{writer.counted} bounces were written, {counted} were counted")
    missing = {loop_domain(n) for n in range(LOOPS)} - {i["subject"] for i in replayed}
    if missing:
        faults.append(f"not found: {sorted(missing)}")
    ran = daemon.hooks.read_text().splitlines()
    faults += [f"hook ran twice: {one}" for one in {r for r in ran if ran.count(r) > 1}]
    titles = [p["title"] for p in receiver.posts if "have this already" not in p["message"]]
    faults += [f"told twice: {one}" for one in {t for t in titles if titles.count(t) > 1}]
    faults += [f"not told: {one}" for one in untold(receiver)]
    faults += [f"said: {line}" for line in daemon.told().splitlines() if "Error" in line]
    if "Traceback" in daemon.told():
        faults.append("a traceback")
    return {
        "lines": writer.lines,
        "counted": counted,
        "lost_or_twice": writer.counted - counted,
        "incidents": len(replayed),
        "hooks": len(ran),
        "notices": len(receiver.posts),
        **figures,
        "faults": faults,
    }


def untold(receiver):
    """Return the loops that nobody was told of."""
    told = " ".join(f"{post['title']} {post['message']}" for post in [*receiver.posts])
    words = set(re.split(r"[\s:,]+", told))
    return sorted({*map(loop_domain, range(LOOPS))} - words)


def state(folder, question):
    with sqlite3.connect(f"file:{folder}/state/state.db?mode=ro", uri=True) as db:
        return db.execute(question).fetchone()[0]


def replay(daemon):
    path = daemon.folder / "dns.zone"
    records = [line for line in zone().replace(" 60 IN ", " ").splitlines() if " SOA " not in line]
    path.write_text(
        "$TTL 60\n$ORIGIN .\n@ SOA ns.test. root.test. 1 60 60 60 60\n@ NS ns.test.\n"
        + "\n".join(records)
        + "\n"
    )
    logs = sorted(str(p) for p in daemon.folder.glob("maillog*"))
    words = ("replay", "--json", "--tz", "UTC", "--dns", f"zone:{path}", *logs)
    done = daemon.command(*words, patience=1800)
    return json.loads(done.stdout)["incidents"]


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    words.add_argument("--minutes", type=float, default=20)
    words.add_argument("--lines", type=int, default=0, help="all told; 4,000 a second unless given")
    words.add_argument("--seed", type=int, default=int(time.time()))
    words.add_argument("--keep", action="store_true", help="keep the folder")
    given = words.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    lines = given.lines or int(given.minutes * 60 * 4000)
    print(f"soak: {given.minutes:g} minutes, {lines} lines, seed {given.seed}, in {folder}")
    found = soak(folder, minutes=given.minutes, lines=lines, seed=given.seed)
    for fault in found["faults"]:
        print(f"FAULT {fault}")
    print(found["memory"])
    print(json.dumps(found))
    if not found["faults"] and not given.keep:
        shutil.rmtree(folder)
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
