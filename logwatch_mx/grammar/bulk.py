r"""Tell most lines of a log at once: one pattern goes over the bytes of many of them.

Comes in: whole lines, each ending in ``\n``. Goes out: for each its *mark*, the few bytes that say
what it is, or ``UNKNOWN``: then it has to be read.

A shape is part of a kind of the grammar: each line that fits it is read by that kind, and its event
is the one that the mark stands for. So the shapes decide nothing, and need not be complete; they
are patterns and no grammar because they are to be quick. All kinds share one group, and nothing is
taken that is not counted: matches cost more by their values than by their length.
``tests/grammar/test_bulk.py`` holds them against the reader.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from msgspec import Struct

from logwatch_mx.grammar import bulk_postfix, bulk_sendmail
from logwatch_mx.model.event import KIND_OF, Mta

# Stamps of days that every year has; what is odd about others is the reader's to know.
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
BSD = (
    "(?:J(?:an|u[nl])|Feb|Ma[ry]|A(?:pr|ug)|Sep|Oct|Nov|Dec) "
    "(?: [1-9]|1[0-9]|2[0-8]|(?<!Feb )(?:29|30)|(?<=(?:Jan|Mar|May|Jul|Aug|Oct|Dec) )31) " + _CLOCK
)
ISO = (
    "20[0-9]{2}-(?:0[1-9]|1[0-2])-"
    "(?:0[1-9]|1[0-9]|2[0-8]|(?<!02-)(?:29|30)|(?<=(?:01|03|05|07|08|10|12)-)31)"
    rf"T{_CLOCK}(?:\.[0-9]{{1,6}})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
)
# No level, which FreeBSD's `syslogd -v` and busybox print where the host stands (header.LEVEL):
# all of them end in one of these words.
_LEVEL = "(?:emerg|panic|alert|crit|err(?:or)?|warn(?:ing)?|notice|info|debug) "
_HOST = rf"[^ :<.\n]++(?:\.(?!{_LEVEL})[^ :<.\n]*+)*+"
_HEAD = rf"(?:{BSD}|{ISO}) {_HOST} "


#: What a line is: a word for its kind, or else who got a message, and a word for the status.
Mark = tuple[bytes, bytes, bytes]
#: The line is in no usual shape.
UNKNOWN: Mark = (b"", b"", b"")


class Bulk(Struct, frozen=True):
    """Tells the usual lines of one MTA.

    *marks* gives those of all lines of a text, from one index to another, in their order. *kinds*
    and *statuses* say what their words mean, ``recipients`` who got it.
    """

    mta: Mta
    marks: Callable[[bytes, int, int], list[Mark]]
    kinds: Mapping[bytes, str]
    statuses: Mapping[bytes, str]


def recipients(text: bytes) -> list[str]:
    """Return who got it, of the first one what begins at the ``@``."""
    return text.decode("utf-8", "surrogateescape").split(">,<")


@cache
def bulk_of(mta: Mta) -> Bulk:
    """Return what tells the usual lines of *mta*; made when the first of its lines comes."""
    dialect = bulk_postfix if mta is Mta.POSTFIX else bulk_sendmail
    shapes = "|".join(f"{word}(?={rest})" if rest else word for word, rest, _ in dialect.SHAPES)
    line = (
        rf"{_HEAD}{dialect.TAG}\[[0-9]{{1,7}}+\]: {dialect.START}(?:({shapes})|{dialect.DELIVERY})"
    )
    pattern = re.compile(rf"{line}.*+\n|.*+\n".encode("ascii"))
    return Bulk(
        mta=mta,
        marks=pattern.findall,
        kinds={word.encode("ascii"): KIND_OF[event] for word, _, event in dialect.SHAPES},
        statuses={word: status.value for word, status in dialect.STATUSES.items()},
    )
