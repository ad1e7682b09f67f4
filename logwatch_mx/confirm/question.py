"""What to ask DNS about a domain, and what an answer is: pure values, no packet.

First the MX question, then A and AAAA of every exchanger it names. ``dns`` and ``zone`` turn a
Question into an Answer; ``judge`` says what the answers mean.
"""

from enum import StrEnum

from msgspec import Struct

from logwatch_mx.confirm.addresses import address_in_name
from logwatch_mx.model.verdict import Mx

#: RFC 7505: an exchanger named by the root says that the domain takes no mail.
NO_HOST = "."
#: More exchangers than this are not asked; who publishes more is not confirmed by what was asked.
MAX_HOSTS = 50


class Kind(StrEnum):
    """The record types that are asked for."""

    MX = "MX"
    A = "A"
    AAAA = "AAAA"


class Question(Struct, frozen=True):
    """One question; *name* is a host or domain in lower case without its trailing dot."""

    name: str
    kind: Kind


class Status(StrEnum):
    """How a question was answered.

    *filtered*: the answer was emptied or forged on its way. *failed*: there is none.
    """

    FOUND = "found"
    NO_DATA = "no data"
    NO_DOMAIN = "no such domain"
    FILTERED = "filtered"
    FAILED = "failed"


class Answer(Struct, frozen=True, kw_only=True):
    """What came back for *question*.

    *exchangers* (without addresses) for MX, *addresses* as text for A and AAAA, in the order of
    the answer; either may be there although *filtered*. *alias* is where the answer's chain of
    CNAMEs ends when the answer holds nothing for that name: the next one to ask. *said*: the
    reason of *filtered* and *failed*, in words. *ttl* in seconds.
    """

    question: Question
    status: Status
    exchangers: tuple[Mx, ...] = ()
    addresses: tuple[str, ...] = ()
    alias: str | None = None
    said: str = ""
    ttl: int = 0


def first_question(domain: str) -> Question:
    """Return what is asked first about *domain*."""
    return Question(domain, Kind.MX)


def exchangers_of(domain: str, answer: Answer) -> tuple[Mx, ...]:
    """Return the exchangers of *domain* by preference, each host once; its own name without MX.

    RFC 5321 section 5.1: a domain without MX that has an address is its own exchanger (implicit).
    """
    if answer.status is Status.NO_DATA:
        return (Mx(0, domain),)
    best: dict[str, int] = {}
    for mx in answer.exchangers:
        best[mx.host] = min(mx.preference, best.get(mx.host, mx.preference))
    return tuple(
        Mx(preference, host)
        for preference, host in sorted((preference, host) for host, preference in best.items())
    )


def next_questions(domain: str, answer: Answer) -> tuple[Question, ...]:
    """Return what to ask after the MX *answer*: nothing when it already decides."""
    if answer.status not in {Status.FOUND, Status.NO_DATA}:
        return ()
    return tuple(
        Question(mx.host, kind)
        for mx in exchangers_of(domain, answer)[:MAX_HOSTS]
        if mx.host != NO_HOST and address_in_name(mx.host) is None
        for kind in (Kind.A, Kind.AAAA)
    )
