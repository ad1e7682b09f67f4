"""What counting a log costs, counted in calls and in lines that are read: see test_replay_cost.py."""

import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.app.stats import Counting, Stats
from logwatch_mx.sources.block import Block

GEN = Path(__file__).parents[2] / "bench" / "gen.py"
LINES = 5_000


@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
def test_most_lines_of_a_busy_day_are_counted_without_a_call(mta, tmp_path):
    log = tmp_path / "maillog"
    subprocess.run([sys.executable, GEN, "--mta", mta, "--lines", str(LINES), log], check=True)
    block = Block("log", log.read_bytes(), 0, 1)
    Counting(Stats(), UTC).count(block)  # patterns are compiled
    stats, calls = Stats(), 0
    counting = Counting(stats, UTC)

    def note(_frame, what, _arg):
        nonlocal calls
        calls += what in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        counting.count(block)
    finally:
        sys.setprofile(before)
    assert sum(stats.kinds.values()) == LINES
    assert calls < 1.5 * LINES
