"""Read the deferrals of the usual shape from the bytes of a block.

Comes in: a block and where a line begins. Goes out: what ``Reader.read`` would say of a line that
holds nothing odd: ASCII, one plain recipient, an exchanger or none. None for every other line, also
where only a grammar can tell which part is whose.
"""

import re

from logwatch_mx.grammar.header import LEVEL_TEXT
from logwatch_mx.grammar.postfix_delivery import said_in
from logwatch_mx.model.event import Mta

_STAMP = (
    rb"((?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8})"
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2}))"
)
_HOST = rb" (?!" + LEVEL_TEXT.encode() + rb")[0-9A-Za-z._-]+ "
_ID = rb"\[[0-9]{1,7}\]: ([0-9A-Za-z]{5,20}): to="
# Not `[^<>]+`: where an address with a quote or a blank ends is for the grammar to say.
_ADDRESS = rb"<([0-9A-Za-z!#$%&'*+/=?^_`{|}~.-]+@[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?)>"
_NAME = rb"[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)+"
# An exchanger at a loopback address is a story of its own.
_IP = rb"\[(?!127\.|0|::)[0-9a-f.:]{2,45}\]"
_DSN = rb", dsn=(4\.[0-9]\.[0-9]{1,3}), stat"
_POSTFIX = re.compile(
    _STAMP
    + _HOST
    + rb"postfix(?:-[0-9A-Za-z]+)?/(smtp|error|retry)"
    + _ID
    + _ADDRESS
    + rb"(?:, orig_to=<[0-9A-Za-z.@_+-]*>)?, relay=(?:none|("
    + _NAME
    + rb")"
    + _IP
    + rb":[0-9]{1,5}), delay=([0-9]{1,9}(?:\.[0-9]{1,6})?), delays=[0-9./]+"
    + _DSN
    + rb"us=deferred \(([ -~]*[!-~])(?=\n)"
).match
_SENDMAIL = re.compile(
    _STAMP
    + _HOST
    + rb"(?:sendmail|sm-mta|sm-que)"
    + _ID
    + _ADDRESS
    + rb"(?:, ctladdr=<[0-9A-Za-z.@_+-]*> \([0-9]+/[0-9]+\))?"
    rb", delay=(?:([0-9]{1,3})\+)?([0-9]{2}):([0-9]{2}):([0-9]{2}), xdelay=[0-9+:]+"
    rb", mailer=([a-z][0-9a-z]*), pri=[0-9]+(?:, relay=("
    + _NAME
    + rb")\.( "
    + _IP
    + rb")?)?"
    + _DSN
    + rb"=Deferred(?:: ([ -~]*[!-~]))?(?=\n)"
).match


#: MTA, stamp, agent or mailer, queue id, address, relay, delay in seconds, DSN, reply, where the
#: line ends. *relay* is empty without one, and has a final dot where it has no address.
Tried = tuple[Mta, bytes, str, bytes, bytes, str, float, str, str, int]


def read_tried(data: bytes, start: int) -> Tried | None:
    """Return what the line says that begins at *start* of *data*, None when it is not usual."""
    found = _POSTFIX(data, start)
    if found is not None:
        stamp, agent, queue_id, address, host, delay, dsn, text = found.groups()
        said = text.decode()
        # Nearly all end with `command))`, of which one parenthesis is Postfix' own.
        said = said_in(said) if said.endswith("command)") else said.removesuffix(")")
        return (
            *(Mta.POSTFIX, stamp, agent.decode(), queue_id, address),
            *("" if host is None else host.decode().lower(), float(delay), dsn.decode(), said),
            found.end(),
        )
    found = _SENDMAIL(data, start)
    if found is None:
        return None
    stamp, queue_id, address, days, hours, minutes, seconds, mailer, host, ip, dsn, text = (
        found.groups()
    )
    delay = 3600.0 * int(hours) + 60 * int(minutes) + int(seconds)
    return (
        *(Mta.SENDMAIL, stamp, mailer.decode(), queue_id, address),
        "" if host is None else host.decode().lower() + ("" if ip is not None else "."),
        delay if days is None else delay + 86400 * int(days),
        dsn.decode(),
        "Deferred" if text is None else text.decode(),
        found.end(),
    )
