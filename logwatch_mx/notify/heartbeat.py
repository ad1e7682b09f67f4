"""The heartbeat: a notice that nothing but time makes due, so that its absence tells.

Whoever gets one a day knows by its absence that the daemon, its machine or the way of notices is
down, which none of these could tell.
"""

from datetime import datetime, timedelta

from logwatch_mx.model.notice import Notice, NoticeKind


def heartbeat(every: timedelta, *, incidents: int, at: datetime, host: str = "") -> Notice:
    """Return the notice of the period of length *every* that *at* is in.

    Its key is the period's number: a restart sends none twice. *incidents* are those open now.
    """
    seconds = every.total_seconds()
    number = int(at.timestamp() // seconds)
    what = f"{incidents} open incident{'' if incidents == 1 else 's'}"
    where = f" on {host}" if host else ""
    return Notice(
        key=f"heartbeat#{seconds:g}#{number}",
        incident="",
        kind=NoticeKind.HEARTBEAT,
        at=at,
        title=f"logwatch-mx is watching: {what}" + (f" ({host})" if host else ""),
        body=(
            f"logwatch-mx{where} reads the log, with {what}.\n"
            "This comes regularly (health.heartbeat); when it does not come, look.\n"
            "Details: logwatch-mx status"
        ),
    )
