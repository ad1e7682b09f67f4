import json
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from logwatch_mx.errors import StateError
from logwatch_mx.model.action import Action, ActionState, Outcome, Verb
from logwatch_mx.model.deed import Audit, Confirmation, Deed
from logwatch_mx.model.incident import Evidence, Incident, IncidentKind, Origin
from logwatch_mx.model.notice import Notice, NoticeKind
from logwatch_mx.model.verdict import Mx, Verdict
from logwatch_mx.model.verdict import Outcome as Dns
from logwatch_mx.state.store import KEPT, Store

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
change = msgspec.structs.replace


def incident(name="seaton.biz", *, opened=NOW, closed=None):
    return Incident(
        id=f"loop/{name}/{opened:%FT%TZ}",
        kind=IncidentKind.LOOP,
        subject=name,
        opened=opened,
        closed=closed,
        first=opened - timedelta(seconds=3),
        last=opened,
        reasons={"connection refused": 12},
        verdict=Verdict(
            domain=name, outcome=Dns.LOOPBACK, mx=(Mx(10, f"mail.{name}", ("127.0.0.1",)),)
        ),
        origin=(Origin(client_ip="192.0.2.7", messages=118),),
        evidence=(Evidence("/var/log/maillog", 812, "Nov 23 \udce9\x00\x1b[31m <b>&amp; 😀"),),
    )


def action(number=1, *, state=ActionState.RUNNING, at=NOW, of="loop/seaton.biz/x"):
    return Action(
        id=f"{of}#pause#{number}",
        incident=of,
        verb=Verb.PAUSE,
        target="seaton.biz",
        state=state,
        why="because",
        at=at,
        expires=at + timedelta(hours=24),
    )


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "state.db") as opened:
        yield opened


def notice(key="a", at=NOW):
    return Notice(
        key=key, incident="i", kind=NoticeKind.CONFIRMED, at=at, title="t\udcff", body="b"
    )


def test_a_new_state_is_empty(store):
    assert store.notes == ()
    assert store.load_engine() is None
    assert store.load_checkpoints() == {}
    assert store.incidents() == store.actions() == store.pending_notices() == store.audit() == ()
    assert store.ignored(NOW) == frozenset()
    assert (store.incident("x"), store.meta("x"), store.tries("x")) == (None, None, 0)


def test_everything_comes_back_as_it_was_after_a_restart(tmp_path):
    path = tmp_path / "state.db"
    places = {"/var/log/maillog": b"\x00\xff", "/var/log/odd\udce9": b""}
    answer = Confirmation(domain="seaton.biz", resolver="::1", outcome=Dns.SELF, at=NOW)
    with Store.open(path) as store, store.transaction() as t:
        t.save_engine(b"old")
        t.save_engine(b"\x00engine\xff")
        t.save_checkpoints({"/gone": b"1"})
        t.save_checkpoints(places)
        t.save_incident(incident())
        t.add_action(action())
        t.add_notice(notice())
        t.add_confirmation(answer)
        t.save_meta("last", "value")
    with Store.open(path) as store:
        assert store.load_engine() == b"\x00engine\xff"
        assert store.load_checkpoints() == places
        assert store.incidents() == (incident(),)
        assert store.incident(incident().id) == incident()
        assert store.unfinished_actions() == (action(),)
        assert store.deeds() == (Deed(action=action()),)
        assert store.pending_notices() == (notice(),)
        assert store.confirmations(domain="seaton.biz") == (answer,)
        assert store.meta("last") == "value"


def test_a_transaction_that_fails_changes_nothing(store):
    with store.transaction() as t:
        t.save_engine(b"1")

    def break_off(t):
        t.save_engine(b"2")
        t.save_incident(incident())
        raise KeyError("mid-way")

    with pytest.raises(KeyError, match="mid-way"), store.transaction() as t:
        break_off(t)
    assert store.load_engine() == b"1"
    assert store.incidents() == ()


def test_an_incident_is_kept_in_its_newest_form(store):
    newer = change(incident(), closed=NOW + timedelta(hours=1))
    with store.transaction() as t:
        t.save_incident(incident())
        t.save_incident(newer)
    assert store.incidents() == (newer,)


def test_incidents_are_asked_for_by_time_whatever_their_zone(store):
    west = timezone(timedelta(hours=-8))
    old = incident("old.example", opened=NOW - timedelta(days=3), closed=NOW - timedelta(days=2))
    late = incident("late.example", opened=(NOW - timedelta(hours=2)).astimezone(west), closed=NOW)
    current = incident()
    with store.transaction() as t:
        for one in (current, late, old):
            t.save_incident(one)
    assert store.incidents() == (old, late, current)
    assert store.incidents(open_only=True) == (current,)
    assert store.incidents(since=NOW - timedelta(hours=1)) == (late, current)
    assert store.incidents(since=NOW.astimezone(west)) == (late, current)


def test_an_action_is_written_before_and_after_it_is_done(store):
    with store.transaction() as t:
        t.add_action(action())
    done = Outcome(action=action().id, state=ActionState.DONE, said="ok\udcff", at=NOW)
    with store.transaction() as t:
        t.finish_action(done)
    finished = change(action(), state=ActionState.DONE)
    assert store.unfinished_actions() == ()
    assert store.actions(incident="loop/seaton.biz/x") == (finished,)
    assert store.actions(incident="another") == ()
    assert store.actions(states=[ActionState.DONE, ActionState.FAILED]) == (finished,)
    assert store.deeds() == (Deed(action=finished, ended=NOW, said="ok\\udcff"),)
    assert [(row.what, row.detail["said"]) for row in store.audit()] == [
        ("action", "because"),
        ("outcome", "ok\udcff"),
    ]


def test_what_was_planned_or_skipped_gives_way_to_what_is_done_and_nothing_else_does(store):
    for state in (ActionState.SKIPPED, ActionState.PLANNED, ActionState.RUNNING):
        with store.transaction() as t:
            t.add_action(action(state=state))
    for state in (ActionState.RUNNING, ActionState.SKIPPED):
        with (
            pytest.raises(StateError, match="was done before"),
            store.transaction() as t,
        ):
            t.add_action(action(state=state))
    assert store.actions() == (action(),)


def test_an_unknown_action_cannot_end(store):
    with (
        pytest.raises(StateError, match="action nobody: not known"),
        store.transaction() as t,
    ):
        t.finish_action(Outcome(action="nobody", state=ActionState.DONE, at=NOW))


def test_an_action_may_be_given_more_time(store):
    until = NOW + timedelta(days=2)
    with store.transaction() as t:
        t.add_action(action())
        t.extend_action(action().id, until, NOW)
    assert store.actions() == (change(action(), expires=until),)
    assert store.audit()[-1].what == "extended"


def test_past_deeds_are_the_recent_ones_and_all_in_force(store):
    old = NOW - timedelta(days=2)
    with store.transaction() as t:
        for number in (1, 2, 3):
            t.add_action(action(number, at=old))
        t.finish_action(Outcome(action=action(2).id, state=ActionState.UNDONE, at=NOW))
        t.finish_action(Outcome(action=action(3).id, state=ActionState.FAILED, at=old))
    recent = store.deeds(since=NOW - timedelta(hours=1))
    assert [deed.action.id[-1] for deed in recent] == ["1", "2"]


def test_a_notice_is_queued_once_and_sent_once(store):
    with store.transaction() as t:
        assert t.add_notice(notice("b", NOW + timedelta(seconds=1)))
        assert t.add_notice(notice("a"))
        assert not t.add_notice(change(notice("a"), title="another"))
        t.mark_tried("a")
        t.mark_tried("a")
    assert [one.key for one in store.pending_notices()] == ["a", "b"]
    assert store.tries("a") == 2
    with store.transaction() as t:
        t.mark_sent("a", NOW)
        assert not t.add_notice(notice("a"))
    assert [one.key for one in store.pending_notices()] == ["b"]


def test_a_domain_is_ignored_until_its_time(store):
    with store.transaction() as t:
        t.ignore("week.example", until=NOW + timedelta(days=7), at=NOW)
        t.ignore("ever.example", until=None, at=NOW)
        t.ignore("oops.example", until=None, at=NOW)
        assert t.unignore("oops.example", at=NOW)
        assert not t.unignore("oops.example", at=NOW)
    assert store.ignored(NOW) == {"week.example", "ever.example"}
    assert store.ignored(NOW + timedelta(days=7)) == {"ever.example"}
    assert store.ignores(NOW) == {"ever.example": None, "week.example": NOW + timedelta(days=7)}
    assert [row.what for row in store.audit()] == ["ignore", "ignore", "ignore", "unignore"]


def test_the_audit_is_never_rewritten(store, tmp_path):
    with store.transaction() as t:
        t.add_audit(Audit(at=NOW, what="started", detail={"mode": "observe"}))
    other = sqlite3.connect(tmp_path / "state.db")
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        other.execute("UPDATE audit SET what = 'nothing'")
    other.close()


def test_old_history_goes_and_what_is_open_or_in_force_stays(store):
    old = NOW - KEPT - timedelta(days=1)
    with store.transaction() as t:
        t.save_incident(incident("open.example", opened=old))
        t.save_incident(incident("closed.example", opened=old, closed=old))
        t.save_incident(incident("new.example", opened=old, closed=NOW))
        t.add_action(action(1, at=old))
        t.finish_action(Outcome(action=action(1).id, state=ActionState.DONE, at=old))
        t.add_action(action(2, at=old))
        t.finish_action(Outcome(action=action(2).id, state=ActionState.UNDONE, at=old))
        of_open = action(3, at=old, of=incident("open.example", opened=old).id)
        t.add_action(of_open)
        t.finish_action(Outcome(action=of_open.id, state=ActionState.FAILED, at=old))
        t.add_notice(notice("old", old))
        t.ignore("old.example", until=old, at=old)
        t.add_audit(Audit(at=NOW, what="kept", detail={}))
    assert store.prune(NOW) > 0
    assert [one.subject for one in store.incidents()] == ["new.example", "open.example"]
    assert [one.id for one in store.actions()] == [of_open.id, action(1).id]
    assert store.pending_notices() == ()
    assert [row.what for row in store.audit()] == ["kept"]
    assert store.prune(NOW) == 0


def test_a_row_that_cannot_be_read_is_told_in_one_line(store, tmp_path):
    with store.transaction() as t:
        t.save_incident(incident())
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("UPDATE incidents SET json = ?", (json.dumps({"id": 7}),))
    other.close()
    with pytest.raises(StateError, match="cannot be read"):
        store.incidents()


def test_only_what_is_durable_waits_for_the_disk(store):
    def syncs():
        return store._connection.execute("PRAGMA synchronous").fetchone()[0]

    normal, full = 1, 2
    with store.transaction(durable=False) as t:
        t.save_engine(b"1")
        assert syncs() == normal
    with store.transaction() as t:
        t.save_meta("a", "b")
        assert syncs() == full
    assert store.load_engine() == b"1"
