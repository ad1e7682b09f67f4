"""The text of our Postfix transport map: entries to lines, and lines to entries.

Postfix knows comments only as whole lines (postmap(1)), so the reason of an entry stands in the
line above it. The head carries a checksum of all that follows: another hand's edit is seen without
any other memory.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from logwatch_mx.model.action import Verb
from logwatch_mx.model.deed import OWN_MARK
from logwatch_mx.respond.route import Entry

#: transport(5): error(8) and retry(8) bounce or defer with the text as it stands, discard(8) logs
#: it. 4.4.6 and 5.4.6 are RFC 3463's "routing loop detected".
_ROUTES = {
    Verb.PAUSE: f"retry:4.4.6 mail for this domain is paused by {OWN_MARK}",
    Verb.REJECT: f"error:5.4.6 mail for this domain is refused by {OWN_MARK}",
    Verb.DISCARD: f"discard:mail for this domain is discarded by {OWN_MARK}",
}

_HEAD = f"""\
# Written by {OWN_MARK}. Do not edit: take an entry back with `logwatch-mx undo DOMAIN`.
# Never delete this file or its .lmdb while main.cf names it: Postfix would put off all mail.
# sha256 """

_ID = re.compile(r"[A-Za-z0-9._:/#+-]{1,400}\Z", re.ASCII)
_REASON = re.compile(
    r"# (?P<verb>pause|reject|discard) until (?P<until>\S+)"
    r" incident (?P<incident>\S+) action (?P<action>\S+)\Z",
    re.ASCII,
)
_UNKNOWN = "unknown"


class MapText(Struct, frozen=True, kw_only=True):
    """What the text says: our *entries*, and whether it is, to the byte, what we wrote."""

    entries: dict[str, Entry]
    untouched: bool


def is_id(text: str) -> bool:
    """Return whether *text* may stand in a map as the id of an incident or an action."""
    return _ID.match(text) is not None


def route_of(entry: Entry) -> str:
    """Return the value of *entry* in the map, one line of our own words."""
    return f"{_ROUTES[entry.verb]} ({entry.incident})"


def is_ours(route: str) -> bool:
    """Return whether *route* is a value that we could have written."""
    return any(route.startswith(own) for own in _ROUTES.values())


def render(entries: Iterable[Entry]) -> str:
    """Return the whole text of the map for *entries*."""
    lines: list[str] = []
    for entry in sorted(entries, key=lambda entry: entry.domain):
        until = entry.until.isoformat() if entry.until else _UNKNOWN
        lines += (
            f"# {entry.verb} until {until} incident {entry.incident} action {entry.action}",
            f"{entry.domain}\t{route_of(entry)}",
        )
    body = "".join(line + "\n" for line in lines)
    return f"{_HEAD}{_sum(body)}\n{body}"


def parse(text: str) -> MapText:
    """Return what *text* says; lines that are not ours are left out, and make it touched."""
    entries: dict[str, Entry] = {}
    above = ""
    for line in text.split("\n"):
        entry = _entry(above, line)
        if entry is not None:
            entries[entry.domain] = entry
        above = line
    return MapText(entries=entries, untouched=render(entries.values()) == text)


def without(text: str, domain: str) -> str:
    """Return *text* without our lines for *domain* and with every other line as it is."""
    kept: list[str] = []
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        entry = _entry("", line.rstrip("\n"))
        if entry is None or entry.domain != domain:
            kept.append(line)
        elif kept and _REASON.match(kept[-1].rstrip("\n")):
            kept.pop()
    return "".join(kept)


def entry_from(domain: str, route: str) -> Entry | None:
    """Return the entry that a *route* of ours tells of by itself; None when it is not ours."""
    for verb, own in _ROUTES.items():
        incident = route.removeprefix(own).removeprefix(" (").removesuffix(")")
        if route.startswith(own) and is_id(incident):
            return Entry(domain=domain, verb=verb, incident=incident, action=f"{incident}#{verb}")
    return None


def _entry(above: str, line: str) -> Entry | None:
    domain, _, route = line.partition("\t")
    told = entry_from(domain, route)
    reason = _REASON.match(above)
    if told is None or reason is None or reason["verb"] != told.verb:
        return told
    until = None if reason["until"] == _UNKNOWN else _time(reason["until"])
    return Entry(
        domain=domain,
        verb=told.verb,
        incident=reason["incident"],
        action=reason["action"],
        until=until,
    )


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()
