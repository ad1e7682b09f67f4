"""Durations as a person writes them: ``90s``, ``10m``, ``24h``, ``7d``, ``1h30m``."""

import re
from datetime import timedelta

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_PART = re.compile(r"([0-9]{1,9})(ms|[wdhms])")
_WHOLE = re.compile(r"(?:[0-9]{1,9}(?:ms|[wdhms])){1,6}")
#: Longer is a slip of the pen: nothing here waits for ten years.
LONGEST = timedelta(days=3650)


def parse_duration(text: str) -> timedelta:
    """Return the duration *text*, longer than zero; ValueError says what was expected."""
    if not _WHOLE.fullmatch(text.strip()):
        raise ValueError('expected a duration such as "90s", "10m", "24h" or "7d"')
    parts = _PART.findall(text)
    try:
        total = sum((_UNITS[unit] * int(number) for number, unit in parts), timedelta())
    except OverflowError:
        total = timedelta.max
    if not timedelta() < total <= LONGEST:
        raise ValueError("expected a duration longer than zero and at most 3650 days")
    return total


def duration_text(duration: timedelta) -> str:
    """Return *duration* as ``parse_duration`` reads it, in the largest units that leave no rest."""
    left, parts = duration, []
    for unit, length in _UNITS.items():
        # "2w" for 14 days and "1d" for 24 hours surprise more than they save.
        skipped = unit == "w" or (unit == "d" and duration < 2 * length)
        if not skipped and left >= length:
            number, left = divmod(left, length)
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
