"""One key of the spike detector, by numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.detect.baseline import HALF_LIFE, KEPT_SAMPLES, LEAST_PAST, Key, Moment, Sample

T = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=10)


def sample(second, n=0):
    return Sample(T + timedelta(seconds=second), f"r{n}", "d.test", "d.test", "refused", f"m{n}")


def record(key, one):
    key.record(one, one.at.replace(second=0, microsecond=0))


def moment(minute, begun=T):
    return Moment.of(T + timedelta(minutes=minute), WINDOW, begun)


@pytest.mark.parametrize(
    ("minute", "past"),
    [
        (0, LEAST_PAST),
        (10, LEAST_PAST),
        (15, LEAST_PAST),
        # an hour and ten minutes: 58.3 fading minutes of the hour before the window
        (70, timedelta(minutes=56.68)),
        (100_000, HALF_LIFE / 0.6931),
    ],
)
def test_the_past_is_what_was_observed_before_the_window_and_fades(minute, past):
    assert moment(minute).past == pytest.approx(past, rel=1e-3)


@pytest.mark.parametrize(
    ("minute", "expected"), [(0, 1.0), (60, 0.103), (600, 0.0143), (100_000, 0.00963)]
)
def test_the_number_that_is_expected_of_a_key_never_seen(minute, expected):
    assert moment(minute).expected(Key()) == pytest.approx(expected, rel=0.02)


def test_what_leaves_the_window_becomes_the_past_which_halves_in_six_hours():
    key = Key()
    for n in range(8):
        record(key, sample(n, n))
    assert moment(9).roll(key) is True
    assert (key.total, key.shape, len(key.samples)) == (8, 0.0, 8)
    assert moment(11).roll(key) is False
    assert (key.total, key.shape, key.samples) == (0, 8.0, [])
    assert moment(11 + 360).shape(key) == pytest.approx(4.5)


def test_a_frozen_key_learns_nothing():
    key = Key(frozen=0.1)
    record(key, sample(0))
    assert moment(60).roll(key) is True
    assert (key.total, key.shape) == (0, 0.0)


def test_an_incident_takes_its_messages_out_of_other_keys():
    key = Key()
    for n in range(4):
        record(key, sample(30 * n, n))
    key.forget({"m1", "m3", "m9"})
    assert [s.message for s in key.samples] == ["m0", "m2"]
    assert key.minutes == [(T, 1), (T + timedelta(minutes=1), 1)]


def test_beyond_the_bound_deferrals_are_counted_only():
    key = Key()
    for n in range(KEPT_SAMPLES + 5):
        record(key, sample(0, n))
    assert (len(key.samples), key.total) == (KEPT_SAMPLES, KEPT_SAMPLES + 5)


def test_what_has_become_usual_is_expected():
    key = Key()
    for n in range(60):
        record(key, sample(0, n))
    now = moment(9)
    now.accept(key)
    assert now.expected(key) == pytest.approx(61, rel=0.02)


def test_the_test_names_the_deferral_that_satisfied_it():
    key = Key(samples=[sample(n, n) for n in range(20)])
    assert moment(600).trip(key, 50) == 9
    assert Moment.of(T, WINDOW, T - timedelta(days=9)).trip(key, 50) == 9
    cold = Key(samples=[sample(n, n) for n in range(60)])
    assert moment(0).trip(cold, 50) in range(28, 34)
    one = Key(samples=[sample(n) for n in range(60)])
    assert moment(600).trip(one, 50) == 49
