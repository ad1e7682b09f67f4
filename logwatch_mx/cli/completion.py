"""``logwatch-mx completion``: the shell's completion script."""

import click
from click.shell_completion import get_completion_class

from logwatch_mx.errors import Exit


@click.command(epilog="Example: logwatch-mx completion bash > /etc/bash_completion.d/logwatch-mx")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the completion script for SHELL."""
    kind = get_completion_class(shell)
    if kind is None:  # click knows all three
        raise click.UsageError(f"{shell}: no completion for this shell")
    root = ctx.find_root().command
    click.echo(kind(root, {}, "logwatch-mx", "_LOGWATCH_MX_COMPLETE").source())
    return Exit.OK
