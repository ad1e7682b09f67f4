"""Did most of that mail get through? Asked of the log itself, when nothing is known of the usual.

A log that is read from its beginning (a replay, a first start) shows a busy site's usual deferrals
as if they had begun with it. What got through meanwhile tells them from a spike.
"""

from collections.abc import Iterator

from logwatch_mx.app.reading import Place
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.model.event import Delivery, Event, Status
from logwatch_mx.model.line import Line
from logwatch_mx.model.trail import Doubt

_SENT = (b"status=sent", b"stat=Sent")


def is_usual(doubt: Doubt, place: Place) -> bool:
    """Say whether more mail of the doubt's subject was sent in the window than was deferred."""
    position = place.position(place.block.end)
    if position is None:
        return False
    reader = place.stream.looking_back(doubt.until)
    sent = 0
    for chunk in place.stream.history.chunks_before(position):
        lines = chunk.split(b"\n")
        for line in _sent_lines(lines, doubt.subject):
            event = _read(reader, line)
            if event.time is None or event.time > doubt.until:
                continue
            if event.time < doubt.since:
                return False
            sent += isinstance(event, Delivery) and event.status is Status.SENT
            if sent > doubt.deferred:
                return True
        began = _read(reader, lines[0]).time
        if began is not None and began < doubt.since:
            return False
    return False


def _sent_lines(lines: list[bytes], subject: str | None) -> Iterator[bytes]:
    """Yield the lines, last first, that may say that mail for *subject* was sent."""
    name = subject.encode("utf-8", "surrogateescape") if subject is not None else b""
    for line in reversed(lines):
        is_sent = name in line and (_SENT[0] in line or _SENT[1] in line)
        if is_sent and (not name or _is_about(line, name)):
            yield line


def _is_about(line: bytes, name: bytes) -> bool:
    """Say whether *name* is the recipient's domain or stands at the end of the relay's name."""
    return any(
        before + name + after in line
        for before, after in (
            (b"@", b">"),
            (b"@", b","),
            (b".", b"["),
            (b"=", b"["),
            (b".", b". ["),
            (b"=", b". ["),
        )
    )


def _read(reader: Reader, raw: bytes) -> Event:
    return reader.read(Line(raw.decode("utf-8", "surrogateescape")))
