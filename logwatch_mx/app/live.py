"""The daemon's loop: read what is new, feed the engine, save, and let the desk do what is due.

Contract
1. The place in the log, the engine's whole state, the incidents and what the desk remembers are
   saved in one transaction: a restart reads on where the saved engine stopped, so every whole line
   counts once.
2. Nothing is done about an incident before it was saved.
3. Reading never waits for DNS, maps, hooks or notices, and goes on while the state cannot be
   written. Saving and looking take a fifth of the time at most, however much there is to save.
4. Minutes pass with every line, whatever it says, and by the clock's pace while the log is silent.
"""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from logwatch_mx.app.desk import Desk
from logwatch_mx.app.engine import Engine
from logwatch_mx.app.figures import figures
from logwatch_mx.app.inlet import Inlet
from logwatch_mx.app.intake import Intake
from logwatch_mx.app.memory import Memory, pack_memory
from logwatch_mx.app.pace import Pace
from logwatch_mx.app.past import trace
from logwatch_mx.app.reading import LiveStream, Place
from logwatch_mx.app.share import is_usual
from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.change import ChangeKind, Changes
from logwatch_mx.model.incident import Incident
from logwatch_mx.model.line import Line
from logwatch_mx.model.verdict import Verdict
from logwatch_mx.sources.block import Block
from logwatch_mx.state.store import Store

#: Seconds. A stat poll finds what file events miss (network file systems, overflowed queues).
POLL = 1.0
#: Bytes that are read before the desk and the signals get their turn.
BUDGET = 1 << 20
#: Seconds: a place in the log is saved so often while lines come; news is saved at once.
SAVE_EVERY = 2.0
#: Seconds: a sign of life for ``status``, even when nothing happens.
HEARTBEAT = 60.0
#: Seconds: the desk looks so often when nothing happens, since time itself makes things due.
LOOK_EVERY = 5.0
#: Seconds between two saves and looks while there is a backlog: old lines are worked off first.
BEHIND = 5.0
#: After saving and looking, so many times as long is left to reading; more when nothing presses.
BREATH = 4.0
LONG_BREATH = 20.0
#: Seconds: what takes less than this needs no breath.
QUICK = 0.03
#: Incidents that are over and wait for what is to be done about their end: hooks may be slower than
#: an attacker, who has as many open at once.
ENDED = 2_000
#: What every MTA's grammar has to look at.
FIRST = "2026-11-23T14:29:10+00:00 mx postfix/smtp[1]: 0: to=<a@b.test>, relay=none, status=?"


class Live:
    """Reads until ``stop``; *wake* is called from any thread when a file may have changed."""

    def __init__(
        self,
        *,
        inlet: Inlet,
        engine: Engine,
        memory: Memory,
        store: Store,
        zone: tzinfo,
        log: Callable[[str], None],
        alive: Callable[[str], None],
        clock: Callable[[tzinfo], datetime] = datetime.now,
    ) -> None:
        self.inlet = inlet
        self.engine = engine
        self.failed = 0
        self.figures: dict[str, Any] = {}
        self._memory = memory
        self._store = store
        self._zone = zone
        self._log = log
        self._alive = alive
        self._desk: Desk | None = None
        self._intake = Intake(zone=zone, take=self._follow, log=log)
        # Let go of by the engine, until the desk has done what their end asks for.
        self._ended: dict[str, Incident] = {}
        for name in memory.desk.ended:
            if (gone := store.incident(name)) is not None:
                self._ended[name] = gone
        self._wake = asyncio.Event()
        self._stopping = False
        self._dirty = self._pressing = True
        self._saved_at = 0.0
        self._is_behind = False
        self._settled_at = float("-inf")
        self._cost = 0.0
        self._pace = Pace(zone, time.monotonic(), clock)
        self._trouble: str | None = None
        self._place: Place | None = None
        self._troubles: tuple[str, ...] = ()
        self._lost: dict[str, int] = {}
        self._kept: dict[str, Incident] = {}

    def attach(self, desk: Desk) -> None:
        """Let *desk* see the incidents."""
        self._desk = desk

    def wake(self) -> None:
        """Look at the log now; call it in the loop's own thread."""
        self._wake.set()

    def stir(self) -> None:
        """Let the desk look soon: something that it began has ended."""
        self._dirty = self._pressing = True
        self._wake.set()

    def stop(self) -> None:
        """Finish what is being read, save and return from ``run``."""
        self._stopping = True
        self._wake.set()

    def judge(self, verdict: Verdict) -> None:
        """Take a verdict of the desk's."""
        self._follow(self.engine.judge(verdict), None)
        self.stir()

    def begin(self) -> None:
        """Find where to begin and save that: a kill and a rotation may come before the next save.

        A line that nobody wrote is read besides: the first takes half a second, to compile the
        grammars.
        """
        LiveStream("", zone=self._zone).read(Line(FIRST))
        self._attempt(lambda: self._read(0))
        self._attempt(self._settle)

    async def run(self) -> None:
        """Read on until ``stop`` is called; the last state is saved before it returns."""
        while not self._stopping:
            for step in (self._read, self._pass_time, self._settle):
                self._attempt(step)
            self._alive(f"{self._intake.tally.lines} lines, {self.inlet.lag()} bytes behind")
            if self._is_behind:
                await asyncio.sleep(0)
                continue
            try:
                async with asyncio.timeout(min(POLL, max(0.0, self._settle_in()))):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
        self._attempt(self._save)

    def _attempt(self, step: Callable[[], None]) -> None:
        """Do *step*; whatever goes wrong in it is said once, and the log is read on."""
        try:
            step()
        except LogwatchError as error:
            self._complain(str(error))
        except Exception as error:  # noqa: BLE001  # the broad catch of the loop: it must go on
            self.failed += 1
            self._complain(f"{type(error).__name__}: {error}")

    def _read(self, budget: int = BUDGET) -> None:
        """Read about *budget* bytes, and note whether there may be more."""
        count, lag = 0, self.inlet.lag()
        self._is_behind = False
        for block in self.inlet.poll(budget, time.monotonic()):
            self._note_gaps()
            count += len(block.data)
            self._take_block(block)
        self._note_gaps()
        # Of a line without end nothing comes; what cannot be read does not become less.
        self._is_behind = budget > 0 and (count >= budget or 0 < self.inlet.lag() < lag)
        self._tell_troubles()

    def _note_gaps(self) -> None:
        """Let what is open know that there was more of it, or may have been."""
        for gap in self.inlet.gaps():
            self.engine.feed(gap)
            self._dirty = True

    def _tell_troubles(self) -> None:
        """Say what became unreadable, what is readable again, and what is lost, each once."""
        before, self._lost = self._lost, self.inlet.lost()
        for what, count in self._lost.items():
            if count != before.get(what):
                self._log(what)
                self._dirty = True
        troubles = self.inlet.troubles()
        if troubles == self._troubles:
            return
        for trouble in troubles:
            if trouble not in self._troubles:
                self._log(trouble)
        for gone in self._troubles:
            if gone not in troubles:
                self._log(f"no longer: {gone}")
        self._troubles = troubles
        self._dirty = True

    def _take_block(self, block: Block) -> None:
        self._place = self._intake.place(block)
        self._intake.read(self.engine, self._place)
        self._pace.note(self._place, time.monotonic(), self.engine.state.now)
        self._dirty = True

    def _answer(self, changes: Changes, place: Place | None) -> None:
        """Answer what the engine asks of the log before, and hand on what only DNS can tell."""
        for question in changes.questions:
            if place is not None:
                self.engine.recall(trace(question, place))
        for doubt in changes.doubts:
            if self._place is not None and is_usual(doubt, self._place):
                self.engine.dispel(doubt)
        if self._desk is not None:
            for domain in changes.suspects:
                self._desk.suspect(domain)

    def _follow(self, changes: Changes, place: Place | None) -> None:
        self._answer(changes, place)
        for change in changes.changes:
            self._pressing = True
            incident = self.engine.incident(change.incident)
            if incident is None:
                continue
            if change.kind is ChangeKind.CLOSED:
                self._ended[incident.id] = incident
            elif change.kind is ChangeKind.REOPENED:
                self._ended.pop(incident.id, None)
            self._log(f"{incident.id}: {change.kind.value}, {incident.state.value}")

    def _pass_time(self) -> None:
        """Let the log's minutes pass, also those of which no line matters to the engine."""
        now = self.engine.state.now
        if now is None or self._is_behind:
            return
        is_silent = self.inlet.lag() == 0
        minute = self._pace.reached(time.monotonic(), now, is_silent=is_silent)
        if minute is not None:
            self._follow(self.engine.tick(minute), None)
            self._dirty = True

    def _settle_in(self) -> float:
        """Return in how many seconds it is time to save and look."""
        cost = self._cost if self._cost > QUICK else 0.0
        if self._is_behind:
            wait = max(BEHIND, LONG_BREATH * cost)
        elif self._pressing:
            wait = BREATH * cost
        else:
            wait = max(SAVE_EVERY if self._dirty else LOOK_EVERY, LONG_BREATH * cost)
        return self._settled_at + wait - time.monotonic()

    def _settle(self) -> None:
        """Save when it is time, then let the desk act on what was saved."""
        if self._settle_in() > 0:
            return
        begun = time.monotonic()
        self._pressing = False
        try:
            self._save()
            if self._desk is not None:
                self._desk.look(self._incidents(), datetime.now(self._zone))
                self._let_go(self._desk)
            self._trouble = None
        finally:
            self._settled_at = time.monotonic()
            self._cost = self._settled_at - begun
            self.figures = self._figures()

    def _let_go(self, desk: Desk) -> None:
        """Forget the incidents that are over, with all that was to be done about their end."""
        live = {i.id for i in self.engine.incidents()}
        self._ended = {
            name: gone
            for name, gone in self._ended.items()
            if name not in live and desk.has_more_to_do(name)
        }
        late = list(self._ended)[:-ENDED]
        for name in late:
            del self._ended[name]
        if late:
            self._log(f"{len(late)} incidents are over and let go of: too many wait for hooks")
        live.update(self._ended)
        self._kept = {name: kept for name, kept in self._kept.items() if name in live}

    def _incidents(self) -> list[Incident]:
        found = {**self._ended, **{i.id: i for i in self.engine.incidents()}}
        return sorted(found.values(), key=lambda i: (i.opened, i.id))

    def _save(self) -> None:
        """Keep what a restart needs, if it changed; ``LogwatchError`` when that cannot be."""
        found = self._incidents()
        if self._desk is not None:
            self._desk.ledger.refresh([i.id for i in found], datetime.now(self._zone))
            found = [self._desk.with_actions(incident) for incident in found]
        shown = {incident.id: incident for incident in found}
        quiet = time.monotonic() - self._saved_at < HEARTBEAT
        if quiet and not self._dirty and shown == self._kept:
            return
        self._memory.desk.ended = list(self._ended)
        before, self._kept = self._kept, shown
        try:
            self._write(before)
        except LogwatchError:
            self._kept = before
            raise
        self._dirty = False
        self._saved_at = time.monotonic()

    def _write(self, before: dict[str, Incident]) -> None:
        with self._store.transaction(durable=False) as t:  # a deed's intent is, and this with it
            t.save_engine(pack_memory(self._memory))
            t.save_checkpoints(self.inlet.places())
            for name, incident in self._kept.items():
                if before.get(name) != incident:
                    t.save_incident(incident)
            t.save_meta("status", json.dumps(self._figures()))

    def _complain(self, trouble: str) -> None:
        """Say what is wrong once, not every second; the log is read on."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._log(trouble)

    def _figures(self) -> dict[str, Any]:
        desk = self._desk
        return figures(
            tally=self._intake.tally,
            state=self.engine.state,
            incidents=self._kept.values(),
            lag=self.inlet.lag(),
            saved=datetime.now(self._zone),
            failed=self.failed + self._intake.failed,
            gaps=self._intake.gaps + self.inlet.dropped,
            lost={**self._lost, **self._intake.lost()},
            unwritten=desk.ledger.unwritten if desk else 0,
            notices=desk.outbox.waiting if desk else 0,
            troubles=(*self._troubles, *([self._trouble] if self._trouble else [])),
        )
