"""The domain that is asked about: what a person or a log wrote, checked before DNS sees it."""

from logwatch_mx.config.domain import a_labels
from logwatch_mx.errors import DataError

_SHOWN = 80


def parse_domain(text: str) -> str:
    """Return *text* as a lower-case A-label domain; DataError when it is none.

    The message quotes at most 80 characters, control characters escaped: the text may be hostile.
    """
    try:
        return a_labels(text)
    except ValueError as error:
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        raise DataError(f"{shown!r}: {error}") from None
