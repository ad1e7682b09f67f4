"""One entry of the journal as the line that a syslog daemon would write to a file.

``2026-11-23T14:22:34.123456+00:00 host postfix/smtp[7]: text``: stamped in UTC to the microsecond.
A newline in the text becomes ``#012``, as rsyslog writes it, so that nobody logs a second line.
"""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNPRINTED = re.compile(rb"[\0-\x20\x7f:\[\]]")


def write_entry(written: int, *, host: bytes, tag: bytes, pid: bytes, text: bytes) -> bytes:
    """Return the line of an entry *written* at that microsecond of the epoch, with its newline.

    What may not be in a word of a header becomes ``_``. Raises OverflowError for a time that no
    calendar has.
    """
    stamp = (_EPOCH + timedelta(microseconds=written)).isoformat(timespec="microseconds")
    head = b"%s %s %s" % (stamp.encode(), _word(host) or b"localhost", _word(tag) or b"unknown")
    text = text.rstrip(b"\n").replace(b"\n", b"#012")
    return head + (b"[%s]: " % pid if pid.isdigit() else b": ") + text + b"\n"


def _word(value: bytes) -> bytes:
    return _UNPRINTED.sub(b"_", value)
