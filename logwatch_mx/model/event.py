"""The events: what a line says, read once by the grammars and never again.

One line is one event. Addresses come without angle brackets and the null sender is ``""``; ``None``
means that
the line does not say. Host names are lower case, without a trailing dot. See docs/json.md.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from logwatch_mx.model.line import Line


class Mta(StrEnum):
    """The mail transfer agents whose lines are read."""

    POSTFIX = "postfix"
    SENDMAIL = "sendmail"


class Status(StrEnum):
    """What became of a recipient, as the line that the MTA logged says it."""

    SENT = "sent"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    UNDELIVERABLE = "undeliverable"
    DELIVERABLE = "deliverable"
    DISCARDED = "discarded"
    QUEUED = "queued"
    QUARANTINED = "quarantined"


class Said(StrEnum):
    """The MTA's own word about a loop (a line of its own, not a delivery line)."""

    SELF_MX = "self_mx"
    OWN_HOSTNAME = "own_hostname"
    TOO_MANY_HOPS = "too_many_hops"
    FORWARDING_LOOP = "forwarding_loop"


class Client(Struct, frozen=True):
    """Who handed the message over: *host* as the MTA resolved it, *ip* as it connected."""

    host: str | None = None
    ip: str | None = None


class Relay(Struct, frozen=True):
    """Where the message was handed to.

    *absolute*: sendmail printed the name with a trailing dot, as it does for a host found through
    MX; a configured
    route prints ``[literal] [addr]`` without one. Postfix prints neither, so it is always False
    there.
    """

    host: str | None = None
    ip: str | None = None
    port: int | None = None
    absolute: bool = False


class Event(Struct, frozen=True, kw_only=True):
    """What every event has; the header's fields are None where the line has no readable header.

    *program* is the syslog tag as printed (``postfix/smtp``), *agent* its last part in lower case
    (``smtp``),
    which tells the Postfix daemon whatever the instance is called; for sendmail it is the tag
    itself.
    """

    line: Line
    time: datetime | None = None
    host: str | None = None
    program: str | None = None
    agent: str | None = None
    pid: int | None = None
    mta: Mta | None = None
    queue_id: str | None = None

    @property
    def kind(self) -> str:
        """The name of the kind, as ``parse`` prints it."""
        return KIND_OF[type(self)]


class Message(Event, frozen=True, kw_only=True):
    """A message is in the queue: sender, size, message-id, client, as far as the line says."""

    sender: str | None = None
    size: int | None = None
    nrcpt: int | None = None
    message_id: str | None = None
    client: Client | None = None


class Delivery(Event, frozen=True, kw_only=True):
    """One attempt to deliver to one or more recipients, and how it ended.

    *delay* is seconds since arrival. *reply* is the text that explains the status: the remote's
    answer where there
    is one. *next_queue_id* is the id under which the receiver queued it, when the reply names one.
    *mailer* is
    sendmail's mailer, None for Postfix.
    """

    recipients: tuple[str, ...] = ()
    orig_to: str | None = None
    relay: Relay | None = None
    status: Status
    dsn: str | None = None
    delay: float | None = None
    reply: str | None = None
    next_queue_id: str | None = None
    mailer: str | None = None


class Bounce(Event, frozen=True, kw_only=True):
    """A notice was made from the message *queue_id*: the notice's own id is *child_queue_id*.

    *cause* is the MTA's name for the notice (``sender non-delivery notification``, ``DSN: User
    unknown``).
    """

    child_queue_id: str | None = None
    cause: str | None = None


class Removed(Event, frozen=True, kw_only=True):
    """The message left the queue."""


class Reject(Event, frozen=True, kw_only=True):
    """A client was refused; nothing was queued for this recipient."""

    client: Client | None = None
    sender: str | None = None
    recipient: str | None = None
    dsn: str | None = None
    reply: str | None = None


class MtaVerdict(Event, frozen=True, kw_only=True):
    """The MTA says in a line of its own that something loops.

    *mx_host* and *domain* only if the line names them.
    """

    verdict: Said
    mx_host: str | None = None
    domain: str | None = None


class Auth(Event, frozen=True, kw_only=True):
    """A client authenticated (*ok*) or failed to."""

    client: Client | None = None
    method: str | None = None
    ok: bool = False


class Gap(Event, frozen=True, kw_only=True):
    """The logger dropped *count* lines, or says that the last one was *repeated* so often.

    *unread*: not the logger says so; a part of the log was gone before it was read, and nobody
    knows how many lines that were. *count* is 0 then.
    """

    count: int
    repeated: bool = False
    unread: bool = False


class Other(Event, frozen=True, kw_only=True):
    """A known line of the MTA that says nothing about delivery."""


class Unparsed(Event, frozen=True, kw_only=True):
    """A line of the MTA whose meaning is not known; *text* is what follows the header."""

    text: str


class Foreign(Event, frozen=True, kw_only=True):
    """A line of another program."""


class Malformed(Event, frozen=True, kw_only=True):
    """No syslog line at all."""

    text: str


KIND_OF: dict[type[Event], str] = {
    Message: "message",
    Delivery: "delivery",
    Bounce: "bounce",
    Removed: "removed",
    Reject: "reject",
    MtaVerdict: "verdict",
    Auth: "auth",
    Gap: "gap",
    Other: "other",
    Unparsed: "unparsed",
    Foreign: "foreign",
    Malformed: "malformed",
}
