"""Notification URLs that apprise does not know. Loads apprise, so only when asked to."""

from logwatch_mx.config.reading import mask_url
from logwatch_mx.config.settings import Settings


def unknown_notifiers(settings: Settings) -> tuple[str, ...]:
    """Return a sentence for each URL of *settings* that apprise would refuse; nothing is sent."""
    # 60 MB and half a second that no other command needs.
    import apprise  # noqa: PLC0415 -- see above

    return tuple(
        f"notify[{number}]: {mask_url(target.url)}: not a notification URL that apprise knows"
        for number, target in enumerate(settings.notify, start=1)
        if apprise.Apprise.instantiate(target.url, suppress_exceptions=True) is None
    )
