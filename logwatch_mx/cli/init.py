"""``logwatch-mx init``: write a configuration to start from, or a hook."""

import os
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from logwatch_mx.config.load import DEFAULT_PATH
from logwatch_mx.config.starter import starter_config
from logwatch_mx.errors import LogwatchError

#: Where sendmail's and Debian's syslog put mail; the first that is there is named.
_LOGS = ("/var/log/maillog", "/var/log/mail.log")
#: Notification URLs are secrets, so not for everybody.
_MODE = 0o640
HOOKS = ("ticket", "queue-snapshot", "slow-transport")


@click.command(
    epilog="Example: logwatch-mx init --config ./config.toml   ·"
    "   logwatch-mx init --hook ticket > /etc/logwatch-mx/hooks.d/ticket"
)
@click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=DEFAULT_PATH,
    show_default=True,
    help="Where to write; - for standard output.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--hook", type=click.Choice(HOOKS), help="Print this hook and write nothing.")
def init(config: Path, *, force: bool, hook: str | None) -> None:
    """Write a commented configuration that says the defaults; it only observes."""
    if hook is not None:
        click.echo((hook_place(files("logwatch_mx")) / hook).read_text(encoding="utf-8"), nl=False)
        return
    text = starter_config(next((log for log in _LOGS if Path(log).exists()), _LOGS[0]))
    if str(config) == "-":
        click.echo(text, nl=False)
        return
    config.parent.mkdir(parents=True, exist_ok=True)
    if force:
        _replace(config, text)
    else:
        _create(config, text)
    click.echo(f"{config}: written. Next: logwatch-mx config check --config {config}")


def hook_place(package: Traversable) -> Traversable:
    """Return where the hooks of *package* are: in it, or beside it when it was not built."""
    inside = package / "_data" / "hooks"
    return inside if inside.is_dir() else Path(str(package)).parent / "hooks"


def _create(path: Path, text: str) -> None:
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    except FileExistsError:
        raise LogwatchError(f"{path}: is there already; --force replaces it") from None
    with os.fdopen(opened, "w") as file:
        file.write(text)


def _replace(path: Path, text: str) -> None:
    # Whole or not at all: a daemon may reload at this moment.
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    _create(beside, text)
    beside.replace(path)
