"""Actions and their outcomes: what is done about an incident, and what came of it."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Verb(StrEnum):
    """What an action does to mail for its target."""

    PAUSE = "pause"
    REJECT = "reject"
    DISCARD = "discard"
    HOLD = "hold"
    RELEASE = "release"
    COMMAND = "command"


class ActionState(StrEnum):
    """Where an action stands.

    *planned* stays so in observe mode and in a replay; *skipped* has a reason why not.
    """

    PLANNED = "planned"
    SKIPPED = "skipped"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"
    EXPIRED = "expired"


class Action(Struct, frozen=True, kw_only=True):
    """One thing done, or not done, about *target* for *incident*.

    *why* is one sentence for the operator. *id* is ``incident#verb#n``: it comes from the log and
    the configuration, never from chance or a clock.
    """

    id: str
    incident: str
    verb: Verb
    target: str
    state: ActionState
    why: str
    at: datetime | None = None
    expires: datetime | None = None
    argv: tuple[str, ...] = ()


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of the action *action*: its new state.

    *said*: the last words of the program that did it.
    """

    action: str
    state: ActionState
    said: str = ""
    at: datetime | None = None
