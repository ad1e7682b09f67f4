"""The generator of the benchmark: its logs are repeatable, and read to the last line."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.app.reading import open_streams

GEN = Path(__file__).parents[1] / "bench" / "gen.py"


def generate(path, *words):
    truth = path.with_suffix(".json")
    subprocess.run(
        [sys.executable, GEN, "--lines", "3000", "--truth", truth, *words, path], check=True
    )
    return json.loads(truth.read_text())


@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
@pytest.mark.parametrize("stamps", ["rfc3164", "rfc3339"])
def test_equal_arguments_make_equal_bytes_that_are_all_understood(mta, stamps, tmp_path):
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    words = ("--mta", mta, "--stamps", stamps)
    assert generate(one, *words) == generate(two, *words)
    assert one.read_bytes() == two.read_bytes()
    (stream,) = open_streams([one], year=2026, zone=UTC)
    events = [event for event, _ in stream.events()]
    kinds = Counter(event.kind for event in events)
    assert len(events) == 3000
    assert not kinds.keys() & {"unparsed", "malformed", "foreign"}
    times = [event.time for event in events]
    assert times == sorted(times)


def test_another_seed_makes_another_log(tmp_path):
    generate(tmp_path / "one.log", "--seed", "1")
    generate(tmp_path / "two.log", "--seed", "2")
    assert (tmp_path / "one.log").read_bytes() != (tmp_path / "two.log").read_bytes()
