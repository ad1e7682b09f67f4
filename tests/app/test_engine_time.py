"""The engine's time: minutes, silence, late and timeless lines, restarts at any moment."""

import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from stories.pen import Log
from stories.player import Player, play, read
from stories.postfix_pen import PostfixPen

from logwatch_mx.app import book
from logwatch_mx.model.event import Other
from logwatch_mx.model.line import Line

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DATA = Path(__file__).parents[1] / "scenarios" / "data"
SAMPLES = Path(__file__).parents[2] / "samples" / "maillog"
LOGS = sorted(DATA.glob("*/*.log"))


def lines_of(path):
    return path.read_text(errors="surrogateescape").split("\n")[:-1]


def busy_day():
    """A loop, a spike, a second loop hours later that comes back, and the usual."""
    pen = PostfixPen(Log(), random.Random(5), full=False)
    for n in range(200):
        pen.healthy(NOON + timedelta(minutes=2 * n), "a@isp.test", f"u{n}@far.test")
        if n % 20 == 0:
            pen.put_off(NOON + timedelta(minutes=2 * n), f"w@dead{n}.test", "timeout")
    pen.spin(NOON + timedelta(minutes=7), "n@one.test", late=True)
    for n in range(40):
        pen.put_off(NOON + timedelta(minutes=90, seconds=7 * n), f"u{n}@slow.test", "policy")
    pen.spin(NOON + timedelta(hours=3), "n@two.test", passes=9, gap=20.0)
    pen.spin(NOON + timedelta(hours=4, minutes=30), "n@two.test", passes=2)
    for n in range(4):
        pen.refuses_itself(NOON + timedelta(hours=5, minutes=2 * n), f"u{n}@three.test")
    return pen.log.in_order()


DAY = busy_day()


def test_the_day_has_what_the_tests_of_equality_need():
    assert play(DAY).subjects == [
        ("loop", "one.test"),
        ("spike", "slow.test"),
        ("loop", "two.test"),
        ("loop", "three.test"),
    ]


@pytest.mark.parametrize("path", LOGS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_restart_after_every_line_changes_nothing(path):
    lines = lines_of(path)
    assert play(lines, restart=1) == play(lines)


@pytest.mark.parametrize("each", [1, 3, 100])
def test_a_restart_after_every_few_lines_of_a_day_changes_nothing(each):
    assert play(DAY, restart=each) == play(DAY)


@pytest.mark.parametrize("name", ["postfix-seaton", "sendmail-seaton", "postfix-spike"])
def test_a_restart_after_every_hundred_lines_of_a_sample_changes_nothing(name):
    lines = lines_of(SAMPLES / f"{name}.log")
    assert play(lines, restart=100) == play(lines)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), often=st.floats(0.05, 1.0))
def test_ticks_between_the_lines_change_nothing(seed, often):
    rng = random.Random(seed)
    player = Player()
    for event in read(DAY):
        while player.last is not None and rng.random() < often / 2:
            between = (event.time - player.engine.state.now) * rng.random()
            player.take(player.engine.tick(player.engine.state.now + max(between, timedelta())))
        player.feed(event)
    assert player.finish().incidents == play(DAY).incidents


def test_ticks_of_a_clock_that_runs_on_in_silence_close_as_a_later_line_does():
    lines = [line for line in DAY if "one.test" in line]
    later = NOON + timedelta(hours=4)
    one = Player()
    for event in read(lines):
        one.feed(event)
    at = one.engine.state.now
    while at < later:
        at += timedelta(seconds=47)
        one.take(one.engine.tick(at))
    other = Player()
    for event in read(lines):
        other.feed(event)
    other.take(other.engine.tick(later))
    assert one.finish().incidents == other.finish().incidents
    assert one.told.incidents[0].closed == one.told.incidents[0].last + timedelta(hours=1)


def test_no_time_passes_before_the_log_begins():
    player = Player()
    assert player.engine.tick(NOON).changes == []
    assert player.engine.state.now is None
    player.engine.begin(NOON)
    player.engine.begin(NOON + timedelta(hours=1))
    assert player.engine.state.spike.begun == player.engine.state.now == NOON


def test_a_line_without_a_stamp_counts_at_the_newest_time():
    pen = PostfixPen(Log(), random.Random(5), full=False)
    pen.spin(NOON, "n@one.test", passes=5, gap=1.0)
    player = Player()
    for event in read(pen.log.in_order()):
        timeless = structs.replace(event, time=None)
        player.feed(event if player.last is None else timeless)
    (incident,) = player.finish().incidents
    assert incident.opened == incident.last == NOON + timedelta(seconds=1)


def test_a_line_without_a_stamp_before_all_others_says_nothing():
    player = Player()
    player.feed(Other(line=Line("no stamp")))
    assert player.finish().incidents == ()


def test_late_lines_count_at_the_newest_time_and_are_counted():
    pen = PostfixPen(Log(), random.Random(5), full=False)
    pen.spin(NOON, "n@one.test", passes=5, gap=1.0)
    lines = pen.log.in_order()
    ahead = PostfixPen(Log(), random.Random(6), full=False)
    ahead.put_off(NOON + timedelta(hours=3), "a@far.test", "refused")
    player = Player()
    told = player.play(read([*ahead.log.in_order(), *lines]))
    (incident,) = told.incidents
    assert incident.opened == NOON + timedelta(hours=3)
    assert incident.closed is None
    assert player.engine.state.late == 5


def test_times_are_in_utc_whatever_the_log_s_zone():
    pen = PostfixPen(Log(), random.Random(5), full=False, iso=True)
    pen.spin(NOON.astimezone(timezone(timedelta(hours=5, minutes=45))), "n@one.test", passes=5)
    (incident,) = play(pen.log.in_order()).incidents
    assert {t.tzinfo for t in (incident.opened, incident.first, incident.last)} == {UTC}
    assert incident.opened.replace(microsecond=0) == NOON


def test_years_of_silence_cost_nothing_and_lose_no_incident():
    pen = PostfixPen(Log(), random.Random(5), full=False, iso=True)
    pen.spin(NOON, "n@one.test", passes=5)
    pen.spin(NOON + timedelta(days=3650), "n@one.test", passes=5)
    told = play(pen.log.in_order())
    assert [i.closed is None for i in told.incidents] == [False, True]
    assert told.incidents[0].closed == told.incidents[0].last + timedelta(hours=1)


def test_beyond_the_bound_incidents_are_refused_and_counted(monkeypatch):
    monkeypatch.setattr(book, "MAX_CASES", 3)
    pen = PostfixPen(Log(), random.Random(5), full=False)
    for n in range(5):
        pen.spin(NOON + timedelta(seconds=n), f"n@d{n}.test", passes=4)
    player = Player()
    told = player.play(read(pen.log.in_order()))
    assert (len(told.incidents), player.engine.state.refused > 0) == (3, True)


def test_the_end_of_a_log_evaluates_once_more_and_closes_nothing():
    pen = PostfixPen(Log(), random.Random(5), full=False)
    pen.healthy(NOON - timedelta(hours=3), "a@isp.test", "b@far.test")
    for n in range(12):
        pen.put_off(NOON + timedelta(seconds=n), f"u{n}@slow.test", "policy")
    player = Player()
    for event in read(pen.log.in_order()):
        player.feed(event)
    assert player.engine.incidents() == ()
    (incident,) = player.finish().incidents
    assert incident.opened == NOON + timedelta(seconds=9)
    assert incident.closed is None


def test_one_stamp_from_the_far_future_does_not_hold_the_time_for_ever():
    ahead = PostfixPen(Log(), random.Random(6), full=False, iso=True)
    ahead.put_off(NOON + timedelta(days=4000), "a@far.test", "refused")
    ahead.spin(NOON + timedelta(days=4000), "n@early.test", passes=4)
    pen = PostfixPen(Log(), random.Random(5), full=False, iso=True)
    for n in range(200):
        pen.put_off(NOON + timedelta(minutes=n), f"u@dead{n}.test", "timeout")
    for n in range(12):
        pen.put_off(NOON + timedelta(hours=4, seconds=n), f"u{n}@slow.test", "policy")
    pen.spin(NOON + timedelta(hours=5), "n@loop.test", passes=4)
    player = Player()
    told = player.play(read([*ahead.log.in_order(), *pen.log.in_order()], "maillog"))
    assert [s for s in told.subjects if s[1] != "early.test"] == [
        ("spike", "slow.test"),
        ("loop", "loop.test"),
    ]
    by_subject = {i.subject: i for i in told.incidents}
    assert by_subject["loop.test"].opened == pen.log.lines[-2][0]
    assert by_subject["early.test"].closed is not None


def test_hosts_whose_clocks_differ_by_days_do_not_turn_the_time_back_and_forth():
    one = PostfixPen(Log(), random.Random(5), full=False, iso=True)
    other = PostfixPen(one.log, random.Random(6), full=False, iso=True, shown=timedelta(days=3))
    for n in range(400):
        at = NOON + timedelta(seconds=3 * n)
        (one if n % 2 else other).put_off(at, f"u@dead{n}.test", "timeout")
    one.spin(NOON + timedelta(minutes=5), "n@loop.test", passes=4, gap=30.0)
    player = Player()
    told = player.play(read(one.log.in_order()))
    assert told.subjects == [("loop", "loop.test")]
    assert player.engine.state.now > NOON + timedelta(days=3)
