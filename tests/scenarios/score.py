"""Score the detectors on labelled stories, and write the numbers into docs/detection.md.

    python tests/scenarios/score.py [--stories N] [--days N] [--check]

*N* stories of each kind, each from a seed of its own; --check writes nothing and fails when a goal
is missed.
"""

import argparse
import sys
import time
from pathlib import Path

from stories.marks import Marks, quantile, rate_bound, wilson
from stories.tales import LOOPS, SPIKES, quiet_days

DOC = Path(__file__).resolve().parents[2] / "docs" / "detection.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
KINDS = ("loop", "spike", "outage")


def run(stories, quiet, *, progress=True):
    """Return the marks of *stories* of each kind and *quiet* pairs of ordinary days."""
    marks = Marks()
    for tale in (*LOOPS, *SPIKES, quiet_days):
        begun = time.monotonic()
        for seed in range(quiet if tale is quiet_days else stories):
            marks.add(tale(seed), seed)
        if progress:
            print(f"{tale.__name__}: {time.monotonic() - begun:.1f} s", file=sys.stderr)
    return marks


def false_spikes(marks):
    return marks.false["spike"] + marks.false["outage"]


def failed(marks):
    """Return the goals that were missed."""
    loops = marks.false["loop"] + marks.missed["loop"]
    found, missed = marks.found["spike"], marks.missed["spike"]
    goals = {
        "no false and no missed loop": loops == 0,
        "at most 0.1 false spikes a day": false_spikes(marks) <= 0.1 * marks.days,
        "every spike is found": missed == 0,
        "95 % of spikes within five minutes": not found
        or quantile(marks.late["spike"], 0.95) <= 300,
        "one incident for an outage": marks.missed["outage"] == 0,
    }
    return [goal for goal, reached in goals.items() if not reached]


def table(marks):
    """Return the numbers as Markdown."""
    rows = [
        (
            "| kind | in the stories | found | missed | false | recall, 95 % | precision, 95 %"
            " | time to alarm: half within, 95 % within, longest |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        found, missed, false = marks.found[kind], marks.missed[kind], marks.false[kind]
        recall, precision = wilson(found, found + missed), wilson(found, found + false)
        late = marks.late[kind]
        times = ", ".join(f"{seconds:.0f} s" for seconds in (quantile(late, 0.5), quantile(late, 0.95), max(late))) if late else "–"  # fmt: skip
        rows.append(
            f"| {kind} | {found + missed} | {found} | {missed} | {false} |"
            f" {recall[0]:.3f}–{recall[1]:.3f} | {precision[0]:.3f}–{precision[1]:.3f} | {times} |"
        )
    false = false_spikes(marks)
    rows += [
        "",
        (
            f"False spikes and outages: {false} in {marks.days:.0f} simulated days,"
            f" {false / marks.days:.3f} a day (with 95 % below {rate_bound(false, marks.days):.3f})."
        ),
        (
            f"Stories: {sum(marks.stories.values())} of {len(marks.stories)} kinds"
            f" ({', '.join(f'{name} {count}' for name, count in marks.stories.items())})."
        ),
    ]
    return "\n".join(rows) + "\n"


def write(text):
    """Put *text* between the marks of the document."""
    old = DOC.read_text()
    before, _, rest = old.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOC.write_text(f"{before}{BEGIN}{text}{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stories", type=int, default=60, help="of each kind (default: 60)")
    parser.add_argument("--days", type=int, default=200, help="ordinary days (default: 200)")
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args()
    marks = run(asked.stories, asked.days // 2)
    text = table(marks)
    print(text)
    for fault in marks.faults[:40]:
        print(*fault, file=sys.stderr)
    if not asked.check:
        write(text)
    missed = failed(marks)
    for goal in missed:
        print(f"goal missed: {goal}", file=sys.stderr)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
