"""What may be asked of the privileged helper, and how: one JSON line there, one back.

A request is one of a few verbs with arguments that can be nothing but what they are for; unknown
keys, other types, too much or too long are refused before anything is looked at.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from logwatch_mx.config.domain import a_labels
from logwatch_mx.respond import queue_postfix, queue_sendmail
from logwatch_mx.respond.queue import Queued

#: Ids of one request; more are asked for in turns.
MAX_IDS = 1000
#: Rows of our map: as many domains as ``max_pauses_per_hour`` allows in a day and a half.
MAX_ROWS = 2000
#: Bytes of a request; a thousand of the longest ids are 40 KB, two thousand rows seldom 100.
MAX_REQUEST = 256 * 1024
#: Bytes of an answer, which lists messages of one domain.
MAX_ANSWER = 8 << 20

Mta = Literal["postfix", "sendmail"]
_ID_PATTERN = f"(?:{queue_postfix.QUEUE_ID})|(?:{queue_sendmail.QUEUE_ID})"
_Id = Annotated[str, Meta(pattern=_ID_PATTERN, max_length=40)]
_Ids = Annotated[tuple[_Id, ...], Meta(min_length=1, max_length=MAX_IDS)]
_Domain = Annotated[str, Meta(min_length=1, max_length=253)]
#: What our own map may say, and nothing else (``data/route.m4``).
_Word = Literal["paused", "reject", "discard"]


class _Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="verb"):
    """What all requests have: a verb, and nothing that is not named."""


class Hello(_Request, frozen=True, kw_only=True, tag="hello"):
    """Ask whether the helper is there and lets us in."""


class List(_Request, frozen=True, kw_only=True, tag="list"):
    """Ask for the messages that have a recipient in *domain*."""

    mta: Mta
    domain: _Domain


class Hold(_Request, frozen=True, kw_only=True, tag="hold"):
    """Have messages held that are wholly *domain*'s."""

    mta: Mta
    domain: _Domain
    ids: _Ids


class Release(_Request, frozen=True, kw_only=True, tag="release"):
    """Have held messages let go that are wholly *domain*'s."""

    mta: Mta
    domain: _Domain
    ids: _Ids


class Makemap(_Request, frozen=True, kw_only=True, tag="makemap"):
    """Have the sendmail map that the helper's own configuration names made of *rows*."""

    rows: Annotated[dict[_Domain, _Word], Meta(max_length=MAX_ROWS)]


class Reload(_Request, frozen=True, kw_only=True, tag="reload"):
    """Have Postfix read its tables anew: what replaces a hash, btree or cdb table needs it."""


Request = Hello | List | Hold | Release | Makemap | Reload


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the helper says: *error* in one line, and whether *retry* may help, or the rest."""

    error: str | None = None
    retry: bool = False
    messages: tuple[Queued, ...] = ()
    done: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()


_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_ANSWERS = msgspec.json.Decoder(Answer)


def read_request(line: bytes) -> Request:
    """Return the request that *line* is; ValueError says in one line why it is none."""
    if len(line) > MAX_REQUEST:
        raise ValueError(f"longer than {MAX_REQUEST} bytes")
    try:
        request = _REQUESTS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no request: {_one_line(error)}") from None
    domains = (
        tuple(request.rows)
        if isinstance(request, Makemap)
        else ()
        if isinstance(request, Hello | Reload)
        else (request.domain,)
    )
    for domain in domains:
        if not _is_a_labels(domain):
            raise ValueError("no request: a domain is no lower-case name of A-labels")
    return request


def write_request(request: Request) -> bytes:
    """Return the line of *request*."""
    return msgspec.json.encode(request) + b"\n"


def read_answer(line: bytes) -> Answer:
    """Return the answer that *line* is; ValueError when it is none."""
    try:
        return _ANSWERS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no answer: {_one_line(error)}") from None


def write_answer(answer: Answer) -> bytes:
    """Return the line of *answer*."""
    return msgspec.json.encode(answer) + b"\n"


def _one_line(error: Exception) -> str:
    """Return what *error* says; it may quote the name of a field, which anybody chose."""
    return "".join(x if x.isprintable() else "?" for x in str(error)[:300])


def _is_a_labels(domain: str) -> bool:
    try:
        return a_labels(domain) == domain
    except ValueError:
        return False
