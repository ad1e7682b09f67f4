"""What DNS says of a domain's mail exchangers."""

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """The judgement on a domain; never a bool, since a missing answer is neither yes nor no."""

    LOOPBACK = "loopback"
    SELF = "self"
    PARTIAL = "partial"
    UNROUTABLE = "unroutable"
    NULL_MX = "null_mx"
    NO_SUCH_DOMAIN = "no_such_domain"
    FILTERED = "filtered"
    HEALTHY = "healthy"
    UNANSWERED = "unanswered"
    NOT_ASKED = "not_asked"


#: Outcomes that are a loop: mail to the domain comes back to this host, wholly or in part.
LOOPS = frozenset({Outcome.LOOPBACK, Outcome.SELF, Outcome.PARTIAL})
#: Outcomes that refute a suspected loop.
REFUTES = frozenset({Outcome.HEALTHY, Outcome.NULL_MX, Outcome.NO_SUCH_DOMAIN, Outcome.UNROUTABLE})


class Mx(Struct, frozen=True):
    """One mail exchanger with every address that was found for it.

    An implicit MX has preference 0.
    """

    preference: int
    host: str
    addresses: tuple[str, ...] = ()


class Verdict(Struct, frozen=True, kw_only=True):
    """The judgement on *domain*.

    *resolver*: who said so (``9.9.9.9:53``, ``zone:dns.zone``); *why*: one sentence.
    """

    domain: str
    outcome: Outcome = Outcome.NOT_ASKED
    mx: tuple[Mx, ...] = ()
    resolver: str | None = None
    why: str = ""
