"""Replay: what the daemon would have seen and done, from logs of any age.

Asks DNS only when told; does nothing else.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from msgspec import Struct, structs

from logwatch_mx.app.engine import Engine
from logwatch_mx.app.following import Following
from logwatch_mx.app.past import trace
from logwatch_mx.app.reading import Place, Stream, Tally, merge_events
from logwatch_mx.app.share import is_usual
from logwatch_mx.app.sifting import Sifter, Sifting
from logwatch_mx.app.stats import Counting, Stats
from logwatch_mx.config.settings import Settings
from logwatch_mx.confirm.confirm import Resolver, confirm
from logwatch_mx.model.change import Change, ChangeKind, Changes
from logwatch_mx.model.deed import Confirmation, Deed
from logwatch_mx.model.event import Event, Mta
from logwatch_mx.model.incident import Incident, IncidentKind
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Verdict
from logwatch_mx.respond.plan import plan
from logwatch_mx.sources.sieve import Sieve

#: The daemon asks twice, this far apart, before it acts; a zone file gives the same answer both
#: times.
BETWEEN = timedelta(seconds=60)


class Replayed(Struct):
    """The result: the incidents by opening, and what was read."""

    incidents: tuple[Incident, ...]
    tally: Tally
    files: tuple[str, ...]
    skipped: dict[str, int]


class Replay:
    """One run over old logs."""

    def __init__(
        self,
        engine: Engine,
        *,
        settings: Settings,
        site: Site,
        resolver: Resolver | None = None,
        stats: Stats | None = None,
        sieve: Sieve | None = None,
    ) -> None:
        self.engine = engine
        self.tally = Tally()
        # One resolver or zone file answers for all.
        dns = structs.replace(settings.dns, second_opinion=())
        self._settings = structs.replace(settings, mode="observe", dns=dns)
        self._site = site
        self._resolver = resolver
        self._stats = stats
        self._sieve = sieve
        self._verdicts: dict[str, Verdict] = {}
        self._ended: dict[str, Incident] = {}
        self._past: list[Deed] = []
        self._plans: dict[str, tuple[Deed, ...]] = {}
        self._mta: Mta | None = None
        self._place: Place | None = None
        self._counting: dict[str, Counting] = {}

    def run(
        self,
        streams: tuple[Stream, ...],
        *,
        until: datetime | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Replayed:
        """Read *streams* to their end, or to *until*, and return what was found."""
        with asyncio.Runner() as runner:
            if self._stats is not None:
                self._count(streams, self._stats, in_part=until is not None)
            if self._sieve is None or until is not None:
                self._read(merge_events(streams, progress), until, runner)
            else:
                self._sift(streams, self._sieve, progress, runner)
            if until is None:
                self.tally.first = min((s.first for s in streams if s.first), default=None)
                self.tally.last = max((s.last for s in streams if s.last), default=None)
            if self.tally.last is not None:
                self._take(self.engine.finish(self.tally.last), None, runner)
        skipped = {"late": self.engine.state.late, "incidents refused": self.engine.state.refused}
        for stream in streams:
            for name in stream.losses.__struct_fields__:
                skipped[name] = skipped.get(name, 0) + getattr(stream.losses, name)
            stream.history.close()
        return Replayed(
            incidents=self._incidents(),
            tally=self.tally,
            files=tuple(str(path) for stream in streams for path in stream.paths),
            skipped={name: count for name, count in skipped.items() if count},
        )

    def _count(self, streams: tuple[Stream, ...], stats: Stats, *, in_part: bool) -> None:
        for stream in streams:
            counting = Counting(stats, stream.zone)
            if in_part:
                self._counting[stream.name] = counting
            else:
                stream.count = counting.count

    def _read(
        self,
        events: Iterable[tuple[Event, Place]],
        until: datetime | None,
        runner: asyncio.Runner,
    ) -> None:
        feed, note, counting = self.engine.feed, self.tally.note, self._counting
        for event, place in events:
            if until is not None and event.time is not None and event.time > until:
                continue
            # An unterminated last line may be cut anywhere: the daemon would wait for its end.
            if place.is_torn(event):
                continue
            note(event)
            if counting:
                counting[place.stream.name].note(event)
            if event.mta is not None:
                self._mta = event.mta
            changes = feed(event, place.stream.name)
            if changes:
                self._take(changes, place, runner)

    def _sift(
        self,
        streams: tuple[Stream, ...],
        sieve: Sieve,
        progress: Callable[[int], None] | None,
        runner: asyncio.Runner,
    ) -> None:
        """Read only what may matter: the engine ends up as if it had seen every line."""
        engine, following = self.engine, Following(self.engine)
        sifters = [
            Sifter(stream, index, sieve, following, engine, stream.blocks(progress))
            for index, stream in enumerate(streams)
        ]
        sifting = Sifting(sifters, following, engine)
        for changes, place in sifting.run():
            self._mta = sifting.mta
            self._take(changes, place, runner)
        self._mta = sifting.mta
        self.tally.lines = sum(sifter.lines for sifter in sifters)
        for sifter in sifters:
            self.tally.kinds.update(sifter.kinds)

    def _take(self, changes: Changes, place: Place | None, runner: asyncio.Runner) -> None:
        for question in changes.questions:
            if place is not None:
                self.engine.recall(trace(question, place))
        self._place = place = place or self._place
        for doubt in changes.doubts:
            if place is not None and is_usual(doubt, place):
                self.engine.dispel(doubt)
        for change in changes.changes:
            self._follow(change, runner)
        if self._resolver is not None:
            for domain in changes.suspects:
                self._take(self.engine.judge(runner.run(self._ask(domain))), place, runner)

    def _follow(self, change: Change, runner: asyncio.Runner) -> None:
        incident = self.engine.incident(change.incident)
        if incident is None:
            return
        if change.kind is ChangeKind.CLOSED:
            self._ended[incident.id] = incident
        elif change.kind is ChangeKind.REOPENED:
            self._ended.pop(incident.id, None)
        elif change.kind is ChangeKind.OPENED:
            if incident.kind is IncidentKind.LOOP and self._resolver is not None:
                self.engine.judge(runner.run(self._ask(incident.subject)))
            self._plan(incident.id)

    async def _ask(self, domain: str) -> Verdict:
        verdict = self._verdicts.get(domain)
        if verdict is None and self._resolver is not None:
            verdict = await confirm(domain, self._resolver, self._site)
            self._verdicts[domain] = verdict
        return verdict or Verdict(domain=domain)

    def _plan(self, identity: str) -> None:
        """Say what the daemon would have done at this moment, had it been asked to act."""
        incident = self.engine.incident(identity)
        if incident is None or incident.kind is not IncidentKind.LOOP:
            return
        now = incident.opened + BETWEEN
        verdict = incident.verdict
        answers = (
            tuple(
                Confirmation(
                    domain=incident.subject,
                    resolver=verdict.resolver or "",
                    outcome=verdict.outcome,
                    at=at,
                )
                for at in (incident.opened, now)
            )
            if verdict is not None
            else ()
        )
        actions = plan(
            incident,
            settings=self._settings,
            site=self._site,
            now=now,
            past=tuple(self._past),
            confirmations=answers,
            mta=self._mta,
        )
        deeds = tuple(Deed(action=action) for action in actions)
        self._plans[identity] = deeds
        self._past.extend(deeds)

    def _incidents(self) -> tuple[Incident, ...]:
        found = {**self._ended, **{i.id: i for i in self.engine.incidents()}}
        return tuple(
            structs.replace(i, actions=tuple(d.action for d in self._plans.get(i.id, ())))
            for i in sorted(found.values(), key=lambda i: (i.opened, i.id))
        )
