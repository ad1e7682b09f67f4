"""What every mail server's map of ours has in common: entries, and three things to do with them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from logwatch_mx.model.action import Action, Verb


class Entry(Struct, frozen=True, kw_only=True):
    """What our map does to mail for exactly *domain*, not for its subdomains.

    *until* is when it should be taken back (None: not known). The map's own text carries all of
    this, so that it can be taken back when everything else is lost.
    """

    domain: str
    verb: Verb
    incident: str
    action: str
    until: datetime | None = None


class RouteMap(Protocol):
    """A map of ours that a mail server reads; each change is in force when the call returns.

    Errors are ``EffectError``; after one the map says what it said before, or ``unset`` mends it.
    """

    def set(self, entry: Entry) -> None:
        """Do to the entry's domain what the entry says."""

    def unset(self, domain: str, *, force: bool = False) -> bool:
        """Let mail for *domain* flow again; False when it did already.

        *force*: also from a map that another hand has edited, whose other lines stay as they are.
        """

    def entries(self) -> Mapping[str, Entry]:
        """Return our entries by domain, as the text beside the live map has them."""

    def in_force(self) -> Mapping[str, Entry]:
        """Return the same with what is live only: taking it back was cut off, or failed."""

    def mend(self) -> None:
        """Make the map when it is not there, and bring what is live in line with its text."""


def entry_of(action: Action) -> Entry:
    """Return the entry that *action* asks for."""
    return Entry(
        domain=action.target,
        verb=action.verb,
        incident=action.incident,
        action=action.id,
        until=action.expires,
    )
