"""What a replay costs, counted in calls: a clock says more about the machine than about us.

The limits are twice what was counted when they were written. A line more that is read, a hit that
is read by the whole grammar, or a layer more for each hit shows here long before somebody waits.
"""

import gc
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site
from logwatch_mx.sources.sieve import FindSieve

GEN = Path(__file__).parents[2] / "bench" / "gen.py"
LINES = 20_000


def prepared(log):
    """Return what is left to be done once rules and needles are compiled."""
    site = Site()
    engine = build_engine(Settings(), site=site, rules=load_all_rules(()))
    run = Replay(engine, settings=Settings(), site=site, sieve=FindSieve(engine.needles))
    streams = open_streams([log], year=2026, zone=UTC)
    return lambda: run.run(streams)


def count_calls(work):
    """Return how many calls *work* makes, of Python's functions and of the library's in C."""
    count = 0

    def note(_frame, what, _arg):
        nonlocal count
        count += what in {"call", "c_call"}

    before = sys.getprofile()
    gc.disable()
    sys.setprofile(note)
    try:
        result = work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return result, count


@pytest.mark.parametrize(("mta", "limit"), [("postfix", 4), ("sendmail", 14)])
def test_a_busy_day_takes_few_calls(mta, limit, tmp_path):
    log = tmp_path / "maillog"
    subprocess.run([sys.executable, GEN, "--mta", mta, "--lines", str(LINES), log], check=True)
    for _ in range(2):
        prepared(log)()  # grammars are compiled, names of providers are looked up
    result, count = count_calls(prepared(log))
    assert result.tally.lines == LINES
    assert count < limit * LINES
