"""The desk: looks at all incidents again and again, and does what is due.

Reading never waits for it: DNS, maps, hooks and notices are tasks, each at most once at a time.
What is done is decided elsewhere (``respond.plan``, ``notify.digest``); written down before, and
its outcome after.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from logwatch_mx.app.ledger import Ledger
from logwatch_mx.app.memory import DeskState
from logwatch_mx.app.outbox import Outbox
from logwatch_mx.app.programs import Programs
from logwatch_mx.app.proof import Prover
from logwatch_mx.app.tasks import Tasks
from logwatch_mx.app.upkeep import Upkeep
from logwatch_mx.config.settings import Settings
from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.action import Action, ActionState, Outcome
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import Incident, IncidentKind, IncidentState
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Verdict
from logwatch_mx.respond.act import act
from logwatch_mx.respond.plan import ROUTING, Why, plan
from logwatch_mx.respond.route import RouteMap
from logwatch_mx.state.store import Store
from logwatch_mx.state.transaction import Transaction

#: So many domains are asked about at once: an attacker may make any number of incidents.
QUESTIONS_AT_ONCE = 16
QUESTIONS_WAITING = 200
#: Of incidents at which nothing changed, so many are looked at in a second: minutes pass slowly.
LOOKS_A_SECOND = 200
#: A notice waits so long for a second confirmation, so that it tells what was done.
PATIENCE = timedelta(seconds=90)
#: Rows that are 90 days old are deleted so often.
PRUNE_EVERY = timedelta(days=1)

Log = Callable[[str], None]


class Desk:
    """Everything that is done about incidents; *judge* hands a verdict back to the engine.

    *host* is what people call this machine. *stirred* is called when something ended, so that the
    desk looks again.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        site: Site,
        store: Store,
        state: DeskState,
        prover: Prover,
        maps: Mapping[Mta, RouteMap],
        judge: Callable[[Verdict], None],
        stirred: Callable[[], None],
        log: Log,
        host: str = "",
    ) -> None:
        self.settings = settings
        self.site = site
        self.state = state
        self.mta: Mta | None = next(iter(maps), None)
        self.ledger = Ledger(store, kept=settings.respond.cooldown)
        self._store = store
        self._prover = prover
        self._maps = dict(maps)
        self._judge = judge
        self._log = log
        self._tasks = Tasks(log=log, stirred=stirred)
        self._asking = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self._programs = Programs(self.ledger, self._tasks, log=log, now=prover.now)
        self.outbox = Outbox(self.ledger, state, self._tasks, log=log, now=prover.now, host=host)
        self._upkeep = Upkeep(
            self.ledger, self._tasks, finish=self._finish, log=log, now=prover.now
        )
        self._plans: dict[str, tuple[Action, ...]] = {}
        self._views: dict[str, tuple[object, datetime]] = {}
        self._held: dict[str, datetime] = {}
        self._last: datetime | None = None
        self._pruned: datetime | None = None

    def look(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Begin everything that is due for *incidents* at the wall clock's *now*.

        The ledger was refreshed before.
        """
        self._mind_the_clock(now)
        live = frozenset(i.id for i in incidents)
        ignored = self.ledger.ignored(now)
        told = []
        for bare in incidents:
            if bare.subject in ignored:
                self._views[bare.id] = None, now
                continue
            self.state.seen.setdefault(bare.id, now)
            if self._wants_a_look(bare, len(incidents), now):
                self._views.pop(bare.id, None)
                if self._look_at(bare, ignored, now):
                    self._views[bare.id] = self._view(bare), now
            told.append(self.with_actions(bare))
        self._expire(now)
        # A notice tells the outcome of what is being done.
        decided = [i for i in told if not self._is_under_way(i, now)]
        if self.settings.notify:
            alive = sum(incident.closed is None for incident in incidents)
            self.outbox.beat(self.settings.health.heartbeat, alive, now)
        self.outbox.tell(decided, self.settings.notify, now)
        self._forget(incidents, live, now)
        self._prune(now)

    def with_actions(self, incident: Incident) -> Incident:
        """Return *incident* with what was done, or would be, about it."""
        done = tuple(deed.action for deed in self.ledger.of(incident.id))
        routed = any(a.verb in ROUTING for a in done)
        planned = () if routed else self._plans.get(incident.id, ())
        return structs.replace(
            incident, actions=(*done, *planned, *self._programs.planned(incident.id))
        )

    def has_more_to_do(self, incident: str) -> bool:
        """Say whether something is due for *incident* that found no room at the last look."""
        return incident not in self._views

    async def close(self) -> bool:
        """Let running tasks end, shortly; say whether all did.

        What is left is found and finished at the next start.
        """
        return await self._tasks.close()

    def _mind_the_clock(self, now: datetime) -> None:
        """After the clock was set back, nothing that is remembered may lie in the future."""
        last, self._last = self._last, now
        if last is not None and now >= last:
            return
        state = self.state
        state.seen = {key: min(at, now) for key, at in state.seen.items()}
        state.asked = {key: at for key, at in state.asked.items() if at <= now}
        state.sent = [at for at in state.sent if at <= now]
        self._views.clear()
        self._held.clear()

    def _view(self, incident: Incident) -> object:
        closed = incident.closed, incident.returns
        return incident.state, closed, incident.verdict, self.ledger.of(incident.id)

    def _wants_a_look(self, incident: Incident, count: int, now: datetime) -> bool:
        """Say whether *incident* changed, or was not looked at for as long as their number asks."""
        view, at = self._views.get(incident.id, (None, now))
        return view != self._view(incident) or now - at >= timedelta(seconds=count / LOOKS_A_SECOND)

    def _look_at(self, bare: Incident, ignored: frozenset[str], now: datetime) -> bool:
        """Begin what is due for one incident; say whether there was room for all of it."""
        incident = self.with_actions(bare)
        occasions = ["opened"]
        if incident.kind is IncidentKind.LOOP and incident.closed is None:
            self._ask(incident, now)
            self._respond(incident, ignored, now)
            incident = self.with_actions(bare)
        if incident.state is IncidentState.CONFIRMED:
            occasions.append("confirmed")
        if any(a.state is ActionState.DONE and a.verb in ROUTING for a in incident.actions):
            occasions.append("acted")
        if incident.closed is not None:
            occasions.append("closed")
        started = [self._programs.run(incident, on, self.settings, now) for on in occasions]
        return all(started)

    # DNS

    def _ask(self, incident: Incident, now: datetime) -> None:
        wait = self._prover.wait_for(incident.verdict)
        if wait is not None:
            self._ask_about(incident.subject, wait, now)

    def _ask_about(self, domain: str, wait: timedelta, now: datetime) -> None:
        asked = self.state.asked.get(domain)
        if (asked is None or now - asked >= wait) and self._tasks.begin(
            f"dns {domain}", self._prove(domain)
        ):
            self.state.asked[domain] = now

    def suspect(self, domain: str) -> None:
        """Ask DNS about *domain*: no incident yet, but only DNS can tell whether it is one.

        Senders choose such domains: while many questions wait, no more of them are asked.
        """
        if self._tasks.count("dns ") < QUESTIONS_WAITING:
            self._ask_about(domain, self._prover.again, self._prover.now())

    async def _prove(self, domain: str) -> None:
        async with self._asking:
            heard = self._store.confirmations(domain=domain)
            verdict, confirmations = await self._prover.ask(domain, heard)

        def write(t: Transaction) -> None:
            for confirmation in confirmations:
                t.add_confirmation(confirmation)

        self.ledger.record(write)
        self._judge(verdict)

    # Maps

    def _respond(self, incident: Incident, ignored: frozenset[str], now: datetime) -> None:
        if incident.verdict is None:
            return
        actions = plan(
            incident,
            settings=self.settings,
            site=self.site,
            now=now,
            past=self.ledger.routing(),
            confirmations=self._store.confirmations(domain=incident.subject),
            mta=self.mta,
            ignored=ignored,
            maps=frozenset(self._maps),
        )
        self._plans[incident.id] = tuple(a for a in actions if a.state in _IDLE)
        for action in actions:
            if action.state is ActionState.RUNNING and f"act {action.id}" not in self._tasks:
                self._do(action, self._route(action))

    def _do(self, action: Action, work: Coroutine[Any, Any, None]) -> None:
        """Write the intent down, then begin."""
        try:
            self.ledger.intend(action)
        except LogwatchError as error:
            work.close()
            self._log(f"{action.id}: not done, its intent could not be written: {error}")
            return
        self._tasks.begin(f"act {action.id}", work)

    async def _route(self, action: Action) -> None:
        route = self._maps.get(self.mta) if self.mta else None
        if route is not None:
            outcome = await asyncio.to_thread(act, action, route, self._prover.now())
            self._finish(outcome, action)

    def _finish(self, outcome: Outcome, action: Action) -> None:
        self.ledger.record(lambda t: t.finish_action(outcome), action.incident)
        self._log(f"{outcome.action}: {outcome.state.value}: {outcome.said}".rstrip(": "))

    def _expire(self, now: datetime) -> None:
        """End what is to end, and ask about what is in force."""
        soon = self._upkeep.look(
            now, self._maps.get(self.mta) if self.mta else None, self.site, self.settings
        )
        for domain, is_soon in soon.items():
            wait = self._prover.soon if is_soon else self._prover.again
            self._ask_about(domain, wait, now)

    def _is_under_way(self, incident: Incident, now: datetime) -> bool:
        """Say whether something is being done about *incident*, or waits for the second answer."""
        if any(f"act {a.id}" in self._tasks for a in incident.actions if a.verb in ROUTING):
            return True
        plans = self._plans.get(incident.id, ()) if self._maps and incident.closed is None else ()
        if self.settings.mode != "act" or not any(a.why.startswith(Why.SECOND) for a in plans):
            self._held.pop(incident.id, None)
            return False
        return now - self._held.setdefault(incident.id, now) < PATIENCE

    # Bounds

    def _forget(self, incidents: Sequence[Incident], live: frozenset[str], now: datetime) -> None:
        """Drop what is remembered of incidents that are gone: nothing grows without bound."""
        known = live.union(self.ledger.incidents())
        for memory in (self.state.seen, self.state.told, self._plans, self._views, self._held):
            for key in [k for k in memory if k not in known]:
                del memory[key]
        self._programs.forget(known)
        if len(self.state.asked) > len(incidents):
            names = {i.subject for i in incidents}
            names |= {d.action.target for d in self.ledger.routing()}
            # One about which there is no incident is asked again no sooner for being forgotten.
            old = now - self._prover.again
            for domain in [d for d, at in self.state.asked.items() if d not in names and at < old]:
                del self.state.asked[domain]

    def _prune(self, now: datetime) -> None:
        """Once a day, and when we begin, delete what is too old."""
        if self._pruned is None or abs(now - self._pruned) >= PRUNE_EVERY:
            self._pruned = now
            self._store.prune(now)


_IDLE = frozenset({ActionState.PLANNED, ActionState.SKIPPED})
