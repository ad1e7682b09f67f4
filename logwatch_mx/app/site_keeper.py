"""What is ours, asked of the mail server at the start, at each reload, and again and again."""

import asyncio
from collections.abc import Callable

from logwatch_mx.app.desk import Desk
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site
from logwatch_mx.mta.site import discover_site

Log = Callable[[str], None]

#: Seconds: the admin may add a domain at any time, and it must not be taken for a stranger's.
EVERY = 300.0


def ask_site(settings: Settings, log: Log) -> Site:
    """Return what is ours on this host under *settings*; what could not be read is told."""
    site, notes = discover_site(settings)
    for note in notes:
        log(note)
    return site


async def keep_site(desk: Desk, log: Log, every: float = EVERY) -> None:
    """Let *desk* know every *every* seconds what is ours now, until it is cancelled.

    What could be read before and cannot be read any more stays ours.
    """
    fault = ""
    while True:
        await asyncio.sleep(every)
        fresh, notes = await asyncio.to_thread(discover_site, desk.settings)
        lost = min(fresh.unread - desk.site.unread, default="")
        if not lost:
            desk.site = fresh
        elif lost != fault:
            log(f"what is ours stays as it was read before: {'; '.join(notes)}")
        fault = lost
