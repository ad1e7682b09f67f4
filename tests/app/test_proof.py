"""What the resolvers are believed to say together, when one of them is silent; a table."""

from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.app.proof import believe
from logwatch_mx.model.deed import Confirmation
from logwatch_mx.model.verdict import Mx, Outcome, Verdict

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
LOOP, PARTIAL, GOOD = Outcome.LOOPBACK, Outcome.PARTIAL, Outcome.HEALTHY
FILTERED, SILENT = Outcome.FILTERED, Outcome.UNANSWERED
MX = (Mx(10, "mail.seaton.biz", ("127.0.0.1",)),)


def heard(resolver, outcome, ago):
    at = NOW - timedelta(seconds=ago)
    return Confirmation(domain="seaton.biz", resolver=resolver, outcome=outcome, at=at)


def say(*outcomes):
    """Return the verdicts of the resolvers a, b and so on, and the same as answers."""
    verdicts = [
        Verdict(domain="seaton.biz", outcome=o, mx=MX if o is LOOP else (), resolver=r, why=o)
        for r, o in zip("abc", outcomes, strict=False)
    ]
    return verdicts, [heard(v.resolver, v.outcome, 0) for v in verdicts]


@pytest.mark.parametrize(
    ("now", "before", "believed"),
    [
        ([LOOP, LOOP], [], LOOP),
        # One of two is dead: not at once, and not by an answer of the same minute.
        ([LOOP, SILENT], [], SILENT),
        ([LOOP, SILENT], [("a", LOOP, 59)], SILENT),
        ([LOOP, SILENT], [("a", LOOP, 60)], LOOP),
        ([SILENT, LOOP], [("b", LOOP, 60), ("a", SILENT, 60)], LOOP),
        ([LOOP, SILENT], [("a", LOOP, 3601)], SILENT),
        ([PARTIAL, SILENT], [("a", PARTIAL, 60)], PARTIAL),
        # It answered before it died, and agreed.
        ([LOOP, SILENT], [("b", LOOP, 20)], LOOP),
        # It answered before it died, and did not; or the one that lives said something else.
        ([LOOP, SILENT], [("a", LOOP, 60), ("b", GOOD, 3600)], SILENT),
        ([LOOP, SILENT], [("a", LOOP, 60), ("b", FILTERED, 120)], SILENT),
        ([LOOP, SILENT], [("a", LOOP, 60), ("a", GOOD, 90)], SILENT),
        ([LOOP, SILENT], [("a", LOOP, 60), ("b", GOOD, 3601)], LOOP),
        # Now they do not agree, whatever was said before.
        ([LOOP, GOOD], [("a", LOOP, 60)], FILTERED),
        ([LOOP, FILTERED], [("a", LOOP, 60)], FILTERED),
        ([LOOP, PARTIAL, SILENT], [("a", LOOP, 60), ("b", PARTIAL, 60)], SILENT),
        # Nobody is heard, or what is heard is no loop: silence stays silence.
        ([SILENT, SILENT], [("a", LOOP, 60), ("b", LOOP, 60)], SILENT),
        ([GOOD, SILENT], [("a", GOOD, 60)], SILENT),
    ],
)
def test_a_silent_resolver_is_waited_for_a_minute_and_a_contradiction_is_not_passed_over(
    now, before, believed
):
    verdicts, answers = say(*now)
    past = [heard(*one) for one in before]
    assert believe(verdicts, (*past, *answers), NOW).outcome is believed


def test_it_is_told_who_was_silent():
    verdicts, answers = say(LOOP, SILENT)
    assert believe(verdicts, (heard("a", LOOP, 75), *answers), NOW) == Verdict(
        domain="seaton.biz",
        outcome=LOOP,
        mx=MX,
        resolver="a",
        why="loopback (b gives no answer; within the hour it was said twice)",
    )
