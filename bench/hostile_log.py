"""A log that is written to hurt: no domain, queue id or message-id comes twice.

One line in ten puts a message off, at a domain and a server of its own; one in ten hands a message
to this host itself, under an id that never comes back; the rest is daily life around them. Nothing
in it is a loop or a spike.
"""

from datetime import UTC, datetime
from typing import TextIO

_START = datetime(2026, 3, 2, 0, 0, 3, tzinfo=UTC).timestamp()
#: Lines a second.
_PACE = 200
_LINES = (
    "smtpd[{pid}]: connect from mail.{domain}[{ip}]",
    "smtpd[{pid}]: {qid}: client=mail.{domain}[{ip}]",
    "cleanup[{pid}]: {qid}: message-id=<{n:x}.{other:x}@{domain}>",
    "qmgr[7]: {qid}: from=<u{n}@{domain}>, size={size}, nrcpt=1 (queue active)",
    "smtpd[{pid}]: disconnect from mail.{domain}[{ip}] ehlo=1 mail=1 rcpt=1 data=1 quit=1",
    "smtp[{pid}]: {qid}: to=<v{n}@{domain}>, relay=mail.{domain}[{ip}]:25, {put_off} {n:x})",
    "smtpd[{pid}]: {back}: client=localhost[127.0.0.1]",
    "smtp[{pid}]: {mine}: to=<w{n}@{domain}>, relay=mx.{domain}[127.0.0.1]:25, {sent} {back})",
    "smtp[{pid}]: {mine}: to=<x{n}@{domain}>, relay=mail.{domain}[{ip}]:25, {sent} {other:X})",
    "qmgr[7]: {mine}: removed",
)
_PUT_OFF = "delay=1, dsn=4.7.1, status=deferred (host h said: 451 4.7.1 Try again later"
_SENT = "delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as"


def write(out: TextIO, lines: int) -> None:
    """Write so many *lines* to *out*."""
    for count in range(0, lines, len(_LINES)):
        n = count // len(_LINES)
        # 2654435761 is odd: the product, modulo a power of two, never comes twice.
        other = n * 2654435761 % (1 << 32)
        fields = {
            "n": n,
            "put_off": _PUT_OFF,
            "sent": _SENT,
            "other": other,
            "pid": 1000 + n % 30_000,
            "size": 400 + n % 90_000,
            "domain": f"d{other:x}.x{n:x}.example",
            "ip": f"203.0.{n >> 8 & 255}.{n & 255}",
            "qid": f"A{other:09X}",
            "mine": f"B{other:09X}",
            "back": f"C{other:09X}",
        }
        stamp = datetime.fromtimestamp(_START + count // _PACE, UTC)
        head = f"{stamp:%b} {stamp.day:2} {stamp:%H:%M:%S} mx1 postfix/"
        rows = _LINES[: lines - count]
        out.write("".join(f"{head}{row.format_map(fields)}\n" for row in rows))
