"""``logwatch-mx-helper``: the small part that is root; started by systemd on the first request."""

import os
import signal
import socket
import sys
from pathlib import Path

import click

from logwatch_mx.app.helper import means_of, serve
from logwatch_mx.app.helper_settings import allowed_uids, load_helper_settings
from logwatch_mx.cli.options import READ
from logwatch_mx.errors import ConfigError, Exit, LogwatchError

#: The first descriptor that systemd hands over (sd_listen_fds(3)).
_FIRST = 3


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=READ, help="In place of helper.toml.")
@click.option("--fd", type=int, help="Serve the listening socket that is this descriptor.")
@click.option(
    "--socket", "path", type=click.Path(path_type=Path), help="Make a socket here and serve it."
)
@click.option(
    "--idle",
    type=float,
    default=60.0,
    show_default=True,
    help="End after so many seconds without a request; 0: never.",
)
def helper(config: Path | None, fd: int | None, path: Path | None, idle: float) -> None:
    """Do for logwatch-mx what needs root: hold and release queued mail, by exact ids.

    systemd starts it (logwatch-mx-helper.socket); nobody needs to call it by hand.
    """
    settings = load_helper_settings(config)
    allowed = allowed_uids(settings.allow)
    listener = _listener(fd, path)
    wake, waker = socket.socketpair()
    waker.settimeout(0)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: None)  # the byte in the pair is what ends us
    try:
        with listener:
            serve(
                listener,
                means_of(settings),
                allowed=allowed,
                log=_audit,
                idle=idle or None,
                wake=wake,
            )
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def main() -> None:
    """Run the helper; an error is one line and an exit code."""
    try:
        helper.main(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except (LogwatchError, OSError) as error:
        click.echo(f"logwatch-mx-helper: {error}", err=True)
        sys.exit(getattr(error, "code", Exit.FAILED))


def _listener(fd: int | None, path: Path | None) -> socket.socket:
    if fd is not None and path is not None:
        raise click.UsageError("--fd or --socket, not both")
    if path is not None:
        path.unlink(missing_ok=True)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            made.bind(str(path))
        finally:
            os.umask(before)
        made.listen()
        return made
    if fd is None:
        mine = os.environ.get("LISTEN_PID") == str(os.getpid())
        if not mine or os.environ.get("LISTEN_FDS") != "1":
            raise ConfigError("no socket: systemd starts this (logwatch-mx-helper.socket)")
        fd = _FIRST
    found = socket.socket(fileno=fd)
    if found.family != socket.AF_UNIX or not found.getsockopt(
        socket.SOL_SOCKET, socket.SO_ACCEPTCONN
    ):
        raise ConfigError(f"descriptor {fd} is no listening unix socket")
    return found


def _audit(line: str) -> None:
    # <6> is "informational" to the journal (sd-daemon(3)).
    sys.stderr.write(f"<6>logwatch-mx-helper: {line}\n")
    sys.stderr.flush()
