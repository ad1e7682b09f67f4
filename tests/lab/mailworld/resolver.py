"""The world's name server once more, on loopback of the machine itself, for a daemon that runs there.

Runs as ``python resolver.py ZONE [mute|filtered]``: binds a free port of 127.0.0.1 and prints it.
"""

import asyncio
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mailworld import dns_server, places


def free_port() -> int:
    """Return a port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def main(zone: Path, *words: str) -> None:
    answer = dns_server.Answerer(zone, places.SILENT, places.BROKEN, filtered="filtered" in words)
    port = free_port()
    await dns_server.serve((lambda _: None) if "mute" in words else answer, "127.0.0.1", port)
    print(port, flush=True)
    await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
