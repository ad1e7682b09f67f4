"""Whole-log figures for ``--stats``: lines by kind, deliveries by status, top recipient domains."""

from typing import Any

from msgspec import Struct, field

from logwatch_mx.app.reading import Tally
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.detect.window import Table
from logwatch_mx.model.event import Delivery, Event

TOP = 20


class Stats(Struct):
    """Counts that grow with the log's variety are bounded: a rare domain may be forgotten."""

    statuses: dict[str, int] = {}
    domains: Table[int] = field(default_factory=lambda: Table(cap=20_000))

    def note(self, event: Event) -> None:
        """Count *event*."""
        if not isinstance(event, Delivery):
            return
        status = event.status.value
        self.statuses[status] = self.statuses.get(status, 0) + 1
        for address in event.recipients:
            domain = domain_of(address) or "(local)"
            self.domains.set(domain, (self.domains.get(domain) or 0) + 1)

    def shape(self, tally: Tally) -> dict[str, Any]:
        """Return the figures as plain values for JSON."""
        top = sorted(self.domains.items(), key=lambda item: (-item[1], item[0]))[:TOP]
        return {
            "kinds": dict(sorted(tally.kinds.items())),
            "deliveries": dict(sorted(self.statuses.items())),
            "domains": dict(top),
            "domains_forgotten": self.domains.forgotten,
        }
