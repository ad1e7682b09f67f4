"""Which hooks are to be run for an incident: the gate of ``plan`` for the operator's programs.

Pure. A hook is run once for each occasion of an incident, and once more each time that the incident
was over and came back; what was begun and cut off counts as run.
Only a hook that asks for it itself is run again: after a minute, then after twice as long each
time, six times at most. Each try is an action of its own.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from logwatch_mx.config.settings import Hook, Settings
from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.deed import Deed
from logwatch_mx.model.incident import Incident
from logwatch_mx.respond.plan import ROUTING

#: Ends the outcome of a hook that asked to be tried again (status 75).
ASKS_AGAIN = "(it asks to be run again later)"
#: The first pause before another try.
PAUSE = timedelta(minutes=1)
TRIES = 6

_BEGUN = frozenset({ActionState.RUNNING, ActionState.DONE, ActionState.FAILED})


def plan_hooks(
    incident: Incident,
    *,
    on: str,
    settings: Settings,
    now: datetime,
    past: Iterable[Deed] = (),
    ignored: frozenset[str] = frozenset(),
) -> tuple[tuple[Hook, Action], ...]:
    """Return each hook for *on* (``opened``, ``confirmed``, ``acted``, ``closed``) with its action.

    The action is ``running`` when the hook is to be run, ``planned`` in observe mode unless the
    hook itself asks to be run there (``observe = true``). What may happen to one incident more
    than once is told apart: it comes back, and it is acted on by one action after the other.
    """
    if incident.subject in ignored:
        return ()
    occasion = _acted_by(incident) if on == "acted" else _returned(incident)
    begun = {deed.action.id: deed for deed in past if deed.action.state in _BEGUN}
    found: list[tuple[Hook, Action]] = []
    for number, hook in enumerate(settings.hook, start=1):
        base = f"{incident.id}#command#{on}#{number}{occasion}"
        if on not in hook.on or (action_id := _next_try(base, begun, now)) is None:
            continue
        acting = settings.mode == "act" or hook.observe
        action = Action(
            id=action_id,
            incident=incident.id,
            verb=Verb.COMMAND,
            target=incident.subject,
            state=ActionState.RUNNING if acting else ActionState.PLANNED,
            why=f"{on}: {hook.command[0]}"
            if acting
            else f"observe mode: would run {hook.command[0]}",
            at=now,
            argv=hook.command,
        )
        found.append((hook, action))
    return tuple(found)


def _returned(incident: Incident) -> str:
    return f"#back{incident.returns}" if incident.returns else ""


def _acted_by(incident: Incident) -> str:
    """Return the end of the id of the action that is in force: ``#pause``, ``#pause#2``."""
    ids = [a.id for a in incident.actions if a.state is ActionState.DONE and a.verb in ROUTING]
    return ids[-1].removeprefix(incident.id) if ids else ""


def _next_try(base: str, begun: Mapping[str, Deed], now: datetime) -> str | None:
    """Return the id of the try that is due, None when none is."""
    if base not in begun:
        return base
    tries = [base, *(f"{base}#try{number}" for number in range(2, TRIES + 1))]
    last = max(number for number, name in enumerate(tries) if name in begun)
    deed = begun[tries[last]]
    if last + 1 == TRIES or not deed.said.endswith(ASKS_AGAIN) or deed.ended is None:
        return None
    # A clock that was set back must not make the pause longer.
    waits = deed.ended <= now < deed.ended + PAUSE * 2**last
    return None if waits else tries[last + 1]
