"""Joins: a verdict line that names no recipient, and the delivery line that it belongs to.

sendmail logs ``config error: mail loops back to me`` and Postfix ``greeted me with my own
hostname`` before the delivery line of the same process. What goes out: the verdict, once, with the
first delivery line of that process to the verdict's domain, or to any domain when it names none.

Pids are used again, and hosts whose logs are merged have the same ones; one machine may also log
under several names. So a verdict joins a line of the same host name, or one whose relay is the
server that the verdict names; sendmail's, which has a queue id, one of the same message.
"""

from datetime import datetime, timedelta

from msgspec import Struct, field

from logwatch_mx.detect.case import Kept, hashed, keep, plain
from logwatch_mx.detect.window import Table
from logwatch_mx.model.event import Delivery, Event, MtaVerdict

#: Verdict lines kept for one delivery: Postfix says the same of greeting and HELO, for each MX.
KEPT_LINES = 4


class Joined(Struct):
    """A verdict line that waits for the delivery line of its process."""

    at: datetime
    pid: int
    domain: str | None
    said: str
    host: str | None = None
    mx_host: str | None = None
    queue_id: str | None = None
    evidence: list[Kept] = []


class Joins(Struct):
    """Verdicts by process; bounded: the oldest are forgotten."""

    waiting: Table[Joined] = field(default_factory=lambda: Table(cap=2_000))
    version: int = 0

    def waits(self, event: Delivery, stream: str) -> bool:
        """Say whether a verdict waits for a delivery line of the process of *event*.

        Such a line names a recipient: who searches a log for it looks for that, too.
        """
        if not len(self.waiting) or ": to=" not in event.line.text:
            return False
        return _process(event, stream) in self.waiting

    def pids(self) -> tuple[int, ...]:
        """Return the pids of the processes whose delivery line is waited for."""
        return tuple(joined.pid for _, joined in self.waiting.items())

    def put(
        self,
        at: datetime,
        event: MtaVerdict,
        domain: str | None,
        stream: str,
        window: timedelta,
    ) -> None:
        """Keep the verdict *event* for the delivery line of its process, *window* long."""
        if event.pid is None:
            return
        key = _process(event, stream)
        joined = self.waiting.get(key)
        if joined is None or at - joined.at > window:
            joined = Joined(at=at, pid=event.pid, domain=None, said=event.verdict.value)
        joined.domain = domain or joined.domain
        joined.host = _name(event.host) or joined.host
        joined.mx_host = _name(event.mx_host) or joined.mx_host
        joined.queue_id = plain(event.queue_id) if event.queue_id else joined.queue_id
        joined.evidence = [*joined.evidence, keep(event)][-KEPT_LINES:]
        self.waiting.set(key, joined)
        self.version += 1

    def forget(self, since: datetime) -> None:
        """Drop the verdicts from before *since*: their delivery lines did not come."""
        for key, joined in list(self.waiting.items()):
            if joined.at < since:
                self.waiting.pop(key)
                self.version += 1

    def take(
        self,
        at: datetime,
        event: Delivery,
        domains: tuple[str, ...],
        stream: str,
        window: timedelta,
    ) -> Joined | None:
        """Return the verdict that *event* to *domains* ends, None when there is none."""
        if event.pid is None or not len(self.waiting):
            return None
        key = _process(event, stream)
        joined = self.waiting.get(key)
        if joined is None or not _belongs(joined, event, domains):
            return None
        self.waiting.pop(key)
        self.version += 1
        return joined if at - joined.at <= window else None


def _process(event: Event, stream: str) -> str:
    return hashed(f"{stream}/{event.mta}/{event.pid}")


def _belongs(joined: Joined, event: Delivery, domains: tuple[str, ...]) -> bool:
    if joined.domain is not None:
        return joined.domain in domains
    relay = _name(event.relay.host) if event.relay else None
    named = relay is not None and relay == joined.mx_host
    if joined.queue_id is not None:
        # A queue runner of sendmail's delivers one message after the other.
        return named or event.queue_id == joined.queue_id
    if joined.host is None or event.host is None or _name(event.host) == joined.host:
        return True
    return named


def _name(host: str | None) -> str | None:
    return plain(host).lower().rstrip(".") if host else None
