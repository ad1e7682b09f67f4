"""What supports an incident and decides nothing: senders, pace, growth, the domains behind it."""

from datetime import datetime

from msgspec import Struct

from logwatch_mx.model.incident import Facts

#: Attackers choose senders and domains: so many are told apart, and so many domains are shown.
KEPT_SENDERS = 1_000
KEPT_DOMAINS = 200
SHOWN_DOMAINS = 20


class FactCount(Struct):
    """Facts as they are counted; bounded. *senders* are hashed, with their messages."""

    senders: dict[str, int] = {}
    minute: datetime | None = None
    lines: int = 0
    busiest: int = 0
    growth: int | None = None
    domains: dict[str, int] = {}
    lost: int = 0
    gone: int = 0

    def add_line(self, at: datetime) -> None:
        """Count one line of evidence in its minute."""
        minute = at.replace(second=0, microsecond=0)
        self.lines = self.lines + 1 if minute == self.minute else 1
        self.minute = minute
        self.busiest = max(self.busiest, self.lines)

    def add_sender(self, sender: str) -> None:
        """Count a message of *sender*."""
        if sender in self.senders or len(self.senders) < KEPT_SENDERS:
            self.senders[sender] = self.senders.get(sender, 0) + 1

    def take_sender(self, sender: str) -> None:
        """Take back a message of *sender*."""
        left = self.senders.get(sender, 0) - 1
        if left > 0:
            self.senders[sender] = left
        else:
            self.senders.pop(sender, None)

    def add_domain(self, domain: str) -> None:
        """Count a message to *domain*."""
        if domain in self.domains or len(self.domains) < KEPT_DOMAINS:
            self.domains[domain] = self.domains.get(domain, 0) + 1

    def absorb(self, later: "FactCount") -> None:
        """Take over what *later*, the same trouble come back, has counted."""
        self.busiest = max(self.busiest, later.busiest)
        self.minute, self.lines = later.minute, later.lines
        self.lost += later.lost
        self.gone += later.gone
        self.growth = later.growth if self.growth is None else self.growth
        for sender, count in later.senders.items():
            if sender in self.senders or len(self.senders) < KEPT_SENDERS:
                self.senders[sender] = self.senders.get(sender, 0) + count
        for domain, count in later.domains.items():
            if domain in self.domains or len(self.domains) < KEPT_DOMAINS:
                self.domains[domain] = self.domains.get(domain, 0) + count

    def facts(self) -> Facts:
        """Return what was counted."""
        ranked = sorted(self.domains.items(), key=lambda item: (-item[1], item[0]))
        return Facts(
            senders=len(self.senders),
            busiest=self.busiest,
            growth=self.growth,
            domains=dict(ranked[:SHOWN_DOMAINS]),
            lost=self.lost,
            gone=self.gone,
        )
