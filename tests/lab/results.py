"""Run the two minutes of each kind of loop, and write docs/lab-results.md from what was measured.

``python tests/lab/results.py [--worlds 4] [--from RESULTS.jsonl]``; as root, about half an hour.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = """\
# Two minutes of a joe job, measured

Written by `make lab-long` on {date} at commit {commit}: Postfix and sendmail of Debian in network namespaces,
{worlds} worlds at a time on {cpus} processors.

In each run {spams} spams, forged from one domain, arrive in 120 seconds at a gateway that learns too late that their
recipients do not exist. Each makes a bounce, and each bounce spins to the hop limit (Postfix 50, sendmail's own 25).
The daemon has nothing but the log and two resolvers. Meanwhile 240 messages go out to six other domains. Then the MX is
mended and the action is undone.

In every run there was one incident, the map held that domain and no other, all mail to the six domains arrived, and after
`undo` what had been kept arrived at the mended MX, and new mail too.

- *without*: the passes that nobody stops, that is what one such spam makes, times their number. The last rows are whole runs
  without the daemon, to show that this is so; a server that is busy with a loop does not take all of the spam.
- *after the third*: passes after the third of all, with which the loop becomes an incident.
- *seconds*: from that third pass to the last.

| MTA | action | MX | passes | without | share | after the third | seconds |
|---|---|---|---|---|---|---|---|
"""
MX = {
    "seaton.biz": "127.0.0.1",
    "mx127.test": "127.0.0.1 (another domain)",
    "mx127b.test": "127.0.0.2",
    "mxzero.test": "0.0.0.0",
    "mxlocalhost.test": "`localhost`",
    "implicit.test": "none, A 127.0.0.1",
    "mxv6.test": "::1",
    "mxcname.test": "CNAME to 127.0.0.1",
}
ACTIONS = ("pause", "discard", "none")


def row(one):
    """Return one row of the table."""
    share = f"{one['share']:.1%}" if one["without"] else "does not spin"
    return (
        f"| {one['mta']} | {one['action']} | {MX[one['kind']]} | {one['passes']}"
        f" | {one['without']:.0f} | {share} | {one['after_third']} | {one['seconds']} |"
    )


def write(found, worlds):
    """Write the table of the rows *found* and print where it is."""
    found.sort(key=lambda o: (ACTIONS.index(o["action"]), o["mta"], list(MX).index(o["kind"])))
    head = HEAD.format(
        date=found[-1]["date"],
        cpus=len(os.sched_getaffinity(0)),
        worlds=worlds,
        commit=git("rev-parse", "--short", "HEAD"),
        spams=found[-1]["spams"],
    )
    target = ROOT / "docs/lab-results.md"
    target.write_text(head + "\n".join(map(row, found)) + "\n")
    print(target)


def git(*words):
    return subprocess.run(
        ["git", "-C", ROOT, *words], capture_output=True, text=True, check=True
    ).stdout.strip()


def main():
    """Return pytest's status: the table is written when all of it held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", default="4")
    parser.add_argument("--from", dest="old", type=Path)
    asked = parser.parse_args()
    status = 0
    with tempfile.TemporaryDirectory(prefix="lab-long-") as folder:
        base = Path(folder) / "base"
        if asked.old is None:
            argv = [sys.executable, "-m", "pytest", "-q", "-n", asked.worlds, "--dist", "load"]
            argv += ["-p", "no:randomly", "--durations=5", "--basetemp", base]
            argv += ["-m", "lab and slow", ROOT / "tests/lab"]
            status = subprocess.run(argv, check=False, cwd=ROOT).returncode
        lines = (asked.old or base / "results.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for one in rows:
        print(row(one))
    if status == 0:
        write(rows, asked.worlds)
    return status


if __name__ == "__main__":
    sys.exit(main())
