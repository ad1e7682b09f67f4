"""The upkeep of what is in force: until when, whether the map still says so, and taking it back.

What decides is pure (``respond.lift``); here are the map and the writing down.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from logwatch_mx.app.ledger import Ledger
from logwatch_mx.app.tasks import Tasks
from logwatch_mx.config.settings import Settings
from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.action import Action, Outcome
from logwatch_mx.model.site import Site
from logwatch_mx.respond.act import take_back
from logwatch_mx.respond.lift import (
    Lift,
    ask_again,
    in_force,
    lift,
    taken_by_hand,
    wrongly_touched,
)
from logwatch_mx.respond.route import RouteMap

#: What is in force is compared so often with what the map says.
WITNESS_EVERY = timedelta(minutes=1)
#: Answers that are older prove nothing.
_HEARD = timedelta(hours=1)

Finish = Callable[[Outcome, Action], None]


class Upkeep:
    """Looks after the deeds of *ledger* that are in force; *finish* writes down how one ended."""

    def __init__(
        self,
        ledger: Ledger,
        tasks: Tasks,
        *,
        finish: Finish,
        log: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._tasks = tasks
        self._finish = finish
        self._log = log
        self._now = now
        self._compared: datetime | None = None
        self._fault = ""

    def look(
        self, now: datetime, route: RouteMap | None, site: Site, settings: Settings
    ) -> dict[str, bool]:
        """End or prolong what is due in the map *route*.

        Return the domains to ask DNS about, and whether it is urgent, since their time runs out.
        """
        if self._compared is None:
            self._compared = now  # the start has made memory and map agree
        deeds = [deed for deed in self._ledger.routing() if in_force(deed)]
        if not deeds:
            return {}
        if route is not None:
            self._compare(now, route, mends=settings.mode == "act")
        heard = self._ledger.store.confirmations(since=now - _HEARD)
        ends = wrongly_touched(deeds, site, settings, now)
        for one in (*ends, *lift(deeds, confirmations=heard, now=now, settings=settings)):
            self._do(one, route, now)
        soon = ask_again(deeds, now)
        return {deed.action.target: deed.action.target in soon for deed in deeds}

    def _do(self, one: Lift, route: RouteMap | None, now: datetime) -> None:
        action, until = one.action, one.goes_on_until
        if until is not None:
            self._ledger.record(lambda t: t.extend_action(action.id, until, now), action.incident)
        elif one.ends is not None and route is not None:
            self._tasks.begin(f"act {action.id}", self._take_back(action, route, one.ends))

    async def _take_back(self, action: Action, route: RouteMap, outcome: Outcome) -> None:
        ended = await asyncio.to_thread(take_back, action, route, outcome)
        if ended is not None:
            self._finish(ended, action)

    def _compare(self, now: datetime, route: RouteMap, *, mends: bool) -> None:
        """Now and then begin to hear the map as a witness of what is in force."""
        if self._compared is None or abs(now - self._compared) >= WITNESS_EVERY:
            self._compared = now
            self._tasks.begin("map", self.hear(route, mends=mends))

    async def hear(self, route: RouteMap, *, mends: bool) -> None:
        """End what is not in the map: ``undo`` without the state leaves no other word.

        *mends*: bring what is live in line with its text before.
        """
        before = self._ledger.routing()  # what comes into force meanwhile is not judged
        try:
            if mends:
                await asyncio.to_thread(route.mend)
            entries = await asyncio.to_thread(route.entries)
        except LogwatchError as error:
            if str(error) != self._fault:
                self._log(str(error))
            self._fault = str(error)
            return
        self._fault = ""
        for gone in taken_by_hand(before, entries, self._now()):
            written = self._ledger.reread(gone.action.incident)
            still = any(d.action.id == gone.action.id and in_force(d) for d in written)
            if still and gone.ends is not None and f"act {gone.action.id}" not in self._tasks:
                self._finish(gone.ends, gone.action)
