"""``logwatch-mx parse``: what each line means, one JSON object a line, in order."""

import sys
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path

import click

from logwatch_mx.cli.options import LOG, config_option, in_zone, log_options, site_options
from logwatch_mx.errors import Exit
from logwatch_mx.model.event import Event


@click.command(
    epilog="""\b
Examples:
  logwatch-mx parse /var/log/maillog | jq 'select(.status == "deferred")'
  logwatch-mx parse --unparsed /var/log/maillog
  journalctl -t postfix/smtp -o cat | logwatch-mx parse --body postfix -
"""
)
@click.argument("paths", nargs=-1, required=True, type=LOG)
@click.option(
    "--unparsed",
    is_flag=True,
    help="Only lines of a mail server that were not understood, by shape.",
)
@click.option(
    "--body",
    type=click.Choice(["postfix", "sendmail"]),
    help="The lines have no syslog header.",
)
@log_options
@site_options
@config_option
def parse(
    paths: tuple[Path, ...],
    *,
    unparsed: bool,
    body: str | None,
    year: int | None,
    zone: tzinfo,
    since: datetime | None,
    until: datetime | None,
    own_domain: tuple[str, ...],
    own_address: tuple[str, ...],
    rules: tuple[Path, ...],
    config: Path | None,
) -> int:
    """Print one JSON object for each line of PATHS (file, directory, archive or -).

    What is ours, and which rules count, changes nothing in how a line is read: those options are
    those of replay, and a fault in them is told here too.
    """
    from logwatch_mx.app.reading import merge_events, open_streams  # noqa: PLC0415  # --help is quick

    if own_domain or own_address or rules or config is not None:
        from logwatch_mx.app.setup import load_all_rules, read_settings  # noqa: PLC0415  # as above

        settings = read_settings(
            config, own_domains=own_domain, own_addresses=own_address, rules=rules
        )
        load_all_rules(settings.rules)
    streams = open_streams(paths, year=year, zone=zone, body=body)
    begin, end = in_zone(since, zone), in_zone(until, zone)
    events = _between((event for event, _ in merge_events(streams)), begin, end)
    if unparsed:
        return _print_shapes(events)
    from logwatch_mx.report.shape import write_event  # noqa: PLC0415

    write = sys.stdout.write
    for event in events:
        write(write_event(event) + "\n")
    return Exit.OK


def _between(
    events: Iterator[Event], begin: datetime | None, end: datetime | None
) -> Iterator[Event]:
    """Yield the events from *begin* to *end*.

    A line without a stamp goes with the one before it.
    """
    inside = begin is None
    for event in events:
        at = event.time
        if at is not None:
            if end is not None and at > end:
                continue
            inside = begin is None or at >= begin
        if inside:
            yield event


def _print_shapes(events: Iterator[Event]) -> int:
    from logwatch_mx.report.shapes import count_shapes  # noqa: PLC0415

    shapes, read = count_shapes(events)
    for shape in shapes:
        click.echo(f"{shape.count:7}  {shape.program}  {shape.shape}")
        click.echo(f"         {shape.example}")
    missed = sum(shape.count for shape in shapes)
    click.echo(f"{missed:,} of {read:,} lines of mail servers were not understood", err=True)
    return Exit.OK
