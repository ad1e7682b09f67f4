"""Rules on watch: what the engine needs of compiled rules, as plain functions."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from logwatch_mx.detect.domains import domains_of
from logwatch_mx.model.event import Event, MtaVerdict
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.rule import Rule
from logwatch_mx.model.site import Site


class Watch(Struct, frozen=True):
    """A rule with its compiled condition and its field getter, as ``rulebook`` made them."""

    rule: Rule
    matches: Callable[[Event, str | None, Site], bool]
    get: Callable[[Event, str, str | None], str | None]
    kinds: frozenset[str] | None = None


class Watches:
    """All rules, asked about one event after the other; *heeds* says which verdicts count."""

    def __init__(
        self,
        watches: Sequence[Watch],
        site: Site,
        heeds: Callable[[MtaVerdict, str | None], bool],
    ) -> None:
        self._watches = tuple(watch for watch in watches if not watch.rule.spike)
        self._by_kind: dict[str, tuple[Watch, ...]] = {}
        self._site = site
        self._heeds_verdict = heeds

    def match(self, event: Event) -> list[tuple[Watch, str | None]]:
        """Return the rules that *event* matches, each with the recipient domain."""
        kind = event.kind
        watches = self._by_kind.get(kind)
        if watches is None:
            watches = tuple(w for w in self._watches if w.kinds is None or kind in w.kinds)
            self._by_kind[kind] = watches
        if not watches:
            return []
        site = self._site
        return [
            (watch, domain)
            for domain in domains_of(event)
            for watch in watches
            if watch.matches(event, domain, site) and self._heeds(watch, event, domain)
        ]

    def _heeds(self, watch: Watch, event: Event, domain: str | None) -> bool:
        """Say whether anything comes of it that *watch* matches *event*."""
        if watch.rule.kind is not IncidentKind.LOOP:
            return domain is not None or watch.rule.by != "domain"
        return not isinstance(event, MtaVerdict) or self._heeds_verdict(event, domain)
