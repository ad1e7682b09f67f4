"""The journal's export format → lines of syslog, streaming.

``journalctl -o export``: entries that end with an empty line, fields as ``NAME=value``, or, where
the value holds what is no printable text, as the name alone, its length in eight bytes (little
endian) and the bytes (systemd's JOURNAL_EXPORT_FORMATS). Every entry becomes one line.
"""

from collections.abc import Iterable, Iterator

from logwatch_mx.errors import DataError
from logwatch_mx.sources.entry import write_entry

#: How an export begins: the first field is ``__CURSOR=``.
MAGIC = b"__CURS"
# journald itself takes no field above 768 MiB, and no mail server logs a thousandth of that.
_LARGEST = 16 << 20
_LENGTH = 8


def read_export(chunks: Iterable[bytes], place: str) -> Iterator[bytes]:
    """Yield the lines of the export in *chunks*, those of one chunk at once.

    Raises ``DataError``, naming *place*, behind the last whole entry of an export that breaks off
    or has a field of absurd length.
    """
    rest = b""
    fields: dict[bytes, bytes] = {}
    for chunk in chunks:
        data, at = rest + chunk, 0
        rows: list[bytes] = []
        while (found := _field(data, at, place)) is not None:
            name, value, at = found
            if name:
                fields.setdefault(name, value)
            elif fields:
                rows += _row(fields)
                fields = {}
        rest = data[at:]
        if rows:
            yield b"".join(rows)
    if rest:
        raise DataError(f"{place}: the export breaks off")
    if fields:
        yield from _row(fields)


def _field(data: bytes, at: int, place: str) -> tuple[bytes, bytes, int] | None:
    """Return name and value of the field at *at*, and where the next begins; None: not all there.

    The name is empty at the end of an entry.
    """
    stop = data.find(b"\n", at)
    if stop < 0:
        if len(data) - at > _LARGEST:
            raise DataError(f"{place}: a field of the export is too long")
        return None
    name, equals, value = data[at:stop].partition(b"=")
    if equals or not name:
        return name, value, stop + 1
    begin = stop + 1 + _LENGTH
    length = int.from_bytes(data[stop + 1 : begin], "little")
    if len(data) < begin:
        return None
    if length > _LARGEST:
        raise DataError(f"{place}: a field of the export is too long")
    end = begin + length
    return (name, data[begin:end], end + 1) if len(data) > end else None


def _row(fields: dict[bytes, bytes]) -> list[bytes]:
    written = fields.get(b"_SOURCE_REALTIME_TIMESTAMP") or fields.get(b"__REALTIME_TIMESTAMP", b"")
    try:
        line = write_entry(
            int(written),
            host=fields.get(b"_HOSTNAME", b""),
            tag=fields.get(b"SYSLOG_IDENTIFIER") or fields.get(b"_COMM", b""),
            pid=fields.get(b"SYSLOG_PID") or fields.get(b"_PID", b""),
            text=fields.get(b"MESSAGE", b""),
        )
    except (ValueError, OverflowError):
        # No line of syslog, but seen to be none.
        line = b"an entry of the journal without a time\n"
    return [line]
