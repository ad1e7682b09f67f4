"""Take a log line out of the JSON object that a shipper made of it.

Comes in: one JSON object. Goes out: a ``Frame``, or None when it holds no line. Read are docker's
``json-file``, ``journalctl -o json``, and what Filebeat, Logstash, Fluentd, Fluent Bit, Vector,
Promtail, rsyslog, syslog-ng and Graylog (GELF) write: they differ in the names of their fields.

Whether the text has a header of its own is for who asks: where it has one, that is what the MTA's
host wrote; the object's time may be that of the shipper's reading.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from logwatch_mx.grammar.frame import Frame
from logwatch_mx.grammar.program import read_tag

# By the shippers' names: journald and syslog-ng; Filebeat, Logstash, Fluentd, Vector; rsyslog;
# Loki; GELF. Docker's `log` comes before all of them.
_TEXTS = ("MESSAGE", "message", "msg", "line", "short_message", "rawmsg", "log")
_PROGRAMS = (
    *("SYSLOG_IDENTIFIER", "PROGRAM", "process.name", "log.syslog.appname", "appname", "app_name"),
    *("syslog_program", "application_name", "_process_name", "syslogtag", "program", "_COMM"),
)
#: These name the program at some sites, at others the stream: only an MTA's tag is believed.
_LABELS = ("ident", "identifier", "programname", "tag", "app")
_PIDS = (
    *("SYSLOG_PID", "_PID", "PID", "process.pid", "log.syslog.procid", "procid", "proc_id"),
    *("syslog_pid", "process_id", "_pid", "_process_id", "pid"),
)
_HOSTS = (
    *("_HOSTNAME", "HOST", "host.hostname", "log.syslog.hostname", "logsource", "syslog_hostname"),
    *("hostname", "host.name", "host", "fromhost", "source_host"),
)
_TIMES = (
    *("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP", "ISODATE", "timereported"),
    *("syslog_timestamp", "timestamp", "@timestamp", "timegenerated", "time", "ts", "date"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds of the year 2286: what is larger is milli-, micro- or nanoseconds.
_LARGEST = 10**10
_MICROSECONDS = 10**6
_UNITS = {1: _MICROSECONDS, 10**3: 10**3, 10**6: 1}
#: A document in the envelope of a search index is the worst.
_DEEPEST = 2

_decode = msgspec.json.Decoder(dict[str, object]).decode


def read_object(text: str) -> Frame | None:
    """Return what the JSON object *text* holds, or None when that is no log line."""
    try:
        fields = _decode(text.encode())
    # ValueError: msgspec's faults, and bytes that are no UTF-8. RecursionError: nested too deeply.
    except (ValueError, RecursionError):
        return None
    return _read_fields(fields, _DEEPEST)


def _read_fields(fields: Mapping[str, object], depth: int) -> Frame | None:
    log = fields.get("log")
    if isinstance(log, str) and "MESSAGE" not in fields and "message" not in fields:
        # docker and the Kubernetes filters: the time is that of the program's writing.
        stamp = fields.get("time")
        return Frame(text=log.removesuffix("\n"), stamp=stamp if isinstance(stamp, str) else None)
    inner = fields.get("_source")
    if isinstance(inner, dict) and depth:
        return _read_fields(inner, depth - 1)
    text = next(_texts(fields), None)
    if text is None:
        return None
    program, _, pid = (_first(fields, _PROGRAMS) or _label(fields)).partition("[")
    time = next(_values(fields, _TIMES), None)
    return Frame(
        text=text.removesuffix("\n"),
        stamp=time if isinstance(time, str) and not _is_number(time) else None,
        time=_read_number(time),
        host=_first(fields, _HOSTS),
        program=program.rstrip(":") or None,
        pid=_first(fields, _PIDS) or pid.partition("]")[0] or None,
        shipped=True,
    )


def _texts(fields: Mapping[str, object]) -> Iterator[str]:
    for value in _values(fields, _TEXTS):
        if isinstance(value, str):
            yield value
        elif isinstance(value, list) and all(isinstance(byte, int) for byte in value):
            # The journal writes what is not UTF-8, or holds control characters, as bytes.
            yield bytes(byte & 255 for byte in value).decode("utf-8", "surrogateescape")


def _label(fields: Mapping[str, object]) -> str:
    labels = (value for value in _values(fields, _LABELS) if isinstance(value, str))
    return next((label for label in labels if read_tag(label.partition("[")[0])[0]), "")


def _first(fields: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    for value in _values(fields, names):
        # The journal makes a list of a field that was given twice.
        one = value[0] if isinstance(value, list) and value else value
        if isinstance(one, str | int) and not isinstance(one, bool):
            return str(one) or None
    return None


def _values(fields: Mapping[str, object], names: tuple[str, ...]) -> Iterator[object]:
    """Yield what stands under *names*; a dot leads into an object, or is a part of the name."""
    for name in names:
        value = fields.get(name)
        if value is None and "." in name:
            value = _inner(fields, name)
        if value is not None and value != "":
            yield value


def _inner(fields: Mapping[str, object], name: str) -> object:
    value: object = fields
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _is_number(text: str) -> bool:
    whole, _, part = text.partition(".")
    digits = whole + part
    # A nanosecond has nineteen digits in 2026.
    return digits.isascii() and digits.isdigit() and 0 < len(whole) <= 19 and len(part) <= 9  # noqa: PLR2004 - see above


def _read_number(time: object) -> datetime | None:
    """Return the time of seconds since 1970, or of thousandths, millionths and so on of them."""
    if isinstance(time, str) and _is_number(time):
        time = float(time) if "." in time else int(time)
    if isinstance(time, bool) or not isinstance(time, int | float) or not 0 < time < 10**19:
        return None
    if isinstance(time, float):
        return _EPOCH + timedelta(seconds=time) if time < _LARGEST else None
    micros = next(
        (time * scale for unit, scale in _UNITS.items() if time < unit * _LARGEST), time // 1000
    )
    return _EPOCH + timedelta(microseconds=micros)
