"""Texts of addresses and end points: in comes what a person or DNS wrote, out comes one spelling.

Every room compares addresses by ``canonical``: ``::ffff:10.0.0.1`` and ``10.0.0.1`` are one
machine, and Python prints mapped addresses differently before and after 3.13, so ``str`` will not
do.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import AF_INET6, inet_ntop

Address = IPv4Address | IPv6Address

_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?", re.DOTALL)
_MAX_PORT = 65535


def parse_address(text: str) -> Address:
    """Return the address that *text* spells; ValueError says what was expected."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        raise ValueError("expected an IP address") from None
    # A scope (fe80::1%eth0) names an interface of this machine, never a mail exchanger.
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError("expected an IP address without a scope")
    return address


def unmapped(address: Address) -> Address:
    """Return the IPv4 address that ``::ffff:a.b.c.d`` stands for, any other address unchanged.

    Linux connects to a mapped address by IPv4 (seen: Postfix reaches itself on ::ffff:127.0.0.1).
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def canonical(text: str) -> str:
    """Return the one spelling under which the address *text* is compared everywhere."""
    return str(unmapped(parse_address(text)))


def printed(address: Address) -> str:
    """Return *address* as DNS tools print it, the same on every Python: ``::ffff:127.0.0.1``."""
    return inet_ntop(AF_INET6, address.packed) if isinstance(address, IPv6Address) else str(address)


def parse_endpoint(text: str, default_port: int) -> tuple[Address, int]:
    """Return address and port of ``IP``, ``IP:PORT``, ``IPV6`` or ``[IPV6]:PORT``."""
    host, port = _split(text.strip())
    try:
        address = parse_address(host)
    except ValueError:
        raise ValueError('expected "IP", "IP:PORT" or "[IPV6]:PORT"') from None
    return address, default_port if port is None else parse_port(port)


def parse_port(text: str) -> int:
    """Return the port number *text*, 1 to 65535."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= _MAX_PORT:
        raise ValueError("expected a port between 1 and 65535")
    return int(text)


def endpoint_text(address: Address, port: int) -> str:
    """Return ``IP:PORT``, with brackets about an IPv6 address."""
    host = printed(address)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _split(text: str) -> tuple[str, str | None]:
    if match := _BRACKETED.fullmatch(text):
        return match[1], match[2]
    # More than one colon without brackets is an IPv6 address; its last group is no port.
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, None
