"""The outbox: notices on their way to people.

Contract
1. What is due is written down before it is sent, and what of it was told with it; a notice is
   queued once, whatever happens.
2. Each target gets its notices in order. One that is down holds up its own only: a notice that it
   did not take is tried again after a pause that doubles up to an hour.
3. A target that took a notice does not get it again. Only when it gave no answer in time, or this
   program was killed before one came, can nobody know: it is sent again, and says so.
4. No more than ``WAITING`` notices wait: of a target that is down for days, the oldest give way.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec import structs

from logwatch_mx.app.ledger import Ledger
from logwatch_mx.app.memory import DeskState
from logwatch_mx.app.tasks import Tasks
from logwatch_mx.config.settings import NotifyTarget
from logwatch_mx.model.incident import Incident
from logwatch_mx.model.notice import Notice, NoticeKind
from logwatch_mx.notify.compose import compose
from logwatch_mx.notify.digest import Due, due, remember
from logwatch_mx.notify.heartbeat import heartbeat
from logwatch_mx.notify.send import ALWAYS, NotDeliveredError, prepare, send
from logwatch_mx.state.transaction import Transaction

RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
WAITING = 500
#: Stands first in a notice that may have arrived already.
PERHAPS_TWICE = "(You may have this already: when it was sent before, no answer came.)"
#: Under these names of ``meta``: what was told of which incident, and who has which notice.
_TOLD = "told"
_TAKEN = "taken"


class Outbox:
    """Decides what is due, queues it and sends it; *state* is saved with the engine as well.

    *host*: what people call this machine.
    """

    def __init__(
        self,
        ledger: Ledger,
        state: DeskState,
        tasks: Tasks,
        *,
        log: Callable[[str], None],
        now: Callable[[], datetime],
        host: str = "",
    ) -> None:
        self._ledger = ledger
        self._store = ledger.store
        self._state = state
        self._tasks = tasks
        self._log = log
        self._now = now
        self._host = host
        self._beat = ""
        self._waiting: list[Notice] | None = None
        self._retry: dict[str, tuple[datetime, timedelta]] = {}
        # Notices by key, of which targets (by mark) have begun or ended to take them.
        self._taken: dict[str, dict[str, bool]] = json.loads(self._store.meta(_TAKEN) or "{}")
        self._cut_off = {
            (key, mark)
            for key, marks in self._taken.items()
            for mark, ended in marks.items()
            if not ended
        }
        # Written with every notice, and so newer than what was saved with the engine.
        for incident, kinds in json.loads(self._store.meta(_TOLD) or "{}").items():
            state.told[incident] = [NoticeKind(kind) for kind in kinds]

    @property
    def waiting(self) -> int:
        """Return how many notices wait to be taken by somebody."""
        return len(self._waiting or ())

    def tell(
        self, incidents: Sequence[Incident], targets: Sequence[NotifyTarget], now: datetime
    ) -> None:
        """Queue what is due about *incidents* and send what waits."""
        if not targets:
            return
        state = self._state
        state.sent = [at for at in state.sent if now - timedelta(hours=1) < at <= now]
        for one in due(incidents, told=state.told, seen=state.seen, recent=state.sent, now=now):
            self._queue(one, now)
        self._send_all(targets, now)

    def beat(self, every: timedelta | None, incidents: int, now: datetime) -> None:
        """Queue the notice that we are alive, once in each *every*."""
        if every is None:
            return
        notice = heartbeat(every, incidents=incidents, at=now, host=self._host)
        if notice.key == self._beat:
            return
        with self._store.transaction() as t:
            is_new = t.add_notice(notice)
        self._beat = notice.key
        if is_new and self._waiting is not None:
            self._waiting.append(notice)

    def _queue(self, one: Due, now: datetime) -> None:
        notice = compose(one, now, self._host)
        told = {**self._state.told}
        for incident in one.incidents:
            told[incident.id] = remember(told.get(incident.id, []), one.kind)
        with self._store.transaction() as t:
            is_new = t.add_notice(notice)
            t.save_meta(_TOLD, json.dumps(told))
        self._state.told = told
        self._state.sent.append(now)
        if is_new and self._waiting is not None:
            self._waiting.append(notice)

    def _send_all(self, targets: Sequence[NotifyTarget], now: datetime) -> None:
        if self._waiting is None:
            self._waiting = list(self._store.pending_notices())
            keys = {notice.key for notice in self._waiting}
            self._taken = {key: marks for key, marks in self._taken.items() if key in keys}
        while len(self._waiting) > WAITING:
            self._drop(self._waiting[0], "too many wait")
        for notice in list(self._waiting):
            taken = self._taken.get(notice.key, {})
            if all(taken.get(_mark(t)) for t in targets if _wants(t, notice)):
                self._drop(notice, "")
        for target in targets:
            mark = _mark(target)
            until, pause = self._retry.get(mark, (now, RETRY))
            # A clock that was set back must not make a pause longer.
            if now < until <= now + pause:
                continue
            for notice in self._waiting:
                if _wants(target, notice) and not self._taken.get(notice.key, {}).get(mark):
                    self._tasks.begin(f"notices {mark}", self._send(notice, target))
                    break  # in order: the next one goes when this one is out

    def _drop(self, notice: Notice, why: str) -> None:
        """Let *notice* wait no longer: everybody has it, or *why* not."""
        if self._waiting is not None and notice in self._waiting:
            self._waiting.remove(notice)
        self._taken.pop(notice.key, None)
        self._cut_off = {pair for pair in self._cut_off if pair[0] != notice.key}
        if why:
            self._log(f"notice {notice.key}: given up: {why}")
        at, taken = self._now(), json.dumps(self._taken)

        def write(t: Transaction) -> None:
            t.mark_sent(notice.key, at)
            t.save_meta(_TAKEN, taken)

        self._ledger.record(write)

    async def _send(self, notice: Notice, target: NotifyTarget) -> None:
        mark = _mark(target)
        again = (notice.key, mark) in self._cut_off
        body = f"{PERHAPS_TWICE}\n{notice.body}" if again else notice.body
        await prepare(target.url)
        # Written first: a restart must know that this one may have arrived.
        self._taken.setdefault(notice.key, {})[mark] = False
        with self._store.transaction() as t:
            t.save_meta(_TAKEN, json.dumps(self._taken))
        try:
            await send(structs.replace(notice, body=body), (target,))
        except NotDeliveredError as error:
            if error.unanswered:
                self._cut_off.add((notice.key, mark))
            if not error.retry:
                self._took(notice, mark)
                self._log(f"notice {notice.key}: {error}; not tried again")
                return
            # What may have arrived once may have, whatever came of the tries after it.
            if (notice.key, mark) not in self._cut_off:
                self._taken.get(notice.key, {}).pop(mark, None)
            _, pause = self._retry.get(mark, (self._now(), RETRY))
            self._retry[mark] = self._now() + pause, min(pause * 2, LONGEST_RETRY)
            self._log(f"notice {notice.key}: {error}; next try in {pause}")
            taken = json.dumps(self._taken)

            def write(t: Transaction) -> None:
                t.mark_tried(notice.key)
                t.save_meta(_TAKEN, taken)

            self._ledger.record(write)
            return
        self._retry.pop(mark, None)
        self._took(notice, mark)

    def _took(self, notice: Notice, mark: str) -> None:
        self._cut_off.discard((notice.key, mark))
        self._taken.setdefault(notice.key, {})[mark] = True
        taken = json.dumps(self._taken)
        self._ledger.record(lambda t: t.save_meta(_TAKEN, taken))


def _wants(target: NotifyTarget, notice: Notice) -> bool:
    return notice.kind in ALWAYS or notice.kind.value in target.on


def _mark(target: NotifyTarget) -> str:
    """Return what tells *target* from others; too short for its URL to be guessed by it."""
    return blake2b(target.url.encode(), digest_size=3).hexdigest()
