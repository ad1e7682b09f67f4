"""``logwatch-mx replay``: what the daemon would have seen and done."""

import gc
import json
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import click

from logwatch_mx.cli.options import LOG, config_option, in_zone, log_options, site_options
from logwatch_mx.errors import DataError, Exit, SourceError

#: What was not read as it stood, by its count's name, in words for people.
LEFT_OUT = {
    "late": "lines were older than the minute before them",
    "incidents refused": "incidents had no room and were not kept",
    "nulls": "NUL bytes were skipped",
    "long_lines": "lines were longer than a mebibyte and were cut",
    "cut": "bytes were cut off from their ends",
    "torn": "last lines had no end and were left out",
    "outside": "messages began before the part of the log that is looked back at",
    "truncated": "files became shorter while they were read",
    "vanished": "files vanished while they were read",
    "damaged": "archives break off",
}


@click.command(
    epilog="""\b
Example (the loop of the samples, from a checkout):
  logwatch-mx replay --year 2026 --tz UTC --dns zone:samples/maillog/dns.zone \\
      samples/maillog/postfix-seaton.log
Your own log, asking your resolver:
  logwatch-mx replay --dns live /var/log/maillog
"""
)
@click.argument("paths", nargs=-1, required=True, type=LOG)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="Write a report to OUT: one HTML file, readable without a network.",
)
@click.option(
    "--dns",
    "dns_mode",
    default="off",
    metavar="off|live|zone:FILE",
    help="Whom to ask whether a domain's MX is loopback (default: nobody).",
)
@click.option("--stats", is_flag=True, help="Count the whole log: kinds, statuses, top domains.")
@click.option(
    "--tune", is_flag=True, help="Replay under other thresholds too: their alarms, and a proposal."
)
@click.option("--exit-code", is_flag=True, help="Exit with 3 when there are incidents.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    expose_value=False,
    help="Use at most N processes; the answer is the same for each N (default: 1).",
)
@log_options
@site_options
@config_option
def replay(
    paths: tuple[Path, ...],
    *,
    as_json: bool,
    html: Path | None,
    dns_mode: str,
    stats: bool,
    tune: bool,
    exit_code: bool,
    year: int | None,
    zone: tzinfo,
    since: datetime | None,
    until: datetime | None,
    own_domain: tuple[str, ...],
    own_address: tuple[str, ...],
    rules: tuple[Path, ...],
    config: Path | None,
) -> int:
    """Say what the daemon would have seen and done in PATHS.

    Each is a file, a directory, an archive, or - for standard input. Never runs hooks, actions or
    notices.
    """
    from logwatch_mx.app.needles import static_needles  # noqa: PLC0415  # --help is quick
    from logwatch_mx.app.reading import open_streams  # noqa: PLC0415
    from logwatch_mx.app.replay import Replay  # noqa: PLC0415
    from logwatch_mx.app.setup import (  # noqa: PLC0415
        build_engine,
        load_all_rules,
        read_settings,
    )
    from logwatch_mx.app.stats import Stats  # noqa: PLC0415
    from logwatch_mx.app.tuning import tune as find_thresholds  # noqa: PLC0415
    from logwatch_mx.cli.tune import print_tuned  # noqa: PLC0415
    from logwatch_mx.mta.site import configured_site  # noqa: PLC0415
    from logwatch_mx.sources.sieve import build_sieve  # noqa: PLC0415

    settings = read_settings(config, own_domains=own_domain, own_addresses=own_address, rules=rules)
    compiled = load_all_rules(settings.rules)
    site = configured_site(settings)
    counted = Stats() if stats else None
    needles = static_needles(compiled, site)
    sieve = None if needles is None else build_sieve(needles)
    resolver = _resolver(dns_mode, settings)

    def prepare(tried: Any) -> Replay:  # noqa: ANN401  # Settings, imported when needed
        return Replay(
            build_engine(tried, site=site, rules=compiled),
            settings=tried,
            site=site,
            resolver=resolver,
            stats=counted,
            sieve=sieve,
        )

    if tune:
        if any(str(path) == "-" for path in paths):
            raise click.UsageError("--tune reads the logs several times: name files, not -")

        def again(tried: Any) -> Any:  # noqa: ANN401  # Settings to Replayed
            streams = open_streams(paths, year=year, zone=zone)
            return prepare(tried).run(streams, until=in_zone(until, zone))

        print_tuned(find_thresholds(again, settings), as_json=as_json)
        return Exit.OK
    streams = open_streams(paths, year=year, zone=zone)
    run = prepare(settings)
    from logwatch_mx.cli.progress import progress_over  # noqa: PLC0415

    # Grammars and rules stay for good: the collector of garbage need not walk through them again.
    gc.freeze()
    with progress_over(streams) as advance:
        result = run.run(streams, until=in_zone(until, zone), progress=advance)
    begin = in_zone(since, zone)
    shown = [i for i in result.incidents if begin is None or i.last >= begin]
    if html is not None:
        _write_html(html, result, shown)
    if as_json:
        _print_json(result, shown, counted)
    elif html is None:
        _print_table(result, shown, counted)
    _print_doubts(result, shown, counted, asked=dns_mode != "off")
    return Exit.FOUND if exit_code and shown else Exit.OK


def _resolver(mode: str, settings: Any) -> Any:  # noqa: ANN401  # a Resolver, imported when needed
    from logwatch_mx.confirm.open import open_resolver, open_zone  # noqa: PLC0415

    if mode == "off":
        return None
    if mode == "live":
        return open_resolver(
            settings.dns.nameservers,
            timeout=settings.dns.timeout,
            lifetime=settings.dns.lifetime,
        )
    scheme, _, path = mode.partition(":")
    if scheme != "zone" or not path:
        raise click.UsageError(f"--dns {mode}: expected off, live or zone:FILE")
    try:
        return open_zone(Path(path))
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def _print_json(result: Any, shown: list[Any], counted: Any) -> None:  # noqa: ANN401  # as above
    from logwatch_mx.report.shape import shape_replay  # noqa: PLC0415

    shape = shape_replay(
        shown,
        files=result.files,
        lines=result.tally.lines,
        first=result.tally.first,
        last=result.tally.last,
        stats=counted.shape() if counted is not None else None,
        skipped=result.skipped,
    )
    sys.stdout.write(json.dumps(shape, indent=1) + "\n")


def _write_html(path: Path, result: Any, shown: list[Any]) -> None:  # noqa: ANN401  # as above
    from logwatch_mx.report.html import write_html  # noqa: PLC0415

    tally = result.tally
    write_html(
        path, shown, files=result.files, lines=tally.lines, first=tally.first, last=tally.last
    )
    click.echo(f"{path} written: {len(shown)} incident{'s' * (len(shown) != 1)}", err=True)


def _print_table(result: Any, shown: list[Any], counted: Any) -> None:  # noqa: ANN401  # as above
    from logwatch_mx.report.table import (  # noqa: PLC0415
        open_console,
        print_incidents,
        print_input,
        print_stats,
    )

    console = open_console()
    print_input(console, result.files, result.tally.lines, result.tally.first, result.tally.last)
    print_incidents(console, shown)
    if counted is not None:
        print_stats(console, counted.shape())


def _print_doubts(result: Any, shown: list[Any], counted: Any, *, asked: bool) -> None:  # noqa: ANN401  # as above
    """Say on stderr what may make the answer less than it seems."""
    from logwatch_mx.model.incident import IncidentKind  # noqa: PLC0415

    doubts = [f"{n:,} {LEFT_OUT.get(name, name)}" for name, n in result.skipped.items()]
    tally = result.tally
    # A sieve hands on few lines; only who has read all of them knows what the log is not.
    kinds = tally.kinds if counted is None else counted.kinds
    whole = 0 < tally.lines == sum(tally.kinds.values()) or (counted is not None and tally.lines)
    if whole and not kinds.keys() - {"foreign", "malformed", "gap"}:
        doubts.append("no line of Postfix or sendmail is in it: is it a mail log?")
    if not asked and any(i.kind is IncidentKind.LOOP for i in shown):
        doubts.append("DNS was not asked; --dns live tells whether a loop is one")
    for doubt in doubts:
        click.echo(f"logwatch-mx: {doubt}", err=True)
