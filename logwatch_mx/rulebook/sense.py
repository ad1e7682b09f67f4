"""What is wrong with keys that are right one by one: the sense of a rule as a whole."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from logwatch_mx.model.action import Verb
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.rulebook.keys import GROUPS

_LONGEST_WINDOW = timedelta(days=7)
#: Verbs that act on mail for a domain, so that the subject must be one.
_ROUTING = frozenset({Verb.PAUSE, Verb.REJECT, Verb.DISCARD, Verb.HOLD})
_DOMAINS = frozenset({"domain", "sender.domain"})


def contradictions(values: Mapping[str, Any], given: set[str]) -> Iterator[str]:
    """Yield ``KEY: what is wrong`` for *values*, the checked ones of the keys that were *given*."""
    kind = values.get("kind", IncidentKind.RULE)
    spike = values.get("spike", False)
    by = values.get("by", "domain")
    yield from _about_spikes(values, given, spike=spike)
    if spike != (kind is IncidentKind.SPIKE):
        yield 'spike: spike = true and kind = "spike" go together'
    if kind is IncidentKind.LOOP:
        yield from _about_loops(by, given)
    if kind is IncidentKind.RULE and "signal" in given:
        yield "signal: only rules about loops and spikes give signals"
    if values.get("window", timedelta()) > _LONGEST_WINDOW:
        yield f"window: at most {_LONGEST_WINDOW.days} days"
    if by not in _DOMAINS and not spike and not _ROUTING.isdisjoint(values.get("respond", ())):
        yield "respond: mail is paused, rejected, discarded or held for a domain only"


def _about_spikes(values: Mapping[str, Any], given: set[str], *, spike: bool) -> Iterator[str]:
    if spike and "threshold" in given:
        yield "threshold: a rule has a threshold or spike = true, not both"
    if spike and "count" in given:
        yield "count: the spike test counts messages by itself"
    if not spike and values.get("by") in GROUPS:
        yield f"by: {values['by']} is known to the spike test only"
    if values.get("count") in GROUPS:
        yield "count: this is a group, no field"


def _about_loops(by: str, given: set[str]) -> Iterator[str]:
    if "signal" not in given:
        yield "signal: a rule about loops says which kind of evidence it gives"
    if by != "domain":
        yield "by: loops are folded by the recipient's domain"
    for key in sorted(given & {"threshold", "window", "count"}):
        yield f"{key}: loops are counted as [loop] in the configuration says"
