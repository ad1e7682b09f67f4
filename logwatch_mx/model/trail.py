"""Where a message came from, as far as the log before it tells."""

from datetime import datetime

from msgspec import Struct

from logwatch_mx.model.event import Client
from logwatch_mx.model.line import Line


class TrailQuestion(Struct, frozen=True, kw_only=True):
    """Who brought in the message that *line* shows under *queue_id*.

    Asked for the incident about *subject*, at the stamp *at* of the line. *passes*: the queue ids
    of the same message, one pass after the other, whose sizes tell how it grows. *again*: asked for
    the second time. *home*: asked besides whether mail for the subject is delivered on this host.
    """

    subject: str
    queue_id: str
    line: Line
    at: datetime
    passes: tuple[str, ...] = ()
    again: bool = False
    home: bool = False


class Doubt(Struct, frozen=True, kw_only=True):
    """The question whether so much *deferred* is news, or more than that got through meanwhile.

    Asked when an incident opens and nothing is known yet of what is usual. *subject*: the domain or
    provider, None for an outage; *since* and *until* bound the window that was tested.
    """

    incident: str
    subject: str | None
    since: datetime
    until: datetime
    deferred: int


class Trail(Struct, frozen=True, kw_only=True):
    """The answer: who sent the first message of the chain (a notice's parent, and its parent).

    *client* is None for a message that was submitted on this host or whose arrival is not in the
    log; *found* tells the two apart. *growth*: bytes that it gained with each pass.
    """

    subject: str
    queue_id: str
    found: bool = False
    sender: str | None = None
    client: Client | None = None
    message_id: str | None = None
    size: int | None = None
    arrived: datetime | None = None
    growth: int | None = None
    again: bool = False
    home: bool = False
