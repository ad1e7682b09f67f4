"""Make a log as a busy mail server writes it; equal arguments make equal bytes.

    python bench/gen.py --mta postfix --lines 1000000 --truth truth.json maillog

In it are a domain whose MX is 127.0.0.1 (its messages loop), and a provider that puts mail off for
a while. ``--truth`` says how many of each; a few of what was counted lie behind the last line.
"""

import argparse
import json
from pathlib import Path

import hostile_log
import postfix_log
import sendmail_log
from world import LOOPING, SPIKING, Log, World

#: Messages a second, and the parts of the log in which the loop and the spike begin.
RATE = 4.0
LOOP_IN, SPIKE_IN = (0.40, 0.45), (0.65, 0.72)
COUNTED = (
    "sent",
    "deferred",
    "bounced",
    "rejects",
    "loop messages",
    "loop passes",
    "spike deferrals",
)


def generate(
    path: Path,
    *,
    mta: str = "postfix",
    lines: int = 1_000_000,
    seed: int = 1,
    stamps: str = "rfc3164",
    domains: int = 50_000,
    long_ids: bool = False,
    loops: bool = True,
    hostile: bool = False,
) -> dict[str, object]:
    """Write the log *path*; return the truth about it."""
    truth = dict.fromkeys(COUNTED, 0)
    world = World(seed, domains)
    with path.open("w", encoding="ascii") as out:
        if hostile:
            hostile_log.write(out, lines)
            return {"mta": "postfix", "lines": lines}
        log = Log(out, world, lines=lines, host="mx1", iso=stamps == "rfc3339")
        writer: postfix_log.Postfix | sendmail_log.Sendmail
        if mta == "postfix":
            writer = postfix_log.Postfix(log, world, long_ids=long_ids, truth=truth)
            of_each = postfix_log.LINES_A_MESSAGE
        else:
            writer = sendmail_log.Sendmail(log, world, truth=truth)
            of_each = sendmail_log.LINES_A_MESSAGE
        span = lines / (RATE * of_each)
        at = log.start
        while log.left:
            at += world.random.expovariate(RATE)
            part = (at - log.start) / span
            (writer.stranger if world.chance(0.2) else writer.message)(at)
            if loops and LOOP_IN[0] < part < LOOP_IN[1] and world.chance(0.02):
                writer.loop(at)
            if loops and SPIKE_IN[0] < part < SPIKE_IN[1] and world.chance(0.15):
                writer.spike(at)
            # Nothing is said more than a second before the message that it is about.
            log.write(at - 1)
    return {"mta": mta, "lines": lines, "looping": LOOPING, "spiking": SPIKING, **truth}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--mta", choices=("postfix", "sendmail"), default="postfix")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stamps", choices=("rfc3164", "rfc3339"), default="rfc3164")
    parser.add_argument("--domains", type=int, default=50_000)
    parser.add_argument("--long-ids", action="store_true", help="Postfix' long queue ids")
    parser.add_argument("--no-loops", dest="loops", action="store_false", help="an uneventful day")
    parser.add_argument("--hostile", action="store_true", help="ids and domains chosen to hurt")
    parser.add_argument("--truth", type=Path, help="where to write what is in the log, as JSON")
    asked = vars(parser.parse_args())
    told = asked.pop("truth")
    truth = generate(asked.pop("path"), **asked)
    if told is not None:
        told.write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
