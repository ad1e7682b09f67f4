"""The text of our sendmail map: entries to lines, and lines to entries.

makemap(8) knows comments only as whole lines, so the reason of an entry stands in the line above
it. The head carries a checksum of all that follows: another hand's edit is seen without any other
memory.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

from logwatch_mx.model.action import Verb
from logwatch_mx.model.deed import OWN_MARK
from logwatch_mx.respond.route import Entry
from logwatch_mx.respond.transport import MapText

#: What the rules of ``data/route.m4`` know.
_WORDS = {Verb.PAUSE: "paused", Verb.REJECT: "reject", Verb.DISCARD: "discard"}
_VERBS = {word: verb for verb, word in _WORDS.items()}

_HEAD = f"""\
# Written by {OWN_MARK}. Do not edit: take an entry back with `logwatch-mx undo DOMAIN`.
# sendmail reads the .db beside it; without that, mail flows and nothing is paused.
# sha256 """

_REASON = re.compile(
    r"# until (?P<until>\S+) incident (?P<incident>\S+) action (?P<action>\S+)\Z", re.ASCII
)
_UNKNOWN = "unknown"


def word_of(entry: Entry) -> str:
    """Return the value of *entry* in the map; raise ``KeyError`` for a verb that no map does."""
    return _WORDS[entry.verb]


def is_ours(word: str) -> bool:
    """Return whether *word* is a value that we could have written."""
    return word in _VERBS


def render(entries: Iterable[Entry]) -> str:
    """Return the whole text of the map for *entries*."""
    lines: list[str] = []
    for entry in sorted(entries, key=lambda entry: entry.domain):
        until = entry.until.isoformat() if entry.until else _UNKNOWN
        lines += (
            f"# until {until} incident {entry.incident} action {entry.action}",
            f"{entry.domain}\t{word_of(entry)}",
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


def entry_from(domain: str, word: str) -> Entry | None:
    """Return the entry that the live map alone tells of; None when the *word* is not ours."""
    verb = _VERBS.get(word)
    if verb is None:
        return None
    # Each domain has an id of its own: what shares one would be remembered, and end, but once.
    incident = f"{_UNKNOWN}/{domain}"
    return Entry(domain=domain, verb=verb, incident=incident, action=f"{incident}#{verb}")


def _entry(above: str, line: str) -> Entry | None:
    domain, _, word = line.partition("\t")
    told = entry_from(domain, word)
    reason = _REASON.match(above)
    if told is None or reason is None:
        return told
    return Entry(
        domain=domain,
        verb=told.verb,
        incident=reason["incident"],
        action=reason["action"],
        until=None if reason["until"] == _UNKNOWN else _time(reason["until"]),
    )


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()
