"""When an action that is in force ends, and when it goes on; pure, so it is a table."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from logwatch_mx.config.settings import Dns, Respond, Settings
from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.action import Outcome as Ended
from logwatch_mx.model.deed import Confirmation, Deed
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome
from logwatch_mx.respond.lift import (
    BY_HAND,
    Lift,
    ask_again,
    lift,
    taken_by_hand,
    wrongly_touched,
)
from logwatch_mx.respond.route import entry_of

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
DAY = timedelta(days=1)
PAUSE = Action(
    id="loop/seaton.biz/x#pause",
    incident="loop/seaton.biz/x",
    verb=Verb.PAUSE,
    target="seaton.biz",
    state=ActionState.DONE,
    why="",
    at=NOW - DAY,
    expires=NOW,
)
LATER = structs.replace(PAUSE, expires=NOW + timedelta(hours=2))
LOOP, GOOD = Outcome.LOOPBACK, Outcome.HEALTHY


def said(outcome, *, ago=0, resolver="9.9.9.9:53", domain="seaton.biz"):
    at = NOW - timedelta(seconds=ago)
    return Confirmation(domain=domain, resolver=resolver, outcome=outcome, at=at)


def over(action, state, words):
    return Lift(action=action, ends=Ended(action=action.id, state=state, said=words, at=NOW))


EXPIRED = over(
    PAUSE, ActionState.EXPIRED, "expired; DNS did not say twice that the loop is still there"
)
GOES_ON = Lift(action=PAUSE, goes_on_until=NOW + DAY)


TWO = Settings(dns=Dns(second_opinion=("1.1.1.1",)))
REJECT = structs.replace(PAUSE, verb=Verb.REJECT)


@pytest.mark.parametrize("settings", [Settings(), TWO])
@pytest.mark.parametrize(
    ("action", "heard", "expected"),
    [
        # its time is not over
        (LATER, [], ()),
        (LATER, [said(LOOP)], ()),
        # over, and DNS is silent, or says it once, or said it before the action only
        (PAUSE, [], (EXPIRED,)),
        (PAUSE, [said(LOOP)], (EXPIRED,)),
        (PAUSE, [said(LOOP), said(LOOP, ago=59)], (EXPIRED,)),
        (PAUSE, [said(Outcome.FILTERED), said(Outcome.UNANSWERED, resolver="b")], (EXPIRED,)),
        (PAUSE, [said(LOOP, ago=90_000), said(LOOP, ago=90_001, resolver="b")], (EXPIRED,)),
        (PAUSE, [said(LOOP, domain="other.test"), said(LOOP, domain="x.test")], (EXPIRED,)),
        # over, and DNS says twice that nothing changed
        (PAUSE, [said(LOOP), said(LOOP, resolver="b")], (GOES_ON,)),
        (PAUSE, [said(LOOP), said(LOOP, ago=60)], (GOES_ON,)),
        # the MX is good: at once, whenever it would expire
        (LATER, [said(GOOD)], (over(LATER, ActionState.UNDONE, "taken back: 9.9.9.9:53 says healthy"),)),
        (PAUSE, [said(LOOP, ago=5), said(GOOD)], (over(PAUSE, ActionState.UNDONE, "taken back: 9.9.9.9:53 says healthy"),)),
        # two answer at one moment, and one objects: whichever is read first
        (LATER, [said(LOOP), said(GOOD, resolver="b")], (over(LATER, ActionState.UNDONE, "taken back: b says healthy"),)),
        (LATER, [said(GOOD, resolver="b"), said(LOOP)], (over(LATER, ActionState.UNDONE, "taken back: b says healthy"),)),
        # it was good, and is not any more
        (LATER, [said(GOOD, ago=5), said(LOOP)], ()),
        # too long ago to be true now
        (LATER, [said(GOOD, ago=3601)], ()),
        (structs.replace(PAUSE, expires=None), [], ()),
    ],
)  # fmt: skip
def test_an_action_ends_when_dns_or_its_time_says_so(action, heard, expected, settings):
    assert lift([Deed(action=action)], confirmations=heard, now=NOW, settings=settings) == expected


@pytest.mark.parametrize(
    ("settings", "heard", "goes_on"),
    [
        (Settings(), [said(LOOP), said(LOOP, ago=60)], True),
        (TWO, [said(LOOP), said(LOOP, ago=60)], False),  # the second opinion is silent
        (TWO, [said(LOOP), said(LOOP, resolver="b")], True),
    ],
)
def test_what_loses_mail_goes_on_by_the_proof_that_began_it(settings, heard, goes_on):
    (one,) = lift([Deed(action=REJECT)], confirmations=heard, now=NOW, settings=settings)
    assert (one.goes_on_until == NOW + DAY) is goes_on
    assert (one.ends is None) is goes_on


@pytest.mark.parametrize("state", [s for s in ActionState if s is not ActionState.DONE])
def test_what_is_not_in_force_is_left_alone(state):
    deeds = [Deed(action=structs.replace(PAUSE, state=state))]
    assert lift(deeds, confirmations=[said(GOOD)], now=NOW, settings=Settings()) == ()
    assert taken_by_hand(deeds, {}, NOW) == ()
    assert wrongly_touched(deeds, Site(domains=frozenset({"seaton.biz"})), Settings(), NOW) == ()
    assert ask_again(deeds, NOW) == frozenset()


@pytest.mark.parametrize(
    ("minutes", "asked"), [(11, set()), (10, {"seaton.biz"}), (0, {"seaton.biz"})]
)
def test_dns_is_asked_before_the_time_is_over(minutes, asked):
    action = structs.replace(PAUSE, expires=NOW + timedelta(minutes=minutes))
    assert ask_again([Deed(action=action)], NOW) == asked


OTHERS = structs.replace(entry_of(PAUSE), action="loop/seaton.biz/y#pause")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"seaton.biz": entry_of(PAUSE)}, ()),
        ({}, (over(PAUSE, ActionState.UNDONE, BY_HAND),)),
        ({"other.test": entry_of(PAUSE)}, (over(PAUSE, ActionState.UNDONE, BY_HAND),)),
        ({"seaton.biz": OTHERS}, (over(PAUSE, ActionState.UNDONE, BY_HAND),)),
    ],
)
def test_what_is_not_in_the_map_was_taken_back_by_another_hand(entries, expected):
    assert taken_by_hand([Deed(action=PAUSE)], entries, NOW) == expected


@pytest.mark.parametrize(
    ("site", "settings", "words"),
    [
        (Site(domains=frozenset({"seaton.biz"})), Settings(), "the domain is this site's own"),
        (
            Site(),
            Settings(respond=Respond(protected_domains=("seaton.biz",))),
            "the domain is protected by [respond] protected_domains",
        ),
        (
            Site(protected=frozenset({"seaton.biz"})),
            Settings(),
            "the domain is protected by [respond] protected_domains",
        ),
        (Site(domains=frozenset({"notseaton.biz"})), Settings(), None),
    ],
)
def test_what_may_not_be_touched_any_more_is_let_go(site, settings, words):
    expected = () if words is None else (over(LATER, ActionState.UNDONE, f"taken back: {words}"),)
    assert wrongly_touched([Deed(action=LATER)], site, settings, NOW) == expected
