"""Rules that count."""

from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.detect.case import KEPT_TEXT
from logwatch_mx.detect.counting import (
    KEPT_HITS,
    KEPT_WEIGHT,
    CountingDetector,
    CountingState,
)
from logwatch_mx.model.event import Other
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.line import Line
from logwatch_mx.model.rule import Rule

T = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def rule(**words):
    return Rule(**{"id": "r", "title": "a rule", "when": "other", "threshold": 3, **words})


def run(rule, hits, subject="s"):
    """Return the case after *hits*, (second, value) each."""
    detector = CountingDetector(CountingState())
    case = None
    for n, (second, value) in enumerate(hits):
        event = Other(line=Line(f"line {n}", "log", n + 1, offset=n * 10))
        at = T + timedelta(seconds=second)
        case = detector.note(at, event, rule, subject, value, case) or case
    return case


@pytest.mark.parametrize(
    ("seconds", "opens"),
    [([0, 1], False), ([0, 1, 2], True), ([0, 300, 600], True), ([0, 300, 601], False)],
)
def test_so_many_events_within_the_window_open(seconds, opens):
    assert (run(rule(), [(s, None) for s in seconds]) is not None) is opens


@pytest.mark.parametrize(
    ("values", "opens"),
    [(["a", "a", "a"], False), (["a", "b", "b", "c"], True), (["a", None, "b", None], False)],
)
def test_a_rule_that_counts_a_field_counts_its_distinct_values(values, opens):
    hits = [(n, value) for n, value in enumerate(values)]
    assert (run(rule(count="sender"), hits) is not None) is opens


def test_the_incident_says_what_was_counted():
    incident = run(
        rule(count="sender"), [(0, "a"), (1, "a"), (2, "b"), (3, "c"), (4, "c")]
    ).incident()
    assert incident.id == "rule/r/s/2026-11-23T12:00:03Z"
    assert (incident.first, incident.opened, incident.last) == (
        T,
        T + timedelta(seconds=3),
        T + timedelta(seconds=4),
    )
    assert (incident.counts.events, incident.counts.messages) == (5, 3)
    assert incident.reasons == {"a rule": 5}
    assert [e.line for e in incident.evidence] == [1, 2, 3, 4, 5]


def test_a_forwarding_loop_has_no_rule_in_its_id():
    case = run(rule(kind=IncidentKind.FORWARDING_LOOP), [(0, None), (1, None), (2, None)])
    assert case.id == "forwarding_loop/s/2026-11-23T12:00:02Z"


def test_what_is_kept_of_a_subject_is_bounded():
    detector = CountingDetector(CountingState())
    slow = rule(threshold=5 * KEPT_HITS, count="sender")
    for n in range(2 * KEPT_HITS):
        event = Other(line=Line("x", "log", n, offset=n))
        detector.note(T, event, slow, "s", str(n), None)
    assert len(detector.state.hits.get("r/s")) <= KEPT_HITS + 1


def test_what_is_kept_of_all_subjects_together_is_bounded():
    """Ten thousand subjects, each with a thousand lines below the threshold, would be gigabytes."""
    detector = CountingDetector(CountingState())
    slow = rule(threshold=KEPT_HITS, window=timedelta(days=1))
    text = "x" * KEPT_TEXT
    for n in range(20_000):
        event = Other(line=Line(text, "log", n, offset=n))
        detector.note(T + timedelta(seconds=n), event, slow, f"s{n % 500}", None, None)
    kept = sum(len(h.evidence.text) for _, hits in detector.state.hits.items() for h in hits)
    assert 10 << 20 < kept < 2 * KEPT_WEIGHT


def test_the_same_number_in_a_rotated_log_is_another_line():
    detector = CountingDetector(CountingState())
    case = None
    for text in ("before the rotation", "after it"):
        event = Other(line=Line(text, "maillog", 7), time=T)
        case = detector.note(T, event, rule(threshold=1), "s", None, case) or case
    assert (case.events, case.messages) == (2, 2)
