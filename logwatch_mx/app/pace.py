"""How far the log's time has come: by its lines while they come, by the clock while it is silent.

The engine looks at few lines, and its time stands still between them. On a busy server without
trouble that may be hours, in which incidents have to close and spikes have to be told. So the
newest line of all is asked for its stamp.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from logwatch_mx.app.reading import Place
from logwatch_mx.model.line import Line

#: Minutes pass so many seconds later than by the clock: lines may be on their way.
SILENCE = 2.0
#: While lines come, minutes pass so much later than the newest stamp: processes, and hosts that log
#: into one file, are not in order.
DISORDER = timedelta(seconds=10)


class Pace:
    """*at* is a steady clock's time in seconds, everywhere; *clock* tells the time of day."""

    def __init__(self, zone: tzinfo, at: float, clock: Callable[[tzinfo], datetime]) -> None:
        self._zone = zone
        self._clock = clock
        self._at = at
        self._newest: datetime | None = None

    def note(self, place: Place, at: float, now: datetime | None) -> None:
        """Take what was just read at *place*; *now* is the engine's time after it."""
        self._at = at
        today = self._clock(self._zone)
        stamp = _last_stamp(place, today)
        # A stamp from the future, or of no known year, makes no time pass.
        known = [t for t in (now, stamp and min(stamp, today)) if t is not None]
        self._newest = max(known, default=None)

    def reached(self, at: float, now: datetime, *, is_silent: bool) -> datetime | None:
        """Return the whole minute after *now*, the engine's time, up to which the log has come.

        None when there is none. *is_silent*: no line waits to be read.
        """
        newest = self._newest = self._newest or now
        silent = at - self._at - SILENCE
        is_quiet = is_silent and silent >= 0
        reached = newest + timedelta(seconds=silent) if is_quiet else newest - DISORDER
        minute = reached.astimezone(UTC).replace(second=0, microsecond=0)
        return minute if minute > now else None


def _last_stamp(place: Place, today: datetime) -> datetime | None:
    """Return the stamp of the last whole line, None where it has none."""
    raw = place.block.data.rstrip(b"\n").rpartition(b"\n")[2]
    head = place.stream.looking_back(today).look(Line(raw.decode("utf-8", "surrogateescape")))
    return None if head is None else head.time
