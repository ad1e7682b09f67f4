"""The desk: looks at all incidents again and again, and does what is due.

Reading never waits for it: DNS, maps, hooks and notices are tasks, each at most once at a time.
What is done is decided elsewhere (``respond.plan``, ``notify.digest``); written down before, and
its outcome after.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import json, structs

from logwatch_mx.app.memory import DeskState
from logwatch_mx.app.proof import Prover
from logwatch_mx.config.settings import Hook, Settings
from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.action import Action, ActionState, Outcome
from logwatch_mx.model.deed import Deed
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import Incident, IncidentKind, IncidentState
from logwatch_mx.model.notice import Notice
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Verdict
from logwatch_mx.notify.compose import compose
from logwatch_mx.notify.digest import due
from logwatch_mx.notify.send import send
from logwatch_mx.report.shape import shape_incident
from logwatch_mx.respond.act import act, take_back
from logwatch_mx.respond.command import hook_environment, run_hook
from logwatch_mx.respond.lift import ask_again, in_force, lift
from logwatch_mx.respond.plan import ROUTING, plan
from logwatch_mx.respond.plan_hooks import plan_hooks
from logwatch_mx.respond.route import RouteMap
from logwatch_mx.state.store import Store

#: A notice that could not be sent is tried again after this long, doubled with each try up to an
#: hour.
RETRY_NOTICE = timedelta(seconds=30)
HOOKS_AT_ONCE = 4

Log = Callable[[str], None]


class Desk:
    """Everything that is done about incidents; *judge* hands a verdict back to the engine."""

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
        log: Log,
    ) -> None:
        self.settings = settings
        self.site = site
        self.state = state
        self.mta: Mta | None = next(iter(maps), None)
        self._store = store
        self._prover = prover
        self._maps = dict(maps)
        self._judge = judge
        self._log = log
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._hooks = asyncio.Semaphore(HOOKS_AT_ONCE)
        self._plans: dict[str, tuple[Action, ...]] = {}
        self._hooks_planned: dict[str, dict[str, tuple[Action, ...]]] = {}
        self._retry: dict[str, datetime] = {}

    def look(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Begin everything that is due for *incidents* at the wall clock's *now*."""
        deeds = self._store.deeds()
        ignored = self._store.ignored(now)
        told = []
        for bare in incidents:
            if bare.subject in ignored:
                continue
            self.state.seen.setdefault(bare.id, now)
            incident = self.with_actions(bare, deeds)
            self._run_hooks(incident, "opened", deeds, now)
            if incident.kind is IncidentKind.LOOP and incident.closed is None:
                self._ask(incident, now)
                self._respond(incident, deeds, ignored, now)
                incident = self.with_actions(bare, self._store.deeds())
            if incident.state is IncidentState.CONFIRMED:
                self._run_hooks(incident, "confirmed", deeds, now)
            if any(a.state is ActionState.DONE and a.verb in ROUTING for a in incident.actions):
                self._run_hooks(incident, "acted", deeds, now)
            if incident.closed is not None:
                self._run_hooks(incident, "closed", deeds, now)
            told.append(self.with_actions(bare, self._store.deeds()))
        self._expire(deeds, now)
        self._tell([i for i in told if not self._is_acting(i)], now)
        self._forget(incidents, deeds)

    def with_actions(self, incident: Incident, deeds: Sequence[Deed]) -> Incident:
        """Return *incident* with what was done, or would be, about it."""
        done = tuple(d.action for d in deeds if d.action.incident == incident.id)
        routed = any(a.verb in ROUTING for a in done)
        planned = () if routed else self._plans.get(incident.id, ())
        hooks = self._hooks_planned.get(incident.id, {}).values()
        return structs.replace(
            incident, actions=(*done, *planned, *(a for some in hooks for a in some))
        )

    async def close(self) -> None:
        """Let running tasks end, shortly; what is left is found and finished at the next start."""
        tasks = list(self._tasks.values())
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=3)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    @property
    def busy(self) -> int:
        """Return how many tasks are under way."""
        return len(self._tasks)

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> bool:
        """Start *work* unless the same is under way."""
        if name in self._tasks:
            work.close()
            return False
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._ended(name, done))
        return True

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(name, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log(f"{name}: {type(error).__name__}: {error}")

    # DNS

    def _ask(self, incident: Incident, now: datetime) -> None:
        wait = self._prover.wait_for(incident.verdict)
        asked = self.state.asked.get(incident.subject)
        if wait is None or (asked is not None and now - asked < wait):
            return
        if self._begin(f"dns {incident.subject}", self._prove(incident.subject)):
            self.state.asked[incident.subject] = now

    async def _prove(self, domain: str) -> None:
        verdict, confirmations = await self._prover.ask(domain)
        with self._store.transaction() as t:
            for confirmation in confirmations:
                t.add_confirmation(confirmation)
        self._judge(verdict)

    # Maps

    def _respond(
        self, incident: Incident, deeds: Sequence[Deed], ignored: frozenset[str], now: datetime
    ) -> None:
        if incident.verdict is None:
            return
        actions = plan(
            incident,
            settings=self.settings,
            site=self.site,
            now=now,
            past=tuple(deeds),
            confirmations=self._store.confirmations(domain=incident.subject),
            mta=self.mta,
            ignored=ignored,
            maps=frozenset(self._maps),
        )
        self._plans[incident.id] = tuple(a for a in actions if a.state in _IDLE)
        for action in actions:
            if action.state is ActionState.RUNNING:
                self._do(action, self._route(action))

    def _do(self, action: Action, work: Coroutine[Any, Any, None]) -> None:
        """Write the intent down, then begin."""
        if f"act {action.id}" in self._tasks:
            work.close()
            return
        try:
            with self._store.transaction() as t:
                t.add_action(action)
        except LogwatchError as error:
            work.close()
            self._log(f"{action.id}: not done, its intent could not be written: {error}")
            return
        self._begin(f"act {action.id}", work)

    async def _route(self, action: Action) -> None:
        route = self._maps.get(self.mta) if self.mta else None
        if route is not None:
            self._finish(await asyncio.to_thread(act, action, route, self._prover.now()))

    def _finish(self, outcome: Outcome) -> None:
        with self._store.transaction() as t:
            t.finish_action(outcome)
        self._log(f"{outcome.action}: {outcome.state.value}: {outcome.said}".rstrip(": "))

    def _is_acting(self, incident: Incident) -> bool:
        """Say whether an action of *incident* is under way: the notice tells its outcome."""
        return any(f"act {a.id}" in self._tasks for a in incident.actions if a.verb in ROUTING)

    # Expiry

    def _expire(self, deeds: Sequence[Deed], now: datetime) -> None:
        soon = ask_again(deeds, now)
        for domain in {d.action.target for d in deeds if in_force(d)}:
            wait = self._prover.soon if domain in soon else self._prover.again
            asked = self.state.asked.get(domain)
            if (asked is None or now - asked >= wait) and self._begin(
                f"dns {domain}", self._prove(domain)
            ):
                self.state.asked[domain] = now
        answers = self._store.confirmations(since=now - timedelta(hours=1))
        for one in lift(deeds, confirmations=answers, now=now, more=self.settings.respond.expiry):
            if one.goes_on_until is not None:
                with self._store.transaction() as t:
                    t.extend_action(one.action.id, one.goes_on_until, now)
            elif one.ends is not None:
                self._begin(f"act {one.action.id}", self._take_back(one.action, one.ends))

    async def _take_back(self, action: Action, outcome: Outcome) -> None:
        route = self._maps.get(self.mta) if self.mta else None
        if route is None:
            return
        ended = await asyncio.to_thread(take_back, action, route, outcome)
        if ended is not None:
            self._finish(ended)

    # Hooks

    def _run_hooks(self, incident: Incident, on: str, deeds: Sequence[Deed], now: datetime) -> None:
        wanted = plan_hooks(incident, on=on, settings=self.settings, now=now, past=deeds)
        planned = []
        for hook, action in wanted:
            if action.state is ActionState.RUNNING:
                self._do(action, self._hook(action, hook, incident, on))
            else:
                planned.append(action)
        self._hooks_planned.setdefault(incident.id, {})[on] = tuple(planned)

    async def _hook(self, action: Action, hook: Hook, incident: Incident, on: str) -> None:
        text = json.encode(shape_incident(incident))
        run = await run_hook(hook, text, env=hook_environment(incident, on), limit=self._hooks)
        said = f"{run.said} (it asks to be run again later)" if run.retry else run.said
        self._finish(Outcome(action=action.id, state=run.state, said=said, at=self._prover.now()))

    # Notices

    def _tell(self, incidents: Sequence[Incident], now: datetime) -> None:
        if not self.settings.notify:
            return
        told = {key: frozenset(kinds) for key, kinds in self.state.told.items()}
        self.state.sent = [at for at in self.state.sent if now - at < timedelta(hours=1)]
        for notice in due(
            incidents, told=told, seen=self.state.seen, recent=self.state.sent, now=now
        ):
            with self._store.transaction() as t:
                t.add_notice(compose(notice, now))
            for incident in notice.incidents:
                self.state.told.setdefault(incident.id, []).append(notice.kind)
            self.state.sent.append(now)
        for pending in self._store.pending_notices():
            if self._retry.get(pending.key, now) <= now:
                self._begin("notices", self._send(pending))
                break  # in order: the next one goes when this one is out

    async def _send(self, notice: Notice) -> None:
        try:
            await send(notice, self.settings.notify)
        except LogwatchError as error:
            with self._store.transaction() as t:
                t.mark_tried(notice.key)
            tries = self._store.tries(notice.key)
            wait = min(RETRY_NOTICE * 2 ** min(tries - 1, 10), timedelta(hours=1))
            self._retry[notice.key] = self._prover.now() + wait
            self._log(f"notice {notice.key}: {error}; next try in {wait}")
            return
        with self._store.transaction() as t:
            t.mark_sent(notice.key, self._prover.now())

    def _forget(self, incidents: Sequence[Incident], deeds: Sequence[Deed]) -> None:
        """Drop what is remembered of incidents that are gone: nothing grows without bound."""
        live = {i.id for i in incidents} | {d.action.incident for d in deeds}
        for memory in (self.state.seen, self.state.told, self._plans, self._hooks_planned):
            for key in [k for k in memory if k not in live]:
                del memory[key]
        names = {i.subject for i in incidents} | {d.action.target for d in deeds}
        for domain in [d for d in self.state.asked if d not in names]:
            del self.state.asked[domain]


_IDLE = frozenset({ActionState.PLANNED, ActionState.SKIPPED})
