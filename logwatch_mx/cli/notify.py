"""``logwatch-mx notify``: try the notification targets."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from logwatch_mx.cli.options import config_option
from logwatch_mx.errors import ConfigError, Exit


@click.group(epilog="Example: logwatch-mx notify test")
def notify() -> None:
    """Try the notification targets."""


@notify.command(epilog="Example: logwatch-mx notify test --config /etc/logwatch-mx/config.toml")
@config_option
def test(config: Path | None) -> int:
    """Send one test notice to every [[notify]] target."""
    from logwatch_mx.config.load import find_config, load_settings  # noqa: PLC0415  # --help is quick
    from logwatch_mx.model.notice import Notice, NoticeKind  # noqa: PLC0415
    from logwatch_mx.notify.send import send  # noqa: PLC0415

    settings = load_settings(find_config(config), check_hooks=False)
    if not settings.notify:
        raise ConfigError("there is no [[notify]] in the configuration, so nobody would be told")
    notice = Notice(
        key="test",
        incident="test",
        kind=NoticeKind.TEST,
        at=datetime.now(UTC),
        title="logwatch-mx: test notice",
        body="This is a test. A real notice would say what loops, since when, why we believe it,\n"
        "what was done about it and how to undo that.",
    )
    asyncio.run(send(notice, settings.notify))
    click.echo(f"sent to {len(settings.notify)} target{'s' * (len(settings.notify) != 1)}")
    return Exit.OK
