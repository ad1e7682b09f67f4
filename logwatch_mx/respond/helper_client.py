"""Ask the privileged helper, over its socket, for what needs root."""

import socket
from pathlib import Path

from logwatch_mx.errors import EffectError, PermissionDeniedError
from logwatch_mx.respond.helper_protocol import (
    MAX_ANSWER,
    MAX_IDS,
    Answer,
    Hello,
    Hold,
    List,
    Makemap,
    Mta,
    Release,
    Reload,
    Request,
    read_answer,
    write_request,
)
from logwatch_mx.respond.queue import Queued, Step, Stepped, can

#: Seconds; three runs of a queue program with a minute each, and some.
_PATIENCE = 200.0
_CHUNK = 64 * 1024


class HelperClient:
    """The helper that listens at *path*; each call is one connection."""

    def __init__(self, path: Path, *, patience: float = _PATIENCE) -> None:
        self._path = path
        self._patience = patience

    def hello(self) -> None:
        """Raise unless the helper is there and lets us in."""
        self._ask(Hello())

    def messages_for(self, mta: Mta, domain: str) -> list[Queued]:
        """Return the messages that have a recipient in *domain*."""
        return list(self._ask(List(mta=mta, domain=domain)).messages)

    def do_step(self, mta: Mta, domain: str, step: Step) -> Stepped:
        """Hold or release all that is wholly *domain*'s, or raise ``EffectError``."""
        messages = tuple(self.messages_for(mta, domain))
        ids = [message.id for message in messages if can(step, message, domain)]
        verb = Hold if step is Step.HOLD else Release
        done: list[str] = []
        not_done: list[str] = []
        for start in range(0, len(ids), MAX_IDS):
            some = tuple(ids[start : start + MAX_IDS])
            told = self._ask(verb(mta=mta, domain=domain, ids=some))
            messages = told.messages
            done += told.done
            not_done += told.not_done
        return Stepped(
            messages=messages, done=tuple(sorted(done)), not_done=tuple(sorted(not_done))
        )

    def makemap(self, rows: dict[str, str]) -> None:
        """Have the sendmail map made of *rows* that the helper's configuration names."""
        self._ask(Makemap(rows=rows))  # type: ignore[arg-type]  # the helper checks the words

    def reload(self) -> None:
        """Have Postfix read its tables anew."""
        self._ask(Reload())

    def _ask(self, request: Request) -> Answer:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._patience)
                connection.connect(str(self._path))
                connection.sendall(write_request(request))
                connection.shutdown(socket.SHUT_WR)
                line = _read_line(connection)
        except PermissionError as error:
            raise PermissionDeniedError(
                f"{self._path}: the helper lets only root and the daemon's user in"
            ) from error
        except TimeoutError as error:
            raise EffectError(f"{self._path}: the helper gave no answer", retry=True) from error
        except OSError as error:
            raise EffectError(
                f"{self._path}: no helper there: {error.strerror or error}"
            ) from error
        try:
            answer = read_answer(line)
        except ValueError as error:
            raise EffectError(f"{self._path}: {error}") from error
        if answer.error is not None:
            raise EffectError(f"helper: {answer.error}", retry=answer.retry)
        return answer


def _read_line(connection: socket.socket) -> bytes:
    line = bytearray()
    while len(line) <= MAX_ANSWER and (chunk := connection.recv(_CHUNK)):
        line += chunk
    return bytes(line)
