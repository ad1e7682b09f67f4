"""Whole-log figures for ``--stats``: lines by kind, deliveries by status, top recipient domains.

Every line is read by the grammar, though no event is made of most: see ``grammar/census.py``.
"""

from collections import Counter
from datetime import tzinfo
from heapq import nsmallest
from typing import Any

from msgspec import Struct, field, structs

from logwatch_mx.detect.domains import MAX_NAME, domain_of
from logwatch_mx.grammar.census import Census
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Event, Gap
from logwatch_mx.sources.block import MAX_LINE, Block, lines

TOP = 20
#: So many recipients are kept before their domains are counted: names come again and again.
_MANY = 4_000
#: So many domains are kept.
_MOST = 25_000


class Stats(Struct):
    """Counts that grow with the log's variety are bounded: see ``forget_rare``.

    A line that the logger says it did not repeat counts as often as it says, so that there may be
    more *kinds* than lines.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    domains: dict[str, int] = {}
    forgotten: int = 0
    logs: list["Counting"] = []

    def shape(self) -> dict[str, Any]:
        """Return the figures as plain values for JSON."""
        for log in self.logs:
            log.count_domains()
        top = nsmallest(TOP, self.domains.items(), key=lambda item: (-item[1], item[0]))
        return {
            "kinds": dict(sorted(self.kinds.items())),
            "deliveries": dict(self.statuses),
            "domains": dict(top),
            "domains_forgotten": self.forgotten,
        }

    def forget_rare(self) -> None:
        """Forget that half of the domains that was named least, and count them as *forgotten*."""
        least = sorted(self.domains.values())[len(self.domains) // 2]
        rare = [domain for domain, times in self.domains.items() if times <= least]
        self.forgotten += len(rare)
        for domain in rare:
            del self.domains[domain]


class Counting:
    """Adds one log to *stats*: whole blocks, or, of a log that is read in part, single events."""

    def __init__(self, stats: Stats, zone: tzinfo) -> None:
        self._stats = stats
        # Whether a line has a time does not depend on its year: nothing but that is asked here.
        self._census = Census(Reader(Stamps(None, zone)), stats.kinds, stats.statuses)
        self._before: Event | None = None
        stats.logs.append(self)

    def count(self, block: Block) -> None:
        """Count the lines of *block*, but for an end that may be cut anywhere."""
        if block.torn:
            data = block.data[: block.data.rfind(b"\n") + 1]
            block = structs.replace(block, data=data, torn=False)
        if _is_plain(block):
            self._census.count_whole(block.data)
        else:
            self._census.count(line.text for line in lines(block))
        if self._census.named > _MANY:
            self.count_domains()

    def note(self, event: Event) -> None:
        """Count *event*."""
        self._census.note(event, self._before)
        if not isinstance(event, Gap):
            self._before = event
        if self._census.named > _MANY:
            self.count_domains()

    def count_domains(self) -> None:
        """Add to the domains of *stats* what was named since the last call."""
        domains = self._stats.domains
        for address, times in self._census.take_recipients():
            domain = _domain_of(address) or "(local)"
            domains[domain] = domains.get(domain, 0) + times
        if len(domains) > _MOST:
            self._stats.forget_rare()


def _domain_of(address: str) -> str | None:
    # domain_of() keeps what it is asked, for those that ask again; here all names of a log come.
    _, at, domain = address.rpartition("@")
    if at and domain.isascii():
        return domain.rstrip(".").lower()[:MAX_NAME]
    return domain_of(address)


def _is_plain(block: Block) -> bool:
    """Say whether the lines of *block* are read as they stand: see ``sources.block``."""
    data = block.data
    if b"\0" in data or b"\r" in data or block.dropped:
        return False
    # A line that is too long lies over one of these places.
    places = range(MAX_LINE, len(data), MAX_LINE)
    return all(data.find(b"\n", at) - data.rfind(b"\n", 0, at) <= MAX_LINE for at in places)
