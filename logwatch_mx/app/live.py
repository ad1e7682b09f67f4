"""The daemon's loop: read what is new, feed the engine, save, and let the desk do what is due.

Contract
1. The place in the log, the engine's whole state, the incidents and what the desk remembers are
   saved in one transaction: a restart reads on where the saved engine stopped, so every whole line
   counts once.
2. Nothing is done about an incident before it was saved.
3. Reading never waits for DNS, maps, hooks or notices. While the log is silent, minutes pass by the
   clock's pace.
"""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from logwatch_mx.app.desk import Desk
from logwatch_mx.app.engine import Engine
from logwatch_mx.app.inlet import Inlet
from logwatch_mx.app.memory import Memory, pack_memory
from logwatch_mx.app.past import trace
from logwatch_mx.app.reading import LiveStream, Place, Tally
from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.change import ChangeKind, Changes
from logwatch_mx.model.incident import Incident
from logwatch_mx.model.verdict import Verdict
from logwatch_mx.sources.block import Block, lines
from logwatch_mx.state.store import Store

#: A stat poll finds what file events miss (network file systems, overflowed queues).
POLL = 1.0
#: Bytes that are read before the desk and the signals get their turn.
BUDGET = 1 << 20
#: A busy log is saved this often at the latest, an idle one when something came.
SAVE_EVERY = 1.0
#: While there is a backlog, the desk gets its turn this often.
BEHIND = 5.0
#: Ticks by the clock begin after so much silence: lines may be on their way.
SILENCE = 2.0


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
    ) -> None:
        self.inlet = inlet
        self.engine = engine
        self.tally = Tally()
        self.failed = 0
        self._memory = memory
        self._store = store
        self._zone = zone
        self._log = log
        self._alive = alive
        self._desk: Desk | None = None
        self._streams: dict[str, LiveStream] = {}
        self._ended: dict[str, Incident] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._dirty = False
        self._pressing = False
        self._saved_at = 0.0
        self._line_at = time.monotonic()
        self._trouble: str | None = None
        self._troubles: tuple[str, ...] = ()
        self._kept: dict[str, Incident] = {}

    def attach(self, desk: Desk) -> None:
        """Let *desk* see the incidents."""
        self._desk = desk

    def wake(self) -> None:
        """Look at the log now; call it in the loop's own thread."""
        self._wake.set()

    def stop(self) -> None:
        """Finish what is being read, save and return from ``run``."""
        self._stopping = True
        self._wake.set()

    def judge(self, verdict: Verdict) -> None:
        """Take a verdict of the desk's."""
        self._follow(self.engine.judge(verdict), None)
        self._dirty = True
        self._wake.set()

    async def run(self) -> None:
        """Read on until ``stop`` is called; the last state is saved before it returns."""
        while not self._stopping:
            more = self._read()
            self._pass_time()
            self._settle()
            self._alive(self._state_line())
            if more:
                await asyncio.sleep(0)
                continue
            try:
                async with asyncio.timeout(POLL):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
        self._save()

    def _read(self) -> bool:
        """Read one budget's worth; say whether there may be more."""
        count = 0
        for block in self.inlet.poll(BUDGET, time.monotonic()):
            count += len(block.data)
            self._take_block(block)
        self._tell_troubles()
        return count >= BUDGET

    def _tell_troubles(self) -> None:
        """Say what became unreadable, and what is readable again, each once."""
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

    def _take_block(self, block: Block) -> None:
        stream = self._streams.get(block.source)
        if stream is None:
            stream = self._streams[block.source] = LiveStream(block.source, zone=self._zone)
        stream.history.feed(block)
        place = Place(stream, block)
        for line in lines(block, stream.losses):
            # A torn line is the end of a file that was cut off or rotated away: it is whole now.
            try:
                event = stream.read(line)
                self.tally.note(event)
                changes = self.engine.feed(event, stream.name)
                if changes.changes or changes.questions:
                    self._follow(changes, place)
            except Exception as error:  # noqa: BLE001  # the one broad catch: no line may stop us
                self.failed += 1
                self._log(f"{line.source}:{line.number}: {type(error).__name__}: {error}")
        self._line_at = time.monotonic()
        self._dirty = True

    def _follow(self, changes: Changes, place: Place | None) -> None:
        for question in changes.questions:
            if place is not None:
                self.engine.recall(trace(question, place))
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
        """Let the log's clock run on while it is silent: at the pace of ours.

        Wherever it stands.
        """
        last = self.engine.state.now
        silent = time.monotonic() - self._line_at
        if last is None or silent < SILENCE or self.inlet.lag() > 0:
            return
        # Lines may be on their way: minutes pass a little later than by the clock.
        reached = last + timedelta(seconds=silent - SILENCE)
        if reached.replace(second=0, microsecond=0) > last:
            self._line_at = time.monotonic() - SILENCE
            self._follow(self.engine.tick(reached), None)
            self._dirty = True

    def _settle(self) -> None:
        """Save when it is time, then let the desk act on what was saved."""
        now = time.monotonic()
        due = self._pressing or now - self._saved_at >= SAVE_EVERY
        if self._dirty and due and not self._save():
            return
        # Old lines are worked off first: what they opened may be over by their end.
        behind = self.inlet.lag() > 0 and now - self._saved_at < BEHIND
        if due and not behind and self._desk is not None:
            self._saved_at = now
            self._pressing = False
            try:
                self._desk.look(self._incidents(), datetime.now(self._zone))
            except LogwatchError as error:
                self._complain(str(error))

    def _incidents(self) -> list[Incident]:
        found = {**self._ended, **{i.id: i for i in self.engine.incidents()}}
        return sorted(found.values(), key=lambda i: (i.opened, i.id))

    def _save(self) -> bool:
        try:
            with self._store.transaction() as t:
                t.save_engine(pack_memory(self._memory))
                t.save_checkpoints(self.inlet.places())
                deeds = self._store.deeds()
                for incident in self._incidents():
                    shown = self._desk.with_actions(incident, deeds) if self._desk else incident
                    if self._kept.get(incident.id) != shown:
                        t.save_incident(shown)
                        self._kept[incident.id] = shown
                t.save_meta("status", self._status())
        except LogwatchError as error:
            self._complain(str(error))
            return False
        self._trouble = None
        self._dirty = False
        live = {i.id for i in self.engine.incidents()}
        for gone in [key for key in self._ended if key not in live]:
            del self._ended[gone]
            self._kept.pop(gone, None)
        return True

    def _complain(self, trouble: str) -> None:
        """Say what is wrong once, not every second; the log is read on."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._log(trouble)

    def _state_line(self) -> str:
        return f"{self.tally.lines} lines, {self.inlet.lag()} bytes behind"

    def _status(self) -> str:
        now = self.engine.state.now
        loop, spike = self.engine.state.loop, self.engine.state.spike
        return json.dumps(
            {
                "lines": self.tally.lines,
                "kinds": self.tally.kinds,
                "lag": self.inlet.lag(),
                "last": now.isoformat() if now else None,
                "saved": datetime.now(self._zone).isoformat(),
                "forgotten": {
                    "passes": loop.chains.passes.forgotten,
                    "suspects": loop.pending.forgotten,
                    "deferral keys": spike.keys.forgotten,
                    "deferred messages": spike.seen.forgotten,
                },
                "late": self.engine.state.late,
                "refused": self.engine.state.refused,
                "failed": self.failed,
            }
        )
