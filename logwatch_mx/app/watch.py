"""Rules on watch: what the engine needs of compiled rules, as plain functions."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from logwatch_mx.detect.domains import domains_of
from logwatch_mx.model.event import KIND_OF, Delivery, Event, MtaVerdict
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.rule import Rule
from logwatch_mx.model.site import Site

Test = Callable[[Event, str | None, Site], bool]


class Watch(Struct, frozen=True):
    """A rule with its compiled condition and its field getter, as ``rulebook`` made them.

    *given* returns the condition for events of a kind, of which values of some fields are known;
    None when no such event meets it.
    """

    rule: Rule
    get: Callable[[Event, str, str | None], str | None]
    given: Callable[[str, Mapping[str, str | None]], Test | None]


_Tests = tuple[tuple[Watch, Test], ...]


class Watches:
    """All rules, asked about one event after the other; *heeds* says which verdicts count."""

    def __init__(
        self,
        watches: Sequence[Watch],
        site: Site,
        heeds: Callable[[MtaVerdict, str | None], bool],
    ) -> None:
        self._watches = tuple(watch for watch in watches if not watch.rule.spike)
        # Most rules speak of one kind, one status or one MTA: what is left for each is few tests.
        self._left: dict[tuple[type[Event], str | None, str | None], _Tests] = {}
        self._site = site
        self._heeds_verdict = heeds

    def match(self, event: Event) -> list[tuple[Watch, str | None]]:
        """Return the rules that *event* matches, each with the recipient domain."""
        status = event.status if isinstance(event, Delivery) else None
        tests = self._left.get((type(event), event.mta, status))
        if tests is None:
            tests = self._find(event, status)
        if not tests:
            return []
        site = self._site
        return [
            (watch, domain)
            for domain in domains_of(event)
            for watch, test in tests
            if test(event, domain, site) and self._heeds(watch, event, domain)
        ]

    def _find(self, event: Event, status: str | None) -> _Tests:
        known = {"mta": event.mta, **({"status": status} if status is not None else {})}
        given = ((watch, watch.given(KIND_OF[type(event)], known)) for watch in self._watches)
        tests = tuple((watch, test) for watch, test in given if test is not None)
        self._left[type(event), event.mta, status] = tests
        return tests

    def _heeds(self, watch: Watch, event: Event, domain: str | None) -> bool:
        """Say whether anything comes of it that *watch* matches *event*."""
        if watch.rule.kind is not IncidentKind.LOOP:
            return domain is not None or watch.rule.by != "domain"
        return not isinstance(event, MtaVerdict) or self._heeds_verdict(event, domain)
