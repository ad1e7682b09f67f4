"""Everything outside the mail server in one process: its name server and the other SMTP hosts.

Runs inside a network namespace as ``python outside.py KEPT ZONE``; prints ``ready`` when all is
bound. Every message that a host takes becomes a line ``address sender recipients`` in KEPT.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mailworld import dns_server, places, sink


class Kept:
    """A list that is a file, so that the test on the other side sees it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    def append(self, message) -> None:
        address, sender, recipients = message
        self._file.write(f"{address} <{sender}> {','.join(recipients)}\n")


async def main(kept: Path, zone: Path) -> None:
    answer = dns_server.Answerer(zone, places.SILENT, places.BROKEN)
    for address in (places.NAME_SERVER, places.SECOND_NAME_SERVER):
        await dns_server.serve(answer, address)
    taken = Kept(kept)
    for address, behaviour in places.HOSTS.items():
        await sink.serve(address, behaviour, taken)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
