from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from logwatch_mx.model.incident import Incident, IncidentKind, IncidentState
from logwatch_mx.model.notice import NoticeKind
from logwatch_mx.notify.digest import BURST, SETTLED, Due, due, remember

NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)
CONFIRMED, SUSPECTED = NoticeKind.CONFIRMED, NoticeKind.SUSPECTED
REFUTED, CLOSED = NoticeKind.REFUTED, NoticeKind.CLOSED
STATE = {name.value: name for name in IncidentState}


def incident(number=0, *, kind=IncidentKind.LOOP, state="suspected", closed=False):
    at = LONG_AGO + timedelta(seconds=number)
    return Incident(
        id=f"{kind.value}/d{number}.example",
        kind=kind,
        subject=f"d{number}.example",
        state=STATE[state],
        opened=at,
        first=at,
        last=at,
        closed=NOW - timedelta(seconds=closed) if closed else None,
    )


def ago(**span):
    return NOW - timedelta(**span)


def kinds_due(one, told=(), seen=NOW):
    found = due([one], told={one.id: told}, seen={one.id: seen}, recent=(), now=NOW)
    assert all(d.incidents == (one,) for d in found)
    return [d.kind for d in found]


LOOPS = (
    # state, closed, told before, seen so long ago; what is due
    # 1. a loop is told when it is confirmed, at once
    ("confirmed", False, (), 0, [CONFIRMED]),
    ("confirmed", False, (CONFIRMED,), 0, []),
    ("confirmed", False, (SUSPECTED,), 90, [CONFIRMED]),
    ("confirmed", False, (SUSPECTED, CONFIRMED), 90, []),
    ("confirmed", False, (SUSPECTED, REFUTED), 90, [CONFIRMED]),
    # 1. or after a minute without a verdict, as suspected
    ("suspected", False, (), 0, []),
    ("suspected", False, (), 59, []),
    ("suspected", False, (), 60, [SUSPECTED]),
    ("suspected", False, (SUSPECTED,), 3600, []),
    # a verdict that is lost again is no news
    ("suspected", False, (CONFIRMED,), 3600, []),
    # 2. once more when it closes
    ("confirmed", True, (CONFIRMED,), 3600, [CLOSED]),
    ("suspected", True, (SUSPECTED,), 3600, [CLOSED]),
    ("confirmed", True, (CONFIRMED, CLOSED), 3600, []),
    # 2. and when DNS refutes what was told as suspected
    ("refuted", False, (SUSPECTED,), 90, [REFUTED]),
    ("refuted", False, (SUSPECTED, REFUTED), 90, []),
    ("refuted", True, (SUSPECTED, REFUTED), 90, [CLOSED]),
    # a confirmed loop whose MX was mended ends as closed: the action is taken back by then
    ("refuted", False, (CONFIRMED,), 90, []),
    # 2. what comes back is told anew, as if for the first time
    ("confirmed", False, (CONFIRMED, CLOSED), 3600, [CONFIRMED]),
    ("confirmed", False, (CLOSED, CONFIRMED), 3600, []),
    ("suspected", False, (SUSPECTED, CLOSED), 3600, [SUSPECTED]),
    ("refuted", False, (CONFIRMED, CLOSED), 3600, []),
    ("confirmed", True, (CLOSED,), 3600, []),
    # 4. what was over or refuted before anybody was told is not told
    ("refuted", False, (), 3600, []),
    ("confirmed", True, (), 3600, []),
    ("suspected", True, (), 3600, []),
)


@pytest.mark.parametrize(("state", "closed", "told", "seconds", "expected"), LOOPS)
def test_a_loop_is_told_by_its_state(state, closed, told, seconds, expected):
    one = incident(state=state, closed=closed)
    assert kinds_due(one, told, ago(seconds=seconds)) == expected


@pytest.mark.parametrize("kind", [k for k in IncidentKind if k is not IncidentKind.LOOP])
@pytest.mark.parametrize(
    ("closed", "told", "expected"),
    [
        (False, (), [SUSPECTED]),  # no verdict to wait for: at once
        (False, (SUSPECTED,), []),
        (True, (SUSPECTED,), [CLOSED]),
        (True, (SUSPECTED, CLOSED), []),
        (True, (), []),
    ],
)
def test_other_incidents_have_no_verdict_to_wait_for(kind, closed, told, expected):
    assert kinds_due(incident(kind=kind, closed=closed), told) == expected


def test_an_incident_that_was_never_seen_before_begins_its_minute_now():
    assert due([incident()], told={}, seen={}, recent=(), now=NOW) == ()


def test_notices_come_in_the_order_of_opening():
    many = [incident(n, state="confirmed") for n in (2, 0, 1)]
    told = due(many, told={}, seen={}, recent=(), now=NOW)
    assert [d.incidents[0].subject for d in told] == ["d0.example", "d1.example", "d2.example"]


def sizes(found):
    return [(d.kind.value, len(d.incidents)) for d in found]


STORMS = (
    # incidents, seconds since each of the last notices; what goes out
    (10, [], [("confirmed", 1)] * 10),
    (11, [], [("confirmed", 1)] * 9 + [("confirmed", 2)]),
    (500, [], [("confirmed", 1)] * 9 + [("confirmed", 491)]),
    (2, [5] * 8, [("confirmed", 1)] * 2),
    (3, [5] * 8, [("confirmed", 1), ("confirmed", 2)]),
    (1, [5] * 9, [("confirmed", 1)]),
    (2, [5] * 9, [("confirmed", 2)]),
    # full: at most once a minute, and then all that waits
    (1, [59] * 10, []),
    (1, [60] * 10, [("confirmed", 1)]),
    (30, [60] * 10, [("confirmed", 30)]),
    (30, [5] + [100] * 9, []),
    # what went out more than ten minutes ago no longer counts
    (10, [600] * 10, [("confirmed", 1)] * 10),
    (0, [5] * 30, []),
)


@pytest.mark.parametrize(("count", "recent", "expected"), STORMS)
def test_in_a_storm_the_rest_goes_out_together(count, recent, expected):
    many = [incident(n, state="confirmed") for n in range(count)]
    times = [ago(seconds=s) for s in recent]
    assert sizes(due(many, told={}, seen={}, recent=times, now=NOW)) == expected


def test_a_group_holds_one_kind_of_notice():
    opened = [incident(n, state="confirmed") for n in range(12)]
    over = [incident(n, state="confirmed", closed=True) for n in range(20, 23)]
    told = {i.id: [CONFIRMED] for i in over}
    found = due([*opened, *over], told=told, seen={}, recent=(), now=NOW)
    assert sizes(found) == [("confirmed", 1)] * 9 + [("confirmed", 3), ("closed", 3)]


def live_through(story):
    """Return what is told, when, of an incident that is open or closed at each minute."""
    told, said, closed = [], [], None
    for minute, is_open in enumerate(story):
        now = NOW + timedelta(minutes=minute)
        closed = None if is_open else closed or now
        one = structs.replace(
            incident(kind=IncidentKind.SPIKE), closed=closed, last=now if is_open else NOW
        )
        for found in due([one], told={one.id: told}, seen={}, recent=(), now=now):
            said.append((minute, found.kind, bool(found.again)))
            told = remember(told, found.kind)
    return said, told


def test_what_comes_back_is_told_and_in_the_end_it_is_told_to_be_over():
    said, _ = live_through([1] * 5 + [0] * 10 + [1] * 5 + [0] * 50)
    assert said == [
        (0, SUSPECTED, False),
        (5, CLOSED, False),
        (15, SUSPECTED, True),
        (20 + SETTLED.seconds // 60, CLOSED, True),
    ]


def test_what_comes_and_goes_all_day_is_told_twice_and_remembered_shortly():
    said, told = live_through(([1] * 10 + [0] * 20) * 48)
    assert [kind for _, kind, _ in said] == [SUSPECTED, CLOSED, SUSPECTED]
    assert told == [CLOSED, SUSPECTED]


def test_what_comes_back_every_hour_is_told_once_an_hour():
    said, told = live_through(([1] * 10 + [0] * 50) * 24)
    assert len(said) == 48
    assert told == [CLOSED, CLOSED]


def test_each_round_has_notices_of_its_own():
    one = incident(3)
    later = structs.replace(one, last=NOW)
    again = frozenset({one.id})
    keys = {
        Due(CLOSED, (one,)).key,
        Due(CLOSED, (one,), again).key,
        Due(CLOSED, (later,), again).key,
    }
    assert len(keys) == 3


def test_the_key_tells_incident_and_kind():
    assert Due(CONFIRMED, (incident(3), incident(4))).key == "loop/d3.example#confirmed"


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(IncidentState)),
            st.sampled_from(list(IncidentKind)),
            st.booleans(),
            st.lists(st.sampled_from([CONFIRMED, SUSPECTED, REFUTED, CLOSED]), unique=True),
        ),
        max_size=40,
    ),
    st.lists(st.integers(0, 1200), max_size=30),
)
def test_nothing_is_told_twice_and_no_storm_gets_through(rows, recent):
    many = [
        incident(n, kind=kind, state=state.value, closed=closed)
        for n, (state, kind, closed, _) in enumerate(rows)
    ]
    told = {i.id: [] for i in many}
    for one, row in zip(many, rows, strict=True):
        for kind in row[3]:
            told[one.id] = remember(told[one.id], kind)
    seen = {i.id: LONG_AGO for i in many}
    found = due(many, told=told, seen=seen, recent=[ago(seconds=s) for s in recent], now=NOW)
    names = [(i.id, d.kind) for d in found for i in d.incidents]
    assert len(names) == len(set(names))
    assert all(kind not in told[name] for name, kind in names)
    # One place more for each further kind that the group falls into.
    assert len(found) <= BURST + 3
