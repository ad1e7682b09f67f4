"""Whose a domain, a host or an address is: loopback, this site's own, or somebody else's.

Text in, bool out; nothing is looked up. What cannot be read (no address, no legal domain) is
nobody's.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from logwatch_mx.config.address import Address, parse_address, unmapped
from logwatch_mx.config.domain import a_labels
from logwatch_mx.model.site import Site

#: Linux connects to itself for all of these, 0.0.0.0 and :: included (seen with Postfix 3.7, which
#: then says ``greeted me with my own hostname``).
_LOOPBACK4 = IPv4Network("127.0.0.0/8")
_ANY4 = IPv4Address(0)
_LOOPBACK6 = frozenset({IPv6Address("::1"), IPv6Address("::")})
#: Hosts, domains and addresses come from strangers: what is remembered of them has a limit.
_REMEMBERED = 8192


@lru_cache(_REMEMBERED)
def alabel(domain: str) -> str | None:
    """Return *domain* as lower-case A-labels without a trailing dot, None when it is no domain."""
    try:
        return a_labels(domain)
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def address(text: str) -> Address | None:
    """Return the address that *text* writes, IPv4-mapped ones as IPv4, or None.

    Brackets and sendmail's ``IPv6:`` are taken off (``[IPv6:0:0:0:0:0:0:0:1]``).
    """
    bare = text.strip("[]")
    if bare[:5].lower() == "ipv6:":
        bare = bare[5:]
    try:
        return unmapped(parse_address(bare))
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def is_loopback(text: str) -> bool:
    """Tell whether the host or address *text* leads back to this machine on any machine."""
    found = address(text)
    if isinstance(found, IPv4Address):
        return found in _LOOPBACK4 or found == _ANY4
    if found is not None:
        return found in _LOOPBACK6
    name = text.lower().removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")  # RFC 6761 section 6.3


def is_own(text: str, site: Site) -> bool:
    """Tell whether the host or address *text* is one of this site's own (loopback is not)."""
    found = address(text)
    if found is not None:
        return str(found) in site.addresses
    return text.lower().removesuffix(".") in site.names


def is_own_domain(domain: str, site: Site) -> bool:
    """Tell whether mail for *domain* is ours to deliver; an illegal domain never is."""
    name = alabel(domain)
    if name is None:
        return False
    return name in site.domains or (bool(site.parents) and _is_below(name, site.parents))


def _is_below(name: str, parents: frozenset[str]) -> bool:
    while "." in name:
        name = name.partition(".")[2]
        if name in parents:
            return True
    return False


def is_protected_domain(domain: str, site: Site) -> bool:
    """Tell whether the operator put *domain* under protection."""
    name = alabel(domain)
    return name is not None and name in site.protected
