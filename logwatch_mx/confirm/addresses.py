"""Classes of addresses: in comes an address, out comes what mail sent to it would meet.

An own table, since the flags of ``ipaddress`` differ between Python 3.11 and 3.13. The classes, in
the order in which they are tried:

1. *loopback*: 127/8, ::1, and 0.0.0.0 and ::, which Linux connects to itself; and the mapped forms;
2. *own*: an address of this site; 3. *routable*: special, but listed as good at this site;
4. *unroutable*: the special networks of the table, and what is not global unicast IPv6;
5. *foreign*: any other.
"""

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from socket import inet_aton

from logwatch_mx.config.address import Address, parse_address, unmapped
from logwatch_mx.model.site import Site


class AddressClass(StrEnum):
    """What a connection to an address reaches; *foreign*: some other machine on the Internet."""

    LOOPBACK = "loopback"
    OWN = "own"
    UNROUTABLE = "unroutable"
    FOREIGN = "foreign"


_Network = IPv4Network | IPv6Network

_LOOPBACK = tuple(map(ip_network, ("127.0.0.0/8", "0.0.0.0/32", "::1/128", "::/128")))

# IANA special-purpose registries (RFC 6890 and its updates), without what is globally reachable.
_UNROUTABLE: tuple[tuple[_Network, str], ...] = tuple(
    (ip_network(network), name)
    for network, name in (
        ("0.0.0.0/8", "of this network (RFC 791)"),
        ("10.0.0.0/8", "private (RFC 1918)"),
        ("100.64.0.0/10", "shared by a carrier's NAT (RFC 6598)"),
        ("169.254.0.0/16", "link-local (RFC 3927)"),
        ("172.16.0.0/12", "private (RFC 1918)"),
        ("192.0.0.0/24", "reserved for protocols (RFC 6890)"),
        ("192.0.2.0/24", "for documentation (RFC 5737)"),
        ("192.88.99.0/24", "a 6to4 relay (RFC 7526)"),
        ("192.168.0.0/16", "private (RFC 1918)"),
        ("198.18.0.0/15", "for benchmarks (RFC 2544)"),
        ("198.51.100.0/24", "for documentation (RFC 5737)"),
        ("203.0.113.0/24", "for documentation (RFC 5737)"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/96", "an embedded IPv4 address (compatible, RFC 4291)"),
        ("64:ff9b::/96", "an embedded IPv4 address (NAT64, RFC 6052)"),
        ("64:ff9b:1::/48", "an embedded IPv4 address (NAT64, RFC 8215)"),
        ("100::/64", "discarded (RFC 6666)"),
        ("2001::/32", "an embedded IPv4 address (Teredo, RFC 4380)"),
        ("2001::/23", "reserved for protocols (RFC 2928)"),
        ("2001:db8::/32", "for documentation (RFC 3849)"),
        ("2002::/16", "an embedded IPv4 address (6to4, RFC 3056)"),
        ("3ffe::/16", "of the old 6bone (RFC 3701)"),
        ("3fff::/20", "for documentation (RFC 9637)"),
        ("5f00::/16", "a segment identifier (RFC 9602)"),
        ("fc00::/7", "private (RFC 4193)"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local (RFC 3879)"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST_6 = ip_network("2000::/3")

# What inet_aton may be shown: it would also read "127.0.0.1 and more".
_NUMERIC = re.compile(r"[0-9a-fx.]{1,40}")


def classify(address: Address, site: Site) -> AddressClass:
    """Return the class of *address* at *site*; a mapped address counts as the IPv4 one in it."""
    met = unmapped(address)
    if _is_in(met, _LOOPBACK):
        return AddressClass.LOOPBACK
    if str(met) in site.addresses:
        return AddressClass.OWN
    if _is_in(met, site.routable):
        return AddressClass.FOREIGN
    return AddressClass.FOREIGN if special_use(met) is None else AddressClass.UNROUTABLE


def special_use(address: Address) -> str | None:
    """Return what the special network of *address* is for (``private (RFC 1918)``), or None."""
    met = unmapped(address)
    for network, name in _UNROUTABLE:
        if met in network:
            return name
    if met.version == _GLOBAL_UNICAST_6.version and met not in _GLOBAL_UNICAST_6:
        return "not global unicast (RFC 4291)"
    return None


def address_in_name(host: str) -> Address | None:
    """Return the address that the MX name *host* spells (``127.0.0.1``, ``127.1``), or None.

    Postfix hands a numeric MX name to getaddrinfo (smtp_addr.c), which takes inet_aton's short
    and hexadecimal forms too.
    """
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return parse_address(bare)
    except ValueError:
        pass
    # No top-level domain begins with a digit, so a name that inet_aton reads is no real host.
    if not _NUMERIC.fullmatch(bare):
        return None
    try:
        return IPv4Address(inet_aton(bare))
    except OSError:
        return None


def is_localhost(host: str) -> bool:
    """Return whether *host* is ``localhost`` or below it (RFC 6761 section 6.3)."""
    return host == "localhost" or host.endswith(".localhost")


def _is_in(address: Address, networks: tuple[_Network, ...]) -> bool:
    return any(address in network for network in networks)
