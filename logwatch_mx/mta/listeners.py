"""Where somebody listens on this machine's SMTP port, as the Linux kernel lists it (proc(5))."""

import socket
import sys
from pathlib import Path

from logwatch_mx.config.address import canonical
from logwatch_mx.mta.interfaces import PROC_NET

_SMTP = 25
_LISTENING = "0A"  # TCP_LISTEN
_WORD = 8


def smtp_listeners(proc_net: Path = PROC_NET) -> frozenset[str] | None:
    """Return the addresses at which port 25 is listened on; None where the kernel does not say."""
    found: set[str] = set()
    known = False
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc_net / name).read_text().splitlines()[1:]
        except OSError:
            continue
        known = True
        for line in lines:
            local, state = line.split()[1], line.split()[3]
            address, _, port = local.partition(":")
            if state == _LISTENING and int(port, 16) == _SMTP:
                found.add(_text(address))
    return frozenset(found) if known else None


def _text(hexadecimal: str) -> str:
    # Words of 32 bits, each in the byte order of the machine.
    words = [hexadecimal[i : i + _WORD] for i in range(0, len(hexadecimal), _WORD)]
    packed = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return canonical(socket.inet_ntop(family, packed))
