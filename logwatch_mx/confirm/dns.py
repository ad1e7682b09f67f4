"""DNS servers as a Resolver: a Question goes out by UDP (TCP when cut short), an Answer comes back.

Names are absolute, so no search domain turns a foreign name into one of ours. EDNS is on, since
extended errors come in it; a server that does not know EDNS is asked again without. Whatever goes
wrong is an Answer that failed, with the reason; nothing is raised.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.resolver
from msgspec import structs

from logwatch_mx.config.address import Address, endpoint_text, parse_address, parse_endpoint
from logwatch_mx.config.duration import duration_text
from logwatch_mx.confirm.question import Answer, Question, Status
from logwatch_mx.confirm.response import filter_word, read_response, type_of

#: Fits every path without fragments (DNS flag day 2020).
PAYLOAD = 1232
#: A chain of aliases that spans more messages than this is given up.
MAX_ALIASES = 8
#: Two confirmations a minute apart must be two questions, whatever TTL a domain publishes; who
#: waits for DNS to be back asks every twenty seconds.
KEPT_AT_MOST = timedelta(seconds=15)
MAX_KEPT = 1024
_PORT = 53
_CERTAIN = {Status.FOUND, Status.NO_DATA, Status.NO_DOMAIN}
_NO_EDNS = {dns.rcode.FORMERR, dns.rcode.NOTIMP}
# What dnspython lets through when a packet or a socket is odd.
_ODD = (dns.exception.DNSException, OSError, EOFError, ValueError)


class DnsResolver:
    """One resolver: *nameservers* in turn (``IP``, ``IP:PORT``), or those of *resolv_conf*."""

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        *,
        timeout: timedelta = timedelta(seconds=1),
        lifetime: timedelta = timedelta(seconds=3),
        resolv_conf: Path = Path("/etc/resolv.conf"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        endpoints = [parse_endpoint(text, _PORT) for text in nameservers] or _system(resolv_conf)
        self.name = ", ".join(endpoint_text(*endpoint) for endpoint in endpoints) or "no nameserver"
        self._lifetime = lifetime
        self._clock = clock
        self._kept: OrderedDict[Question, tuple[float, Answer]] = OrderedDict()
        self._asking, self._plain = (
            _stub(endpoints, timeout, lifetime, edns=edns) for edns in (0, -1)
        )

    async def answer(self, question: Question) -> Answer:
        """Return the answer to *question*, its aliases followed; kept for 15 s at most."""
        if (kept := self._kept.get(question)) is not None and kept[0] > self._clock():
            return kept[1]
        answer = structs.replace(await self._follow(question), question=question)
        if answer.status in _CERTAIN:
            keep = min(float(answer.ttl), KEPT_AT_MOST.total_seconds())
            self._kept[question] = (self._clock() + keep, answer)
            self._kept.move_to_end(question)
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return answer

    async def _follow(self, question: Question) -> Answer:
        asked, ttl = question, KEPT_AT_MOST.seconds
        for _ in range(MAX_ALIASES):
            answer = await self._ask(asked)
            ttl = min(ttl, answer.ttl)
            if answer.alias is None:
                return structs.replace(answer, ttl=ttl)
            asked = Question(answer.alias, question.kind)
        return _failed(question, f"an alias chain of more than {MAX_ALIASES} answers")

    async def _ask(self, question: Question) -> Answer:
        try:
            name = dns.name.from_text(question.name + ".")
            try:
                return await self._resolve(self._asking, name, question)
            except dns.resolver.NoNameservers as error:
                if not _dislikes_edns(error):
                    raise
                return await self._resolve(self._plain, name, question)
        except dns.resolver.NoNameservers as error:
            return self._read_errors(question, error)
        except dns.resolver.LifetimeTimeout as error:
            timed_out = f"no answer within {duration_text(self._lifetime)}"
            return self._read_errors(question, error, timed_out)
        except _ODD as error:
            return _failed(question, str(error) or type(error).__name__)

    async def _resolve(
        self, stub: dns.asyncresolver.Resolver, name: dns.name.Name, question: Question
    ) -> Answer:
        try:
            reply = await stub.resolve(
                name, type_of(question.kind), search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN as error:
            return read_response(question, error.response(name))  # type: ignore[no-untyped-call]  # dnspython's
        return read_response(question, reply.response)

    def _read_errors(
        self,
        question: Question,
        error: dns.resolver.NoNameservers | dns.resolver.LifetimeTimeout,
        said: str = "",
    ) -> Answer:
        """Return what the attempts of *error* came to: filtered when one of them says so."""
        attempts = error.kwargs.get("errors", [])
        for *_, response in attempts:
            if response is not None and (word := filter_word(response)):
                return Answer(question=question, status=Status.FILTERED, said=word)
        words = [said] if said else []
        words += [f"{_fault(what)} from {_place(where)}" for where, _, _, what, _ in attempts]
        return _failed(question, ", ".join(dict.fromkeys(words)) or "no nameserver to ask")


def _stub(
    endpoints: Sequence[tuple[Address, int]], timeout: timedelta, lifetime: timedelta, *, edns: int
) -> dns.asyncresolver.Resolver:
    stub = dns.asyncresolver.Resolver(configure=False)
    stub.nameservers = [
        dns.nameserver.Do53Nameserver(str(address), port) for address, port in endpoints
    ]
    stub.timeout = timeout.total_seconds()
    stub.lifetime = lifetime.total_seconds()
    stub.use_edns(edns, payload=PAYLOAD)
    return stub


def _system(resolv_conf: Path) -> list[tuple[Address, int]]:
    try:
        configured = dns.resolver.Resolver(str(resolv_conf)).nameservers
    except (dns.resolver.NoResolverConfiguration, OSError):
        return []
    return [(parse_address(str(server)), _PORT) for server in configured]


def _fault(what: object) -> str:
    """Return what an attempt came to, without the moment that it took: the same each time."""
    return "nothing" if isinstance(what, dns.exception.Timeout) else str(what) or "an odd packet"


def _place(nameserver: str) -> str:
    """Return ``IP:PORT`` of dnspython's ``Do53:IP@PORT``."""
    address, _, port = nameserver.removeprefix("Do53:").rpartition("@")
    return endpoint_text(parse_address(address), int(port))


def _dislikes_edns(error: dns.resolver.NoNameservers) -> bool:
    attempts = error.kwargs.get("errors", [])
    codes = {response.rcode() for *_, response in attempts if response is not None}
    return bool(codes) and codes <= _NO_EDNS


def _failed(question: Question, said: str) -> Answer:
    return Answer(question=question, status=Status.FAILED, said=said)
