"""Errors, by whose fault they are and what to do next.

A strange log line is data, not an error: it becomes an ``Unparsed`` or ``Malformed`` event. Each
class carries
the exit code that the command line ends with (sysexits.h, see ``Exit``).
"""

from collections.abc import Sequence
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line; the high ones are those of sysexits.h."""

    OK = 0
    FAILED = 1
    USAGE = 2
    FOUND = 3
    DATA = 65
    NO_INPUT = 66
    UNAVAILABLE = 69
    TRY_AGAIN = 75
    NO_PERMISSION = 77
    CONFIG = 78


class LogwatchError(Exception):
    """Any error that a user is told in one line; ``str()`` is that line."""

    code = Exit.FAILED


class ConfigError(LogwatchError):
    """A configuration or rule file must be edited: ``place: key: what was expected``."""

    code = Exit.CONFIG


class ConfigErrors(ExceptionGroup[ConfigError]):
    """Every fault of the configuration at once."""

    code = Exit.CONFIG

    def derive(self, excs: Sequence[ConfigError]) -> "ConfigErrors":  # type: ignore[override]
        """Return a group of the same class, as ``ExceptionGroup`` asks of its subclasses."""
        return ConfigErrors(self.message, excs)


class SourceError(LogwatchError):
    """A log cannot be read (missing, unreadable, not an archive)."""

    code = Exit.NO_INPUT


class DataError(LogwatchError):
    """Input was read and is not what it should be (a corrupt archive.

    A zone file with an error).
    """

    code = Exit.DATA


class PermissionDeniedError(LogwatchError):
    """The operating system refused; the line says which path and who may."""

    code = Exit.NO_PERMISSION


class StateError(LogwatchError):
    """The state database is foreign, corrupt, newer than this program or used by another daemon."""


class NoStateError(StateError):
    """There is no state where the daemon's was looked for: it has not run here."""

    code = Exit.NO_INPUT


class EffectError(LogwatchError):
    """DNS, a hook, a notice or an MTA's map did not do what was asked.

    *retry* says whether later may.
    """

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry
        self.code = Exit.TRY_AGAIN if retry else Exit.FAILED
