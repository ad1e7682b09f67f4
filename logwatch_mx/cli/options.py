"""Options that several commands share, and their values."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

Command = Callable[..., Any]

#: A file that is read, or standard input as ``-``. click does not ask whether it may be read:
#: whoever opens it says so with the exit code for that.
READ = click.Path(path_type=Path, readable=False)
LOG = READ
#: Characters of a wrong word that an error repeats.
_SHOWN = 80


class ZoneType(click.ParamType[Any]):
    """A time zone: ``UTC``, ``Europe/Berlin``, ``local``."""

    name = "zone"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tzinfo:
        """Return the zone that *value* names."""
        if isinstance(value, tzinfo):
            return value
        if value == "local":
            return local_zone()
        if str(value).upper() in {"UTC", "Z"}:
            return UTC
        try:
            return ZoneInfo(str(value))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"{value!r} is no time zone (try UTC or Europe/Berlin)", param, ctx)


class TimeType(click.ParamType[Any]):
    """A time: ISO 8601, without offset in the log's zone, or a duration ago (``2h``, ``7d``)."""

    name = "time"
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}  # noqa: RUF012  # click's own style

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time that *value* names; it may be without a zone."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if text[-1:] in self.units and text[:-1].isdigit():
                return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * self.units[text[-1]])
            return datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time (try 2026-11-23T05:00 or 2h)", param, ctx)


class AddressType(click.ParamType[Any]):
    """An IP address, in its canonical form."""

    name = "ip"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the address in canonical text."""
        try:
            return str(ip_address(str(value)))
        except ValueError:
            self.fail(f"{value!r} is no IP address", param, ctx)


class DomainType(click.ParamType[Any]):
    """A domain, in lower-case A-labels."""

    name = "domain"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the domain as A-labels; what is quoted of *value* is short and harmless."""
        from logwatch_mx.config.domain import a_labels  # noqa: PLC0415  # --help is quick

        text = str(value)
        try:
            return a_labels(text)
        except ValueError as error:
            shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
            self.fail(f"{shown!r}: {error}", param, ctx)


def local_zone() -> tzinfo:
    """Return this machine's zone, with its rules for summer time where they can be found."""
    name = Path("/etc/localtime").resolve().as_posix().partition("zoneinfo/")[2]
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = datetime.now(UTC).astimezone().tzinfo
        return zone if zone is not None else UTC


def in_zone(at: datetime | None, zone: tzinfo) -> datetime | None:
    """Return *at* with *zone* where it has none."""
    return at.replace(tzinfo=zone) if at is not None and at.tzinfo is None else at


def log_options(command: Command) -> Command:
    """Add the options that say how stamps are read and which part of the log counts."""
    for option in (
        click.option("--until", type=TimeType(), help="Stop at this time."),
        click.option("--since", type=TimeType(), help="Show from this time on."),
        click.option(
            "--tz",
            "zone",
            type=ZoneType(),
            default="local",
            help="Zone of stamps without one (default: this machine's).",
        ),
        click.option(
            "--year",
            type=click.IntRange(1971, 8999),
            metavar="YEAR",
            help="Year of the first stamp without one (default: by the file's mtime).",
        ),
    ):
        command = option(command)
    return command


def config_option(command: Command) -> Command:
    """Add ``--config``."""
    return click.option(
        "--config",
        "config",
        type=click.Path(path_type=Path, dir_okay=False, readable=False),
        help="Configuration file (default: /etc/logwatch-mx/config.toml).",
    )(command)


def site_options(command: Command) -> Command:
    """Add the options that say what is ours, and which rules count."""
    for option in (
        click.option(
            "--rules",
            "rules",
            type=click.Path(path_type=Path, exists=True),
            multiple=True,
            help="Directory of rules to add (repeatable).",
        ),
        click.option(
            "--own-address",
            type=AddressType(),
            multiple=True,
            help="An address of ours (repeatable).",
        ),
        click.option(
            "--own-domain",
            type=DomainType(),
            multiple=True,
            help="A domain that is ours (repeatable).",
        ),
    ):
        command = option(command)
    return command
