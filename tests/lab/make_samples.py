"""Make the sample logs anew: real MTAs, a story each, all of them at once (about five minutes).

``python tests/lab/make_samples.py [NAME...]`` writes samples/maillog/NAME.log and prints one line
of Markdown for each: what was sent, by whom, when, and what the log has. Needs root.
"""

import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mailworld import joejob, places
from mailworld.world import World

SAMPLES = Path(__file__).resolve().parents[2] / "samples/maillog"
FORGED = "nicholas@seaton.biz"
SLOW = {
    "minimal_backoff_time": "60s",
    "maximal_backoff_time": "120s",
    "queue_run_delay": "30s",
}


def seaton(spams: int) -> list[dict]:
    """Return the story: spam forged from seaton.biz, amid other spam and healthy mail."""
    return joejob.together(
        joejob.healthy(200, 110),
        joejob.noise(5, 110),
        joejob.joe_job(spams, FORGED, start=40, seconds=40),
        joejob.joe_job(6, "tom@isp.example", start=35, seconds=60, seed=5),
    )


def spike() -> list[dict]:
    """Return a site that refuses connections for the second half of three minutes."""
    return joejob.together(
        joejob.healthy(300, 180),
        joejob.noise(6, 180),
        joejob.spike(70, "elm.example", start=75, seconds=85),
    )


def healthy() -> list[dict]:
    """Return three minutes in which nothing is wrong."""
    return joejob.together(joejob.healthy(300, 180), joejob.noise(8, 180))


# name: MTA, variant, plan, stamps
STORIES = {
    "postfix-seaton": ("postfix", "spinning", seaton(24), "3164"),
    "sendmail-seaton": ("sendmail", "spinning", seaton(20), "3164"),
    "postfix-spike": ("postfix", "default", spike(), "3339"),
    "sendmail-spike": ("sendmail", "default", spike(), "3164"),
    "postfix-filter": ("postfix", "filter", healthy(), "3339"),
    "postfix-healthy": ("postfix", "default", healthy(), "3164"),
    "sendmail-healthy": ("sendmail", "default", healthy(), "3339"),
}


def make(name: str) -> str:
    """Play one story and keep its log; return what is known of it."""
    mta, variant, plan, stamp = STORIES[name]
    home = Path(tempfile.mkdtemp(prefix="lab-")) / "world"
    with World(mta, variant, home) as world:
        if name == "postfix-spike":
            world.mta.set(SLOW)
            world.mta.reload()
        said = world.send_plan(plan)
        world.settle(90)
        waiting = len(world.queue())
        passes = world.passes("seaton.biz")
        log = world.log_path(stamp).read_bytes()
    (SAMPLES / f"{name}.log").write_bytes(log)
    sent = Counter(
        (one["sender"].partition("@")[2], one["source"])
        for one, word in zip(plan, said, strict=True)
        if word.startswith("250") and one["source"] == places.SPAMMER
    )
    refused = Counter(word[:3] for word in said)
    lines = log.count(b"\n")
    return (
        f"| {name}.log | {lines} lines, {len(log)} bytes | mails {len(plan)}: {dict(refused)} "
        f"| spam taken {dict(sent)} | passes {passes} | waiting {waiting} |"
    )


def main(names: list[str]) -> None:
    """Play the stories *names*, or all."""
    with ThreadPoolExecutor(3) as pool:
        for line in pool.map(make, names or STORIES):
            print(line, flush=True)


main(sys.argv[1:])
