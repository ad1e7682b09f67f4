"""Run a hook: the operator's own program, told of an incident.

The contract with the program:

1. It is started by its absolute path with its arguments, without a shell, in ``/``.
2. The incident comes as JSON on standard input; it may be left unread. The environment holds
   ``LWMX_INCIDENT``, ``LWMX_KIND``, ``LWMX_SUBJECT``, ``LWMX_STATE``, ``LWMX_ON``,
   ``LWMX_RETURNS`` and, as we have them, ``PATH``, ``LANG``, ``TZ`` and ``HOME``; nothing else. All
   of it but ``LWMX_ON`` and ``LWMX_RETURNS`` comes from a log and so from anybody: quote it.
3. Status 0 is done, 75 (``EX_TEMPFAIL``) is "try again", anything else has failed.
4. After its timeout it is killed, and with it all that it started in its process group. What it
   leaves running in the group when it ends is killed too, if it holds on to our pipes.
5. The first 64 KiB of its output are kept; the rest is read and dropped.

A program that others may change is not run at all.
"""

import asyncio
import os
import signal
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from logwatch_mx.config.settings import Hook
from logwatch_mx.model.action import ActionState
from logwatch_mx.model.incident import Incident

#: Bytes of output that are kept.
OUTPUT_CAP = 64 * 1024
#: EX_TEMPFAIL of sysexits.h.
_TRY_AGAIN = 75
#: Seconds for the last bytes of a program that has ended already.
_GRACE = 1.0
_PASSED_ON = ("PATH", "LANG", "TZ", "HOME")


class HookRun(Struct, frozen=True, kw_only=True):
    """How a hook ended: done or failed, whether to *retry*, its last words, and its output."""

    state: ActionState
    said: str
    retry: bool = False
    output: bytes = b""
    dropped: int = 0


async def run_hook(
    hook: Hook, incident_json: bytes, *, env: Mapping[str, str], limit: asyncio.Semaphore
) -> HookRun:
    """Run *hook* and return how it ended; never raises for anything that the program does.

    *limit* is how many may run at once; the hook's timeout begins when its turn comes.
    """
    async with limit:
        if (fault := hook_fault(hook)) is not None:
            return HookRun(state=ActionState.FAILED, said=fault)
        try:
            return await _run(hook, incident_json, env)
        except OSError as error:
            said = f"{hook.command[0]}: {error.strerror or error}"
            return HookRun(state=ActionState.FAILED, said=said)


def hook_environment(
    incident: Incident, on: str, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the whole environment of a hook that is run because of *on* (``confirmed``, …)."""
    passed = {name: environ[name] for name in _PASSED_ON if name in environ}
    return {
        "PATH": os.defpath,
        **passed,
        "LWMX_INCIDENT": _plain(incident.id),
        "LWMX_KIND": str(incident.kind),
        "LWMX_SUBJECT": _plain(incident.subject),
        "LWMX_STATE": str(incident.state),
        "LWMX_ON": on,
        "LWMX_RETURNS": str(incident.returns),
    }


def hook_fault(hook: Hook) -> str | None:
    """Return why *hook* must not be run, or None.

    Who may write to the file or to its directory may choose what we run, so that must be nobody but
    root and ourselves.
    """
    if not hook.command or not hook.command[0].startswith("/"):
        return "a hook is named by its absolute path"
    named = Path(hook.command[0])
    try:
        found = named.resolve(strict=True)
        if not stat.S_ISREG(found.stat().st_mode) or not os.access(found, os.X_OK):
            return f"{named}: not an executable file"
        for path in dict.fromkeys((found, found.parent, named.parent)):
            about = path.stat()
            if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return f"{path}: others than its owner may write to it; not run"
            if about.st_uid not in {0, os.geteuid()}:
                return f"{path}: belongs to another user; not run"
    except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links, before Python 3.13
        return f"{named}: {getattr(error, 'strerror', None) or error}"
    return None


class _Ending(asyncio.SubprocessProtocol):
    """Collects what the program says and when it ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.output = bytearray()
        self.dropped = 0
        self.ended: asyncio.Future[None] = loop.create_future()
        self.silent: asyncio.Future[None] = loop.create_future()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Keep what fits."""
        del fd
        room = OUTPUT_CAP - len(self.output)
        self.output += data[:room]
        self.dropped += max(0, len(data) - room)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note the end of the output; a program that does not read its input is no fault."""
        del exc
        if fd == 1 and not self.silent.done():
            self.silent.set_result(None)

    def process_exited(self) -> None:
        """Note the end of the program; its children may still hold the pipes."""
        if not self.ended.done():
            self.ended.set_result(None)


async def _run(hook: Hook, text: bytes, env: Mapping[str, str]) -> HookRun:
    # A cancellation while the program is being started would leave it running and asyncio waiting
    # for it (seen with Python 3.11.7), so the run itself is never cancelled, only told to stop.
    stop: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    whole = asyncio.create_task(_run_until(stop, hook, text, env))
    try:
        return await asyncio.shield(whole)
    except asyncio.CancelledError:
        stop.set_result(None)
        with suppress(OSError):  # it could not even be started
            await whole
        raise


async def _run_until(
    stop: asyncio.Future[None], hook: Hook, text: bytes, env: Mapping[str, str]
) -> HookRun:
    loop = asyncio.get_running_loop()
    transport, ending = await loop.subprocess_exec(
        lambda: _Ending(loop),
        *hook.command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(env),
        cwd="/",
        start_new_session=True,
    )
    stdin = transport.get_pipe_transport(0)
    if isinstance(stdin, asyncio.WriteTransport):
        stdin.write(text)
        stdin.close()  # after what is buffered was taken
    seconds = hook.timeout.total_seconds()
    await asyncio.wait({ending.ended, stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    late = not ending.ended.done()
    if late or not (await asyncio.wait({ending.silent}, timeout=_GRACE))[0]:
        _kill_group(transport.get_pid())
    await ending.ended
    transport.close()
    return _judge(hook, ending, transport.get_returncode(), late=late)


def _judge(hook: Hook, ending: _Ending, status: int | None, *, late: bool) -> HookRun:
    words = ending.output.decode("utf-8", "replace").strip().split("\n")[-1]
    last = _plain(words)[:500]
    if late:
        how = f"killed after {hook.timeout.total_seconds():g} s"
    elif status is not None and status < 0:
        how = f"died of {signal.Signals(-status).name}"
    else:
        how = f"status {status}"
    done = not late and status == 0
    return HookRun(
        state=ActionState.DONE if done else ActionState.FAILED,
        said=last if done else f"{how}: {last}" if last else how,
        retry=not late and status == _TRY_AGAIN,
        output=bytes(ending.output),
        dropped=ending.dropped,
    )


def _kill_group(pid: int) -> None:
    # The group has the pid of its leader, which we started in a session of its own.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
