"""``logwatch-mx ignore``: domains that are never acted on and never told about."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from logwatch_mx.cli.options import DomainType, config_option
from logwatch_mx.config.duration import parse_duration
from logwatch_mx.config.load import find_config, load_settings
from logwatch_mx.errors import Exit, LogwatchError
from logwatch_mx.model.action import ActionState
from logwatch_mx.respond.plan import ROUTING
from logwatch_mx.state.store import Store


def _duration(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    try:
        return None if value is None else parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: {error}", ctx, param) from error


@click.command(epilog="Example: logwatch-mx ignore seaton.biz --for 7d")
@click.argument("domain", required=False, type=DomainType())
@click.option("--for", "length", callback=_duration, help="Only so long (default: for good).")
@click.option("--list", "show", is_flag=True, help="Print the domains that are ignored now.")
@click.option("--remove", is_flag=True, help="Watch DOMAIN again.")
@click.option("--json", "as_json", is_flag=True, help="With --list: as JSON.")
@config_option
def ignore(
    domain: str | None,
    *,
    length: timedelta | None,
    show: bool,
    remove: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Never act on DOMAIN and never tell about it; a running daemon heeds it at once."""
    if (domain is None) is not show:
        raise click.UsageError("Name one domain, or say --list.")
    if (as_json and not show) or (length is not None and (show or remove)):
        raise click.UsageError("--json goes with --list, --for with neither --list nor --remove.")
    path = load_settings(find_config(config), check_hooks=False).state.path
    now = datetime.now(UTC).replace(microsecond=0)
    if domain is None:
        return _show(path, now, as_json=as_json)
    with Store.open(path, daemon=False) as store:
        if remove:
            return _remove(store, domain, now)
        until = None if length is None else now + length
        with store.transaction() as t:
            t.ignore(domain, until=until, at=now)
        click.echo(f"{domain}: ignored {_until(until)}")
        in_force = {
            action.verb
            for action in store.actions(states=(ActionState.RUNNING, ActionState.DONE))
            if action.target == domain and action.verb in ROUTING
        }
        for verb in sorted(in_force):
            click.echo(f"{verb} is still in force; to end it: logwatch-mx undo {domain}", err=True)
    return Exit.OK


def _remove(store: Store, domain: str, now: datetime) -> int:
    with store.transaction() as t:
        known = t.unignore(domain, at=now)
    if not known:
        raise LogwatchError(f"{domain}: is not ignored")
    click.echo(f"{domain}: watched again")
    return Exit.OK


def _show(path: Path, now: datetime, *, as_json: bool) -> int:
    found: dict[str, datetime | None] = {}
    if path.exists():
        with Store.open(path, read_only=True) as store:
            found = store.ignores(now)
    if as_json:
        rows = [
            {"domain": domain, "until": None if until is None else until.isoformat()}
            for domain, until in found.items()
        ]
        click.echo(json.dumps({"schema": 1, "ignored": rows}))
        return Exit.OK
    for domain, until in found.items():
        click.echo(f"{domain}  {_until(until)}")
    if not found:
        click.echo("Nothing is ignored.", err=True)
    return Exit.OK


def _until(until: datetime | None) -> str:
    return "for good" if until is None else f"until {until.isoformat()}"
