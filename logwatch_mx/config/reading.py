"""Readers of single values: in comes what TOML held, out comes the value that the settings keep.

A reader raises ValueError with what was expected; the caller adds the place and what was there.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from msgspec import Struct

from logwatch_mx.config.address import canonical, endpoint_text, parse_endpoint, parse_port
from logwatch_mx.config.domain import a_labels
from logwatch_mx.config.duration import parse_duration

Reader = Callable[[object], object]
_DNS_PORT = 53
_SYSLOG_PORT = 514
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


class ListOf(Struct, frozen=True):
    """A list whose every element *one* reads, with *at_least* so many; each fault is told."""

    one: Reader
    at_least: int = 0


def text(raw: object) -> str:
    """Return *raw*, a text that is not empty."""
    if not isinstance(raw, str) or not raw.strip() or "\0" in raw:
        raise ValueError("expected a text in quotes")
    return raw


def flag(raw: object) -> bool:
    """Return *raw*, true or false."""
    if not isinstance(raw, bool):
        raise ValueError("expected true or false")  # noqa: TRY004 -- readers raise one kind
    return raw


def count(least: int, most: int = 1_000_000) -> Reader:
    """Return a reader of whole numbers from *least* to *most*."""

    def read(raw: object) -> int:
        # To Python true is a number; to whoever writes a configuration it is not.
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return raw

    return read


def word(*allowed: str) -> Reader:
    """Return a reader of one of the words *allowed*."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in allowed:
            raise ValueError("expected one of " + ", ".join(f'"{each}"' for each in allowed))
        return raw

    return read


def duration(raw: object) -> timedelta:
    """Return the duration that *raw* spells."""
    if not isinstance(raw, str):
        # A bare number would leave open of what.
        raise ValueError('expected a duration with its unit in quotes, such as "10m"')  # noqa: TRY004
    return parse_duration(raw)


def domain(raw: object) -> str:
    """Return the domain *raw* as lower-case A-labels."""
    said = text(raw)
    try:
        return a_labels(said)
    except ValueError as error:
        raise ValueError(f'expected a domain such as "example.com" ({error})') from None


def address(raw: object) -> str:
    """Return the address *raw* in its one spelling."""
    return canonical(text(raw))


def network(raw: object) -> IPv4Network | IPv6Network:
    """Return the network *raw*, an address alone or with its prefix length."""
    said = text(raw).strip()
    try:
        return ip_network(said)
    except ValueError:
        pass
    try:
        meant = ip_network(said, strict=False)
    except ValueError:
        raise ValueError('expected a network such as "10.0.0.0/8"') from None
    raise ValueError(f'expected a network without host bits, such as "{meant}"')


def nameserver(raw: object) -> str:
    """Return the end point *raw* of a DNS server, with its port."""
    return endpoint_text(*parse_endpoint(text(raw), _DNS_PORT))


def listener(raw: object) -> str:
    """Return *raw*, ``HOST:PORT``."""
    said = text(raw)
    host, _, port = said.rpartition(":")
    if not host or not port or (":" in host and not (host[0] == "[" and host[-1] == "]")):
        raise ValueError('expected "HOST:PORT"')
    parse_port(port)
    return said


def path(raw: object) -> Path:
    """Return the absolute path *raw*: a daemon has no directory of its own to start from."""
    said = text(raw)
    if not said.startswith("/"):
        raise ValueError("expected an absolute path")
    return Path(said)


def pattern(raw: object) -> str:
    """Return *raw*, an absolute path or glob, as it was written."""
    path(raw)
    return str(raw)


def syslog(raw: object) -> str:
    """Return *raw*, the place of a syslog socket."""
    said = text(raw)
    if said.startswith("udp:"):
        return f"udp:{endpoint_text(*parse_endpoint(said.removeprefix('udp:'), _SYSLOG_PORT))}"
    if not said.startswith("unix:/"):
        raise ValueError(
            'expected a socket such as "unix:/run/logwatch-mx/syslog" or "udp:127.0.0.1:5514"'
        )
    return said


def url(raw: object) -> str:
    """Return *raw*, a notification URL; what it says is never repeated in a message."""
    if not isinstance(raw, str) or not _URL.fullmatch(raw.strip()):
        raise ValueError('expected a notification URL such as "slack://…"')
    return raw.strip()


def mask_url(said: str) -> str:
    """Return the URL *said* without what may be a secret: its scheme and no more."""
    return f"{said.partition('://')[0]}://…"
