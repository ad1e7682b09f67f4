"""Write a header that is none of syslog's own as one that is.

Comes in: a line whose header was not understood. Goes out: the same line with its stamp, host and
tag in syslog's form, or None. What is odd is only how the same things are said: journald's other
forms, years and zones behind the clock, a relay's header or ``grep``'s file name before the line,
AIX, metalog.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from pyparsing import FollowedBy, Literal, Opt, ParserElement, Regex, Suppress

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.stamp import STAMP

_REST = Regex("(?s:.*)")("rest")
_DAY_NAME = Suppress(Regex("(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +"))
_MONTH = Regex("(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?=[ -])")("month")
_DAY = Regex("[0-9]{1,2}(?=[ -])")("day")
_CLOCK = Regex(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]++)?")("clock")
_YEAR = Regex("[0-9]{4}(?=[ -])")("year")
_ZONE = Suppress(Regex(" (?:[A-Z]{3,5}|[+-][0-9]{2,4})(?= +(?:[0-9]{4} +)?[^ :]+ +[^ ]+:)"))

# journalctl -o short-full: `Mon 2026-11-23 12:00:00 CET mx postfix/…`; its zone is the reader's.
_full = (
    _DAY_NAME
    + Regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?")("local")
    + Suppress(" ")
    + Regex(r"(?:[A-Z]{3,5}|[+-][0-9]{2,4})(?= )")("zone")
    + _REST
)
# journalctl -o short-unix: `1795435200.123456 mx postfix/…`; others print thousandths.
_unix = (
    Regex(r"[0-9]{9,10}(?:\.[0-9]{1,6})?(?= )")("seconds") + _REST
    | Regex(r"[0-9]{12,13}(?= )")("thousandths") + _REST
)
# A relay that puts its own header before that of the host: `Nov 23 12:00:01 relay Nov 23 …`
_relayed = Suppress(STAMP + Regex(" +[^ ]+ +")) + FollowedBy(STAMP + Regex(" +[^ ]")) + _REST
# ctime(3), as appliances print it: `Apr 06 15:16:46 2016 mx outbound/smtp: …`, with the day's name
# before it or without, and `Apr  6 15:16:46 CET mx …`, `Apr  6 15:16:46 CET 2016 mx …`
_ctime = (
    Opt(_DAY_NAME)
    + _MONTH
    + Suppress(Regex(" {1,2}"))
    + _DAY
    + Suppress(" ")
    + Opt(_YEAR + Suppress(" "))
    + _CLOCK
    + Opt(_ZONE)
    + Opt(Suppress(" ") + Regex("[0-9]{4}(?= +[^ ]+ +[^ ]+:)")("year"))
    + Regex("(?s: .*)")("rest")
)
# `06-Apr-2016 15:16:46 mx …`, `06 Apr 2016 15:16:46 mx …`
_day_first = (
    Opt(_DAY_NAME)
    + _DAY
    + Suppress(Regex("[ -]"))
    + _MONTH
    + Suppress(Regex("[ -]"))
    + _YEAR
    + Suppress(" ")
    + _CLOCK
    + Opt(_ZONE)
    + Regex("(?s: .*)")("rest")
)
# `2016/04/06 15:16:46 mx …`, and ISO 8601 without signs: `20160406T151646Z mx …`
_slashed = (
    Regex("[0-9]{4}(?=/)")("year")
    + Suppress("/")
    + Regex("[0-9]{2}(?=/)")("number")
    + Suppress("/")
    + Regex("[0-9]{2}(?=[ T])")("day")
    + Suppress(Regex("[ T]"))
    + _CLOCK
    + Regex("(?s:[ Z+-].*)")("rest")
)
_basic = Regex("[0-9]{8}T[0-9]{6}(?:Z|[+-][0-9]{4})(?= )")("basic") + _REST
# `24.11.2026 12:00:00 mx …`, as German appliances write; with slashes it might be the month.
_dotted = (
    Regex(r"[0-9]{2}(?=\.)")("day")
    + Suppress(".")
    + Regex(r"[0-9]{2}(?=\.)")("number")
    + Suppress(".")
    + Regex("[0-9]{4}(?=,? )")("year")
    + Suppress(Regex(",? "))
    + _CLOCK
    + Regex("(?s: .*)")("rest")
)
# multilog, svlogd -t: `@40000000…` is TAI64N; what socklog puts before a line is known already:
# `@40000000… mail.info: Nov 23 12:00:00 postfix/smtp[12]: …`
_tai = (
    Suppress("@")
    + Regex("4[0-9a-f]{15}")("seconds")
    + Opt(Regex("[0-9a-f]{8}")("nanoseconds"))
    + Suppress(Regex(r" (?:[a-z0-9]+\.[a-z]+: )?(?:<[0-9]{1,3}>)?"))
    + Opt(Suppress(STAMP + Regex(" +")))
    + _REST
)
# svlogd -tt: `2026-11-23_12:00:00.12345 mail.info: …`
_underscored = (
    Regex("[0-9]{4}-[0-9]{2}-[0-9]{2}(?=_)")("date")
    + Suppress("_")
    + _CLOCK
    + Regex(r"(?s: .*)")("rest")
)
# AIX, of another host's line: `Nov 23 12:00:00 Message forwarded from mx: postfix/smtp[12]: …`
_forwarded = (
    STAMP("stamp")
    + Suppress(Regex(" +(?:[^ ]+ +)?Message forwarded from "))
    + Regex("[^ :]+(?=: )")("host")
    + Suppress(":")
    + _REST
)
# metalog: `Nov 23 12:00:00 [postfix/smtpd] connect from …`, with the host before it since 3.0
_metalog = (
    STAMP("stamp")
    + Suppress(Regex(" +"))
    + Opt(Regex(r"(?!\[)[^ :]+(?= +\[)")("host") + Suppress(Regex(" +")))
    + Suppress("[")
    + Regex(r"[^\]\[ :]+(?=\] )")("tag")
    + Suppress("]")
    + _REST
)
# grep -H, -n, zgrep: `/var/log/mail.log.1:12:Nov 23 12:00:00 mx …`
_grepped = (
    Suppress(Regex(r"(?:[A-Za-z]:)?[A-Za-z0-9_./+@%~-]{1,1000}:(?:[0-9]{1,12}:)? ?"))
    + FollowedBy(STAMP + Regex(" +[^ ]"))
    + _REST
)
# RFC 6587, octet counting: `103 <22>1 2026-…`
_counted = Suppress(Regex("[0-9]{1,6} ")) + FollowedBy(Literal("<")) + _REST

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The label of 1970-01-01T00:00:00Z, as daemontools and runit count: libtai, tai_now.c.
_TAI_EPOCH = (1 << 62) + 10
#: The year 9999 is the last that a time can have.
_LAST_SECOND = 250_000_000_000


def _write_full(parts: Mapping[str, str]) -> str:
    return f"{parts['local']}{'Z' if parts['zone'] == 'UTC' else ''}{parts['rest']}"


def _write_unix(parts: Mapping[str, str]) -> str:
    seconds = float(parts["seconds"]) if "seconds" in parts else int(parts["thousandths"]) / 1000
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()}{parts['rest']}"


def _write_plain(parts: Mapping[str, str]) -> str:
    return parts["rest"]


def _write_bsd(parts: Mapping[str, str]) -> str:
    year = f"{parts['year']} " if "year" in parts else ""
    return f"{parts['month']} {parts['day']} {year}{parts['clock']}{parts['rest']}"


def _write_slashed(parts: Mapping[str, str]) -> str:
    return f"{parts['year']}-{parts['number']}-{parts['day']}T{parts['clock']}{parts['rest']}"


def _write_underscored(parts: Mapping[str, str]) -> str:
    return f"{parts['date']}T{parts['clock']}{parts['rest']}"


def _write_tai(parts: Mapping[str, str]) -> str:
    seconds = int(parts["seconds"], 16) - _TAI_EPOCH
    micros = int(parts.get("nanoseconds", "0"), 16) // 1000
    if not 0 <= seconds < _LAST_SECOND or micros >= 1_000_000:  # noqa: PLR2004 - of a second
        return parts["rest"]
    time = _EPOCH + timedelta(seconds=seconds, microseconds=micros)
    return f"{time.isoformat()} {parts['rest']}"


def _write_basic(parts: Mapping[str, str]) -> str:
    text = parts["basic"]
    date, clock, zone = text[:8], text[9:15], text[15:]
    return (
        f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}{zone}"
        f"{parts['rest']}"
    )


def _write_hosted(parts: Mapping[str, str]) -> str:
    host = f" {parts['host']}" if "host" in parts else ""
    tag = f" {parts['tag']}:" if "tag" in parts else ""
    return f"{parts['stamp']}{host}{tag}{parts['rest']}"


_Write = Callable[[Mapping[str, str]], str]
_FORMS: tuple[tuple[str, ParserElement, _Write], ...] = (
    ("short-full", _full, _write_full),
    ("short-unix", _unix, _write_unix),
    ("relayed", _relayed, _write_plain),
    ("forwarded", _forwarded, _write_hosted),
    ("metalog", _metalog, _write_hosted),
    ("ctime", _ctime, _write_bsd),
    ("day first", _day_first, _write_bsd),
    ("slashes", _slashed, _write_slashed),
    ("dots", _dotted, _write_slashed),
    ("TAI64N", _tai, _write_tai),
    ("underscores", _underscored, _write_underscored),
    ("basic", _basic, _write_basic),
    ("grepped", _grepped, _write_plain),
    ("counted", _counted, _write_plain),
)


@cache
def _matchers() -> tuple[tuple[Callable[[str], Mapping[str, str] | None], _Write], ...]:
    # Made when the first odd line comes: most logs hold none.
    return tuple(
        (compile_expression(f"odd header, {name}", expr).match, write)
        for name, expr, write in _FORMS
    )


def rewrite(text: str) -> str | None:
    """Return *text* with a header of syslog's own form, or None when it has none of these."""
    for match, write in _matchers():
        parts = match(text)
        if parts is not None:
            written = write(parts)
            return None if written == text else written
    return None
