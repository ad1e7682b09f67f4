"""After a crash: what was begun, what the map really holds, and so what is to be done.

Pure. An intent is written before anything is done and its outcome after, so whatever is unfinished
was cut off somewhere between; the map's own text says how far it came. Case by case:

1. Begun, and the entry is there: it is finished (mending the map has put it in force).
2. Begun, and the entry is there, but its time is over or the mode is ``observe`` now: it is undone.
3. Begun, and no entry: nothing was done, and nothing is; ``plan`` may decide anew.
4. A hook that was begun may or may not have run: it is not run twice.
5. In force as we remember, but no entry: another hand took it back (``undo`` without the state).
6. Over as we remember, but its entry is there: taking it back was cut off, and is done now.
7. An entry of which nothing is remembered (the state was lost): taken on until its time is over, so
   that it does not stay for ever.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from logwatch_mx.model.action import Action, ActionState, Outcome
from logwatch_mx.respond.lift import BY_HAND, is_there
from logwatch_mx.respond.plan import ROUTING
from logwatch_mx.respond.route import Entry


class Step(Struct, frozen=True, kw_only=True):
    """What to do about *action*, in this order.

    *adopt*: write it down, since it is not remembered; *take_back*: unset its entry in the map;
    *outcome*: write down what came of it.
    """

    action: Action
    outcome: Outcome
    adopt: bool = False
    take_back: bool = False


def recover(
    remembered: Iterable[Action],
    entries: Mapping[str, Entry] | None,
    *,
    now: datetime,
    acting: bool,
    expiry: timedelta,
) -> tuple[Step, ...]:
    """Return the steps that make memory and map agree again; none when they do.

    *remembered* are all actions of the state, *entries* those of the map after ``RouteMap.mend``
    (None: it cannot be looked into now, so that nothing is known of what it holds);
    *acting* says whether the mode still is ``act``; *expiry* is given to entries that do not tell
    when their time is over.
    """
    known = {action.id: action for action in remembered}
    if entries is None:
        known = {key: action for key, action in known.items() if action.verb not in ROUTING}
        entries = {}
    steps = [
        _settle(action, now, there=is_there(action, entries), acting=acting)
        for action in known.values()
    ]
    steps += [
        _take_on(entries[domain], now, expiry)
        for domain in sorted(entries)
        if entries[domain].action not in known
    ]
    return tuple(step for step in steps if step is not None)


def _settle(action: Action, now: datetime, *, there: bool, acting: bool) -> Step | None:
    match action.state:
        case ActionState.RUNNING if action.verb not in ROUTING:
            said = "cut off by a restart; it may have run, so it is not run again"
            return _step(action, ActionState.FAILED, said, now)
        case ActionState.RUNNING if not there:
            return _step(action, ActionState.FAILED, "cut off by a restart, nothing was done", now)
        case ActionState.RUNNING if _is_over(action.expires, now):
            return _step(action, ActionState.EXPIRED, "its time is over", now, take_back=True)
        case ActionState.RUNNING if not acting:
            said = "cut off by a restart; the mode is observe now"
            return _step(action, ActionState.UNDONE, said, now, take_back=True)
        case ActionState.RUNNING:
            return _step(action, ActionState.DONE, "finished after a restart", now)
        case ActionState.DONE if action.verb in ROUTING and not there:
            return _step(action, ActionState.UNDONE, BY_HAND, now)
        case ActionState.UNDONE | ActionState.EXPIRED | ActionState.FAILED if there:
            said = "its entry was still in the map"
            return _step(action, action.state, said, now, take_back=True)
    return None


def _take_on(entry: Entry, now: datetime, expiry: timedelta) -> Step:
    action = Action(
        id=entry.action,
        incident=entry.incident,
        verb=entry.verb,
        target=entry.domain,
        state=ActionState.RUNNING,
        why="found in the map, not remembered",
        at=now,
        expires=entry.until or now + expiry,
    )
    over = _is_over(action.expires, now)
    return Step(
        action=action,
        outcome=Outcome(
            action=action.id,
            state=ActionState.EXPIRED if over else ActionState.DONE,
            said="its time is over" if over else "in force",
            at=now,
        ),
        adopt=True,
        take_back=over,
    )


def _is_over(until: datetime | None, now: datetime) -> bool:
    return until is not None and until <= now


def _step(
    action: Action, state: ActionState, said: str, now: datetime, *, take_back: bool = False
) -> Step:
    outcome = Outcome(action=action.id, state=state, said=said, at=now)
    return Step(action=action, outcome=outcome, take_back=take_back)
