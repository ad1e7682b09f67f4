"""Postfix's master.cf (or ``postconf -M``): its services and what they set for themselves.

master(5): eight columns, then the command with its arguments; a line that begins with a blank goes
on with the one before; ``-o name=value`` or ``-o { name = value }`` overrides main.cf.
"""

import re
from itertools import pairwise

from msgspec import Struct

_COLUMNS = 8
_ARGUMENT = re.compile(r"(?:[^\s{}]|\{(?:[^{}]|\{[^{}]*\})*\})+")
_PORT_25 = frozenset({"smtp", "25"})


class Service(Struct, frozen=True, kw_only=True):
    """One service: *name* as written (``127.0.0.1:smtp``), *kind* (``inet``), its overrides."""

    name: str
    kind: str
    command: str
    overrides: dict[str, str]

    @property
    def host(self) -> str:
        """Return the address or name that it listens on; empty for all."""
        return self.name.rpartition(":")[0].strip("[]")

    @property
    def takes_mail(self) -> bool:
        """Return whether it is an SMTP server on port 25, where another server's mail comes to."""
        port = self.name.rpartition(":")[2]
        server = self.command in {"smtpd", "postscreen"}
        return self.kind == "inet" and server and port in _PORT_25


def read_mastercf(text: str) -> tuple[Service, ...]:
    """Return the services that *text* names."""
    lines: list[str] = []
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t" and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    found = (_service(line) for line in lines)
    return tuple(service for service in found if service is not None)


def _service(line: str) -> Service | None:
    words = line.split(None, _COLUMNS - 1)
    if len(words) < _COLUMNS:
        return None
    command, *arguments = _ARGUMENT.findall(words[-1])
    overrides = {}
    for option, value in pairwise(arguments):
        if option == "-o":
            name, _, said = re.sub(r"^\{\s*|\s*\}$", "", value).partition("=")
            overrides[name.strip()] = said.strip()
    return Service(name=words[0], kind=words[1], command=command, overrides=overrides)
