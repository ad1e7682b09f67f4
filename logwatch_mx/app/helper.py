"""The privileged helper: a socket in, one request a connection, one answer, one audit line.

It runs as root and is the only part of logwatch-mx that does. It is told no path, no program and no
option by whoever asks; what it may do is in ``respond/helper_protocol.py``. Connections are served
one after the other, each with a deadline, and by the uid that the kernel tells (SO_PEERCRED,
unix(7)), so that a request can be traced and nobody else is listened to.
"""

import select
import socket
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import assert_never

from msgspec import Struct

from logwatch_mx.app.helper_settings import HelperSettings
from logwatch_mx.errors import LogwatchError, PermissionDeniedError
from logwatch_mx.respond.helper_protocol import (
    MAX_ANSWER,
    MAX_REQUEST,
    Answer,
    Hello,
    Hold,
    List,
    Makemap,
    Release,
    Reload,
    Request,
    read_request,
    write_answer,
)
from logwatch_mx.respond.makemap import Makemap as MakemapProgram
from logwatch_mx.respond.queue import MailQueue, Step, do_step, messages_for
from logwatch_mx.respond.queue_postfix import PostfixQueue
from logwatch_mx.respond.queue_sendmail import SendmailQueue
from logwatch_mx.respond.reload import reload_postfix

#: Seconds in which a request must have come whole, and an answer been taken.
DEADLINE = 5.0
_CREDENTIALS = struct.Struct("3i")

Log = Callable[[str], None]


class Means(Struct, frozen=True, kw_only=True):
    """What the helper works with: a queue a server, and our sendmail map if there is one."""

    queues: Mapping[str, MailQueue]
    makemap: str = "makemap"
    postfix: str = "postfix"
    sendmail_map: Path | None = None


def means_of(settings: HelperSettings) -> Means:
    """Return the real queues and the map that *settings* name."""
    return Means(
        queues={
            "postfix": PostfixQueue(postqueue=settings.postqueue, postsuper=settings.postsuper),
            "sendmail": SendmailQueue(sendmail=settings.sendmail, cf=settings.sendmail_cf),
        },
        makemap=settings.makemap,
        postfix=settings.postfix,
        sendmail_map=settings.sendmail_map,
    )


def serve(
    listener: socket.socket,
    means: Means,
    *,
    allowed: frozenset[int],
    log: Log,
    idle: float | None,
    wake: socket.socket | None = None,
    deadline: float = DEADLINE,
) -> None:
    """Serve connections until *idle* seconds pass without one, or *wake* can be read."""
    watched = [listener] if wake is None else [listener, wake]
    while True:
        ready, _, _ = select.select(watched, [], [], idle)
        if not ready or wake in ready:
            return
        try:
            connection, _ = listener.accept()
        except OSError as error:  # gone before it was taken up, or no descriptor left
            log(f"a connection could not be taken up: {error}")
            continue
        with connection:
            serve_one(connection, means, allowed=allowed, log=log, deadline=deadline)


def serve_one(
    connection: socket.socket,
    means: Means,
    *,
    allowed: frozenset[int],
    log: Log,
    deadline: float = DEADLINE,
) -> None:
    """Read one request from *connection*, do it, answer, and write it down; never raises."""
    pid, uid, _ = _CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    who = f"uid {uid} pid {pid}"
    asked = "?"
    try:
        _check_peer(uid, allowed)
        request = read_request(_read_line(connection, time.monotonic() + deadline))
        asked = _described(request)
        log(f"{who}: {asked}: begun")
        answer = perform(request, means)
    except (LogwatchError, ValueError, OSError) as error:
        answer = Answer(error=_plain(str(error)), retry=getattr(error, "retry", False))
    line = write_answer(answer)
    if len(line) > MAX_ANSWER:
        line = write_answer(Answer(error="the answer is too long: the queue is too full for it"))
    log(f"{who}: {asked}: {_outcome(answer)}")
    try:
        connection.settimeout(deadline)
        connection.sendall(line)
    except OSError as error:
        log(f"{who}: {asked}: the answer was not taken: {error}")


def perform(request: Request, means: Means) -> Answer:
    """Do what *request* asks; ``LogwatchError`` says why not."""
    match request:
        case Hello():
            return Answer()
        case List(mta=mta, domain=domain):
            return Answer(messages=tuple(messages_for(means.queues[mta], domain)))
        case Hold(mta=mta, domain=domain, ids=ids):
            return _step(means.queues[mta], domain, Step.HOLD, ids)
        case Release(mta=mta, domain=domain, ids=ids):
            return _step(means.queues[mta], domain, Step.RELEASE, ids)
        case Makemap(rows=rows):
            if means.sendmail_map is None:
                raise LogwatchError("helper.toml names no sendmail_map")
            MakemapProgram(means.makemap).build(means.sendmail_map, rows)
            return Answer()
        case Reload():
            reload_postfix(means.postfix)
            return Answer()
        case _:
            assert_never(request)


def _step(queue: MailQueue, domain: str, step: Step, ids: tuple[str, ...]) -> Answer:
    found = do_step(queue, domain, step, ids)
    return Answer(messages=found.messages, done=found.done, not_done=found.not_done)


def _check_peer(uid: int, allowed: frozenset[int]) -> None:
    if uid not in allowed:
        raise PermissionDeniedError("this user may not ask")


def _read_line(connection: socket.socket, end: float) -> bytes:
    """Return what comes up to a newline or the end; ValueError when it is too much or too late."""
    line = bytearray()
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise ValueError("the request did not come in time")
        connection.settimeout(left)
        try:
            chunk = connection.recv(MAX_REQUEST)
        except TimeoutError:
            continue
        line += chunk
        if len(line) > MAX_REQUEST:
            raise ValueError(f"longer than {MAX_REQUEST} bytes")
        if not chunk or b"\n" in chunk:
            break
    first, _, rest = bytes(line).partition(b"\n")
    if rest.strip():
        raise ValueError("more than one request")
    return first


def _described(request: Request) -> str:
    match request:
        case Hold(mta=mta, domain=domain, ids=ids):
            return f"hold {mta} {domain} {' '.join(ids)}"
        case Release(mta=mta, domain=domain, ids=ids):
            return f"release {mta} {domain} {' '.join(ids)}"
        case List(mta=mta, domain=domain):
            return f"list {mta} {domain}"
        case Makemap(rows=rows):
            return f"makemap of {len(rows)} rows"
        case Reload():
            return "reload postfix"
        case Hello():
            return "hello"
        case _:
            assert_never(request)


def _outcome(answer: Answer) -> str:
    if answer.error is not None:
        return f"refused: {answer.error}"
    missed = f", not done: {' '.join(answer.not_done)}" if answer.not_done else ""
    return f"done {len(answer.done)}{missed}" if answer.done or missed else "answered"


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:500]
