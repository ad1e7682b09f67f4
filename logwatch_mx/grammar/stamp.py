"""Turn the stamp of a line into a time with a zone.

Comes in: the stamp as printed, one after the other in the order of the log. Goes out: an aware
``datetime``, or None for a time that cannot be (30 February). What looks backward lives in one
small object, ``Stamps``:

1. A stamp without a year takes the year of the one before it. When that would leap back by more
   than half a year, a New Year lies between; when it would leap ahead, and a year earlier would be
   late by a few weeks only, the line is a straggler from before New Year.
2. The first one takes the year that was given; else the last year in which it is not later than the
   file was written (plus a day, since clocks and zones differ). No later one passes that mark
   either, unless ``extend`` says that the file was written again.
3. 29 February takes the last leap year that is not after the year found so.
4. A stamp without a zone is local. In the hour that is repeated when summer time ends, the log's
   own order tells the two apart. Every time has a fixed offset, so that differences are true.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pyparsing as pp
from pyparsing import Opt, Regex, Suppress

from logwatch_mx.grammar.compile import compile_expression

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = "(?:" + "|".join(_MONTHS) + ")"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]++)?"

# RFC 3164 section 4.1.2 pads the day to two places; syslog-ng, AIX and hand-made logs do not, and
# `May 01` is seen too. Devices and some templates add a year behind the day or before the month.
_BSD = Regex(rf"(?:[0-9]{{4}} )?{_MONTH} {{1,2}}[0-9]{{1,2}} (?:[0-9]{{4}} )?{_CLOCK}")
# RFC 3339, and what journald and other programs make of it: a space for the T, `+0100`, ` +0100`.
_LOCAL = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ]{_CLOCK}"
_OFFSET = "(?:[Zz]| ?[+-][0-9]{2}(?::?[0-9]{2})?(?![0-9]))"
_ISO = Regex(f"{_LOCAL}{_OFFSET}?")

#: A stamp, whatever its form, as one token without a name.
STAMP: pp.ParserElement = _BSD | _ISO
#: A stamp with year and zone, which needs nothing from its neighbours.
FULL_STAMP: pp.ParserElement = Regex(_LOCAL + _OFFSET)

_BSD_PARTS = compile_expression(
    "stamp",
    Opt(Regex("[0-9]{4}")("year") + Suppress(" "))
    + Regex(_MONTH)("month")
    + Suppress(Regex(" {1,2}"))
    + Regex("[0-9]{1,2}")("day")
    + Suppress(" ")
    + Opt(Regex("[0-9]{4}")("year") + Suppress(" "))
    + Regex(_CLOCK)("clock"),
)

# Mmm dd hh:mm:ss, the form that nearly all logs have
_USUAL_LENGTH = 15
_CLOCKS = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]").fullmatch
_SECONDS = {f":{second:02}": timedelta(seconds=second) for second in range(60)}
_FAR_BACK = timedelta(days=183)
# Rotated weekly files read in the wrong order, or a relay that was cut off over the holidays.
_STRAGGLER = timedelta(days=31)
_A_DAY = timedelta(days=1)
# Lines of several daemons are out of order by seconds; the repeated hour goes back by an hour.
_DISORDER = timedelta(minutes=10)
# Outside of these years no file was written and `datetime` arithmetic may overflow.
_YEARS = range(1971, 9000)


class Stamps:
    """The times of one log, read in its order; not to be shared between logs.

    *year* is that of the first stamp without one, *zone* that of stamps without one, *mtime* when
    the file was last written (None: it is being written now). A lying or impossible *mtime* is
    ignored.
    """

    def __init__(self, year: int | None, zone: tzinfo, mtime: datetime | None = None) -> None:
        self.zone = zone
        self._given = year if year in _YEARS else None
        self._mark: datetime | None = None
        if year is None and mtime is not None:
            self.extend(mtime)
        self._last: datetime | None = None
        self._text = ""
        self._day: tuple[str, datetime | None] | None = None
        # That of the stamp before, where nothing but its seconds needs to be looked at.
        self._minute: datetime | None = None
        self._time: datetime | None = None

    def extend(self, mtime: datetime) -> None:
        """Move the mark that no stamp passes: the file was written at *mtime*.

        Where the year was given, the file's own time is not believed at all.
        """
        if self._given is None and mtime.year in _YEARS:
            self._mark = _aware(mtime, self.zone) + _A_DAY

    def follow(self, other: "Stamps") -> None:
        """Stand where *other* stands in its log: to look ahead without moving it."""
        vars(self).update(vars(other))

    def read(self, text: str) -> datetime | None:
        """Return the time that the stamp *text* means here, or None when there is no such time."""
        if text != self._text:  # many lines carry the same second
            time = self._read_second(text) or self._read_clock(text) or self._read(text)
            self._time = time if time is not None and time.year in _YEARS else None
            self._text = text
            if self._time is not None:
                self._last = self._time
        return self._time

    def _read_second(self, text: str) -> datetime | None:
        """Return the time when only the seconds differ from the stamp before, on a plain day."""
        minute = self._minute
        if minute is None or text[:12] != self._text[:12] or self._time is None:
            return None
        second = _SECONDS.get(text[12:])
        if second is None:
            return None
        time = minute + second
        return time if self._mark is None or time <= self._mark else None

    def _read_clock(self, text: str) -> datetime | None:
        """Return the time when only the clock differs from the stamp before, on a plain day."""
        self._minute = None
        clock = text[7:]
        if len(text) != _USUAL_LENGTH or text[:7] != self._text[:7] or not _CLOCKS(clock):
            return None
        last = self._last
        if last is None or self._time is None or len(self._text) != _USUAL_LENGTH:
            return None
        if self._day is None or self._day[0] != text[:7]:
            midnight = last.replace(hour=0, minute=0, second=0, microsecond=0)
            ends = (midnight.astimezone(self.zone), (midnight + _A_DAY).astimezone(self.zone))
            # Clocks that change on that day, or a mark in it, need the whole reading.
            plain = all(end.utcoffset() == midnight.utcoffset() for end in ends)
            self._day = (text[:7], midnight if plain else None)
        begin = self._day[1]
        if begin is None or begin.date() != last.date():
            return None
        minute = begin.replace(hour=int(clock[:2]), minute=int(clock[3:5]))
        time = minute + _SECONDS[text[12:]]
        self._minute = minute
        return time if self._mark is None or time <= self._mark else None

    def _read(self, text: str) -> datetime | None:
        if text[4:5] == "-":
            return self._read_iso(text)
        parts = _BSD_PARTS.match(text)
        if parts is None:
            return None
        month, day, clock = _MONTHS.index(parts["month"]) + 1, int(parts["day"]), parts["clock"]
        if "year" in parts:
            return self._at(int(parts["year"]), month, day, clock)
        if self._last is None:
            return self._first(month, day, clock)
        return self._next(self._last, month, day, clock)

    def _read_iso(self, text: str) -> datetime | None:
        # fromisoformat knows neither `,5` beside a colon nor a lower-case z nor a space before +.
        plain = text.upper().replace(",", ".")
        try:
            time = datetime.fromisoformat(plain[:11] + plain[11:].replace(" ", ""))
            return time if time.tzinfo else self._unfold(time)
        except (ValueError, OverflowError):
            return None

    def _first(self, month: int, day: int, clock: str) -> datetime | None:
        if self._given is not None:
            return self._at_or_leap(self._given, month, day, clock)
        mark = self._mark or datetime.now(UTC) + _A_DAY
        return self._not_after(mark, mark.year + 1, month, day, clock)

    def _next(self, last: datetime, month: int, day: int, clock: str) -> datetime | None:
        year = last.astimezone(self.zone).year
        same = self._at_or_leap(year, month, day, clock)
        if same is None:
            return None
        if same < last - _FAR_BACK:
            year += 1
        elif same > last + _FAR_BACK:
            before = self._at(year - 1, month, day, clock)
            if before is not None and before >= last - _STRAGGLER:
                year -= 1
        if self._mark is not None:
            return self._not_after(self._mark, year, month, day, clock)
        return self._at_or_leap(year, month, day, clock)

    def _not_after(
        self, mark: datetime, year: int, month: int, day: int, clock: str
    ) -> datetime | None:
        time = self._at_or_leap(year, month, day, clock)
        while time is not None and time > mark:
            time = self._at_or_leap(time.year - 1, month, day, clock)
        return time

    def _at_or_leap(self, year: int, month: int, day: int, clock: str) -> datetime | None:
        leap = (month, day) == (2, 29)
        # Eight years: 1900 and 2100 are not leap.
        tried = range(year, year - 8, -1) if leap else (year,)
        times = (self._at(each, month, day, clock) for each in tried)
        return next((time for time in times if time is not None), None)

    def _at(self, year: int, month: int, day: int, clock: str) -> datetime | None:
        hour, minute, second = int(clock[0:2]), int(clock[3:5]), int(clock[6:8])
        micro = int(clock[9:15].ljust(6, "0"))
        leap = second == 60  # noqa: PLR2004 - a leap second, which datetime does not know
        try:
            time = datetime(year, month, day, hour, minute, second - leap, micro)  # noqa: DTZ001 - _unfold adds the zone
            return self._unfold(time + timedelta(seconds=leap))
        except (ValueError, OverflowError):
            return None

    def _unfold(self, local: datetime) -> datetime:
        first, again = (_fixed(local.replace(tzinfo=self.zone, fold=fold)) for fold in (0, 1))
        # In the gap of spring `again` is the earlier one: such a time is wrong, and fold 0 will do.
        if again > first and self._last is not None and first < self._last - _DISORDER:
            return again
        return first


def _fixed(time: datetime) -> datetime:
    """Return *time* with its offset alone: differences within one named zone ignore its changes."""
    return time.replace(tzinfo=timezone(time.utcoffset() or timedelta()), fold=0)


def _aware(time: datetime, zone: tzinfo) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=zone)
