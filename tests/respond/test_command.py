import asyncio
import json
import os
import select
import signal
import sys
from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.config.settings import Hook
from logwatch_mx.model.action import ActionState
from logwatch_mx.model.incident import Incident, IncidentKind
from logwatch_mx.respond.command import (
    OUTPUT_CAP,
    HookRun,
    hook_environment,
    hook_fault,
    run_hook,
)

AT = datetime(2026, 11, 23, 14, 29, 10, tzinfo=UTC)
INCIDENT = Incident(
    id="loop/seaton.biz/2026-11-23T14:29:10Z",
    kind=IncidentKind.LOOP,
    subject="seaton.biz",
    opened=AT,
    first=AT,
    last=AT,
)
ENV = hook_environment(INCIDENT, "confirmed", {"PATH": "/usr/bin:/bin", "SECRET": "x"})


@pytest.fixture
def hook(tmp_path):
    def write(text, *arguments, timeout=30, program="/bin/sh"):
        script = tmp_path / "hook"
        script.write_text(f"#!{program}\n{text}\n")
        script.chmod(0o755)
        return Hook(command=(str(script), *arguments), timeout=timedelta(seconds=timeout))

    return write


def run(hook, text=b'{"id": 1}', env=ENV):
    async def main():
        return await run_hook(hook, text, env=env, limit=asyncio.Semaphore(1))

    return asyncio.run(main())


def gone(pid, patience=10):
    """Wait for the end of a process of which only the number is known."""
    try:
        handle = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return True
    ended, _, _ = select.select([handle], [], [], patience)
    os.close(handle)
    return bool(ended)


def test_a_hook_gets_the_incident_its_arguments_and_a_small_environment(hook):
    told = hook(
        "import json, os, sys\n"
        "print(json.dumps([sys.argv[1:], json.load(sys.stdin), dict(os.environ), os.getcwd()]))",
        "a b",
        "$HOME;*",
        program=sys.executable,
    )
    ran = run(told)
    arguments, incident, environment, folder = json.loads(ran.output)
    environment.pop("LC_CTYPE", None)  # Python sets it for itself
    assert arguments == ["a b", "$HOME;*"]
    assert incident == {"id": 1}
    assert folder == "/"
    assert environment == {
        "PATH": "/usr/bin:/bin",
        "LWMX_INCIDENT": "loop/seaton.biz/2026-11-23T14:29:10Z",
        "LWMX_KIND": "loop",
        "LWMX_SUBJECT": "seaton.biz",
        "LWMX_STATE": "suspected",
        "LWMX_ON": "confirmed",
        "LWMX_RETURNS": "0",
    }


def test_hostile_text_is_made_plain_before_it_becomes_environment(hook):
    hostile = Incident(
        id="rule/\x00\x1b[31m\udcff/x",
        kind=IncidentKind.RULE,
        subject="a\nb\x00",
        opened=AT,
        first=AT,
        last=AT,
    )
    env = hook_environment(hostile, "opened", {})
    assert (env["LWMX_INCIDENT"], env["LWMX_SUBJECT"]) == ("rule/??[31m?/x", "a?b?")
    assert run(hook('echo "$LWMX_SUBJECT"'), env=env).said == "a?b?"


@pytest.mark.parametrize(
    ("text", "ran"),
    [
        ("echo fine", HookRun(state=ActionState.DONE, said="fine", output=b"fine\n")),
        ("exit 0", HookRun(state=ActionState.DONE, said="")),
        (
            "echo later >&2; exit 75",
            HookRun(
                state=ActionState.FAILED, said="status 75: later", retry=True, output=b"later\n"
            ),
        ),
        ("exit 1", HookRun(state=ActionState.FAILED, said="status 1")),
        ("kill -SEGV $$", HookRun(state=ActionState.FAILED, said="died of SIGSEGV")),
        (
            "printf 'one\\n\\033[31mtwo\\n'",
            HookRun(state=ActionState.DONE, said="?[31mtwo", output=b"one\n\x1b[31mtwo\n"),
        ),
    ],
)
def test_the_status_tells_how_it_ended(hook, text, ran):
    assert run(hook(text)) == ran


def test_input_that_nobody_reads_is_no_fault(hook):
    big = b"x" * (1 << 20)
    assert run(hook("exec <&-; echo closed"), big).said == "closed"
    assert run(hook("echo unread"), big).state is ActionState.DONE
    assert run(hook("head -c 3"), big).output == b"xxx"


def test_input_of_any_size_arrives(hook):
    assert run(hook("wc -c"), b"x" * (1 << 20)).said == str(1 << 20)


def test_a_flood_of_output_is_drained_and_dropped(hook):
    flood = 200 << 20
    ran = run(hook(f"head -c {flood} /dev/zero; exit 3"))
    assert (len(ran.output), ran.dropped) == (OUTPUT_CAP, flood - OUTPUT_CAP)
    assert ran.said.startswith("status 3: ")


def test_a_hook_that_hangs_is_killed_with_all_that_it_started(hook, tmp_path):
    pids = tmp_path / "pids"
    ran = run(hook(f"sleep 1000 & echo $! $$ >{pids}; trap '' TERM; wait; sleep 1000", timeout=0.5))
    assert ran == HookRun(state=ActionState.FAILED, said="killed after 0.5 s")
    assert all(gone(pid) for pid in pids.read_text().split())


def test_a_child_that_holds_the_pipes_does_not_hold_us(hook, tmp_path):
    pids = tmp_path / "pids"
    ran = run(hook(f"sleep 1000 & echo $! >{pids}; echo done"))
    assert ran == HookRun(state=ActionState.DONE, said="done", output=b"done\n")
    assert gone(pids.read_text().strip())


def test_not_even_one_that_left_the_group(hook, tmp_path):
    pids = tmp_path / "pids"
    ran = run(
        hook(
            f"setsid sh -c 'echo $$ >{pids}; exec sleep 1000' & \nwhile ! test -s {pids}; do :; done"
        )
    )
    assert ran == HookRun(state=ActionState.DONE, said="")
    pid = int(pids.read_text())
    assert not gone(pid, patience=0)  # it asked to live on, and does
    os.kill(pid, signal.SIGKILL)


def test_stopping_the_daemon_stops_its_hooks(hook, tmp_path):
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    endless = hook(f"echo $$ >{pids}; sleep 1000")

    async def main():
        limit = asyncio.Semaphore(1)
        task = asyncio.create_task(run_hook(endless, b"", env=ENV, limit=limit))
        pid = (await asyncio.to_thread(pids.read_text)).strip()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return pid, limit.locked()

    pid, locked = asyncio.run(main())
    assert gone(pid)
    assert not locked


def test_no_more_run_at_once_than_allowed(hook, tmp_path):
    # Each takes the lock directory; a second one at the same time could not.
    taking = hook(f"mkdir {tmp_path}/lock || exit 1; rmdir {tmp_path}/lock")

    async def main():
        limit = asyncio.Semaphore(1)
        return await asyncio.gather(
            *(run_hook(taking, b"", env=ENV, limit=limit) for _ in range(8))
        )

    assert {ran.state for ran in asyncio.run(main())} == {ActionState.DONE}


def test_a_hook_that_others_may_change_is_not_run(hook, tmp_path):
    touched = tmp_path / "touched"
    made = hook(f"touch {touched}")
    script = tmp_path / "hook"
    for path, mode in ((script, 0o775), (script, 0o757), (tmp_path, 0o1777), (tmp_path, 0o720)):
        before = path.stat().st_mode
        path.chmod(mode)
        said = f"{path}: others than its owner may write to it; not run"
        assert run(made) == HookRun(state=ActionState.FAILED, said=said)
        path.chmod(before)
    assert not touched.exists()
    assert hook_fault(made) is None


def test_a_link_is_as_safe_as_where_it_points_and_where_it_stands(hook, tmp_path):
    made = hook("exit 0")
    safe, open_to_all = tmp_path / "safe", tmp_path / "open"
    safe.mkdir(mode=0o755)
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    for folder in (safe, open_to_all):
        (folder / "link").symlink_to(made.command[0])
    assert hook_fault(Hook(command=(str(safe / "link"),))) is None
    assert "others than its owner" in hook_fault(Hook(command=(str(open_to_all / "link"),)))


def test_what_cannot_be_run_is_told(hook, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("exit 0")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    said = {
        ("relative",): "a hook is named by its absolute path",
        (): "a hook is named by its absolute path",
        (str(tmp_path / "missing"),): f"{tmp_path}/missing: No such file or directory",
        (str(plain),): f"{plain}: not an executable file",
        (str(tmp_path),): f"{tmp_path}: not an executable file",
    }
    for command, words in said.items():
        assert run(Hook(command=command)) == HookRun(state=ActionState.FAILED, said=words)
    assert str(loop) in run(Hook(command=(str(loop),))).said
    nothing = run(hook("", program="/no/interpreter"))
    assert nothing.state is ActionState.FAILED
    assert nothing.said.endswith("hook: No such file or directory")
