"""Take off what a container runtime or the journal puts around a log line.

Comes in: a raw line without a syslog header of its own. Goes out: a ``Frame``, what was inside and
what the frame knows. Read are: journalctl ``-o json`` (systemd.journal-fields(7)), docker's
``json-file``, the Kubernetes CRI log (``STAMP stdout F TEXT``), ``docker logs -t``, and the name
that docker compose and kubectl put before a line.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct
from pyparsing import FollowedBy, Opt, Regex, Suppress

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.stamp import FULL_STAMP, STAMP

_TEXT = Regex("(?s:.*)")("text")
_NAME = Suppress(Regex(r"[A-Za-z0-9_.-]+ +\| |\[pod/[^\]]+\] "))
_STREAM = Suppress(Regex("std(?:out|err) [FP](?::[^ ]*)? "))
_match = compile_expression(
    "container frame",
    _NAME + _TEXT | FULL_STAMP("stamp") + Suppress(" ") + Opt(_STREAM) + _TEXT,
).match

# What stands before the host in other ways: read, and the line is written as syslog's.
# journalctl -o short-full: `Mon 2026-11-23 12:00:00 CET mx postfix/…`; its zone is the reader's.
# journalctl -o short-unix: `1795435200.123456 mx postfix/…`
# A relay that puts its own header before that of the host: `Nov 23 12:00:01 relay Nov 23 …`
_match_odd = compile_expression(
    "odd header",
    Suppress(Regex("(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "))
    + Regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?")("local")
    + Suppress(" ")
    + Regex(r"(?:[A-Z]{3,5}|[+-][0-9]{2,4})(?= )")("zone")
    + _TEXT
    | Regex(r"[0-9]{9,10}(?:\.[0-9]{1,6})?(?= )")("seconds") + _TEXT
    | Suppress(STAMP + Regex(" +[^ ]+ +")) + FollowedBy(STAMP + Regex(" +[^ ]")) + _TEXT,
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
    odd = _match_odd(text)
    if odd is not None:
        return Frame(text=_rewrite(odd))
    found = _match(text)
    return None if found is None else Frame(text=found["text"], stamp=found.get("stamp"))


def _rewrite(odd: Mapping[str, str]) -> str:
    text = odd["text"]
    if "local" in odd:
        return f"{odd['local']}{'Z' if odd['zone'] == 'UTC' else ''}{text}"
    if "seconds" in odd:
        return f"{(_EPOCH + timedelta(seconds=float(odd['seconds']))).isoformat()}{text}"
    return text


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
