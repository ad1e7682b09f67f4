"""The words of our Postfix transport map; ``map_text.py`` writes and reads its text."""

from logwatch_mx.model.action import Verb
from logwatch_mx.model.deed import OWN_MARK
from logwatch_mx.respond.map_text import MapFormat, is_id
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
# Never delete it or its table while main.cf names it: Postfix would put off all mail.
# sha256 """


def route_of(entry: Entry) -> str:
    """Return the value of *entry* in the map, one line of our own words."""
    return f"{_ROUTES[entry.verb]} ({entry.incident})"


def is_ours(route: str) -> bool:
    """Return whether *route* is a value that we could have written."""
    return any(route.startswith(own) for own in _ROUTES.values())


def entry_from(domain: str, route: str) -> Entry | None:
    """Return the entry that a *route* of ours tells of by itself; None when it is not ours."""
    for verb, own in _ROUTES.items():
        incident = route.removeprefix(own).removeprefix(" (").removesuffix(")")
        if route.startswith(own) and is_id(incident):
            return Entry(domain=domain, verb=verb, incident=incident, action=f"{incident}#{verb}")
    return None


FORMAT = MapFormat(
    head=_HEAD, value_of=route_of, entry_from=entry_from, is_ours=is_ours, says_verb=True
)
render, parse, without = FORMAT.render, FORMAT.parse, FORMAT.without
