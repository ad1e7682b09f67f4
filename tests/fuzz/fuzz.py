"""Fuzz everything that reads what strangers write: `make fuzz`, FUZZ_SECONDS=600 for longer.

Half of the time inputs are put together by hypothesis, half of it atheris mutates them, led by what
they reach in our code; where atheris is not installed that is said, and hypothesis has all of it.
What fails is written to tests/fuzz/crashes, where the test suite takes it up. Exit status 0: nothing
failed. The last line is JSON.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
CRASHES = HERE / "crashes"
sys.path.insert(0, str(HERE))
from targets import FRAMES, SEEDS, TARGETS  # noqa: E402  # it lies beside this file

#: One input may take no longer, on a machine that is busy.
SLOW = 20


def keep(name, data):
    """Keep an input that fails, and return where."""
    CRASHES.mkdir(exist_ok=True)
    path = CRASHES / f"{name}-{blake2b(data, digest_size=6).hexdigest()}"
    path.write_bytes(data)
    return path


def with_hypothesis(name, seconds):
    """Return how many inputs were tried, and what failed."""
    target = TARGETS[name]
    whole, pieces = st.sampled_from(SEEDS[name]), st.sampled_from(FRAMES[name])
    inputs = st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.lists(st.one_of(pieces, st.binary(max_size=4)), max_size=40).map(b"".join),
        # One that is good, with something in the middle of it exchanged.
        st.tuples(
            whole, st.integers(0, 4000), st.integers(0, 40), st.one_of(pieces, st.binary())
        ).map(
            lambda x: x[0][: x[1] % (len(x[0]) + 1)] + x[3] + x[0][x[1] % (len(x[0]) + 1) + x[2] :]
        ),
    )
    tried = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        last = b""

        @seed(random.getrandbits(64))
        @settings(
            max_examples=500,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs)
        def one(data):
            nonlocal tried, last
            tried += 1
            if time.monotonic() > end + SLOW:
                return
            last = data
            target(data)

        try:
            one()
        except BaseException as error:  # what fails is what we look for
            if isinstance(error, KeyboardInterrupt):
                raise
            traceback.print_exc()
            return tried, [str(keep(name, last))]
    return tried, []


def with_atheris(name, seconds):
    """Run one target under atheris, in a process of its own: it ends by leaving the process."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        # To libFuzzer 0 seconds are for ever.
        words = [
            sys.executable,
            HERE / "led.py",
            name,
            str(max(1, int(seconds))),
            str(SLOW),
            corpus,
        ]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=seconds * 3 + 120
            )
        except subprocess.TimeoutExpired as error:
            return 0, [f"did not end within {error.timeout:.0f} s"]
        failed = [str(keep(name, path.read_bytes())) for path in corpus.glob("found-*")]
        if done.returncode != 0 and not failed:
            failed.append(f"status {done.returncode}")
        if failed:
            print(done.stdout[-3000:], done.stderr[-6000:])
        tried = [line for line in done.stderr.splitlines() if "stat::number_of_executed" in line]
        return int(tried[-1].split()[-1]) if tried else 0, failed


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    words.add_argument("--seconds", type=float, default=300, help="all told")
    words.add_argument("--target", action="append", help="only this one")
    asked = words.parse_args()
    chosen = asked.target or list(TARGETS)
    is_led = find_spec("atheris") is not None
    if not is_led:
        print("NOT RUN: atheris is not installed (pip install 'logwatch_mx[fuzz]')")
    share = asked.seconds / len(chosen) / (2 if is_led else 1)
    print(f"fuzz: {', '.join(chosen)}; {share:.0f} s each and way")
    os.environ["PYTHONWARNINGS"] = "error::SyntaxWarning"
    failed, tried = [], {}
    for name in chosen:
        ways = [with_hypothesis, *([with_atheris] if is_led else [])]
        for way in ways:
            count, faults = way(name, share)
            failed += [f"{name}: {fault}" for fault in faults]
            tried.setdefault(name, []).append(count)
    for fault in failed:
        print(f"FAULT {fault}")
    print(json.dumps({"seconds": asked.seconds, "tried": tried, "faults": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
