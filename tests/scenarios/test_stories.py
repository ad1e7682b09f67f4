"""Labelled stories: every alarm that is wanted, and no other."""

import pytest
import score
from stories.desk import PENS, Desk
from stories.marks import Marks, quantile, rate_bound, wilson
from stories.pen import CAUSES
from stories.player import read
from stories.tales import LOOPS, SPIKES, quiet_days


@pytest.mark.parametrize("seed", [1001, 1002])
@pytest.mark.parametrize("tale", [*LOOPS, *SPIKES, quiet_days], ids=lambda tale: tale.__name__)
def test_a_story_is_told_as_it_happened(tale, seed):
    marks = Marks()
    marks.add(tale(seed), seed)
    assert marks.faults == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_stories_reach_the_goals():
    marks = score.run(stories=40, quiet=50, progress=False)
    assert score.failed(marks) == []


@pytest.mark.parametrize("pen", PENS, ids=lambda pen: pen.name)
def test_the_pens_write_what_the_grammars_read(pen):
    desk = Desk("pens", 1, pen, full=True)
    at = desk.start
    for how in ("healthy", "filtered", "proxied"):
        getattr(desk.pen, how)(at, "a@isp.test", "u@far.test")
    desk.pen.submitted(at, "u@far.test")
    desk.pen.listed(at, ["u@far.test", "v@far.test", "w@near.test"])
    desk.pen.spin(at, "n@loop.test")
    desk.pen.refuses_itself(at, "n@loop.test")
    desk.pen.greets_itself(at, "n@loop.test")
    desk.pen.paused(at, "n@loop.test")
    for cause in CAUSES:
        desk.pen.put_off(at, "u@far.test", cause)
    events = list(read(desk.log.in_order()))
    assert {e.kind for e in events} & {"unparsed", "malformed", "foreign", "other"} == set()
    assert all(e.time is not None and e.mta == pen.name for e in events)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    # R: binom::binom.wilson
    [(0, 0, 0.0, 1.0), (10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (45, 50, 0.7864, 0.9565)],
)
def test_the_wilson_interval(hits, trials, low, high):
    assert wilson(hits, trials) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("events", "bound"), [(0, 2.996), (1, 4.744), (10, 16.96)])
def test_the_bound_of_a_rate(events, bound):
    # chi-square quantile, 0.95, with 2k+2 degrees of freedom, halved
    assert rate_bound(events, 1.0) == pytest.approx(bound, rel=0.02)


@pytest.mark.parametrize(("share", "value"), [(0.5, 3), (0.95, 4), (0.0, 1), (1.0, 4)])
def test_a_quantile_is_a_value_that_was_seen(share, value):
    assert quantile([4, 1, 3, 2], share) == value


def test_missed_and_false_alarms_miss_the_goals():
    marks = Marks(days=10.0)
    assert score.failed(marks) == []
    marks.false["loop"] = marks.missed["spike"] = marks.missed["outage"] = 1
    marks.false["spike"] = 2
    marks.found["spike"] = 1
    marks.late["spike"] = [301.0]
    assert score.failed(marks) == [
        "no false and no missed loop",
        "at most 0.1 false spikes a day",
        "every spike is found",
        "95 % of spikes within five minutes",
        "one incident for an outage",
    ]


def test_the_score_is_written_between_its_marks(tmp_path, monkeypatch):
    document = tmp_path / "detection.md"
    document.write_text(f"before\n{score.BEGIN}old\n{score.END}after\n")
    monkeypatch.setattr(score, "DOC", document)
    marks = Marks(days=1.0)
    marks.found["loop"], marks.late["loop"] = 3, [1.0, 2.0, 3.0]
    score.write(score.table(marks))
    text = document.read_text()
    assert text.startswith(f"before\n{score.BEGIN}| kind |")
    assert text.endswith(f"{score.END}after\n")
    assert "| loop | 3 | 3 | 0 | 0 | 0.438–1.000 | 0.438–1.000 | 2 s, 3 s, 3 s |" in text
    assert "old" not in text
