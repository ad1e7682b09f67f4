"""The world's name server once more, on loopback of the machine itself, for a daemon that runs there.

Runs as ``python resolver.py ZONE NUMBER``: binds that many free ports of 127.0.0.1, each of them a
resolver of its own, and prints them in one line.
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


async def main(zone: Path, number: int) -> None:
    ports = [free_port() for _ in range(number)]
    for port in ports:
        answer = dns_server.Answerer(zone, places.SILENT, places.BROKEN)
        await dns_server.serve(answer, "127.0.0.1", port)
    print(*ports, flush=True)
    await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
