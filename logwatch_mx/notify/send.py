"""Send a notice through apprise: Slack, mail and a hundred others, each with a deadline."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from logwatch_mx.config.settings import NotifyTarget
from logwatch_mx.errors import EffectError
from logwatch_mx.model.notice import Notice

#: apprise.result.AppriseResultStatus.SUCCESS; apprise's own limits for connecting and reading, and
#: ours around both.
SUCCESS = 0
CONNECT = 5.0
READ = 10.0
DEADLINE = timedelta(seconds=30)


def mask(url: str) -> str:
    """Return *url* without what may be a secret: its scheme and no more."""
    return f"{url.partition('://')[0]}://…"


async def send(notice: Notice, targets: Sequence[NotifyTarget]) -> None:
    """Send *notice* to those *targets* that want its kind.

    Raise one error that names who failed.
    """
    wanted = [
        t for t in targets if notice.kind.value in t.on or notice.kind.value in {"test", "health"}
    ]
    failed = [mask(t.url) for t in wanted if not await _send_one(notice, t)]
    if failed:
        raise EffectError(f"notice not delivered to {', '.join(failed)}", retry=True)


async def _send_one(notice: Notice, target: NotifyTarget) -> bool:
    import apprise  # noqa: PLC0415  # 60 MB and half a second that an idle daemon has not

    messenger = apprise.Apprise()
    plugin = apprise.Apprise.instantiate(_with_limits(target.url), suppress_exceptions=True)
    if plugin is None or not messenger.add(plugin):
        raise EffectError(f"{mask(target.url)}: not a notification URL that apprise knows")
    try:
        async with asyncio.timeout(DEADLINE.total_seconds()):
            result = await messenger.async_notify(
                body=notice.body, title=notice.title, body_format=apprise.NotifyFormat.TEXT
            )
    except TimeoutError:
        return False
    return int(result.status) == SUCCESS


def _with_limits(url: str) -> str:
    if "cto=" in url or "rto=" in url:
        return url
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}cto={CONNECT}&rto={READ}"
