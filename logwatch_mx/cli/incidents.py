"""``logwatch-mx incidents``: the daemon's memory."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from logwatch_mx.cli.options import TimeType, config_option, in_zone, local_zone
from logwatch_mx.errors import Exit, NoStateError, SourceError


@click.group(epilog="Example: logwatch-mx incidents list --json")
def incidents() -> None:
    """List, show or close what the daemon remembers."""


@incidents.command("list", epilog="Example: logwatch-mx incidents list --since 24h")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in the shape of `replay --json`.")
@click.option("--since", type=TimeType(), help="Only those that were open at this time or later.")
@click.option("--open", "open_only", is_flag=True, help="Only those that are not over.")
@config_option
def list_(config: Path | None, *, as_json: bool, since: datetime | None, open_only: bool) -> int:
    """List incidents, oldest first."""
    with open_store(config) as (store, settings):
        found = store.incidents(open_only=open_only, since=in_zone(since, local_zone()))
        read = json.loads(store.meta("status") or "{}")
    if as_json:
        from logwatch_mx.report.shape import shape_replay  # noqa: PLC0415

        shape = shape_replay(
            found,
            files=settings.source.files,
            lines=read.get("lines", 0),
            first=_stamp(read.get("first")),
            last=_stamp(read.get("last")),
        )
        sys.stdout.write(json.dumps(shape, indent=1) + "\n")
    else:
        _print(found)
    return Exit.OK


@incidents.command(
    short_help="Show one: lines, numbers, DNS, actions.",
    epilog="Example: logwatch-mx incidents show loop/seaton.biz/2026-11-23T14:29:10Z",
)
@click.argument("incident")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def show(incident: str, config: Path | None, *, as_json: bool) -> int:
    """Show INCIDENT (its id, or the newest about a subject): lines, numbers, DNS, actions."""
    with open_store(config) as (store, _):
        found = find_incident(store, incident)
    if as_json:
        from logwatch_mx.report.shape import SCHEMA, shape_incident  # noqa: PLC0415

        shape = {"schema": SCHEMA, **shape_incident(found)}
        sys.stdout.write(json.dumps(shape, indent=1) + "\n")
    else:
        _print([found])
    return Exit.OK


@incidents.command(epilog="Example: logwatch-mx incidents report --html report.html")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    required=True,
    help="Write it to OUT: one HTML file, readable without a network.",
)
@config_option
def report(config: Path | None, *, html: Path) -> int:
    """Write what the daemon remembers as one HTML file."""
    from logwatch_mx.report.html import write_html  # noqa: PLC0415

    with open_store(config) as (store, settings):
        found = store.incidents()
        write_html(html, found, files=settings.source.files)
    click.echo(f"{html} written: {len(found)} incident{'s' * (len(found) != 1)}", err=True)
    return Exit.OK


@incidents.command(
    short_help="Say that one is over.",
    epilog="Example: logwatch-mx incidents close loop/seaton.biz/2026-11-23T14:29:10Z",
)
@click.argument("incident")
@config_option
def close(incident: str, config: Path | None) -> int:
    """Say that INCIDENT is over; when it comes back it is told anew."""
    from msgspec import structs  # noqa: PLC0415

    from logwatch_mx.model.deed import Audit  # noqa: PLC0415

    now = datetime.now(UTC)
    with open_store(config, write=True) as (store, _):
        found = find_incident(store, incident)
        if found.closed is not None:
            click.echo(f"{found.id} was closed at {found.closed.isoformat()}")
            return Exit.OK
        with store.transaction() as t:
            t.save_incident(structs.replace(found, closed=now))
            t.save_meta(f"close {found.id}", now.isoformat())
            t.add_audit(Audit(at=now, what="close", detail={"incident": found.id}))
    click.echo(f"{found.id} closed")
    return Exit.OK


def _stamp(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def find_incident(store: Any, name: str) -> Any:  # noqa: ANN401  # Store and Incident
    """Return the incident with the id *name*, or the newest one about the subject *name*."""
    found = store.incident(name)
    if found is not None:
        return found
    about = [i for i in store.incidents() if i.subject == name.lower() or i.id.startswith(name)]
    if not about:
        raise SourceError(f"{name}: no such incident (see: logwatch-mx incidents list)")
    return about[-1]


@contextmanager
def open_store(config: Path | None, *, write: bool = False) -> Iterator[tuple[Any, Any]]:
    """Open the state that *config* names, to read or to *write*; yield it with the settings."""
    from logwatch_mx.config.load import find_config, load_settings  # noqa: PLC0415
    from logwatch_mx.state.store import Store  # noqa: PLC0415

    settings = load_settings(find_config(config), check_hooks=False)
    if write and not settings.state.path.exists():
        raise NoStateError(f"{settings.state.path}: no state yet: the daemon has not run here")
    with Store.open(settings.state.path, read_only=not write, daemon=False) as store:
        yield store, settings


def _print(found: Any) -> None:  # noqa: ANN401  # a sequence of Incident
    from logwatch_mx.report.table import open_console, print_incidents  # noqa: PLC0415

    print_incidents(open_console(), found, nothing="No incident is remembered.")
