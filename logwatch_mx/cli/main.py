"""The command ``logwatch-mx``: words in, one room's work out.

Commands are imported when they are called.
"""

import importlib
import importlib.util
import os
import sys
from contextlib import suppress
from io import TextIOWrapper

import click

from logwatch_mx.errors import ConfigErrors, Exit, LogwatchError

#: What a shell gives a program that Ctrl-C ended.
INTERRUPTED = 130
NAME = "logwatch-mx"

COMMANDS = {
    "run": ("logwatch_mx.cli.run", "The daemon: tail the log, detect, confirm, act, tell."),
    "replay": ("logwatch_mx.cli.replay", "Say what the daemon would have seen in old logs."),
    "parse": ("logwatch_mx.cli.parse", "Print what each line means, one JSON object a line."),
    "explain": ("logwatch_mx.cli.explain", "Say how a line was read, or why an incident is one."),
    "check": ("logwatch_mx.cli.check", "Ask DNS whether mail for a domain comes back to us."),
    "incidents": ("logwatch_mx.cli.incidents", "List, show or close what the daemon remembers."),
    "undo": ("logwatch_mx.cli.undo", "Take an action back, also when the daemon is gone."),
    "ignore": ("logwatch_mx.cli.ignore", "Never act on a domain, never tell."),
    "queue": ("logwatch_mx.cli.queue", "List what the queue holds for a domain; hold or release."),
    "rules": ("logwatch_mx.cli.rules", "List, test, explain or try rules."),
    "prevent": ("logwatch_mx.cli.prevent", "Print configuration that stops loops beforehand."),
    "doctor": ("logwatch_mx.cli.doctor", "Say what on this machine makes loops possible."),
    "config": ("logwatch_mx.cli.config", "Check or show the configuration."),
    "init": ("logwatch_mx.cli.init", "Write a configuration to start from."),
    "notify": ("logwatch_mx.cli.notify", "Send a test notice."),
    "status": ("logwatch_mx.cli.status", "Say how the daemon is."),
    "completion": ("logwatch_mx.cli.completion", "Print the shell's completion script."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a newcomer needs them."""
        del ctx
        return [name for name in COMMANDS if _spec(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, or None when there is no such command."""
        del ctx
        if cmd_name not in COMMANDS or not _spec(cmd_name):
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a reader (head, a pager) that has seen enough ends it without a fault.

        click itself would end with 1.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise click.exceptions.Exit(Exit.OK) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, COMMANDS[n][1]) for n in self.list_commands(ctx)])


def _spec(name: str) -> bool:
    return importlib.util.find_spec(COMMANDS[name][0]) is not None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start with:
  logwatch-mx replay /var/log/maillog
Take back everything that was ever done:
  logwatch-mx undo --all
""",
)
@click.version_option(package_name="logwatch_mx", prog_name=NAME)
def cli() -> None:
    """Find mail loops and deferral spikes in Postfix and sendmail logs; confirm and stop them."""


def main() -> None:
    """Run the command line.

    A user never sees a traceback, and each kind of error has its exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        # A locale that has no … must not end us.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(prog_name=NAME, standalone_mode=False)
        sys.stdout.flush()
        _finish(int(code) if isinstance(code, int) else Exit.OK)
    except click.exceptions.Exit as exit_:
        _finish(exit_.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        _finish(Exit.USAGE)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else NAME
        message = error.format_message().rstrip(".")
        click.echo(f"Error: {message}. Try: {command} --help", err=True)
        _finish(Exit.USAGE)
    except click.ClickException as error:
        _say(error.format_message())
        _finish(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _say("stopped")
        _finish(INTERRUPTED)
    except BrokenPipeError:
        _finish(Exit.OK)  # the same, seen when the last buffer went out
    except (ConfigErrors, LogwatchError, OSError) as error:
        _finish(_tell(error))


def _tell(error: ConfigErrors | LogwatchError | OSError) -> int:
    """Say what is wrong, one line a fault, and return the exit code."""
    match error:
        case ConfigErrors():
            for fault in error.exceptions:
                _say(str(fault))
            return error.code
        case LogwatchError():
            _say(str(error))
            return error.code
        case PermissionError():
            _say(f"{error.filename}: permission denied: run as a user who may read or write it")
            return Exit.NO_PERMISSION
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            _say(f"{where}{error.strerror or error}")
            return Exit.FAILED


def _say(text: str) -> None:
    click.echo(f"{NAME}: {text}", err=True)


def _finish(code: int) -> None:
    """Exit with *code*; what is left in a buffer that nobody can take is dropped in silence."""
    try:
        sys.stdout.flush()
    except OSError:
        # Python would flush once more on its way out, and complain (docs.python.org, signal).
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
