"""Random lives of a daemon: whatever happens in them, the map ends as the set of live actions.

The desk, the state and the maps are the real ones. DNS, the clock and the programs that write the
maps are played; each of their steps may be the one at which the process is killed or fails.
"""

import asyncio
import json
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import structs

from logwatch_mx.app.desk import Desk
from logwatch_mx.app.memory import DeskState
from logwatch_mx.app.proof import believe
from logwatch_mx.cli.undo import _take_back as undo
from logwatch_mx.config.settings import Dns, LoopSettings, Respond, Settings
from logwatch_mx.errors import EffectError, LogwatchError
from logwatch_mx.model.action import ActionState
from logwatch_mx.model.deed import Confirmation
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import Cause, Incident, IncidentKind, IncidentState, Signals
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import LOOPS, REFUTES, Outcome, Verdict
from logwatch_mx.respond.plan import ROUTING
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.recover import recover
from logwatch_mx.respond.sendmail import SendmailMap
from logwatch_mx.respond.sendmail_text import word_of
from logwatch_mx.respond.transport import route_of
from logwatch_mx.state.store import Store

# What a kill cuts off is never awaited; a real one leaves nobody to complain.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

DOMAINS = ("seaton.biz", "loop.test", "xn--bcher-kva.example", "gmail.com", "sub.home.test")
NEVER = {"gmail.com", "sub.home.test"}  # a provider's, and our own
RESOLVERS = ("9.9.9.9:53", "1.1.1.1:53")
DNS = Dns(second_opinion=RESOLVERS[1:])
SITE = Site(domains=frozenset({"home.test"}), parents=frozenset({"home.test"}))
SAID = (
    Outcome.LOOPBACK,
    Outcome.LOOPBACK,
    Outcome.PARTIAL,
    Outcome.HEALTHY,
    Outcome.NO_SUCH_DOMAIN,
    Outcome.FILTERED,
    Outcome.UNANSWERED,
)
PASSES = (1, 61, 600, 3600, 90_000)  # seconds
domains = st.sampled_from(DOMAINS)
some = st.lists(domains, min_size=1, max_size=3, unique=True)


class Killed(BaseException):
    """The process is gone: no handler of its own sees this."""


class Fuse:
    """Burns down with every step; then the process is dead, or some steps fail."""

    def __init__(self):
        self.left, self.kills, self.failures = None, False, 0

    def light(self, steps, *, kills, failures=1):
        self.left, self.kills, self.failures = steps, kills, failures

    def step(self):
        if self.left is None:
            return
        self.left -= 1
        if self.left > 0:
            return
        if self.kills:
            raise Killed
        self.failures -= 1
        if self.failures <= 0:
            self.left = None
        raise EffectError("the disk failed")

    @property
    def burnt(self):
        return self.left is not None and self.left <= 0

    @contextmanager
    def out(self):
        """Look without a risk: this is the test, not the daemon."""
        left, self.left = self.left, None
        yield
        self.left = left


class MapFile:
    """postmap and makemap: a live file of rows, changed in one piece."""

    def __init__(self, fuse, ending):
        self.fuse, self.ending = fuse, ending

    def _live(self, path):
        return path.with_name(path.name + self.ending)

    def _write(self, path, rows):
        self.fuse.step()
        self._live(path).write_text(json.dumps(rows))
        self.fuse.step()

    def contents(self, path):
        self.fuse.step()
        return json.loads(self._live(path).read_text())


class Postmap(MapFile):
    def build(self, path):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        self._write(path, dict(line.split("\t", 1) for line in lines))

    def put(self, path, key, value):
        self._write(path, {**self.contents(path), key: value})

    def drop(self, path, key):
        self._write(path, {k: v for k, v in self.contents(path).items() if k != key})

    def query(self, path, key):
        return self.contents(path).get(key)


class Makemap(MapFile):
    def build(self, path, rows):
        self._write(path, dict(rows))


class RenamedPostmap(MapFile):
    """postmap for a table that is built beside the live one."""

    kind = "hash"

    def file(self, path):
        return self._live(path)

    def build(self, path):
        lines = path.read_text().splitlines()
        rows = (line.split("\t", 1) for line in lines if not line.startswith("#"))
        self._write(path, dict(rows))

    def query(self, path, key):
        return self.contents(path).get(key)


class StoreOnFuse(Store):
    fuse = None

    @contextmanager
    def transaction(self):
        with super().transaction() as t:
            yield t
            self.fuse.step()
        # Killed here, all is written; a failure that was told is one that wrote nothing.
        if self.fuse.kills:
            self.fuse.step()


class World:
    """DNS and the clock."""

    soon, again = timedelta(seconds=61), timedelta(minutes=10)

    def __init__(self):
        self.time = datetime.now(UTC)
        self.says = dict.fromkeys(DOMAINS, (Outcome.LOOPBACK, Outcome.LOOPBACK))

    def now(self):
        return self.time

    def wait_for(self, verdict):
        known = verdict is not None and verdict.outcome in LOOPS | REFUTES
        return self.again if known else self.soon

    async def ask(self, domain, heard=()):
        verdicts = [
            Verdict(domain=domain, outcome=outcome, resolver=resolver)
            for resolver, outcome in zip(RESOLVERS, self.says[domain], strict=True)
        ]
        answers = tuple(
            Confirmation(domain=domain, resolver=v.resolver, outcome=v.outcome, at=self.time)
            for v in verdicts
        )
        return believe(verdicts, (*heard, *answers), self.time), answers


class Lives(RuleBasedStateMachine):
    flavour = Mta.POSTFIX

    def __init__(self):
        super().__init__()
        # A disk in memory, where there is one: every change is synced, and there are thousands.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(dir=memory))
        self.world, self.fuse = World(), Fuse()
        self.incidents, self.opened = {}, 0
        self.settings = Settings(mode="act", dns=DNS)
        self.store, self.loop, self.trouble = None, None, False
        self.read = {}  # by a Postfix that must be told to
        self.start()

    # -- the daemon's process

    def start(self):
        """Start as the daemon does: open the state, mend the map, make both agree."""
        self.loop = asyncio.new_event_loop()
        # One at a time: a life that failed fails again when it is played again.
        self.loop.set_default_executor(ThreadPoolExecutor(1))
        self.store = StoreOnFuse.open(self.folder / "state.db")
        self.store.fuse = self.fuse
        path = self.folder / "map"
        if self.flavour is Mta.POSTFIX:
            self.route = PostfixMap(path)
            self.route.live.tool = Postmap(self.fuse, ".lmdb")
        elif self.flavour == "hash":
            self.route = PostfixMap(path, kind="hash", reload=self.reload)
            self.route.live.tool = RenamedPostmap(self.fuse, ".db")
        else:
            self.route = SendmailMap(path)
            self.route.live.maker = Makemap(self.fuse, ".db")
            self.route.live.ask = lambda domain, word: self.fuse.step()
        if self.settings.mode == "act" or path.exists():
            self.route.mend()
        steps = recover(
            self.store.actions(),
            self.route.entries(),
            now=self.world.time,
            acting=self.settings.mode == "act",
            expiry=self.settings.respond.expiry,
        )
        for step in steps:
            if step.adopt:
                with self.store.transaction() as t:
                    t.add_action(step.action)
            if step.take_back:
                self.route.unset(step.action.target)
            with self.store.transaction() as t:
                t.finish_action(step.outcome)
        self.desk = Desk(
            settings=self.settings,
            site=SITE,
            store=self.store,
            state=DeskState(),
            prover=self.world,
            maps={Mta(self.flavour.replace("hash", "postfix")): self.route},
            judge=self.judge,
            log=lambda _: None,
            stirred=lambda: None,
        )
        # What fails from now on may leave something to the next start, and one that only observes
        # mends nothing.
        failing = self.fuse.left is not None and not self.fuse.kills
        self.trouble = failing or (self.trouble and self.settings.mode != "act")

    def reload(self):
        """What a renamed table needs before Postfix reads it."""
        self.fuse.step()
        self.read = json.loads((self.folder / "map.db").read_text())
        self.fuse.step()

    def stop(self):
        """End the process as a kill does: nothing more is written."""
        if self.loop is not None:
            self.loop.run_until_complete(self._end_tasks())
            self.loop.close()
            self.loop = None
        if self.store is not None:
            self.store.close()
            self.store = None

    async def _end_tasks(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_default_executor()

    def restart(self):
        """Start until a start succeeds: a process that dies is started again by systemd."""
        while True:
            self.stop()
            try:
                return self.start()
            except (Killed, LogwatchError):
                self.fuse.left = None

    def judge(self, verdict):
        incident = self.incidents.get(verdict.domain)
        if incident is not None and incident.closed is None:
            state = IncidentState.SUSPECTED
            if verdict.outcome in LOOPS:
                state = IncidentState.CONFIRMED
            elif verdict.outcome in REFUTES:
                state = IncidentState.REFUTED
            self.incidents[verdict.domain] = structs.replace(incident, verdict=verdict, state=state)

    async def _round(self):
        self.desk.ledger.refresh([i.id for i in self.incidents.values()], self.world.time)
        self.desk.look(tuple(self.incidents.values()), self.world.time)
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)  # their callbacks may begin more

    def round(self):
        """Let the desk look once, and wait for all that it began."""
        try:
            self.loop.run_until_complete(self._round())
        except LogwatchError:
            self.trouble = True
        except Killed:
            pass
        self.world.time += timedelta(seconds=1)
        if self.fuse.burnt and self.fuse.kills:
            self.restart()

    # -- what may happen

    @rule(names=some, passes=st.integers(0, 50))
    def loops_are_found(self, names, passes):
        now = self.world.time
        for domain in names:
            self.opened += 1
            self.incidents[domain] = Incident(
                id=f"loop/{domain}/{now:%Y-%m-%dT%H:%M:%SZ}-{self.opened}",
                kind=IncidentKind.LOOP,
                subject=domain,
                opened=now,
                first=now,
                last=now,
                signals=Signals(self_delivery=passes),
                cause=Cause.THEIRS,
            )
        self.round()
        self.round()

    @rule(names=some)
    def loops_that_nobody_doubts_are_found(self, names):
        self.world.says |= dict.fromkeys(names, (Outcome.LOOPBACK, Outcome.LOOPBACK))
        self.loops_are_found(names, 48)

    @rule(domain=domains, first=st.sampled_from(SAID), second=st.sampled_from(SAID))
    def dns_says_something_else(self, domain, first, second):
        self.world.says[domain] = (first, second)

    @rule(domain=domains)
    def the_mx_is_mended(self, domain):
        self.world.says[domain] = (Outcome.HEALTHY, Outcome.HEALTHY)

    @rule(seconds=st.sampled_from(PASSES), rounds=st.integers(1, 3))
    def time_passes(self, seconds, rounds):
        self.world.time += timedelta(seconds=seconds)
        for _ in range(rounds):
            self.round()

    @rule(domain=domains)
    def the_incident_is_over(self, domain):
        if incident := self.incidents.get(domain):
            self.incidents[domain] = structs.replace(incident, closed=self.world.time)
            self.round()

    @rule(domain=domains)
    def the_operator_ignores_it(self, domain):
        now = self.world.time
        with Store.open(self.folder / "state.db", daemon=False) as store, store.transaction() as t:
            t.ignore(domain, until=now + timedelta(hours=2), at=now)

    @rule(domain=st.sampled_from((None, *DOMAINS)), remembers=st.booleans())
    def the_operator_undoes_it(self, domain, remembers):
        with self.fuse.out():
            entries = [e for e in self.route.in_force().values() if domain in {None, e.domain}]
        actions = [
            a
            for a in self.store.actions()
            if a.verb in ROUTING and domain in {None, a.target} and remembers
        ]
        try:
            _, faults = undo(
                [self.route], entries, actions, self.store if remembers else None, force=False
            )
        except Killed:
            return self.restart()
        self.trouble |= bool(faults)
        if not faults:
            live = self.live()
            assert not live if domain is None else domain not in live
        if not remembers:  # the daemon is told by nobody but the map
            for _ in range(2):
                self.world.time += timedelta(seconds=61)
                self.round()
        return None

    @rule(steps=st.integers(1, 40))
    def a_kill_is_near(self, steps):
        self.fuse.light(steps, kills=True)

    @rule(steps=st.integers(1, 30), failures=st.integers(1, 6))
    def the_disk_will_fail(self, steps, failures):
        self.fuse.light(steps, kills=False, failures=failures)
        self.trouble = True

    @rule()
    def the_daemon_is_started_again(self):
        self.restart()

    @rule(
        mode=st.sampled_from(("act", "act", "observe")),
        action=st.sampled_from(("pause", "reject", "discard", "none")),
        most=st.integers(1, 3),
    )
    def the_settings_change(self, mode, action, most):
        self.settings = Settings(
            mode=mode,
            dns=DNS,
            loop=LoopSettings(action=action),
            respond=Respond(max_domains_per_hour=most, max_pauses_per_hour=most),
        )
        self.restart()

    @precondition(lambda self: self.live() is not None)
    @rule(domain=domains)
    def the_live_map_loses_an_entry(self, domain):
        """Somebody rebuilt it by hand, or it was put back from a backup."""
        live = self.folder / f"map{self.ending}"
        live.write_text(json.dumps({k: v for k, v in self.live().items() if k != domain}))
        self.read.pop(domain, None)  # and told Postfix
        self.trouble = True

    @rule()
    def the_text_is_lost(self):
        (self.folder / "map").unlink(missing_ok=True)
        self.trouble = True

    # -- what must hold

    @property
    def ending(self):
        return ".lmdb" if self.flavour is Mta.POSTFIX else ".db"

    def live(self):
        path = self.folder / f"map{self.ending}"
        return json.loads(path.read_text()) if path.exists() else None

    def wanted(self):
        value = word_of if self.flavour is Mta.SENDMAIL else route_of
        with self.fuse.out():
            return {entry.domain: value(entry) for entry in self.route.entries().values()}

    def in_force(self):
        return sorted(
            action.target
            for action in self.store.actions()
            if action.verb in ROUTING and action.state in {ActionState.DONE, ActionState.RUNNING}
        )

    @invariant()
    def nobody_is_harmed(self):
        assert not NEVER.intersection(self.live() or {})

    @invariant()
    def nothing_is_begun_in_vain(self):
        for domain in self.live() or {}:
            assert any(a.target == domain for a in self.store.actions() if a.verb in ROUTING)

    @invariant()
    def map_text_and_memory_agree(self):
        if not self.trouble:
            assert (self.live() or {}) == self.wanted()
            assert sorted(self.wanted()) == self.in_force()
            if self.flavour == "hash":
                assert self.read == self.wanted()

    def teardown(self):
        try:
            self.fuse.left = None
            self.settings = structs.replace(self.settings, mode="act")
            self.restart()
            assert sorted(self.live()) == self.in_force()
            self.map_text_and_memory_agree()
            # In the end every MX is good, and all mail flows.
            self.world.says = dict.fromkeys(DOMAINS, (Outcome.HEALTHY, Outcome.HEALTHY))
            for _ in range(2):
                self.world.time += timedelta(minutes=11)
                self.round()
                self.round()
            assert self.in_force() == []
            assert self.live() == {}
            assert self.store.unfinished_actions() == ()
        finally:
            self.stop()
            shutil.rmtree(self.folder)


class SendmailLives(Lives):
    flavour = Mta.SENDMAIL


class HashLives(Lives):
    flavour = "hash"


def live_through(lives, number):
    rules = hypothesis_settings(
        max_examples=number,
        stateful_step_count=30,
        deadline=None,
        print_blob=True,
        database=None,
        # To explain a failure every line is traced, which is many times slower before Python 3.12.
        phases=(Phase.generate, Phase.shrink),
    )
    run_state_machine_as_test(lives, settings=rules)


@pytest.mark.parametrize("lives", [Lives, SendmailLives, HashLives])
def test_the_map_ends_as_the_set_of_live_actions(lives):
    live_through(lives, 40)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("lives", [Lives, SendmailLives, HashLives])
def test_the_map_ends_as_the_set_of_live_actions_in_two_thousand_one_hundred_lives(lives):
    live_through(lives, 700)
