"""Incidents: grouped suspicion, with the signals in it counted by kind."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from logwatch_mx.model.action import Action
from logwatch_mx.model.verdict import Verdict


class IncidentKind(StrEnum):
    """What an incident is about."""

    LOOP = "loop"
    FORWARDING_LOOP = "forwarding_loop"
    SPIKE = "spike"
    OUTAGE = "outage"
    RULE = "rule"


class IncidentState(StrEnum):
    """How far an incident is believed; whether it is over is told by ``closed``."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


class Cause(StrEnum):
    """Whose fault it is: the foreign domain's, this site's own configuration's, or not known."""

    THEIRS = "theirs"
    OURS = "ours"
    UNKNOWN = "unknown"


class SignalKind(StrEnum):
    """What an event may say for an incident: the kinds of evidence."""

    SELF_DELIVERY = "self_delivery"
    REENTRY = "reentry"
    MTA_VERDICT = "mta_verdict"
    DEFERRAL = "deferral"


class Evidence(Struct, frozen=True):
    """One line of the log that speaks for an incident."""

    source: str
    line: int
    text: str


class Counts(Struct, frozen=True, kw_only=True):
    """How much evidence there is.

    *events*: evidence lines; *messages*: distinct messages; *max_hops*: the longest chain of
    re-entries.
    """

    events: int = 0
    messages: int = 0
    recipients: int = 0
    max_hops: int = 0


class Signals(Struct, frozen=True, kw_only=True):
    """Evidence lines by kind.

    A delivery to ourselves under an id that we gave out counts as both its kinds.
    """

    self_delivery: int = 0
    reentry: int = 0
    mta_verdict: int = 0
    deferral: int = 0


class Facts(Struct, frozen=True, kw_only=True):
    """Numbers that support an incident and decide nothing.

    *senders*: distinct ones, of the messages whose origin is known. *busiest*: evidence lines in
    the busiest minute of the log. *growth*: bytes that a message gained with each pass, None where
    the log does not tell. *domains*: messages of a spike or outage by recipient domain, the most.
    *lost*: lines that the logger says it dropped meanwhile, or that the kernel did where we are the
    logger, so that every count is a lower bound.
    *gone*: how often a part of the log was gone meanwhile before it was read; nobody knows how many
    lines that were.
    """

    senders: int = 0
    busiest: int = 0
    growth: int | None = None
    domains: dict[str, int] = {}
    lost: int = 0
    gone: int = 0


class Origin(Struct, frozen=True, kw_only=True):
    """A client that brought the messages in, with the number that it brought."""

    client_ip: str | None
    client_host: str | None = None
    sender: str | None = None
    messages: int = 0
    first: datetime | None = None
    last: datetime | None = None


class Incident(Struct, frozen=True, kw_only=True):
    """Grouped suspicion about *subject*; *id* comes from the log alone. See docs/json.md.

    *returns*: how often it was closed and came back within the hour.
    *advice* is one sentence, *steps* are what to do about it, with the lines to paste, each a line.
    """

    id: str
    kind: IncidentKind
    subject: str
    rule: str = ""
    state: IncidentState = IncidentState.SUSPECTED
    opened: datetime
    closed: datetime | None = None
    returns: int = 0
    first: datetime
    last: datetime
    counts: Counts = Counts()
    signals: Signals = Signals()
    reasons: dict[str, int] = {}
    verdict: Verdict | None = None
    cause: Cause = Cause.UNKNOWN
    advice: str = ""
    steps: tuple[str, ...] = ()
    facts: Facts = Facts()
    origin: tuple[Origin, ...] = ()
    actions: tuple[Action, ...] = ()
    evidence: tuple[Evidence, ...] = ()
