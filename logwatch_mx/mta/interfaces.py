"""The addresses of this machine: those that its kernel lists, and whether one is its own."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from logwatch_mx.config.address import Address

PROC_NET = Path("/proc/net")
_LEAF = re.compile(r"\|-- ([0-9.]+)")
_LINK_LOCAL = "20"  # the scope column of if_inet6
#: Reserved (RFC 1112) and discarded (RFC 6666): nobody's. Who can bind these can bind anything.
_NOBODYS = {4: "240.0.0.1", 6: "100::1"}
_DISCARD_PORT = 9


def own_addresses(proc_net: Path = PROC_NET) -> frozenset[str]:
    """Return the canonical text of every address of this machine's interfaces, loopback left out.

    Where the kernel does not list them (no Linux) the result is empty; ``is_own_address`` works.
    """
    found = {str(address) for address in (*_inet(proc_net), *_inet6(proc_net))}
    return frozenset(found)


def is_own_address(address: Address) -> bool:
    """Return whether this machine holds *address*: a UDP socket can be bound to it.

    Loopback counts. Multicast and broadcast addresses, which can be bound too, do not; nor does
    anything where net.ipv4.ip_nonlocal_bind lets everything be bound.
    """
    if address.is_multicast or not _can_bind(str(address), address.version):
        return False
    return not _can_bind(_NOBODYS[address.version], address.version)


def _can_bind(text: str, version: int) -> bool:
    family = socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004 -- IPv4
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((text, 0))
            # A broadcast address may be bound but not connected to (EACCES). Nothing is sent.
            probe.connect((text, _DISCARD_PORT))
    except OSError:
        return False
    return True


def _inet(proc_net: Path) -> list[IPv4Address]:
    """Return the leaves of the routing table that are marked ``/32 host LOCAL``."""
    found, leaf = [], None
    for line in _lines(proc_net / "fib_trie"):
        if match := _LEAF.search(line):
            leaf = IPv4Address(match[1])
        elif line.strip() == "/32 host LOCAL" and leaf is not None and not leaf.is_loopback:
            found.append(leaf)
    return found


def _inet6(proc_net: Path) -> list[IPv6Address]:
    found = []
    for line in _lines(proc_net / "if_inet6"):
        fields = line.split()
        address = IPv6Address(bytes.fromhex(fields[0]))
        # A link-local address is another machine's on the next link.
        if fields[3] != _LINK_LOCAL and not address.is_loopback:
            found.append(address)
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
