"""The words of our sendmail map; ``map_text.py`` writes and reads its text."""

from logwatch_mx.model.action import Verb
from logwatch_mx.model.deed import OWN_MARK
from logwatch_mx.respond.map_text import UNKNOWN, MapFormat
from logwatch_mx.respond.route import Entry

#: What the rules of ``data/route.m4`` know.
_WORDS = {Verb.PAUSE: "paused", Verb.REJECT: "reject", Verb.DISCARD: "discard"}
_VERBS = {word: verb for verb, word in _WORDS.items()}

_HEAD = f"""\
# Written by {OWN_MARK}. Do not edit: take an entry back with `logwatch-mx undo DOMAIN`.
# sendmail reads the .db beside it; without that, mail flows and nothing is paused.
# sha256 """


def word_of(entry: Entry) -> str:
    """Return the value of *entry* in the map; raise ``KeyError`` for a verb that no map does."""
    return _WORDS[entry.verb]


def is_ours(word: str) -> bool:
    """Return whether *word* is a value that we could have written."""
    return word in _VERBS


def entry_from(domain: str, word: str) -> Entry | None:
    """Return the entry that the live map alone tells of; None when the *word* is not ours."""
    verb = _VERBS.get(word)
    if verb is None:
        return None
    # Each domain has an id of its own: what shares one would be remembered, and end, but once.
    incident = f"{UNKNOWN}/{domain}"
    return Entry(domain=domain, verb=verb, incident=incident, action=f"{incident}#{verb}")


FORMAT = MapFormat(
    head=_HEAD, value_of=word_of, entry_from=entry_from, is_ours=is_ours, says_verb=False
)
render, parse, without = FORMAT.render, FORMAT.parse, FORMAT.without
