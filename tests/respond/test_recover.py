from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from logwatch_mx.model.action import Action, ActionState, Outcome, Verb
from logwatch_mx.respond.recover import Step, recover
from logwatch_mx.respond.route import entry_of

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
EXPIRY = timedelta(hours=24)
change = msgspec.structs.replace

PAUSE = Action(
    id="loop/seaton.biz/x#pause",
    incident="loop/seaton.biz/x",
    verb=Verb.PAUSE,
    target="seaton.biz",
    state=ActionState.RUNNING,
    why="because",
    at=NOW - timedelta(minutes=1),
    expires=NOW + timedelta(hours=1),
)
HOOK = change(PAUSE, id="loop/seaton.biz/x#command#confirmed#1", verb=Verb.COMMAND, expires=None)
ENTRY = entry_of(PAUSE)
OTHERS = change(ENTRY, action="loop/seaton.biz/y#pause")


def agree(*remembered, entry=None, now=NOW, acting=True):
    entries = {} if entry is None else {entry.domain: entry}
    return recover(remembered, entries, now=now, acting=acting, expiry=EXPIRY)


def step(action, state, said, *, now=NOW, **more):
    return Step(
        action=action, outcome=Outcome(action=action.id, state=state, said=said, at=now), **more
    )


LATER = PAUSE.expires


@pytest.mark.parametrize(
    ("action", "inputs", "wanted"),
    [
        (PAUSE, {"entry": ENTRY}, (ActionState.DONE, "finished after a restart", False)),
        (
            PAUSE,
            {"entry": ENTRY, "now": LATER},
            (ActionState.EXPIRED, "its time is over", True),
        ),
        (
            PAUSE,
            {"entry": ENTRY, "acting": False},
            (ActionState.UNDONE, "cut off by a restart; the mode is observe now", True),
        ),
        (PAUSE, {}, (ActionState.FAILED, "cut off by a restart, nothing was done", False)),
        (
            HOOK,
            {},
            (
                ActionState.FAILED,
                "cut off by a restart; it may have run, so it is not run again",
                False,
            ),
        ),
        (
            change(PAUSE, state=ActionState.DONE),
            {},
            (ActionState.UNDONE, "not in the map any more: another hand took it back", False),
        ),
        *(
            (
                change(PAUSE, state=state),
                {"entry": ENTRY},
                (state, "its entry was still in the map", True),
            )
            for state in (ActionState.UNDONE, ActionState.EXPIRED, ActionState.FAILED)
        ),
    ],
)
def test_memory_and_map_are_made_to_agree(action, inputs, wanted):
    state, said, take_back = wanted
    now = inputs.get("now", NOW)
    assert agree(action, **inputs) == (step(action, state, said, now=now, take_back=take_back),)


@pytest.mark.parametrize(
    ("actions", "entry"),
    [
        ((), None),
        ((change(PAUSE, state=ActionState.DONE),), ENTRY),
        ((change(PAUSE, state=ActionState.UNDONE),), None),
        ((change(PAUSE, state=ActionState.PLANNED),), None),
        ((change(PAUSE, state=ActionState.SKIPPED),), None),
        ((change(HOOK, state=ActionState.DONE),), None),
        # the entry of a later action for the same domain
        (
            (
                change(PAUSE, state=ActionState.UNDONE),
                change(PAUSE, id=OTHERS.action, state=ActionState.DONE),
            ),
            OTHERS,
        ),
    ],
)
def test_where_they_agree_nothing_is_done(actions, entry):
    assert agree(*actions, entry=entry) == ()


def test_an_entry_that_nobody_remembers_is_taken_on_until_its_time_is_over():
    adopted = change(PAUSE, at=NOW, why="found in the map, not remembered")
    assert agree(entry=ENTRY) == (step(adopted, ActionState.DONE, "in force", adopt=True),)
    endless = change(adopted, expires=NOW + EXPIRY)
    assert agree(entry=change(ENTRY, until=None)) == (
        step(endless, ActionState.DONE, "in force", adopt=True),
    )
    late = change(adopted, at=LATER)
    assert agree(entry=ENTRY, now=LATER) == (
        step(late, ActionState.EXPIRED, "its time is over", now=LATER, adopt=True, take_back=True),
    )


def test_of_a_map_that_cannot_be_looked_into_nothing_is_concluded():
    remembered = (PAUSE, change(PAUSE, id="x", state=ActionState.DONE), HOOK)
    steps = recover(remembered, None, now=NOW, acting=True, expiry=EXPIRY)
    assert [one.action for one in steps] == [HOOK]


def test_an_action_cut_off_behind_anothers_entry_has_not_been_done():
    steps = agree(PAUSE, change(PAUSE, id=OTHERS.action, state=ActionState.DONE), entry=OTHERS)
    assert steps == (step(PAUSE, ActionState.FAILED, "cut off by a restart, nothing was done"),)
