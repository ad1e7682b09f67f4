from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.grammar.stamp import Stamps

EAST = timezone(timedelta(hours=1))
SUMMER = timezone(timedelta(hours=2))
BERLIN = ZoneInfo("Europe/Berlin")


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Nov 23 14:19:11", utc(2026, 11, 23, 14, 19, 11)),
        ("Jul  2 14:19:11", utc(2026, 7, 2, 14, 19, 11)),
        ("Jul 2 14:19:11", utc(2026, 7, 2, 14, 19, 11)),  # one space: syslog-ng, AIX
        ("May 01 14:19:11", utc(2026, 5, 1, 14, 19, 11)),
        ("Nov 23 14:19:11.25", utc(2026, 11, 23, 14, 19, 11, 250_000)),
        ("Nov 23 2024 14:19:11", utc(2024, 11, 23, 14, 19, 11)),
        ("2024 Nov 23 14:19:11", utc(2024, 11, 23, 14, 19, 11)),
        ("2026-11-23T14:19:11Z", utc(2026, 11, 23, 14, 19, 11)),
        ("2026-11-23T14:19:11z", utc(2026, 11, 23, 14, 19, 11)),
        ("2026-11-23T14:19:11", utc(2026, 11, 23, 14, 19, 11)),
        ("2026-11-23 14:19:11,5", utc(2026, 11, 23, 14, 19, 11, 500_000)),
        ("2026-11-23T14:19:11.123456789Z", utc(2026, 11, 23, 14, 19, 11, 123_456)),
        ("2026-11-23T14:19:11+01:00", datetime(2026, 11, 23, 14, 19, 11, tzinfo=EAST)),
        ("2026-11-23T14:19:11.5+0100", datetime(2026, 11, 23, 14, 19, 11, 500_000, tzinfo=EAST)),
        ("2026-11-23 14:19:11 +0100", datetime(2026, 11, 23, 14, 19, 11, tzinfo=EAST)),
        ("Dec 31 23:59:60", utc(2027, 1, 1)),  # a leap second
        ("Feb 30 14:19:11", None),
        ("Nov 23 24:19:11", None),
        ("Nov 23 14:60:11", None),
        ("Nov 00 14:19:11", None),
        ("2026-13-23T14:19:11Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("0000 Jan 01 00:00:00", None),
        ("", None),
        ("Nov", None),
    ],
)
def test_a_stamp_is_read_in_the_year_that_was_given(text, time):
    assert Stamps(2026, UTC).read(text) == time


@pytest.mark.parametrize(
    ("year", "texts", "years"),
    [
        (2026, ["Nov 23 1", "Nov 24 1"], [2026, 2026]),
        (2026, ["Dec 31 1", "Jan  1 1"], [2026, 2027]),
        (
            2026,
            ["Dec 31 1", "Jan  1 1", "Feb 10 1", "Dec 31 1", "Jan  1 1"],
            [2026, 2027, 2027, 2027, 2028],
        ),
        # two daemons, one of them late at midnight
        (2026, ["Dec 31 1", "Jan  1 1", "Dec 31 2", "Jan  1 2"], [2026, 2027, 2026, 2027]),
        (2026, ["Nov 23 1", "Nov 22 1", "Nov 24 1"], [2026, 2026, 2026]),
        (2026, ["Jun 15 1", "Mar 15 1", "Jun 15 1"], [2026, 2026, 2026]),
        (2026, ["Oct 20 1", "Feb  3 1"], [2026, 2027]),  # a quiet server
        (2026, ["Jan 20 1", "Sep  3 1"], [2026, 2026]),  # a very quiet one
        (2026, ["Jan 20 1", "Dec 25 1"], [2026, 2025]),  # relayed after the holidays
        (2024, ["Feb 28 1", "Feb 29 1", "Mar  1 1"], [2024, 2024, 2024]),
        (2026, ["Feb 29 1", "Mar  1 1"], [2024, 2024]),  # who gave 2026 was wrong
        (2023, ["Dec 31 1", "Feb 29 1"], [2023, 2024]),
        (2026, ["2019 Dec 31 1", "Jan  1 1"], [2019, 2020]),  # a year that is printed counts
    ],
)
def test_a_year_rolls_forward_at_new_year_only(year, texts, years):
    stamps = Stamps(year, UTC)
    times = [stamps.read(f"{text[:-1].rstrip()} 0{text[-1]}:00:00") for text in texts]
    assert [time and time.year for time in times] == years


@pytest.mark.parametrize(
    ("mtime", "texts", "years"),
    [
        (utc(2026, 11, 23), ["Nov 23"], [2026]),
        (utc(2026, 11, 23), ["Nov 24"], [2026]),  # written in another zone
        (utc(2026, 11, 23), ["Nov 25"], [2025]),
        (utc(2027, 1, 3), ["Dec 30", "Jan  2"], [2026, 2027]),
        (
            utc(2026, 12, 31, 23),
            ["Jan  1", "Jan  2"],
            [2027, 2026],
        ),  # see the mark: not after 1 Jan
        # more than a year in one file: its beginning cannot be known, its end is right
        (utc(2026, 6, 2), ["Jan  5", "Jun  1", "Jan  5", "Jun  1"], [2026, 2026, 2026, 2026]),
        (utc(2026, 6, 2), ["Feb 29"], [2024]),
        (utc(2026, 11, 23).replace(tzinfo=None), ["Nov 23"], [2026]),  # local, then
    ],
)
def test_without_a_year_the_file_says_when_it_was_written(mtime, texts, years):
    stamps = Stamps(None, UTC, mtime)
    times = [stamps.read(f"{text} 00:00:00") for text in texts]
    assert [time and time.year for time in times] == years


@pytest.mark.parametrize(
    "mtime",
    [
        utc(1, 1, 1),
        utc(1, 1, 1).replace(tzinfo=None),
        utc(9999, 12, 31, 23, 59, 59),
        utc(9999, 12, 31, 23, 59, 59).replace(tzinfo=None),
        utc(1970, 1, 1),
        utc(2999, 1, 1),
    ],
)
def test_a_file_that_lies_about_its_age_makes_no_exception(mtime):
    stamps = Stamps(None, UTC, mtime)
    for text in ("Nov 23 14:19:11", "Feb 29 14:19:11", "Dec 31 23:59:60", "Jan  1 00:00:00"):
        assert stamps.read(text) is not None


def test_a_stamp_that_cannot_be_leaves_the_year_alone():
    stamps = Stamps(2026, UTC)
    texts = ["Dec 31 00:00:00", "Feb 30 00:00:00", "Jan 32 00:00:00", "Jan  1 00:00:00"]
    assert [stamps.read(text) for text in texts] == [utc(2026, 12, 31), None, None, utc(2027, 1, 1)]


def test_a_file_that_is_written_again_may_pass_its_first_mark():
    stamps = Stamps(None, UTC, utc(2026, 12, 31, 12))
    assert stamps.read("Dec 31 12:00:00") == utc(2026, 12, 31, 12)
    stamps.extend(utc(2027, 1, 5))
    assert stamps.read("Jan  5 00:00:00") == utc(2027, 1, 5)


def test_where_the_year_is_given_no_mtime_holds_back_new_year():
    stamps = Stamps(2026, UTC, utc(2026, 11, 23))
    stamps.extend(utc(2026, 11, 23))
    texts = ["Dec 31 23:59:59", "Jan  1 00:00:00"]
    assert [stamps.read(text) for text in texts] == [
        utc(2026, 12, 31, 23, 59, 59),
        utc(2027, 1, 1),
    ]


def test_a_log_that_is_being_written_is_of_the_last_twelve_months():
    now = datetime.now(UTC)
    time = Stamps(None, UTC).read(f"{now + timedelta(days=40):%b %d} 00:00:00")
    assert time is not None
    assert time < now


def test_the_repeated_hour_is_told_apart_by_the_order_of_the_log():
    stamps = Stamps(2026, BERLIN)
    texts = ["01:59:59", "02:10:00", "02:59:59", "02:00:01", "02:00:00", "02:20:00", "02:59:59"]
    zones = [SUMMER, SUMMER, SUMMER, EAST, EAST, EAST, EAST]
    times = [stamps.read(f"Oct 25 {text}") for text in texts]
    assert times == [
        datetime(2026, 10, 25, int(text[:2]), int(text[3:5]), int(text[6:]), tzinfo=zone)
        for text, zone in zip(texts, zones, strict=True)
    ]


def test_a_straggler_in_the_repeated_hour_stays_in_summer_time():
    stamps = Stamps(2026, BERLIN)
    stamps.read("Oct 25 02:30:05")
    assert stamps.read("Oct 25 02:30:01") == datetime(2026, 10, 25, 2, 30, 1, tzinfo=SUMMER)


def test_differences_are_true_across_the_change_of_the_clock():
    stamps = Stamps(2026, BERLIN)
    before, after = stamps.read("Mar 29 01:59:59"), stamps.read("Mar 29 03:00:00")
    assert after - before == timedelta(seconds=1)


def test_an_hour_that_does_not_exist_is_read_all_the_same():
    assert Stamps(2026, BERLIN).read("Mar 29 02:30:00") == datetime(2026, 3, 29, 2, 30, tzinfo=EAST)


@given(st.lists(st.datetimes(utc(1990, 1, 1).replace(tzinfo=None)), max_size=20))
def test_any_order_of_stamps_gives_times_of_the_right_day(times):
    stamps = Stamps(2026, BERLIN)
    for time in times:
        read = stamps.read(f"{time:%b %d %H:%M:%S}")
        assert read is not None
        assert (read.month, read.day, read.hour) == (time.month, time.day, time.hour)


def test_a_sorted_log_of_many_years_is_read_in_them():
    start, step = utc(2019, 3, 1), timedelta(days=17, hours=5)
    times = [start + step * number for number in range(200)]
    stamps = Stamps(2019, UTC)
    assert [stamps.read(f"{time:%b %d %H:%M:%S}") for time in times] == times
