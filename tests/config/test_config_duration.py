from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.config.duration import LONGEST, duration_text, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("500ms", timedelta(milliseconds=500)),
        ("1h30m", timedelta(minutes=90)),
        (" 10m ", timedelta(minutes=10)),
        ("3650d", LONGEST),
    ],
)
def test_duration_is_read(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "m",
        "10 m",
        "-10m",
        "+1m",
        "1.5h",
        "10M",
        "0s",
        "3651d",
        "999999999w",
        "1m\n2",
        "١m",
        "5 parsecs",
    ],
)
def test_junk_is_no_duration(text):
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(seconds=90), "1m30s"),
        (timedelta(hours=24), "24h"),
        (timedelta(days=7), "7d"),
        (timedelta(milliseconds=1500), "1s500ms"),
        (timedelta(), "0s"),
    ],
)
def test_duration_is_shown_in_large_units(duration, text):
    assert duration_text(duration) == text


@given(st.integers(min_value=1, max_value=LONGEST // timedelta(milliseconds=1)))
def test_shown_duration_is_read_back(milliseconds):
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(duration_text(duration)) == duration
