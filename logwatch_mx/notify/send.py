"""Send a notice through apprise: Slack, mail and a hundred others, each with a deadline.

No error and no log line holds more of a URL than its scheme: the rest may be a secret.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from logwatch_mx.config.settings import NotifyTarget
from logwatch_mx.errors import EffectError
from logwatch_mx.model.notice import Notice, NoticeKind

#: Seconds: apprise's own limits for connecting and reading, which end its thread, and ours around
#: both.
CONNECT = 5.0
READ = 10.0
DEADLINE = timedelta(seconds=30)
#: Kinds that every target gets: the operator asked for the one, and the other says that we are ill.
ALWAYS = frozenset({NoticeKind.TEST, NoticeKind.HEALTH, NoticeKind.HEARTBEAT})
#: What apprise makes a colour or a sign of, by the names of ``apprise.NotifyType``.
_TYPES = {
    NoticeKind.CONFIRMED: "FAILURE",
    NoticeKind.SUSPECTED: "WARNING",
    NoticeKind.REFUTED: "SUCCESS",
    NoticeKind.CLOSED: "SUCCESS",
    NoticeKind.TEST: "INFO",
    NoticeKind.HEALTH: "WARNING",
    NoticeKind.HEARTBEAT: "INFO",
}


class NotDeliveredError(EffectError):
    """Somebody did not take a notice.

    *unanswered*: the time for an answer ran out, so the notice may have arrived all the same.
    """

    def __init__(self, message: str, *, retry: bool, unanswered: bool) -> None:
        super().__init__(message, retry=retry)
        self.unanswered = unanswered


class _Failure(NamedTuple):
    """Why a URL did not take a notice; see ``NotDeliveredError``."""

    why: str
    unanswered: bool = False


def mask(url: str) -> str:
    """Return *url* without what may be a secret: its scheme and no more."""
    scheme, mark, _ = url.partition("://")
    return f"{scheme}://…" if mark and scheme.replace("+", "").isalnum() else "…"


async def send(
    notice: Notice,
    targets: Sequence[NotifyTarget],
    *,
    limits: tuple[float, float] = (CONNECT, READ),
    deadline: timedelta = DEADLINE,
) -> None:
    """Send *notice* to those *targets* that want its kind, all at once.

    Raise one NotDeliveredError that names who failed; it asks to be tried again unless no URL that
    failed can ever work.
    """
    wanted = [t.url for t in targets if notice.kind in ALWAYS or notice.kind.value in t.on]
    results = await asyncio.gather(*(_send_one(notice, url, limits, deadline) for url in wanted))
    failed = [
        f"{mask(url)} ({failure.why})"
        for url, failure in zip(wanted, results, strict=True)
        if failure
    ]
    if failed:
        raise NotDeliveredError(
            f"notice not delivered to {', '.join(failed)}",
            retry=any(failure and failure is not _UNKNOWN for failure in results),
            unanswered=any(failure and failure.unanswered for failure in results),
        )


async def prepare(url: str) -> None:
    """Load what sending to *url* needs, in a thread: apprise takes a second, its plugins another.

    Without it the first ``send`` does the same, and whoever else waits for the loop waits.
    """
    await asyncio.to_thread(_plugin, url, (CONNECT, READ))


_UNKNOWN = _Failure("not a notification URL that apprise knows")
_NO_ANSWER = _Failure("no answer in time", unanswered=True)
_NO_END = _Failure("not done in time", unanswered=True)


async def _send_one(
    notice: Notice, url: str, limits: tuple[float, float], deadline: timedelta
) -> _Failure | None:
    """Return why *url* did not take *notice*, None when it did.

    apprise tells a refusal from an answer that never came in its log alone; but before the read
    limit has passed it gives nobody up who may still answer.
    """
    import apprise  # noqa: PLC0415  # see _plugin

    plugin = _plugin(url, limits)
    messenger: Any = apprise.Apprise()
    if plugin is None or not messenger.add(plugin):
        return _UNKNOWN
    clock = asyncio.get_running_loop().time
    begun = clock()
    try:
        async with asyncio.timeout(deadline.total_seconds()):
            result = await messenger.async_notify(
                body=notice.body,
                title=notice.title,
                notify_type=apprise.NotifyType[_TYPES[notice.kind]],
                body_format=apprise.NotifyFormat.TEXT,
            )
    except TimeoutError:
        return _NO_END
    status: str = result.status.name
    if status == "SUCCESS":
        return None
    patience: float = plugin.socket_read_timeout
    return _NO_ANSWER if clock() - begun >= patience else _Failure(status.lower())


def _plugin(url: str, limits: tuple[float, float]) -> Any:  # noqa: ANN401  # apprise has no types
    """Return apprise's object for *url*, None when it knows none."""
    import apprise  # noqa: PLC0415  # 60 MB and half a second that an idle daemon has not

    # What apprise logs names hosts and users, and where nobody configured logging it goes to
    # stderr; our own error says what is needed.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    # Without an asset of our own the messages are signed "Apprise", with its picture off the web.
    asset = apprise.AppriseAsset(
        app_id="logwatch-mx",
        app_desc="mail loops and deferral spikes",
        app_url="",
        image_url_mask="",
        image_url_logo="",
    )
    return apprise.Apprise.instantiate(
        _with_limits(url, limits), asset=asset, suppress_exceptions=True
    )


def _with_limits(url: str, limits: tuple[float, float]) -> str:
    """Return *url* with apprise's time limits, except those that it sets itself."""
    for name, seconds in zip(("cto", "rto"), limits, strict=True):
        if f"?{name}=" not in url and f"&{name}=" not in url:
            url = f"{url}{'&' if '?' in url else '?'}{name}={seconds}"
    return url
