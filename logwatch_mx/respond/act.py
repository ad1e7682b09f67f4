"""Do an action that ``plan`` let through, or take it back, and say what came of it."""

from datetime import datetime

from logwatch_mx.errors import EffectError
from logwatch_mx.model.action import Action, ActionState, Outcome
from logwatch_mx.respond.route import RouteMap, entry_of


def act(action: Action, route_map: RouteMap, now: datetime) -> Outcome:
    """Put *action* into the map and return its outcome; its intent must be written down already."""
    try:
        route_map.set(entry_of(action))
    except EffectError as error:
        return Outcome(action=action.id, state=ActionState.FAILED, said=str(error), at=now)
    until = "in force" if action.expires is None else f"in force until {action.expires.isoformat()}"
    return Outcome(action=action.id, state=ActionState.DONE, said=until, at=now)


def take_back(action: Action, route_map: RouteMap, outcome: Outcome) -> Outcome | None:
    """Let mail for the target of *action* flow again; return *outcome*, or None when it failed.

    An action that could not be taken back is still in force: it keeps its state, and the next round
    tries again. Another action's entry for the same domain is left alone.
    """
    try:
        entry = route_map.entries().get(action.target)
        if entry is None or entry.action == action.id:
            route_map.unset(action.target)
    except EffectError:
        return None
    return outcome
