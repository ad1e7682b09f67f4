"""The desk with a real state and a clock that is handed in."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from logwatch_mx.app.desk import Desk
from logwatch_mx.app.ledger import Ledger
from logwatch_mx.app.memory import DeskState
from logwatch_mx.app.outbox import WAITING
from logwatch_mx.app.proof import Prover
from logwatch_mx.config.settings import Hook, NotifyTarget, Respond, Settings
from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.action import Action, ActionState, Outcome, Verb
from logwatch_mx.model.deed import Confirmation
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import Cause, Incident, IncidentKind, IncidentState
from logwatch_mx.model.notice import Notice, NoticeKind
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome as DnsOutcome
from logwatch_mx.model.verdict import Verdict
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.route import entry_of
from logwatch_mx.state.store import Store

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: Nothing listens there: what is queued stays queued.
NOBODY = NotifyTarget(url="json://127.0.0.1:1/")


def incident(name="seaton.biz", **words):
    return Incident(
        id=f"loop/{name}/2026-11-23T14:29:10Z",
        kind=IncidentKind.LOOP,
        subject=name,
        opened=NOW,
        first=NOW,
        last=NOW,
        **words,
    )


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "state.db") as one:
        yield one


class Bench:
    """A desk whose questions nobody answers, and who was asked about."""

    def __init__(self, store, maps=None, **settings):
        self.asked = []
        self.said = []
        self.state = DeskState()
        self.now = NOW
        bench = self

        class Deaf(Prover):
            async def ask(self, domain, heard=()):
                bench.asked.append(domain)
                await asyncio.sleep(0)
                raise LogwatchError("no answer")

            def now(self):
                return bench.now

        self.desk = Desk(
            settings=Settings(mode="act", **settings),
            site=Site(),
            store=store,
            state=self.state,
            prover=Deaf([lambda: None], Site(), is_ours=lambda _: False),
            maps=maps or {},
            judge=lambda _: None,
            stirred=lambda: None,
            log=self.said.append,
        )

    async def look(self, incidents, now):
        self.now = now
        self.desk.ledger.refresh([i.id for i in incidents], now)
        self.desk.look(incidents, now)
        for _ in range(5):
            await asyncio.sleep(0)


def test_a_clock_that_is_set_back_by_hours_stops_no_question(store):
    async def story():
        bench = Bench(store)
        await bench.look([incident()], NOW)
        await bench.look([incident()], NOW + timedelta(seconds=5))
        assert bench.asked == ["seaton.biz"]
        await bench.look([incident()], NOW - 5 * HOUR)
        assert bench.asked == ["seaton.biz"] * 2
        await bench.look([incident()], NOW - 5 * HOUR + timedelta(seconds=5))
        assert bench.asked == ["seaton.biz"] * 2

    asyncio.run(story())


def test_a_clock_that_is_set_back_by_hours_holds_back_no_notice(store):
    async def story():
        bench = Bench(store, notify=(NOBODY,))
        await bench.look([incident()], NOW)
        await bench.look([incident()], NOW - 5 * HOUR)
        assert not store.pending_notices()
        await bench.look([incident()], NOW - 5 * HOUR + timedelta(seconds=60))
        assert [n.kind for n in store.pending_notices()] == [NoticeKind.SUSPECTED]
        await bench.desk.close()

    asyncio.run(story())


def test_nothing_is_remembered_of_incidents_that_are_gone(store):
    async def story():
        bench = Bench(store, notify=(NOBODY,), hook=(Hook(command=("/nowhere",), on=("opened",)),))
        many = [incident(f"d{n}.test") for n in range(300)]
        for seconds in range(0, 90, 5):
            await bench.look(many, NOW + timedelta(seconds=seconds))
        assert len(bench.state.seen) == 300
        for hours in (2, 4):
            await bench.look([], NOW + hours * HOUR)
        left = bench.state
        assert (left.seen, left.told, left.asked) == ({}, {}, {})
        assert not bench.desk._plans
        assert not bench.desk._views
        await bench.desk.close()

    asyncio.run(story())


def test_so_many_hooks_run_at_once_and_the_others_wait_unwritten(store):
    async def story():
        bench = Bench(store, hook=(Hook(command=("/bin/sleep", "30"), on=("opened",)),))
        many = [incident(f"d{n}.test") for n in range(20)]
        for seconds in range(5):
            await bench.look(many, NOW + timedelta(seconds=seconds))
        assert len(store.unfinished_actions()) == 4
        assert bench.desk.has_more_to_do(many[-1].id)
        await bench.desk.close()

    asyncio.run(story())


def test_hooks_run_again_for_what_was_over_and_comes_back(store, tmp_path):
    def lived(returns, closed):
        return structs.replace(incident(), returns=returns, closed=closed)

    async def story():
        bench = Bench(store, hook=(Hook(command=("/nowhere",), on=("opened", "closed")),))
        life = [lived(0, None), lived(0, NOW), lived(1, None), lived(1, None), lived(1, NOW)]
        for minutes, one in enumerate(life):
            await bench.look([one], NOW + timedelta(minutes=minutes))
            await bench.desk.close()
        return [action.id.partition("#")[2] for action in store.actions()]

    ends = ["opened#1", "closed#1", "opened#1#back1", "closed#1#back1"]
    assert asyncio.run(story()) == [f"command#{end}" for end in ends]


def test_of_too_many_notices_the_oldest_give_way(store):
    async def story():
        with store.transaction() as t:
            for number in range(WAITING + 3):
                t.add_notice(
                    Notice(
                        key=f"{number:04}",
                        incident="x",
                        kind=NoticeKind.SUSPECTED,
                        at=NOW + timedelta(seconds=number),
                        title="t",
                        body="b",
                    )
                )
        bench = Bench(store, notify=(NOBODY,))
        await bench.look([], NOW)
        waiting = [notice.key for notice in store.pending_notices()]
        assert (waiting[0], len(waiting)) == ("0003", WAITING)
        assert bench.said[0] == "notice 0000: given up: too many wait"
        await bench.desk.close()

    asyncio.run(story())


def test_old_rows_are_deleted_once_a_day(store):
    old = Notice(
        key="old",
        incident="x",
        kind=NoticeKind.CLOSED,
        at=NOW - timedelta(days=91),
        title="t",
        body="b",
    )

    async def story():
        bench = Bench(store)
        await bench.look([], NOW)
        for hours, left in ((1, 1), (25, 0)):
            with store.transaction() as t:
                t.add_notice(old)
            await bench.look([], NOW + hours * HOUR)
            assert len(store.pending_notices()) == left

    asyncio.run(story())


def action(number):
    return Action(
        id=f"i#command#opened#{number}",
        incident="i",
        verb=Verb.COMMAND,
        target="seaton.biz",
        state=ActionState.RUNNING,
        why="opened",
        at=NOW,
    )


def test_an_outcome_that_cannot_be_written_is_kept_and_written_in_order(store, tmp_path):
    ledger = Ledger(store, kept=HOUR)
    ledger.intend(action(1))
    outcome = Outcome(action=action(1).id, state=ActionState.DONE, said="well", at=NOW)
    with Store.open(tmp_path / "state.db", daemon=False) as other, other.transaction():
        assert not ledger.record(lambda t: t.finish_action(outcome), "i")
        with pytest.raises(LogwatchError, match="busy"):
            ledger.refresh(["i"], NOW)
        assert ledger.unwritten == 1
    ledger.refresh(["i"], NOW)
    assert ledger.unwritten == 0
    assert [deed.action.state for deed in ledger.of("i")] == [ActionState.DONE]


def test_what_another_program_did_is_seen_at_the_next_look(store, tmp_path):
    ledger = Ledger(store, kept=HOUR)
    ledger.refresh(["i"], NOW)
    with Store.open(tmp_path / "state.db", daemon=False) as other, other.transaction() as t:
        t.add_action(action(1))
        t.ignore("seaton.biz", until=NOW + HOUR, at=NOW)
    assert ledger.ignored(NOW) == frozenset()
    ledger.refresh(["i"], NOW)
    assert [deed.action.id for deed in ledger.of("i")] == [action(1).id]
    assert ledger.ignored(NOW) == {"seaton.biz"}
    assert ledger.ignored(NOW + HOUR) == frozenset()


PAUSE = Action(
    id="loop/seaton.biz/x#pause",
    incident="loop/seaton.biz/x",
    verb=Verb.PAUSE,
    target="seaton.biz",
    state=ActionState.RUNNING,
    why="",
    at=NOW,
    expires=NOW + 24 * HOUR,
)


@pytest.fixture
def paused(store, tmp_path, postmap):
    """A map in which mail for a domain is paused, as the state remembers too."""
    routes = PostfixMap(tmp_path / "transport", postmap=postmap)
    routes.mend()
    with store.transaction() as t:
        t.add_action(PAUSE)
    routes.set(entry_of(PAUSE))
    with store.transaction() as t:
        t.finish_action(Outcome(action=PAUSE.id, state=ActionState.DONE, said="", at=NOW))
    return routes


async def minutes_pass(bench, *minutes):
    for minute in minutes:
        await bench.look([], NOW + timedelta(minutes=minute))
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


def deed(store):
    (found,) = store.deeds(incident=PAUSE.incident)
    return found.action.state, found.said


def test_an_undo_without_the_state_is_noticed_within_a_minute(store, paused):
    async def story():
        bench = Bench(store, {Mta.POSTFIX: paused})
        await minutes_pass(bench, 0, 1)
        assert deed(store)[0] is ActionState.DONE
        paused.unset("seaton.biz")  # as `undo --map` does, where the state cannot be written
        await minutes_pass(bench, 2)
        assert deed(store) == (
            ActionState.UNDONE,
            "not in the map any more: another hand took it back",
        )
        assert bench.said[-1].startswith("loop/seaton.biz/x#pause: undone: not in the map")
        await bench.desk.close()

    asyncio.run(story())


def test_an_undo_that_was_written_down_keeps_its_words(store, paused, tmp_path):
    async def story():
        bench = Bench(store, {Mta.POSTFIX: paused})
        await minutes_pass(bench, 0)
        paused.unset("seaton.biz")
        bench.desk.ledger.refresh([], NOW + timedelta(minutes=1))
        with Store.open(tmp_path / "state.db", daemon=False) as other, other.transaction() as t:
            said = Outcome(action=PAUSE.id, state=ActionState.UNDONE, said="undo by root", at=NOW)
            t.finish_action(said)
        bench.now = NOW + timedelta(minutes=1)
        await bench.desk._upkeep.hear(
            paused, mends=True
        )  # the ledger has not seen yet that another program wrote
        assert deed(store) == (ActionState.UNDONE, "undo by root")

    asyncio.run(story())


def test_a_live_map_that_was_put_back_from_a_backup_is_mended(store, paused, postmap):
    async def story():
        bench = Bench(store, {Mta.POSTFIX: paused})
        await minutes_pass(bench, 0)
        Postmap(postmap).drop(paused.path, "seaton.biz")
        await minutes_pass(bench, 1)
        assert list(Postmap(postmap).contents(paused.path)) == ["seaton.biz"]
        assert deed(store)[0] is ActionState.DONE
        await bench.desk.close()

    asyncio.run(story())


def test_an_edited_map_is_told_once_and_left_alone(store, paused):
    async def story():
        bench = Bench(store, {Mta.POSTFIX: paused})
        await minutes_pass(bench, 0)
        paused.path.write_text(paused.path.read_text() + "partner.example smtp:x\n")
        await minutes_pass(bench, 1, 2, 3)
        assert sum("edited by another hand" in line for line in bench.said) == 1
        assert deed(store)[0] is ActionState.DONE
        await bench.desk.close()

    asyncio.run(story())


def proved_once(store):
    """A confirmed loop about which one resolver has answered once."""
    with store.transaction() as t:
        t.add_confirmation(
            Confirmation(
                domain="seaton.biz", resolver="9.9.9.9:53", outcome=DnsOutcome.LOOPBACK, at=NOW
            )
        )
    verdict = Verdict(domain="seaton.biz", outcome=DnsOutcome.LOOPBACK)
    return incident(state=IncidentState.CONFIRMED, verdict=verdict, cause=Cause.THEIRS)


@pytest.mark.parametrize(
    ("mode", "has_map", "seconds"),
    [
        ("act", True, 90),  # the pause comes with the second answer, and is told in one notice
        ("act", False, 0),  # nothing could be done anyway
        ("observe", True, 0),
    ],
)
def test_a_notice_waits_for_what_is_about_to_be_done(store, paused, mode, has_map, seconds):
    paused.unset("seaton.biz")

    async def story():
        one = proved_once(store)
        bench = Bench(store, {Mta.POSTFIX: paused} if has_map else {}, notify=(NOBODY,))
        bench.desk.settings = structs.replace(bench.desk.settings, mode=mode)
        waited = 0
        while not store.pending_notices():
            await bench.look([one], NOW + timedelta(seconds=waited))
            waited += 10
        assert waited - 10 == seconds
        await bench.desk.close()

    with store.transaction() as t:
        t.finish_action(
            Outcome(action=PAUSE.id, state=ActionState.EXPIRED, said="", at=NOW - 2 * HOUR)
        )
    asyncio.run(story())


@pytest.mark.parametrize(
    ("site", "protected", "said"),
    [
        (Site(domains=frozenset({"seaton.biz"})), (), "the domain is this site's own"),
        (Site(), ("biz.example", "seaton.biz"), "the domain is protected by [respond]"),
    ],
)
def test_what_becomes_ours_or_protected_while_it_is_paused_flows_again(
    store, paused, site, protected, said
):
    async def story():
        bench = Bench(store, {Mta.POSTFIX: paused})
        await minutes_pass(bench, 0)
        assert deed(store)[0] is ActionState.DONE
        bench.desk.site = site
        bench.desk.settings = Settings(mode="act", respond=Respond(protected_domains=protected))
        await minutes_pass(bench, 1, 2)
        state, words = deed(store)
        assert (state, words[: len(f"taken back: {said}")]) == (
            ActionState.UNDONE,
            f"taken back: {said}",
        )
        assert paused.entries() == {}
        await bench.desk.close()

    asyncio.run(story())
