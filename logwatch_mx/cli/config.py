"""``logwatch-mx config``: check or show the configuration."""

from pathlib import Path

import click

from logwatch_mx.cli.options import READ
from logwatch_mx.config.files import file_warnings
from logwatch_mx.config.load import DEFAULT_PATH, find_config, load_settings
from logwatch_mx.config.notifier import unknown_notifiers
from logwatch_mx.config.show import show_settings
from logwatch_mx.errors import ConfigError, ConfigErrors

_file = click.argument("file", required=False, type=READ)
_config = click.option(
    "--config",
    "config",
    type=READ,
    help=f"Configuration file (default: {DEFAULT_PATH}).",
)


@click.group(epilog="Example: logwatch-mx config check --config ./config.toml")
def config() -> None:
    """Check or show the configuration."""


@config.command("check", epilog="Example: logwatch-mx config check ./config.toml")
@_file
@_config
@click.option("--no-hooks", is_flag=True, help="Do not look at the programs that hooks name.")
def check_config(file: Path | None, config: Path | None, *, no_hooks: bool) -> None:
    """Tell every fault of the configuration at once; exits with 78 when there is one."""
    path = _path(file, config)
    settings = load_settings(path, check_hooks=not no_hooks)
    # Without a notifier there is no reason to load apprise.
    if settings.notify and (unknown := unknown_notifiers(settings)):
        raise ConfigErrors("unknown", [ConfigError(f"{path}: {said}") for said in unknown])
    for warning in file_warnings(path, settings):
        click.echo(f"logwatch-mx: warning: {warning}", err=True)
    click.echo(f"{path}: good" if path is not None else _no_file())


@config.command("show", epilog="Example: logwatch-mx config show | less")
@_file
@_config
def show_config(file: Path | None, config: Path | None) -> None:
    """Print every setting as it is in force, defaults included, secrets masked."""
    path = _path(file, config)
    settings = load_settings(path, check_hooks=False)
    click.echo(f"# {path if path is not None else _no_file()}")
    click.echo(show_settings(settings), nl=False)


def _path(file: Path | None, config: Path | None) -> Path | None:
    if file is not None and config is not None:
        raise click.UsageError("name the file once: FILE or --config FILE")
    return find_config(file if file is not None else config)


def _no_file() -> str:
    return f"no file {DEFAULT_PATH}: the defaults are in force (logwatch-mx init writes one)"
