"""A daemon that is killed at any step leaves nothing that the next start does not put right."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.model.action import ActionState
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.recover import recover
from logwatch_mx.state.store import Store

#: Does one action and takes it back, in the daemon's order, and dies at the step that it is told.
CHILD = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from logwatch_mx.model.action import Action, ActionState, Outcome, Verb
from logwatch_mx.respond.act import act, take_back
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.state.store import Store

folder, postmap, last, end = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
now = datetime.now(UTC)
action = Action(id="loop/x#pause", incident="loop/x", verb=Verb.PAUSE, target="seaton.biz",
                state=ActionState.RUNNING, why="", at=now, expires=now + timedelta(hours=1))

def reached(step):
    if step == last:
        os.kill(os.getpid(), signal.SIGKILL)

store = Store.open(folder / "state.db")
routes = PostfixMap(folder / "transport", postmap=postmap)
routes.mend()
reached("nothing")
with store.transaction() as t:
    t.add_action(action)
    reached("intent half written")
reached("intent")
done = act(action, routes, now)
reached("set")
with store.transaction() as t:
    t.finish_action(done)
    reached("outcome half written")
reached("finished")
over = take_back(action, routes, Outcome(action=action.id, state=ActionState(end), at=now))
reached("unset")
with store.transaction() as t:
    t.finish_action(over)
    reached("end half written")
reached("end written")
"""


def wrapper(folder, postmap, option):
    """A postmap that kills its caller, before or after its own work, when run with *option*."""
    when, _, word = option.partition(" ")
    strike = f'case " $* " in *" {word} "*) kill -9 $PPID;; esac'
    work = f'{postmap} "$@" || exit'
    made = folder / "killing-postmap"
    made.write_text(
        "#!/bin/sh\n" + "\n".join([strike, work] if when == "before" else [work, strike])
    )
    made.chmod(0o755)
    return str(made)


@pytest.mark.parametrize(
    ("step", "state", "paused"),
    [
        ("nothing", None, False),
        ("intent half written", None, False),
        ("intent", ActionState.FAILED, False),
        ("before -r", ActionState.DONE, True),  # the text is written, the live map is not
        ("after -r", ActionState.DONE, True),
        ("set", ActionState.DONE, True),
        ("outcome half written", ActionState.DONE, True),
        ("finished", ActionState.DONE, True),
        ("before -d", ActionState.UNDONE, False),  # gone from the text, still live
        ("after -d", ActionState.UNDONE, False),
        ("unset", ActionState.UNDONE, False),
        ("end half written", ActionState.UNDONE, False),
        ("end written", None, False),
    ],
)
@pytest.mark.parametrize("end", [ActionState.UNDONE, ActionState.EXPIRED])
def test_a_kill_at_any_step_is_put_right_by_the_next_start(
    tmp_path, postmap, step, state, paused, end
):
    if step == "end written":
        state = end
    program = postmap if " -" not in step else wrapper(tmp_path, postmap, step)
    killed = subprocess.run(
        [sys.executable, "-c", CHILD, tmp_path, program, step, end],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, "")

    routes = PostfixMap(tmp_path / "transport", postmap=postmap)
    now = datetime.now(UTC)

    def restart():
        with Store.open(tmp_path / "state.db") as store:
            routes.mend()
            steps = recover(
                store.actions(),
                routes.entries(),
                now=now,
                acting=True,
                expiry=timedelta(hours=24),
            )
            for one in steps:
                if one.take_back:
                    routes.unset(one.action.target)
                with store.transaction() as t:
                    t.finish_action(one.outcome)
            assert store.unfinished_actions() == ()
            return [action.state for action in store.actions()], len(steps)

    states, _ = restart()
    assert states == ([] if state is None else [state])
    assert sorted(routes.entries()) == (["seaton.biz"] if paused else [])
    assert sorted(Postmap(postmap).contents(tmp_path / "transport")) == sorted(routes.entries())
    assert restart() == (states, 0)
