"""``logwatch-mx undo``: take actions back, also without daemon, state or settings."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from logwatch_mx.app.maps import postfix_map, sendmail_map, sendmail_text
from logwatch_mx.cli.options import READ, config_option
from logwatch_mx.config.load import find_config, load_settings
from logwatch_mx.config.settings import Settings
from logwatch_mx.errors import (
    ConfigErrors,
    EffectError,
    Exit,
    LogwatchError,
    PermissionDeniedError,
    SourceError,
)
from logwatch_mx.model.action import Action, ActionState, Outcome
from logwatch_mx.respond.plan import ROUTING
from logwatch_mx.respond.route import Entry, RouteMap
from logwatch_mx.state.store import Store


@click.command(
    epilog="Example: logwatch-mx undo seaton.biz   ·   logwatch-mx undo --all"
    " --map /var/lib/logwatch-mx/transport"
)
@click.argument("what", required=False, metavar="[INCIDENT|ACTION|DOMAIN]")
@click.option("--all", "everything", is_flag=True, help="Take back everything that is in force.")
@click.option(
    "--map",
    "map_path",
    type=READ,
    help="Text of our map, where the settings cannot be read.",
)
@click.option(
    "--force", is_flag=True, help="Also from a map that was edited by hand; only our lines go."
)
@config_option
def undo(
    what: str | None, *, everything: bool, map_path: Path | None, force: bool, config: Path | None
) -> int:
    """Let mail flow again that was paused, refused or discarded for INCIDENT, ACTION or DOMAIN."""
    if (what is None) is not everything:
        raise click.UsageError("Name an incident, an action or a domain, or say --all.")

    def is_meant(names: tuple[str, ...]) -> bool:
        return everything or what in names

    settings = _settings(config, map_path)
    maps = _maps(settings, map_path)
    entries = [
        e
        for route_map in maps
        for e in route_map.in_force().values()
        if is_meant((e.incident, e.action, e.domain))
    ]
    store = _memory(settings.state.path)
    try:
        actions = _remembered(store, is_meant)
        taken, failed = _take_back(maps, entries, actions, store, force=force)
    finally:
        if store:
            store.close()
    if failed:
        return max(fault.code for fault in failed)
    if taken:
        click.echo(
            f"For {settings.respond.cooldown} the daemon does not act on it again;"
            " to make it longer: logwatch-mx ignore DOMAIN",
            err=True,
        )
        return Exit.OK
    if actions or everything:
        click.echo("Nothing is in force." if everything else f"{what}: was undone before.")
        return Exit.OK
    raise LogwatchError(f"{what}: nothing is in force for it (all that is: undo --all)")


def _settings(config: Path | None, map_path: Path | None) -> Settings:
    try:
        return load_settings(find_config(config), check_hooks=False)
    except (ConfigErrors, LogwatchError) as error:
        if map_path is None:
            raise
        # Mail must be able to flow again with nothing but the map at hand.
        first = error.exceptions[0] if isinstance(error, ConfigErrors) else error
        click.echo(f"Settings not read, usual ones taken: {first}", err=True)
        return Settings()


def _maps(settings: Settings, map_path: Path | None) -> list[RouteMap]:
    """Return our maps whose text is there: one host has Postfix's or sendmail's."""
    texts = (settings.respond.postfix_map, sendmail_text(settings))
    names = [map_path] if map_path else texts
    for path in names:
        _check(path, must_exist=map_path is not None)
    there = [path for path in names if path.exists()] or [texts[0]]
    return [
        sendmail_map(settings, path) if path.name == texts[1].name else postfix_map(settings, path)
        for path in there
    ]


def _check(path: Path, *, must_exist: bool) -> None:
    if must_exist and not path.exists():
        raise SourceError(f"{path}: no such map")
    if path.exists() and not os.access(path.parent, os.W_OK):
        raise PermissionDeniedError(f"{path}: may not be written to: run as root or as its owner")


def _memory(path: Path) -> Store | None:
    """Open the daemon's memory beside it; None, said aloud, when it cannot be used."""
    if not path.exists():
        click.echo(f"{path}: no state; only the map is changed", err=True)
        return None
    try:
        return Store.open(path, daemon=False)
    except LogwatchError as error:
        click.echo(f"{error}; only the map is changed", err=True)
        return None


def _remembered(store: Store | None, is_meant: Callable[[tuple[str, ...]], bool]) -> list[Action]:
    try:
        actions = store.actions() if store else ()
    except LogwatchError as error:
        click.echo(f"{error}; only the map is changed", err=True)
        return []
    return [
        action
        for action in actions
        if action.verb in ROUTING and is_meant((action.incident, action.id, action.target))
    ]


def _take_back(
    maps: list[RouteMap],
    entries: list[Entry],
    actions: list[Action],
    store: Store | None,
    *,
    force: bool,
) -> tuple[int, list[LogwatchError]]:
    """Take each domain out of the map, then note it.

    Return how many were taken back, and what went wrong; both have been said.
    """
    taken = 0
    failed: list[LogwatchError] = []
    in_force = {action.id: action for action in actions if action.state is ActionState.DONE}
    domains = {entry.domain: entry.verb for entry in entries}
    domains |= {action.target: action.verb for action in in_force.values()}
    # What failed on a dying disk may be live although neither text nor memory promise it.
    perhaps = {a.target: a.verb for a in actions if a.state is ActionState.FAILED}
    for domain, verb in sorted((perhaps | domains).items()):
        try:
            found = [route_map.unset(domain, force=force) for route_map in maps]
            if domain not in domains and not any(found):
                continue
            mine = [action for action in in_force.values() if action.target == domain]
            _note(store, mine)
        except LogwatchError as error:
            click.echo(f"{domain}: {error}", err=True)
            failed.append(error)
        else:
            taken += 1
            click.echo(f"{domain}: {verb} taken back, mail for it flows again")
    return taken, failed


def _note(store: Store | None, actions: list[Action]) -> None:
    if store is None:
        return
    now = datetime.now(UTC)
    try:
        with store.transaction() as t:
            for action in actions:
                said = f"undo by {os.environ.get('SUDO_USER') or f'user {os.getuid()}'}"
                t.finish_action(
                    Outcome(action=action.id, state=ActionState.UNDONE, said=said, at=now)
                )
    except LogwatchError as error:
        raise EffectError(f"out of the map, but not noted in the state: {error}") from error
