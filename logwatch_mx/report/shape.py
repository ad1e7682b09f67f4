"""Incidents as the JSON that scripts rely on: stable names, stamps with an offset, schema 1."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from msgspec import json as json_format
from msgspec import to_builtins

from logwatch_mx.model.event import Client, Event, Malformed, MtaVerdict, Relay, Unparsed
from logwatch_mx.model.incident import Incident
from logwatch_mx.model.verdict import Outcome, Verdict

SCHEMA = 1
#: Fields of events that are for detection, not for scripts, or that stand before the others.
_APART = frozenset(
    {"line", "agent", "text", "repeated", "unread", "time", "host", "program", "pid", "mta"}
)


def shape_incident(incident: Incident) -> dict[str, Any]:
    """Return *incident* in the shape of ``replay --json``."""
    shape: dict[str, Any] = to_builtins(incident)
    for name in ("opened", "closed", "first", "last"):
        shape[name] = _stamp(getattr(incident, name))
    shape["verdict"] = shape_verdict(incident.verdict)
    shape["origin"] = [
        {**to_builtins(o), "first": _stamp(o.first), "last": _stamp(o.last)}
        for o in incident.origin
    ]
    for action, value in zip(shape["actions"], incident.actions, strict=True):
        action["at"], action["expires"] = _stamp(value.at), _stamp(value.expires)
    return shape


def shape_verdict(verdict: Verdict | None) -> dict[str, Any]:
    """Return *verdict* as JSON; one that was never asked for has the outcome ``not_asked``."""
    if verdict is None:
        not_asked = Outcome.NOT_ASKED.value
        return {"domain": None, "outcome": not_asked, "mx": [], "resolver": None, "why": ""}
    shape: dict[str, Any] = to_builtins(verdict)
    return shape


def shape_replay(
    incidents: Sequence[Incident],
    *,
    files: Sequence[str] = (),
    lines: int = 0,
    first: datetime | None = None,
    last: datetime | None = None,
    stats: dict[str, Any] | None = None,
    skipped: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Return the whole answer of ``replay --json`` and ``incidents list --json``."""
    return {
        "schema": SCHEMA,
        "input": {
            "files": list(files),
            "lines": lines,
            "first": _stamp(first),
            "last": _stamp(last),
            "stats": stats,
            "skipped": skipped or {},
        },
        "incidents": [shape_incident(incident) for incident in incidents],
    }


def shape_event(event: Event) -> dict[str, Any]:
    """Return *event* as one object of ``parse``; what the line does not say is left out or null."""
    line, at = event.line, event.time
    shape: dict[str, Any] = {"line": line.number, "kind": event.kind}
    if line.source:
        shape["source"] = line.source
    if event.program is not None or at is not None:
        shape["time"] = _stamp(at)
        shape["host"], shape["program"] = event.host, event.program
        shape["pid"] = event.pid
        shape["mta"] = event.mta.value if event.mta else None
    if event.queue_id is not None:
        shape["queue_id"] = event.queue_id
    for name in _own_fields(type(event)):
        value = getattr(event, name)
        shape[name] = value if type(value) in _PLAIN else _plain(value)
    if isinstance(event, MtaVerdict):
        # Here `host` is the server that the verdict is about, where the line names one.
        shape["log_host"] = event.host
        del shape["mx_host"]
        if event.mx_host is not None:
            shape["host"] = event.mx_host
    if isinstance(event, Unparsed | Malformed):
        shape["text"] = event.text
    return shape


def write_event(event: Event) -> str:
    """Return *event* as a line of JSON in ASCII, without its newline."""
    shape = shape_event(event)
    try:
        written = _ENCODER.encode(shape)
        if written.isascii():
            return written.decode("ascii")
    except UnicodeEncodeError:  # a byte that is no UTF-8
        pass
    # Terminals obey some of what lies beyond ASCII: it is written as \\u….
    return json.dumps(shape, separators=(",", ":"))


_ENCODER = json_format.Encoder()
_PLAIN = frozenset({str, int, float, type(None), bool})


@cache
def _own_fields(kind: type[Event]) -> tuple[str, ...]:
    return tuple(
        name for name in kind.__struct_fields__ if name not in _APART and name != "queue_id"
    )


def _plain(value: object) -> object:
    match value:
        case Relay():
            return {"host": value.host, "ip": value.ip, "port": value.port}
        case Client():
            return {"host": value.host, "ip": value.ip}
        case Enum():
            return value.value
        case tuple():
            return list(value)
        case _:
            return value


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
