from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from logwatch_mx.config.settings import Hook, Settings
from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.deed import Deed
from logwatch_mx.model.incident import Incident, IncidentKind
from logwatch_mx.respond.plan_hooks import ASKS_AGAIN, plan_hooks

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
ID = "loop/seaton.biz/2026-11-23T14:29:10Z"
INCIDENT = Incident(
    id=ID, kind=IncidentKind.LOOP, subject="seaton.biz", opened=NOW, first=NOW, last=NOW
)
TICKET = Hook(command=("/hooks/ticket", "-v"), on=("confirmed", "closed"))
BELL = Hook(command=("/hooks/bell",), on=("opened",))
COUNTER = Hook(command=("/hooks/counter",), on=("confirmed",), observe=True)
ACT = Settings(mode="act", hook=(TICKET, BELL, COUNTER))


def action(number, hook, *, state=ActionState.RUNNING, on="confirmed", why=None, end=""):
    return Action(
        id=f"{ID}#command#{on}#{number}{end}",
        incident=ID,
        verb=Verb.COMMAND,
        target="seaton.biz",
        state=state,
        why=why or f"{on}: {hook.command[0]}",
        at=NOW,
        argv=hook.command,
    )


def decide(on="confirmed", settings=ACT, incident=INCIDENT, **inputs):
    return plan_hooks(incident, on=on, settings=settings, now=NOW, **inputs)


def test_each_hook_for_the_occasion_is_run():
    assert decide() == ((TICKET, action(1, TICKET)), (COUNTER, action(3, COUNTER)))
    assert decide("opened") == ((BELL, action(2, BELL, on="opened")),)
    assert decide("acted") == ()


def test_observe_mode_runs_only_what_asks_for_it():
    observing = msgspec.structs.replace(ACT, mode="observe")
    would = "observe mode: would run /hooks/ticket"
    assert decide(settings=observing) == (
        (TICKET, action(1, TICKET, state=ActionState.PLANNED, why=would)),
        (COUNTER, action(3, COUNTER)),
    )


@pytest.mark.parametrize("state", [ActionState.RUNNING, ActionState.DONE, ActionState.FAILED])
def test_what_was_begun_is_not_run_again(state):
    past = (Deed(action=action(1, TICKET, state=state)),)
    assert decide(past=past) == ((COUNTER, action(3, COUNTER)),)


def test_what_was_over_and_comes_back_is_an_occasion_of_its_own_each_time():
    past = tuple(
        Deed(action=action(number, hook, state=ActionState.DONE, on=on, end=end))
        for number, hook, on in ((1, TICKET, "confirmed"), (2, BELL, "opened"))
        for end in ("", "#back1")
    )
    for returns, ends in ((0, []), (1, []), (2, ["#back2"])):
        back = msgspec.structs.replace(INCIDENT, returns=returns)
        for on, number, hook in (("confirmed", 1, TICKET), ("opened", 2, BELL)):
            expected = [(hook, action(number, hook, on=on, end=end)) for end in ends]
            found = decide(on, incident=back, past=past)
            assert [one for one in found if one[0] is hook] == expected


RANG = Hook(command=("/hooks/rang",), on=("acted",))


def routed(end, state=ActionState.DONE):
    return Action(
        id=ID + end, incident=ID, verb=Verb.PAUSE, target="seaton.biz", state=state, why=""
    )


@pytest.mark.parametrize(
    ("returns", "actions", "end"),
    [
        (0, (routed("#pause"),), "#pause"),
        # the first expired, and another was taken
        (0, (routed("#pause", ActionState.EXPIRED), routed("#pause#2")), "#pause#2"),
        # it came back while the same action was still in force
        (1, (routed("#pause"),), "#pause"),
    ],
)
def test_each_action_that_comes_into_force_is_an_occasion_of_its_own(returns, actions, end):
    settings = Settings(mode="act", hook=(RANG,))
    acted = msgspec.structs.replace(INCIDENT, returns=returns, actions=actions)
    expected = action(1, RANG, on="acted", end=end)
    assert decide("acted", settings, acted) == ((RANG, expected),)
    done = (Deed(action=msgspec.structs.replace(expected, state=ActionState.DONE)),)
    assert decide("acted", settings, acted, past=done) == ()


def test_what_was_only_planned_is_run_when_the_mode_allows_it():
    past = (Deed(action=action(1, TICKET, state=ActionState.PLANNED)),)
    assert decide(past=past)[0] == (TICKET, action(1, TICKET))


def test_an_ignored_domain_runs_nothing():
    assert decide(ignored=frozenset({"seaton.biz"})) == ()


def asked_again(number, *, tries=1, after=timedelta(0)):
    """The deed of a hook that ended with status 75, *after* from now."""
    end = "" if tries == 1 else f"#try{tries}"
    begun = action(number, TICKET, state=ActionState.FAILED, end=end)
    return Deed(action=begun, ended=NOW + after, said=f"status 75: busy {ASKS_AGAIN}")


@pytest.mark.parametrize(
    ("past", "due"),
    [
        ([asked_again(1, after=timedelta(seconds=-59))], None),
        ([asked_again(1, after=timedelta(seconds=-60))], "#try2"),
        # The second pause is twice as long.
        ([asked_again(1), asked_again(1, tries=2, after=timedelta(seconds=-119))], None),
        ([asked_again(1), asked_again(1, tries=2, after=timedelta(seconds=-120))], "#try3"),
        # The clock was set back: nobody waits for hours.
        ([asked_again(1, after=timedelta(hours=5))], "#try2"),
        # After six tries nobody asks again.
        ([asked_again(1, tries=n, after=timedelta(hours=-2)) for n in range(1, 7)], None),
        ([asked_again(1, tries=n, after=timedelta(hours=-2)) for n in range(1, 6)], "#try6"),
    ],
)
def test_a_hook_that_asks_is_run_again_later_and_not_for_ever(past, due):
    found = [a.id for hook, a in decide(past=past) if hook is TICKET]
    assert found == ([] if due is None else [f"{ID}#command#confirmed#1{due}"])
