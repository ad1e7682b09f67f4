"""``prevent``: print tested configuration that stops a loop before it starts, or check for it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import click

from logwatch_mx.cli.options import Command
from logwatch_mx.errors import EffectError, Exit, SourceError
from logwatch_mx.respond import prevent_postfix, prevent_sendmail

_TABLES = ("loopmx.cidr", "loopmx_from", "loopmx_to")


@click.group(
    epilog="""\b
Examples:
  logwatch-mx prevent sendmail --output /etc/mail/logwatch-mx.m4
  logwatch-mx prevent postfix --spare partner.example > /root/loopmx.sh
  logwatch-mx prevent postfix --check
"""
)
def prevent() -> None:
    """Print configuration that stops loops beforehand.

    Nothing is installed: read what is printed; its head says what it does not cover, how to try it
    and how to take it out.
    """


def _shared(default_map: Path, about_map: str) -> Callable[[Command], Command]:
    """Add the options of both: where the map is, where the text goes, and what is looked at."""

    def add(command: Command) -> Command:
        for option in (
            click.option(
                "--running",
                type=click.File(encoding="utf-8", errors="surrogateescape"),
                help="With --check: look at this file (- is standard input).",
            ),
            click.option(
                "--check",
                is_flag=True,
                help="Say whether the running configuration has it (status 3: it has not).",
            ),
            click.option(
                "--output",
                type=click.Path(path_type=Path, dir_okay=False),
                help="Write to this file instead of standard output.",
            ),
            click.option(
                "--map",
                "map_path",
                type=click.Path(path_type=Path, readable=False),
                default=default_map,
                show_default=True,
                help=about_map,
            ),
        ):
            command = option(command)
        return command

    return add


@prevent.command()
@click.option(
    "--action",
    type=click.Choice(["discard", "reject"]),
    default="discard",
    show_default=True,
    help="Throw such mail away, or refuse it; bounces are thrown away in either case.",
)
@_shared(prevent_sendmail.DEFAULT_MAP, "The map through which the daemon pauses domains.")
def sendmail(
    action: prevent_sendmail.Action,
    map_path: Path,
    output: Path | None,
    check: bool,  # noqa: FBT001  click hands options over by name
    running: TextIO | None,
) -> int:
    """Print an m4 file for sendmail.mc: mail for loopback domains is thrown away or refused."""
    if not check:
        try:
            text = prevent_sendmail.sendmail_m4(action, map_path)
        except ValueError as fault:
            raise click.BadParameter(str(fault), param_hint="--map") from fault
        _write(text, output)
        return Exit.OK
    cf = running.read() if running else _read(Path("/etc/mail/sendmail.cf"))
    missing = prevent_sendmail.missing_in_cf(cf)
    if not missing:
        click.echo(f"in force: sendmail.cf has every line ({prevent_sendmail.action_in_cf(cf)})")
        return Exit.OK
    click.echo(f"not in force: {len(missing)} lines are not in sendmail.cf, the first:")
    for line in missing[:5]:
        click.echo(f"  {line}")
    return Exit.FOUND


@prevent.command()
@click.option("--spare", multiple=True, metavar="DOMAIN", help="Never refuse it (repeatable).")
@click.option(
    "--no-recipient-check",
    "recipients",
    flag_value=False,
    default=True,
    help="Check senders only: mail to a domain with a good MX besides is delivered as before.",
)
@_shared(
    prevent_postfix.DEFAULT_MAP, "The daemon's transport map, named in main.cf when it exists."
)
def postfix(
    spare: tuple[str, ...],
    recipients: bool,  # noqa: FBT001  click hands options over by name
    map_path: Path,
    output: Path | None,
    check: bool,  # noqa: FBT001  the same
    running: TextIO | None,
) -> int:
    """Print a script for main.cf: mail from and to loopback domains is refused at RCPT."""
    if not check:
        try:
            script = prevent_postfix.postfix_script(spare, map_path, recipients=recipients)
        except ValueError as fault:
            raise click.BadParameter(str(fault), param_hint="--spare or --map") from fault
        _write(script, output)
        return Exit.OK
    folder = Path("/etc/postfix") if running else Path(_postconf("-h", "config_directory").strip())
    text = running.read() if running else _postconf("-n")
    tables = {name: _read(folder / name) for name in _TABLES if (folder / name).exists()}
    lacks = prevent_postfix.missing_in_postfix(text, tables, recipients=recipients)
    for lack in lacks:
        click.echo(f"missing: {lack.where}: {lack.what}")
    click.echo("not in force" if lacks else "in force: main.cf and its tables have every line")
    return Exit.FOUND if lacks else Exit.OK


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError as error:
        raise SourceError(f"{path}: not there: name the file with --running") from error


def _postconf(*words: str) -> str:
    try:
        done = subprocess.run(
            ["postconf", *words],  # noqa: S607  the admin's PATH decides which Postfix
            capture_output=True,
            text=True,
            check=False,
            timeout=15,
        )
    except FileNotFoundError as error:
        raise SourceError("postconf: not found: give its output with --running") from error
    if done.returncode:
        raise EffectError(f"postconf: {done.stderr.strip()}")
    return done.stdout
