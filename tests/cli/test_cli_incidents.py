"""The daemon's memory as a user sees it: incidents list, show, report, close; explain; status."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.model import incident as made
from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.deed import Confirmation
from logwatch_mx.model.verdict import Mx, Outcome, Verdict
from logwatch_mx.state.lock import Lock
from logwatch_mx.state.store import Store

AT = datetime(2026, 11, 23, 14, 29, 10, tzinfo=UTC)
LOOP_ID = "loop/seaton.biz/2026-11-23T14:29:10Z"
RULE_ID = "rule/2001:db8::1/2026-11-23T15:29:10Z"


def loop():
    return made.Incident(
        id=LOOP_ID,
        kind=made.IncidentKind.LOOP,
        subject="seaton.biz",
        state=made.IncidentState.CONFIRMED,
        opened=AT,
        first=AT,
        last=AT + timedelta(seconds=5),
        counts=made.Counts(events=144, messages=3, recipients=1, max_hops=48),
        signals=made.Signals(self_delivery=144, reentry=141),
        verdict=Verdict(
            domain="seaton.biz",
            outcome=Outcome.LOOPBACK,
            mx=(Mx(10, "mail.seaton.biz", ("127.0.0.1",)),),
            resolver="9.9.9.9:53",
            why="mail.seaton.biz 127.0.0.1 is loopback",
        ),
        cause=made.Cause.THEIRS,
        evidence=(made.Evidence("/var/log/maillog", 812, "a line \x1b[2J"),),
    )


def rule():
    return made.Incident(
        id=RULE_ID,
        kind=made.IncidentKind.RULE,
        rule="sasl-failures",
        subject="2001:db8::1",
        opened=AT + timedelta(hours=1),
        first=AT + timedelta(hours=1),
        last=AT + timedelta(hours=1),
        closed=AT + timedelta(hours=2),
    )


@pytest.fixture
def toml(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(
        f'[state]\npath = "{tmp_path}/state.db"\n[source]\nfiles = ["/var/log/maillog"]\n'
    )
    action = Action(
        id=f"{LOOP_ID}#pause",
        incident=LOOP_ID,
        verb=Verb.PAUSE,
        target="seaton.biz",
        state=ActionState.RUNNING,
        why="DNS says twice that mail for it comes back to this host",
        at=AT,
        expires=AT + timedelta(days=1),
    )
    with Store.open(tmp_path / "state.db") as store, store.transaction() as t:
        t.save_incident(loop())
        t.save_incident(rule())
        t.add_action(action)
        t.add_confirmation(
            Confirmation(
                domain="seaton.biz", resolver="9.9.9.9:53", outcome=Outcome.LOOPBACK, at=AT
            )
        )
    return path


def test_all_are_listed_oldest_first(logwatch, toml):
    code, out, err = logwatch("incidents", "list", "--config", toml)
    assert (code, err) == (0, "")
    titles = [line for line in out.splitlines() if line[:1].strip()]
    assert titles == ["MAIL LOOP  seaton.biz  confirmed", "RULE sasl-failures  2001:db8::1  over"]
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ((), [LOOP_ID, RULE_ID]),
        (("--open",), [LOOP_ID]),
        (("--since", "2026-11-23T16:29:11+00:00"), [LOOP_ID]),
        (("--since", "2026-11-23T16:00+00:00"), [LOOP_ID, RULE_ID]),
    ],
)
def test_the_list_as_json_has_the_shape_of_replay(logwatch, toml, options, ids):
    ran = logwatch("incidents", "list", "--json", *options, "--config", toml)
    answer = json.loads(ran.out)
    assert list(answer) == ["schema", "input", "incidents"]
    assert (answer["schema"], answer["input"]["files"]) == (1, ["/var/log/maillog"])
    assert (answer["input"]["lines"], answer["input"]["first"]) == (0, None)  # nothing saved yet
    assert [i["id"] for i in answer["incidents"]] == ids


@pytest.mark.parametrize(
    "name", [LOOP_ID, "seaton.biz", "SEATON.BIZ", "loop/seaton.biz/2026-11-23T14:29:10"]
)
@pytest.mark.parametrize("command", [("incidents", "show"), ("explain",)])
def test_one_is_found_by_id_or_subject(logwatch, toml, command, name):
    code, out, err = logwatch(*command, name, "--config", toml)
    assert (code, err) == (0, "")
    assert out.startswith("MAIL LOOP  seaton.biz  confirmed\n")


@pytest.mark.parametrize("name", [RULE_ID, "2001:db8::1"])
def test_a_subject_with_colons_is_no_file_and_line(logwatch, toml, name):
    code, out, err = logwatch("explain", name, "--config", toml)
    assert (code, err) == (0, "")
    assert out.startswith("RULE sasl-failures  2001:db8::1  over\n")


def test_one_as_json_has_its_schema(logwatch, toml):
    answer = json.loads(logwatch("incidents", "show", LOOP_ID, "--json", "--config", toml).out)
    assert (answer["schema"], answer["id"]) == (1, LOOP_ID)


@pytest.mark.parametrize("command", [("incidents", "show"), ("incidents", "close"), ("explain",)])
def test_one_that_is_not_there_is_no_input(logwatch, toml, command):
    told = "logwatch-mx: oak.example: no such incident (see: logwatch-mx incidents list)\n"
    assert [*logwatch(*command, "oak.example", "--config", toml)] == [66, "", told]


def test_an_incident_is_explained_with_answers_and_decisions(logwatch, toml):
    out = logwatch("explain", LOOP_ID, "--config", toml).out
    for words in (
        "    144  self delivery\n",
        "  /var/log/maillog:812: a line \ufffd[2J\n",
        "     10 mail.seaton.biz  127.0.0.1\n",
        "  2026-11-23T14:29:10+00:00  9.9.9.9:53  loopback\n",
        "  running  pause DNS says twice that mail for it comes back to this host\n",
    ):
        assert words in out


def test_closing_is_remembered_and_done_once(logwatch, toml):
    assert [*logwatch("incidents", "close", "seaton.biz", "--config", toml)] == [
        0,
        f"{LOOP_ID} closed\n",
        "",
    ]
    again = logwatch("incidents", "close", "seaton.biz", "--config", toml)
    assert again.out.startswith(f"{LOOP_ID} was closed at 20")
    ran = logwatch("incidents", "list", "--json", "--open", "--config", toml)
    assert json.loads(ran.out)["incidents"] == []


def test_the_memory_may_be_written_as_a_report(logwatch, toml, tmp_path):
    out = tmp_path / "r.html"
    ran = logwatch("incidents", "report", "--html", out, "--config", toml)
    assert [*ran] == [0, "", f"{out} written: 2 incidents\n"]
    assert "mail.seaton.biz 127.0.0.1 is loopback" in out.read_text()


def test_an_empty_memory_says_so(logwatch, tmp_path):
    toml = tmp_path / "c.toml"
    toml.write_text(f'[state]\npath = "{tmp_path}/state.db"\n')
    with Store.open(tmp_path / "state.db"):
        pass
    assert [*logwatch("incidents", "list", "--config", toml)] == [
        0,
        "No incident is remembered.\n",
        "",
    ]
    code, out, _ = logwatch("status", "--config", toml)
    assert (code, out) == (1, "The daemon has not saved anything yet.\n")


def save_status(tmp_path, saved, **more):
    told = {"saved": saved.isoformat(), "lines": 1000, "kinds": {"unparsed": 5}, "lag": 0, **more}
    path = tmp_path / "state.db"
    with Store.open(path, daemon=False) as store, store.transaction() as t:
        t.save_meta("status", json.dumps(told))


@pytest.fixture
def held(toml, tmp_path):  # the state is made first
    """Hold the state's lock, as a daemon that runs does."""
    lock = Lock(tmp_path / "state.db")
    yield
    lock.release()


@pytest.mark.usefixtures("held")
def test_status_of_a_daemon_that_runs(logwatch, toml, tmp_path):
    more = {
        "forgotten": {"domains": 3},
        "gaps": 7,
        "lost": {"a log was cut": 2},
        "troubles": ["/var/log/x: may not be read"],
    }
    save_status(tmp_path, datetime.now(UTC), **more)
    code, out, _ = logwatch("status", "--config", toml)
    assert code == 0
    assert out.startswith("running: last sign of life ")
    assert "not understood              0.500 %\n" in out
    assert "open incidents              1\n" in out
    assert "forgotten for want of room  3 domains\n" in out
    assert "lines that the logger lost  7\n" in out
    assert "gone before it was read     2 x a log was cut\n" in out
    assert "trouble                     /var/log/x: may not be read\n" in out
    answer = json.loads(logwatch("status", "--json", "--config", toml).out)
    assert (answer["schema"], answer["running"], answer["open_incidents"]) == (1, True, 1)


@pytest.mark.usefixtures("held")
def test_status_of_a_daemon_that_is_stuck(logwatch, toml, tmp_path):
    save_status(tmp_path, AT - timedelta(days=900))
    code, out, _ = logwatch("status", "--config", toml)
    assert code == 1
    assert out.startswith("NOT running, or stuck: last sign of life ")


def test_list_says_what_the_daemon_has_read(logwatch, toml, tmp_path):
    first, last = "2026-11-23T14:00:00+00:00", "2026-11-23T15:00:00+00:00"
    save_status(tmp_path, AT, first=first, last=last)
    answer = json.loads(logwatch("incidents", "list", "--json", "--config", toml).out)
    told = answer["input"]
    assert (told["lines"], told["first"], told["last"]) == (1000, first, last)
