"""Rules on watch: what the engine needs of compiled rules, as plain functions."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from logwatch_mx.detect.domains import domains_of
from logwatch_mx.model.event import KIND_OF, Delivery, Event, Mta, MtaVerdict, Status
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.rule import Rule
from logwatch_mx.model.site import Site

Test = Callable[[Event, str | None, Site], bool]


class Watch(Struct, frozen=True):
    """A rule with its compiled condition and its field getter, as ``rulebook`` made them.

    *given* returns the condition for events of a kind, of which values of some fields are known,
    and texts of which one is in every line, in lower case, that meets it. None when none can.
    """

    rule: Rule
    get: Callable[[Event, str, str | None], str | None]
    given: Callable[[str, Mapping[str, str | None]], tuple[Test, tuple[str, ...]] | None]


class _Left(Struct, frozen=True):
    """What is left to be asked; *pieces*: one is in every line that passes any test, if known."""

    tests: tuple[tuple[Watch, Test], ...]
    pieces: tuple[str, ...]


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
        self._left: dict[tuple[type[Event], str | None, str | None], _Left] = {}
        self._site = site
        self._heeds_verdict = heeds

    def match(self, event: Event) -> list[tuple[Watch, str | None]]:
        """Return the rules that *event* matches, each with the recipient domain."""
        status = event.status if isinstance(event, Delivery) else None
        known = type(event), event.mta, status
        left = self._left.get(known) or self._find(*known)
        if not left.tests or (left.pieces and not _has_any(event.line.text, left.pieces)):
            return []
        site = self._site
        return [
            (watch, domain)
            for domain in domains_of(event)
            for watch, test in left.tests
            if test(event, domain, site) and self._heeds(watch, event, domain)
        ]

    def pieces(self, mta: Mta, status: Status) -> tuple[str, ...] | None:
        """Return texts of which one is, in lower case, in a delivery line that matches a rule.

        None when there may be others.
        """
        left = self._left.get((Delivery, mta, status)) or self._find(Delivery, mta, status)
        return None if left.tests and not left.pieces else left.pieces

    def _find(self, kind: type[Event], mta: Mta | None, status: str | None) -> _Left:
        known = {"mta": mta, **({"status": status} if status is not None else {})}
        tests: list[tuple[Watch, Test]] = []
        pieces: set[str] = set()
        is_known = True
        for watch in self._watches:
            given = watch.given(KIND_OF[kind], known)
            if given is not None:
                tests.append((watch, given[0]))
                pieces.update(given[1])
                is_known = is_known and bool(given[1])
        left = _Left(tuple(tests), tuple(sorted(pieces)) if is_known else ())
        self._left[kind, mta, status] = left
        return left

    def _heeds(self, watch: Watch, event: Event, domain: str | None) -> bool:
        """Say whether anything comes of it that *watch* matches *event*."""
        if watch.rule.kind is not IncidentKind.LOOP:
            return domain is not None or watch.rule.by != "domain"
        return not isinstance(event, MtaVerdict) or self._heeds_verdict(event, domain)


def spike_test(watches: Sequence[Watch], site: Site) -> Callable[[Delivery, str], bool]:
    """Return whether one of the spike rules of *watches* takes a delivery to a domain."""
    given = [watch.given for watch in watches if watch.rule.spike]
    tests: dict[tuple[str | None, str], list[Test]] = {}

    def takes(event: Delivery, domain: str) -> bool:
        known = (event.mta, event.status.value)
        if known not in tests:
            found = [one("delivery", {"mta": event.mta, "status": event.status}) for one in given]
            tests[known] = [one[0] for one in found if one is not None]
        return any(test(event, domain, site) for test in tests[known])

    return takes


def _has_any(text: str, pieces: tuple[str, ...]) -> bool:
    lowered = text.lower()
    for piece in pieces:  # noqa: SIM110 - every line that matters pays for it
        if piece in lowered:
            return True
    return False
