"""From the line in the log to the start of the program that was asked for: ours, SEC, fail2ban.

Every round writes three lines about a new name, which is each program's threshold, and waits for a
script that notes the time. The programs run one after another, each alone, on the same lines with
the same script. What is not installed is left out, and said so.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

#: Rounds begin apart by a time that shares no beat with anybody's poll.
APART = 0.173
PATIENCE = 20


def lines(number):
    """Return the lines of one round: a message that comes back three times."""
    stamp = datetime.now(UTC).isoformat(timespec="microseconds")
    ids = [f"{number:07X}{step:03X}" for step in range(4)]
    return "".join(
        f"{stamp} mx postfix/smtp[77]: {ids[step]}: to=<x@{name(number)}>,"
        f" relay=mail.{name(number)}[{address(number)}]:25, delay=0.01, delays=0/0/0/0, dsn=2.0.0,"
        f" status=sent (250 2.0.0 Ok: queued as {ids[step + 1]})\n"
        for step in range(3)
    )


def name(number):
    return f"round-{number}.test"


def address(number):
    return f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255 or 1}"


def script(folder, argument):
    """Write the program that notes its start; *argument* is where it finds the round's name."""
    path = folder / "note.sh"
    path.write_text(f'#!/bin/sh\necho "$(date +%s.%N) {argument}" >> {folder}/noted\n')
    path.chmod(0o755)
    return path


def begin_ours(folder):
    note = script(folder, "$LWMX_SUBJECT")
    config = folder / "config.toml"
    config.write_text(
        f'mode = "act"\n[source]\nfiles = ["{folder}/log"]\n[mta]\nflavour = "none"\n'
        f'[dns]\nnameservers = ["127.0.0.1:1"]\n[[hook]]\non = ["opened"]\n'
        f'command = ["{note}"]\n[state]\npath = "{folder}/state/state.db"\n'
    )
    words = [Path(sys.executable).parent / "logwatch-mx", "run", "--config", config]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL), name


def begin_sec(folder):
    note = script(folder, "$1")
    rules = folder / "sec.conf"
    rules.write_text(
        "type=SingleWithThreshold\nptype=RegExp\n"
        r"pattern=to=<[^>]*@([^>]+)>, relay=\S+\[127\." + "\n"
        f"desc=$1\naction=shellcmd {note} $1\nwindow=600\nthresh=3\n"
    )
    words = ["sec", f"--conf={rules}", f"--input={folder}/log"]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL), name


def begin_fail2ban(folder):
    note = script(folder, "$1")
    for part in ("filter.d", "action.d", "jail.d"):
        (folder / part).mkdir()
    (folder / "fail2ban.conf").write_text(
        f"[DEFAULT]\nloglevel = ERROR\nlogtarget = {folder}/f2b.log\nsyslogsocket = auto\n"
        f"socket = {folder}/f2b.sock\npidfile = {folder}/f2b.pid\ndbfile = None\n"
        "dbpurgeage = 1d\ndbmaxmatches = 10\nallowipv6 = auto\n[Definition]\n[Thread]\n"
        "stacksize = 0\n"
    )
    (folder / "jail.conf").write_text(
        f"[note]\nenabled = true\nfilter = note\nbackend = pyinotify\nlogpath = {folder}/log\n"
        "maxretry = 3\nfindtime = 600\nbantime = 600\naction = note\nignoreself = false\n"
        "usedns = no\n"
    )
    (folder / "filter.d/note.conf").write_text(
        "[Definition]\nfailregex = relay=\\S+\\[<HOST>\\]:25\nignoreregex =\n"
    )
    (folder / "action.d/note.conf").write_text(
        f"[Definition]\nactionstart =\nactionstop =\nactioncheck =\nactionban = {note} <ip>\n"
        "actionunban =\n"
    )
    words = ["fail2ban-server", "-f", "-c", str(folder), "-s", f"{folder}/f2b.sock"]
    words += ["-p", f"{folder}/f2b.pid", "start"]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL), address


PROGRAMS = {
    "logwatch-mx": ("", begin_ours),
    "sec": ("sec", begin_sec),
    "fail2ban": ("fail2ban-server", begin_fail2ban),
}


def measure(begin, rounds):
    """Return the seconds that each round took; None for one that nobody noted."""
    folder = Path(tempfile.mkdtemp(prefix="latency-"))
    (folder / "log").touch()
    process, key = begin(folder)
    try:
        time.sleep(4)
        written = {}
        for number in range(1, rounds + 1):
            text = lines(number)
            with (folder / "log").open("a") as log:
                log.write(text)
            written[key(number)] = time.time()
            time.sleep(APART)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and len(noted(folder)) < rounds:
            time.sleep(0.2)
        found = noted(folder)
        return [found[one] - at if one in found else None for one, at in written.items()]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder)


def noted(folder):
    path = folder / "noted"
    rows = path.read_text().splitlines() if path.exists() else []
    return {row.split()[1]: float(row.split()[0]) for row in rows if len(row.split()) == 2}


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    words.add_argument("--rounds", type=int, default=100)
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    found = {}
    for program, (needs, begin) in PROGRAMS.items():
        if needs and not shutil.which(needs):
            print(f"{program}: not installed, left out", file=sys.stderr)
            continue
        times = measure(begin, given.rounds)
        seen = [one * 1000 for one in times if one is not None]
        found[program] = {
            "rounds": len(times),
            "missed": len(times) - len(seen),
            "p50_ms": round(quantile(seen, 0.5), 1) if seen else None,
            "p99_ms": round(quantile(seen, 0.99), 1) if seen else None,
        }
    if given.json:
        print(json.dumps({"load": os.getloadavg()[0], "latency": found}))
        return
    for program, row in found.items():
        print(
            f"{program:12} p50 {row['p50_ms']} ms  p99 {row['p99_ms']} ms  missed {row['missed']}"
        )


if __name__ == "__main__":
    main()
