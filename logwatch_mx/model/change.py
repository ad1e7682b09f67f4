"""What the engine says after an event, a verdict or a tick."""

from enum import StrEnum

from msgspec import Struct

from logwatch_mx.model.trail import Doubt, TrailQuestion


class ChangeKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    REOPENED = "reopened"
    JUDGED = "judged"
    CLOSED = "closed"


class Change(Struct, frozen=True):
    """An incident, by its id, went through *kind*; counts that grow are not a change."""

    kind: ChangeKind
    incident: str


class Changes(Struct):
    """Everything that came of one call: changes in order, and questions about messages' past.

    *suspects*: domains that no incident is about unless DNS says that their exchanger is loopback.
    *doubts*: incidents to be taken back (``Engine.dispel``) when most of that mail got through.
    """

    changes: list[Change] = []
    questions: list[TrailQuestion] = []
    suspects: list[str] = []
    doubts: list[Doubt] = []

    def __bool__(self) -> bool:
        return bool(self.changes or self.questions or self.suspects or self.doubts)
