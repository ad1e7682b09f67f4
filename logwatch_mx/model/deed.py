"""What was done before, and what was heard before: the past that decides what may be done now."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from logwatch_mx.model.action import Action
from logwatch_mx.model.verdict import Outcome

#: Stands in every text that our own maps make an MTA log, so that our own remedy is never taken
#: for new evidence.
OWN_MARK = "logwatch-mx"


class Deed(Struct, frozen=True, kw_only=True):
    """An action as it is remembered: *ended* is when its outcome came, *said* the outcome's words.

    While the action is running both are empty.
    """

    action: Action
    ended: datetime | None = None
    said: str = ""


class Confirmation(Struct, frozen=True, kw_only=True):
    """One answer of one resolver about *domain*; it may also refute or say nothing."""

    domain: str
    resolver: str
    outcome: Outcome
    at: datetime


class Audit(Struct, frozen=True, kw_only=True):
    """One row of the book in which nothing is changed: *what* happened, with its *detail*."""

    at: datetime
    what: str
    detail: Mapping[str, str | None]
