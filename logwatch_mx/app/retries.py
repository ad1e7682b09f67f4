"""Later tries of messages that wait: of a full queue nearly all lines, and no news.

Comes in: a line of a block in which the sieve found something. Goes out: whether it is a deferral
of the usual shape that leaves no trace in the engine (``Engine.knows``), told from its bytes: most
lines of a night with a dead exchanger are never read.
"""

import re
from collections.abc import Callable

from logwatch_mx.app.engine import Engine
from logwatch_mx.model.event import Mta

#: No MTA tries again sooner: minimal_backoff_time and sendmail's -q are minutes. Younger ones are
#: read, and the engine says the same of them.
_YOUNGEST = 60.0
# Nothing in front of the queue id is anybody else's text, and no address has its brackets inside. A
# program of another name is read: an address may look like the fields of the other MTA.
_STAMP = rb"[^\]\[\n]{1,200} "
_BEGIN = rb"\[[0-9]+\]: ([0-9A-Za-z]{5,20}): to=<[^<>\n]*>, "
_POSTFIX = re.compile(
    _STAMP
    + rb"postfix[^\[\] \n]*"
    + _BEGIN
    + rb"(?:orig_to=<[^<>\n]*>, )?relay=[^,\n]*, delay=([0-9]{1,9}(?:\.[0-9]{1,6})?)"
    rb"(?:, delays=[0-9./]+)?, dsn=4\.[0-9]\.[0-9]{1,3}, status=deferred ([^\n]*)"
).match
_SENDMAIL = re.compile(
    _STAMP
    + rb"(?:sendmail|sm-mta|sm-que|sm-msp-queue)"
    + _BEGIN
    + rb"(?:ctladdr=<[^<>\n]*> \([0-9]+/[0-9]+\), )?delay=(?:([0-9]{1,3})\+)?([0-9]{2}):"
    rb"([0-9]{2}):([0-9]{2}), xdelay=[0-9+:]+, mailer=[^, \n]+, pri=[0-9]+"
    rb"(?:, relay=[^,\n]*)?, dsn=4\.[0-9]\.[0-9]{1,3}, stat=Deferred([^\n]*)"
).match


def build_skip(engine: Engine) -> Callable[[bytes, int], bool]:
    """Return what says whether the line of *data* that holds the index *at* can be passed over."""
    knows = engine.knows

    def skips(data: bytes, at: int) -> bool:
        start = data.rfind(b"\n", 0, at) + 1
        found = _POSTFIX(data, start)
        if found is not None:
            queue_id, seconds, text = found.groups()
            delay, mta = float(seconds), Mta.POSTFIX
        else:
            found = _SENDMAIL(data, start)
            if found is None:
                return False
            queue_id, days, hours, minutes, seconds, text = found.groups()
            delay = 86400.0 * int(days or 0) + 3600 * int(hours) + 60 * int(minutes) + int(seconds)
            mta = Mta.SENDMAIL
        # Loopback exchangers that nobody answers on are counted at every try.
        if delay < _YOUNGEST or b"onnection refused" in text:
            return False
        return knows(queue_id.decode("ascii"), delay, mta, found[0].decode("latin-1"))

    return skips
