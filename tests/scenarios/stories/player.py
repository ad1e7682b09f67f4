"""Plays lines to the engine, as replay does, and remembers when it said what."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from logwatch_mx.app.memory import Memory, pack_memory, unpack_memory
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.change import ChangeKind
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome, Verdict

YEAR = 2026


@cache
def rules():
    return load_all_rules(())


def read(lines, source="maillog"):
    """Yield the events of *lines*, with true offsets."""
    reader = Reader(Stamps(YEAR, UTC))
    offset = 0
    for number, text in enumerate(lines, 1):
        end = offset + len(text.encode("utf-8", "surrogateescape")) + 1
        yield reader.read(Line(text, source, number, offset, end))
        offset = end


@dataclass
class Told:
    """What came of a log: the incidents by opening, and the log's time at which each was told."""

    incidents: tuple = ()
    alarms: dict[str, datetime] = field(default_factory=dict)
    changes: list = field(default_factory=list)
    suspects: list = field(default_factory=list)

    @property
    def subjects(self):
        return [(i.kind.value, i.subject) for i in self.incidents]


class Player:
    """One run; *zone* says what DNS would say of a domain, *restart* packs the state after each n."""

    def __init__(self, *, site=None, zone=None, settings=None, restart=0, stream="maillog"):
        self.site = site or Site()
        self.zone = zone or {}
        self.settings = settings or Settings()
        self.restart = restart
        self.stream = stream
        self.told = Told()
        self.ended = {}
        self.last = None
        self.engine = build_engine(self.settings, site=self.site, rules=rules())

    def feed(self, event):
        self.take(self.engine.feed(event, self.stream))
        if event.time is not None and (self.last is None or event.time > self.last):
            self.last = event.time

    def take(self, changes):
        for domain in changes.suspects:
            self.told.suspects.append(domain)
            outcome = self.zone.get(domain, Outcome.NOT_ASKED)
            self.take(self.engine.judge(Verdict(domain=domain, outcome=outcome)))
        for change in changes.changes:
            self.told.changes.append((change.kind, change.incident))
            incident = self.engine.incident(change.incident)
            if change.kind is ChangeKind.CLOSED:
                self.ended[incident.id] = incident
            elif change.kind is ChangeKind.REOPENED:
                self.ended.pop(incident.id, None)
            elif change.kind is ChangeKind.OPENED:
                self.told.alarms[incident.id] = self.engine.state.now
                if incident.kind is IncidentKind.LOOP and incident.verdict is None:
                    outcome = self.zone.get(incident.subject, Outcome.NOT_ASKED)
                    self.engine.judge(Verdict(domain=incident.subject, outcome=outcome))

    def reload(self):
        """Put the engine's memory away and begin with what was kept, as after a restart."""
        memory = unpack_memory(pack_memory(Memory(engine=self.engine.state)))
        self.engine = build_engine(
            self.settings, site=self.site, rules=rules(), state=memory.engine
        )

    def play(self, events):
        for number, event in enumerate(events, 1):
            self.feed(event)
            if self.restart and number % self.restart == 0:
                self.reload()
        return self.finish()

    def finish(self):
        if self.last is not None:
            self.take(self.engine.finish(self.last))
        found = {**self.ended, **{i.id: i for i in self.engine.incidents()}}
        self.told.incidents = tuple(sorted(found.values(), key=lambda i: (i.opened, i.id)))
        return self.told


def play(lines, **words):
    """Return what the engine says of *lines*."""
    return Player(**words).play(read(lines))
