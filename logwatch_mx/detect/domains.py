"""Recipient domains of an event, normalised once."""

from functools import lru_cache

from logwatch_mx.config.domain import a_labels
from logwatch_mx.model.event import Delivery, Event, MtaVerdict, Reject
from logwatch_mx.model.site import Site

#: No name is longer (RFC 1035 2.3.4); a log line may hold any nonsense.
MAX_NAME = 255


def domain_of(address: str) -> str | None:
    """Return the domain of *address* as a lower-case A-label, or None for a local name.

    A domain that IDNA refuses is returned lower-case as it stands, bytes that are no UTF-8 written
    out: it can be told about, never acted on.
    """
    _, at, domain = address.rpartition("@")
    return _spelled(domain) if at else None


# Addresses hardly ever come twice, domains do.
@lru_cache(maxsize=16384)
def _spelled(domain: str) -> str | None:
    domain = domain.rstrip(".").lower()
    if not domain.isascii():
        try:
            domain = a_labels(domain)
        except ValueError:
            domain = domain[:MAX_NAME].encode("utf-8", "backslashreplace").decode("utf-8")
    return domain[:MAX_NAME] or None


def domains_of(event: Event) -> tuple[str | None, ...]:
    """Return the distinct recipient domains that *event* names, ``(None,)`` when it names none."""
    match event:
        case Delivery(recipients=(one,)):
            return (domain_of(one),)
        case Delivery(recipients=several) if several:
            return tuple(dict.fromkeys(domain_of(address) for address in several))
        case MtaVerdict(domain=str(domain)):
            return (domain_of(f"@{domain}"),)
        case Reject(recipient=str(address)):
            return (domain_of(address),)
    return (None,)


def is_own(domain: str, site: Site) -> bool:
    """Say whether mail for *domain* is this site's to deliver, or for its own names."""
    if domain in site.domains or domain in site.names:
        return True
    rest = domain
    while rest:
        if rest in site.parents:
            return True
        rest = rest.partition(".")[2]
    return False
