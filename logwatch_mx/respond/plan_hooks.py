"""Which hooks are to be run for an incident: the gate of ``plan`` for the operator's programs.

Pure. A hook is run once for each occasion of an incident; what was begun and cut off counts as run.
"""

from collections.abc import Iterable
from datetime import datetime

from logwatch_mx.config.settings import Hook, Settings
from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.deed import Deed
from logwatch_mx.model.incident import Incident

_BEGUN = frozenset({ActionState.RUNNING, ActionState.DONE, ActionState.FAILED})


def plan_hooks(
    incident: Incident,
    *,
    on: str,
    settings: Settings,
    now: datetime,
    past: Iterable[Deed] = (),
    ignored: frozenset[str] = frozenset(),
    occasion: str = "",
) -> tuple[tuple[Hook, Action], ...]:
    """Return each hook for *on* (``opened``, ``confirmed``, ``acted``, ``closed``) with its action.

    The action is ``running`` when the hook is to be run, ``planned`` in observe mode unless the
    hook itself asks to be run there (``observe = true``). *occasion* tells apart what may happen to
    one incident more than once, such as the action it acted by.
    """
    if incident.subject in ignored:
        return ()
    begun = {deed.action.id for deed in past if deed.action.state in _BEGUN}
    found: list[tuple[Hook, Action]] = []
    for number, hook in enumerate(settings.hook, start=1):
        action_id = f"{incident.id}#command#{on}#{number}" + (f"#{occasion}" if occasion else "")
        if on not in hook.on or action_id in begun:
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
