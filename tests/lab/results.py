"""Write docs/lab-results.md from what the two-minute runs measured.

``python tests/lab/results.py RESULTS.jsonl``; see `make lab-long`.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = """\
# Two minutes of a joe job, measured

Written by `make lab-long`: {date}, Postfix and sendmail of Debian in network namespaces on {cpus} processors, {worlds}
worlds at a time, commit {commit}. {spams} spams forged from the domain arrive in 120 seconds at a gateway that learns too late that
their recipients do not exist; each makes a bounce, and each bounce spins to the hop limit (Postfix 50, sendmail's own
25). Meanwhile 240 messages go out to six other domains: all of them arrived, in every run. `without` is the number of
passes that nobody stops: what one such spam makes, times their number (the last rows are whole runs without the daemon).
`after the third` counts passes after the third of all, by which the loop is an incident; `seconds` is the time from
that third pass to the last one. Then the MX was mended, the action undone: what had been kept arrived, and new mail.

| MTA | action | MX | passes | without | share | after the third | seconds |
|---|---|---|---|---|---|---|---|
"""
MX = {
    "seaton.biz": "127.0.0.1",
    "mx127.test": "127.0.0.1 (another domain)",
    "mx127b.test": "127.0.0.2",
    "mxzero.test": "0.0.0.0",
    "mxlocalhost.test": "`localhost`",
    "implicit.test": "none: implicit A 127.0.0.1",
    "mxv6.test": "::1",
    "mxcname.test": "CNAME to 127.0.0.1",
}
ACTIONS = ("pause", "discard", "none")


def row(one):
    """Return one row of the table."""
    spins = bool(one["without"])
    share = f"{one['share']:.1%}" if spins else "does not spin"
    return (
        f"| {one['mta']} | {one['action']} | {MX[one['kind']]} | {one['passes']}"
        f" | {one['without']:.0f} | {share} | {one['after_third']} | {one['seconds']} |"
    )


def main(path, worlds="4"):
    """Print where the table is now."""
    rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
    rows.sort(key=lambda o: (ACTIONS.index(o["action"]), o["mta"], list(MX).index(o["kind"])))
    commit = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    head = HEAD.format(
        date=rows[-1]["date"], cpus=len(__import__("os").sched_getaffinity(0)), worlds=worlds,
        commit=commit, spams=rows[-1]["spams"],
    )  # fmt: skip
    target = ROOT / "docs/lab-results.md"
    target.write_text(head + "\n".join(map(row, rows)) + "\n")
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
