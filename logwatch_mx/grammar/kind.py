"""What a dialect hands to the reader: its line kinds.

Each one pyparsing expression and one builder.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from pyparsing import ParserElement

from logwatch_mx.model.event import Event, Mta, Status
from logwatch_mx.model.line import Line


class Head(Struct, frozen=True, kw_only=True):
    """A line whose syslog header was read; *text* is what follows ``tag[pid]: ``.

    *program* is the tag as printed, *agent* its last part in lower case (``postfix/smtp`` →
    ``smtp``).
    """

    line: Line
    text: str
    time: datetime | None = None
    host: str | None = None
    program: str | None = None
    agent: str | None = None
    pid: int | None = None
    mta: Mta | None = None


#: What a header says: time, host, program, agent, pid, MTA, as in ``Head``.
Written = tuple[datetime, str, str, str, int, Mta]


class Outcome(Struct, frozen=True):
    """What of a delivery line is counted, as its builder reads it.

    *status* is read of the *tokens* alone (None: the builder must be asked), *recipients* of the
    token ``to``. *plain*: nothing in that is quoted, so that the domains can be read of what begins
    at its first ``@``.
    """

    tokens: frozenset[str]
    status: Callable[[Mapping[str, str]], Status | None]
    recipients: Callable[[str], Sequence[str]]
    plain: bool = False


class LineKind(Struct, frozen=True, kw_only=True):
    """One kind of line: *expr* must match the whole text, *build* makes an event of its tokens.

    *agents*: the daemons that log it (``None``: any of this MTA). *expr* is written in the subset
    that ``compile.py`` translates. *build* gets the named tokens that took part in the match; it
    may return None when a value is impossible, then the next kind is tried. Kinds are tried in
    order.

    What a line is can be counted without building its event where the kind says so: *makes* is the
    event that *build* makes of every text that fits, *outcome* what is counted of a ``Delivery``.
    """

    name: str
    expr: ParserElement
    build: Callable[[Head, Mapping[str, str]], Event | None]
    agents: frozenset[str] | None = None
    makes: type[Event] | None = None
    outcome: Outcome | None = None
