"""Is a domain's mail delivered on this host? Asked of the log itself, when a loop about it opens.

A domain whose mailboxes are here is ours although no configuration said so (a replay elsewhere, a
table that is not read): then the loop is of our own making, and nothing may be done to its mail.
"""

from logwatch_mx.app.reading import Place
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.detect.reasons import is_own_remedy
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.model.event import Delivery, Status
from logwatch_mx.model.line import Line
from logwatch_mx.sources.history import Position

_AGENTS = frozenset({"local", "virtual", "lmtp"})
_MAILERS = frozenset({"local", "lmtp", "cyrus", "cyrusv2", "cyrusv2d", "procmail"})
#: One of these is in each line that counts.
_WORDS = (b"/local[", b"/virtual[", b"/lmtp[", b"mailer=")
#: Lines that look like it and are none: an attacker may write any number of them.
_MAX_LOOKED_AT = 1_000


def is_delivered_here(domain: str, position: Position, place: Place, reader: Reader) -> bool:
    """Say whether a line before *position* tells that mail for *domain* was put into a mailbox."""
    name = b"@" + domain.encode("utf-8", "surrogateescape")
    looked_at = 0
    for chunk in place.stream.history.chunks_before(position):
        if name not in chunk:
            continue
        for raw in reversed(chunk.split(b"\n")):
            if name not in raw or not any(word in raw for word in _WORDS):
                continue
            looked_at += 1
            if looked_at > _MAX_LOOKED_AT:
                return False
            event = reader.read(Line(raw.decode("utf-8", "surrogateescape")))
            if isinstance(event, Delivery) and _is_home(event, domain):
                return True
    return False


def _is_home(event: Delivery, domain: str) -> bool:
    if event.status is not Status.SENT or is_own_remedy(event):
        return False
    by = event.mailer in _MAILERS if event.mailer is not None else event.agent in _AGENTS
    return by and any(domain_of(address) == domain for address in event.recipients)
