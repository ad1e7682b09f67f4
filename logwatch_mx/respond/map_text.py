"""The text of a map of ours, whatever mail server reads it: entries to lines, lines to entries.

postmap(1) and makemap(8) know comments only as whole lines, so the reason of an entry stands in the
line above it. The head carries a checksum of all that follows: another hand's edit is seen without
any other memory.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from logwatch_mx.respond.route import Entry

#: Stands where the text, or the live map alone, does not tell.
UNKNOWN = "unknown"
_REASON = re.compile(
    r"# (?:(?P<verb>pause|reject|discard) )?until (?P<until>\S+)"
    r" incident (?P<incident>\S+) action (?P<action>\S+)\Z",
    re.ASCII,
)
_ID = re.compile(r"[A-Za-z0-9._:/#+-]{1,400}\Z", re.ASCII)


def is_id(text: str) -> bool:
    """Return whether *text* may stand in a map as the id of an incident or an action."""
    return _ID.match(text) is not None


class MapText(Struct, frozen=True, kw_only=True):
    """What the text says: our *entries*, and whether it is, to the byte, what we wrote."""

    entries: dict[str, Entry]
    untouched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFormat:
    """How one mail server's map is written.

    *head*: the lines before the entries, up to the checksum. *value_of*: an entry's value in the
    map, KeyError for a verb that no map does; *entry_from*: the entry that a domain and its value
    tell of by themselves, None when the value is not ours; *is_ours*: whether a value could be.
    *says_verb*: the reason names the verb, since values are text for people.
    """

    head: str
    value_of: Callable[[Entry], str]
    entry_from: Callable[[str, str], Entry | None]
    is_ours: Callable[[str], bool]
    says_verb: bool

    def render(self, entries: Iterable[Entry]) -> str:
        """Return the whole text of the map for *entries*."""
        lines: list[str] = []
        for entry in sorted(entries, key=lambda entry: entry.domain):
            verb = f"{entry.verb} " if self.says_verb else ""
            until = entry.until.isoformat() if entry.until else UNKNOWN
            lines += (
                f"# {verb}until {until} incident {entry.incident} action {entry.action}",
                f"{entry.domain}\t{self.value_of(entry)}",
            )
        body = "".join(line + "\n" for line in lines)
        return f"{self.head}{_sum(body)}\n{body}"

    def parse(self, text: str) -> MapText:
        """Return what *text* says; lines that are not ours are left out, and make it touched."""
        entries: dict[str, Entry] = {}
        above = ""
        for line in text.split("\n"):
            entry = self._entry(above, line)
            if entry is not None:
                entries[entry.domain] = entry
            above = line
        return MapText(entries=entries, untouched=self.render(entries.values()) == text)

    def without(self, text: str, domain: str) -> str:
        """Return *text* without our lines for *domain* and with every other line as it is."""
        kept: list[str] = []
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            entry = self._entry("", line.rstrip("\n"))
            if entry is None or entry.domain != domain:
                kept.append(line)
            elif kept and self._reason(kept[-1].rstrip("\n")):
                kept.pop()
        return "".join(kept)

    def _reason(self, line: str) -> re.Match[str] | None:
        found = _REASON.match(line)
        return found if found and (found["verb"] is not None) is self.says_verb else None

    def _entry(self, above: str, line: str) -> Entry | None:
        domain, _, value = line.partition("\t")
        told = self.entry_from(domain, value)
        reason = self._reason(above)
        if told is None or reason is None or reason["verb"] not in {None, told.verb}:
            return told
        return Entry(
            domain=domain,
            verb=told.verb,
            incident=reason["incident"],
            action=reason["action"],
            until=None if reason["until"] == UNKNOWN else _time(reason["until"]),
        )


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()
