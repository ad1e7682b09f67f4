import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logwatch_mx.model.action import Action, ActionState, Outcome, Verb
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.route import entry_of
from logwatch_mx.respond.transport import route_of
from logwatch_mx.state.store import Store

TOOLS = Path(__file__).parents[1] / "respond" / "postfix_tools.py"
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def postmap():
    made = subprocess.run([sys.executable, TOOLS], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return made.stdout.strip()
    reason = f"no real postmap: {made.stderr.strip()}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def action(domain, verb=Verb.PAUSE):
    incident = f"loop/{domain}/2026-11-23T14:29:10Z"
    return Action(
        id=f"{incident}#{verb}",
        incident=incident,
        verb=verb,
        target=domain,
        state=ActionState.RUNNING,
        why="",
        at=NOW,
        expires=NOW + timedelta(days=1),
    )


class World:
    """A host where two domains were acted on, with its settings, state and map."""

    def __init__(self, folder, postmap):
        self.folder, self.postmap = folder, postmap
        self.map, self.db, self.toml = (folder / n for n in ("transport", "state.db", "c.toml"))
        self.routes = PostfixMap(self.map, postmap=postmap)
        self.toml.write_text(
            f'[respond]\npostfix_map = "{self.map}"\npostmap = "{postmap}"\n'
            f'[state]\npath = "{self.db}"\n'
        )
        self.routes.mend()
        with Store.open(self.db) as store:
            for one in (action("seaton.biz"), action("b.example", Verb.DISCARD)):
                with store.transaction() as t:
                    t.add_action(one)
                self.routes.set(entry_of(one))
                with store.transaction() as t:
                    t.finish_action(Outcome(action=one.id, state=ActionState.DONE, at=NOW))

    def run(self, *words, path=None):
        env = {**os.environ, **({"PATH": path} if path else {})}
        done = subprocess.run(
            [sys.executable, "-m", "logwatch_mx", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=env,
        )
        return done.returncode, done.stdout, done.stderr

    def undo(self, *words):
        return self.run("undo", "--config", self.toml, *words)

    @property
    def live(self):
        return sorted(Postmap(self.postmap).contents(self.map))

    @property
    def states(self):
        with Store.open(self.db, read_only=True) as store:
            return {one.target: one.state.value for one in store.actions()}


@pytest.fixture
def world(tmp_path, postmap):
    return World(tmp_path, postmap)


@pytest.mark.parametrize(
    "name",
    [
        "loop/seaton.biz/2026-11-23T14:29:10Z",
        "loop/seaton.biz/2026-11-23T14:29:10Z#pause",
        "seaton.biz",
    ],
)
def test_one_incident_action_or_domain_is_taken_back_and_noted(world, name):
    code, out, err = world.undo(name)
    assert (code, out) == (0, "seaton.biz: pause taken back, mail for it flows again\n")
    assert "For 1:00:00 the daemon does not act on it again" in err
    assert world.live == ["b.example"]
    assert world.states == {"seaton.biz": "undone", "b.example": "done"}
    with Store.open(world.db, read_only=True) as store:
        assert store.audit()[-1].detail["said"].startswith("undo by ")
    assert world.undo(name)[:2] == (0, f"{name}: was undone before.\n")


def test_all_is_taken_back_at_once(world):
    code, out, _ = world.undo("--all")
    assert (code, out.splitlines()) == (
        0,
        [
            "b.example: discard taken back, mail for it flows again",
            "seaton.biz: pause taken back, mail for it flows again",
        ],
    )
    assert world.live == []
    assert set(world.states.values()) == {"undone"}
    assert world.undo("--all")[:2] == (0, "Nothing is in force.\n")


def test_it_works_while_the_daemon_has_the_state(world):
    with Store.open(world.db) as daemon:
        assert world.undo("seaton.biz")[0] == 0
        assert [one.target for one in daemon.actions(states=[ActionState.UNDONE])] == ["seaton.biz"]


@pytest.mark.parametrize("state", ["gone", "damaged", "locked away"])
def test_it_works_without_the_state(world, state):
    if state == "damaged":
        world.db.write_bytes(b"x" * 8192)
    else:
        world.db.unlink()
    if state == "locked away":
        world.db.mkdir()
    code, out, err = world.undo("--all")
    assert (code, len(out.splitlines())) == (0, 2)
    assert "only the map is changed" in err
    assert world.live == []


def test_it_works_with_nothing_but_the_map(world, tmp_path):
    world.db.unlink()
    world.toml.write_text("mode = 7\nnonsense")
    assert world.undo("--all")[0] == 78
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "postmap").symlink_to(world.postmap)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    code, out, err = world.run(
        "undo", "--config", world.toml, "--map", world.map, "seaton.biz", path=path
    )
    assert (code, out) == (0, "seaton.biz: pause taken back, mail for it flows again\n")
    assert "Settings not read, usual ones taken: " in err
    assert world.live == ["b.example"]


def test_it_works_when_only_the_live_map_is_left(world):
    world.db.unlink()
    world.map.unlink()
    assert world.undo("--all")[0] == 0
    assert world.live == []


def test_a_map_that_was_edited_by_hand_needs_force(world):
    world.map.write_text(world.map.read_text() + "partner.example smtp:[192.0.2.1]\n")
    code, out, err = world.undo("seaton.biz")
    assert (code, out) == (1, "")
    assert "edited by another hand; nothing was changed" in err
    assert world.live == ["b.example", "seaton.biz"]
    assert world.states["seaton.biz"] == "done"
    assert world.undo("--force", "seaton.biz")[0] == 0
    assert world.live == ["b.example"]
    assert world.map.read_text().endswith("partner.example smtp:[192.0.2.1]\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Name an incident, an action or a domain, or say --all."),
        (("--all", "seaton.biz"), 2, "Name an incident"),
        (("unknown.example",), 1, "unknown.example: nothing is in force for it"),
        (("biz",), 1, "biz: nothing is in force for it"),
        (("--all", "--map", "/nowhere/map"), 66, "/nowhere/map: no such map"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(world, words, code, said):
    found = world.undo(*words)
    assert (found[0], found[1]) == (code, "")
    assert said in found[2]
    assert "Traceback" not in found[2]
    assert world.live == ["b.example", "seaton.biz"]


def test_a_postmap_that_is_missing_is_told(world):
    world.toml.write_text(world.toml.read_text().replace(world.postmap, "/nowhere/postmap"))
    code, _, err = world.undo("seaton.biz")
    assert code == 1
    assert "/nowhere/postmap: not found: install Postfix" in err


def test_what_a_failed_action_left_in_the_live_map_is_taken_out_too(world):
    left = action("c.example")
    with Store.open(world.db) as store, store.transaction() as t:
        t.add_action(left)
        t.finish_action(Outcome(action=left.id, state=ActionState.FAILED, at=NOW))
    # The disk died between postmap's write and its word on it.
    Postmap(world.postmap).put(world.map, "c.example", route_of(entry_of(left)))
    assert world.live == ["b.example", "c.example", "seaton.biz"]
    code, out, _ = world.undo("c.example")
    assert (code, out) == (0, "c.example: pause taken back, mail for it flows again\n")
    assert world.live == ["b.example", "seaton.biz"]
    assert world.states["c.example"] == "failed"
    assert world.undo("--all")[1].count("taken back") == 2
    assert world.live == []


def test_a_failed_action_that_left_nothing_is_no_trouble_for_undo(world):
    for left in (world.map, world.map.with_name("transport.lmdb")):
        left.unlink()
    with Store.open(world.db) as store, store.transaction() as t:
        for one in store.actions():
            t.finish_action(Outcome(action=one.id, state=ActionState.FAILED, at=NOW))
    code, out, _ = world.undo("--all")
    assert (code, out) == (0, "Nothing is in force.\n")


def test_a_second_undo_finishes_what_the_first_left_half_done(world):
    """The text is changed first: when the disk dies then, only the live map still tells."""
    path = world.map
    text = path.read_text()
    world.routes.unset("seaton.biz")
    world.routes.unset("b.example")
    for domain in ("seaton.biz", "b.example"):
        Postmap(world.postmap).put(path, domain, route_of(entry_of(action(domain))))
    assert path.read_text() != text
    world.db.unlink()
    code, out, _ = world.undo("--all")
    assert code == 0
    assert out.count("taken back, mail for it flows again") == 2
    assert world.live == []
