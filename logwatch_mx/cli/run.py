"""``logwatch-mx run``: the daemon."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from logwatch_mx.cli.options import LOG, config_option, local_zone
from logwatch_mx.errors import Exit


@click.command(epilog="Example: logwatch-mx run --config /etc/logwatch-mx/config.toml")
@config_option
@click.option(
    "--mode",
    type=click.Choice(["observe", "act"]),
    help="Look and tell only, or do what the configuration says (default: as configured).",
)
@click.option(
    "--from-start",
    is_flag=True,
    help="Read a log that was never read before from its beginning, not from its end.",
)
@click.option(
    "--learn",
    "lessons",
    type=LOG,
    multiple=True,
    metavar="FILE...",
    help="Learn from old logs what is usual, once, before the first line is read.",
)
@click.argument("more", nargs=-1, type=LOG, metavar="")
def run(
    config: Path | None,
    *,
    mode: str | None,
    from_start: bool,
    lessons: tuple[Path, ...],
    more: tuple[Path, ...],
) -> int:
    """Tail the log, detect, confirm by DNS, respond and tell.

    SIGHUP reads the configuration again (and keeps the old one when the new one is wrong); SIGTERM
    stops.
    """
    from logwatch_mx.app.daemon import run_daemon  # noqa: PLC0415  # --help is quick
    from logwatch_mx.config.load import Overrides, find_config, load_settings  # noqa: PLC0415

    def load() -> Any:  # noqa: ANN401  # Settings, imported when needed
        return load_settings(find_config(config), Overrides(mode=mode))

    if more and not lessons:
        raise click.UsageError(f"unexpected: {more[0]} (old logs to learn from: --learn FILE...)")
    settings = load()
    asyncio.run(
        run_daemon(
            settings,
            zone=local_zone(),
            log=_log,
            reload=load,
            from_start=from_start,
            lessons=(*lessons, *more),
        )
    )
    return Exit.OK


def _log(text: str) -> None:
    """Print one line of the daemon's own log; log lines of others may be in it."""
    shown = "".join(c if c.isprintable() else "�" for c in text[:2000])
    stamp = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    sys.stderr.write(f"{stamp} logwatch-mx: {shown}\n")
    sys.stderr.flush()
