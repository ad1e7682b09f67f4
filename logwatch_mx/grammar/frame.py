"""Take off what a container runtime or the journal puts around a log line.

Comes in: a raw line without a syslog header of its own. Goes out: a ``Frame``, what was inside and
what the frame knows. Read are: journalctl ``-o json`` (systemd.journal-fields(7)), docker's
``json-file``, the Kubernetes CRI log (``STAMP stdout F TEXT``), ``docker logs -t``, and the name
that docker compose and kubectl put before a line.
"""

from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct
from pyparsing import Opt, Regex, Suppress

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.stamp import FULL_STAMP

_TEXT = Regex("(?s:.*)")("text")
_NAME = Suppress(Regex(r"[A-Za-z0-9_.-]+ +\| |\[pod/[^\]]+\] "))
_STREAM = Suppress(Regex("std(?:out|err) [FP](?::[^ ]*)? "))
_match = compile_expression(
    "container frame",
    _NAME + _TEXT | FULL_STAMP("stamp") + Suppress(" ") + Opt(_STREAM) + _TEXT,
).match

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Frame(Struct, frozen=True, kw_only=True):
    """What was framed: *text*, with what only the frame says.

    With a *program* the text is that program's own; without one it is a line with its own tag.
    """

    text: str
    stamp: str | None = None
    time: datetime | None = None
    host: str | None = None
    program: str | None = None
    pid: str | None = None


class _Json(Struct, frozen=True):
    """The fields of docker's and the journal's objects that are wanted, as they come."""

    log: str | None = None
    time: str | None = None
    message: str | list[int] | None = msgspec.field(name="MESSAGE", default=None)
    identifier: str | None = msgspec.field(name="SYSLOG_IDENTIFIER", default=None)
    command: str | None = msgspec.field(name="_COMM", default=None)
    syslog_pid: str | None = msgspec.field(name="SYSLOG_PID", default=None)
    own_pid: str | None = msgspec.field(name="_PID", default=None)
    hostname: str | None = msgspec.field(name="_HOSTNAME", default=None)
    logged: str | None = msgspec.field(name="_SOURCE_REALTIME_TIMESTAMP", default=None)
    received: str | None = msgspec.field(name="__REALTIME_TIMESTAMP", default=None)


_decode = msgspec.json.Decoder(_Json).decode


def read_frame(text: str) -> Frame | None:
    """Return what the frame around *text* holds, or None when there is none."""
    if text.startswith("{"):
        return _read_json(text)
    found = _match(text)
    return None if found is None else Frame(text=found["text"], stamp=found.get("stamp"))


def _read_json(text: str) -> Frame | None:
    try:
        fields = _decode(text.encode())
    # ValueError: msgspec's faults, and bytes that are no UTF-8. RecursionError: nested too deeply.
    except (ValueError, RecursionError):
        return None
    if fields.log is not None:
        return Frame(text=fields.log.removesuffix("\n"), stamp=fields.time)
    program = fields.identifier or fields.command
    if fields.message is None or program is None:
        return None
    return Frame(
        text=_decode_message(fields.message),
        time=_read_microseconds(fields.logged or fields.received or ""),
        host=fields.hostname,
        program=program,
        pid=fields.syslog_pid or fields.own_pid,
    )


def _decode_message(message: str | list[int]) -> str:
    if isinstance(message, str):
        return message
    # The journal writes what is not UTF-8, or holds control characters, as a list of bytes.
    return bytes(byte & 255 for byte in message).decode("utf-8", "surrogateescape")


def _read_microseconds(text: str) -> datetime | None:
    # Sixteen digits last until the year 2286.
    if not (text.isascii() and text.isdigit() and len(text) <= 16):  # noqa: PLR2004 - see above
        return None
    return _EPOCH + timedelta(microseconds=int(text))
