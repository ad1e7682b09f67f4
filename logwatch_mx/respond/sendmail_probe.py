"""Ask sendmail itself, by its address test mode, whether it reads our map as we do.

``sendmail -bt`` needs no root and delivers nothing. It reads sendmail.cf as it stands on disk; the
running daemon may not have read that yet. The answers are those of sendmail 8.17.1.
"""

import re
from enum import StrEnum
from pathlib import Path

from logwatch_mx.errors import EffectError
from logwatch_mx.respond.tool import plain, run_tool

#: The name of our map in sendmail.cf (``data/route.m4``).
MAP = "lwmx"

_FOUND = re.compile(rf"map_lookup: {MAP} \(.*?\) (?:returns (?P<word>\S+) \(|no match)")


class Seen(StrEnum):
    """What sendmail sees of our map, in words for the operator."""

    AGREES = "sendmail reads the map as it is"
    DIFFERS = "sendmail reads another map: `prevent sendmail --map` must have named this one"
    NOT_INSTALLED = "sendmail.cf does not know our map: install what `prevent sendmail` prints"
    NOT_OPEN = "sendmail cannot open it: all must be able to read it, and only its owner to write"
    UNREADABLE = "sendmail.cf may not be read by this user, so nothing is known"


def look(sendmail: str, path: Path, domain: str, word: str | None) -> Seen:
    """Return whether *sendmail* finds *word* (None: nothing) for *domain* in the map at *path*.

    Raise ``EffectError`` when it has no such mode (Postfix's program of the same name).
    """
    done = run_tool([sendmail, "-bt"], f"/map {MAP} {domain}\n", path)
    said = done.stdout + done.stderr
    if found := _FOUND.search(said):
        return Seen.AGREES if found["word"] == word else Seen.DIFFERS
    if f'Map named "{MAP}" not found' in said:
        return Seen.NOT_INSTALLED
    if f'Map named "{MAP}" not open' in said:
        return Seen.NOT_OPEN
    if "cannot open: Permission denied" in said:
        return Seen.UNREADABLE
    last = [line for line in said.splitlines() if line.strip()] or [f"status {done.returncode}"]
    raise EffectError(f"{sendmail} -bt: {plain(last[-1])}")
