"""What a DNS message says: in comes a response off the wire, out comes an Answer. Pure.

1. An extended error 4, 15, 16 or 17 (RFC 8914: forged, blocked, censored, filtered) makes any
   answer *filtered*: unbound and dnsmasq say so when they drop a rebinding address.
2. NOERROR without an answer has an SOA beside it when the name truly has no such record (RFC 2308
   section 2.2). Without one the answer was emptied on its way: *filtered*.
3. A CNAME whose target is not in the message, and no SOA, is to be asked on: *alias*.
"""

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from logwatch_mx.confirm.question import Answer, Kind, Question, Status
from logwatch_mx.model.verdict import Mx

#: Addresses kept of one answer; a host with more is not judged by those.
MAX_ADDRESSES = 256
_TYPES = {
    Kind.MX: dns.rdatatype.MX,
    Kind.A: dns.rdatatype.A,
    Kind.AAAA: dns.rdatatype.AAAA,
}
_FILTERS = {4: "forged answer", 15: "blocked", 16: "censored", 17: "filtered"}


def type_of(kind: Kind) -> dns.rdatatype.RdataType:
    """Return the record type that *kind* asks for."""
    return _TYPES[kind]


def name_text(name: dns.name.Name) -> str:
    """Return *name* in lower case without its final dot; odd octets come escaped."""
    return name.canonicalize().to_text(omit_final_dot=True)


def found(question: Question, records: list[dns.rdata.Rdata], ttl: int = 0) -> Answer:
    """Return the answer that *records*, all of the type that was asked for, make."""
    if question.kind is Kind.MX:
        exchangers = tuple(
            Mx(record.preference, name_text(record.exchange))
            for record in records
            if isinstance(record, MX)
        )
        return Answer(question=question, status=Status.FOUND, exchangers=exchangers, ttl=ttl)
    addresses = tuple(
        record.address for record in records[:MAX_ADDRESSES] if isinstance(record, A | AAAA)
    )
    status, said = Status.FOUND, ""
    if len(records) > MAX_ADDRESSES:
        status, said = Status.FAILED, f"{len(records)} addresses, more than {MAX_ADDRESSES}"
    return Answer(question=question, status=status, addresses=addresses, said=said, ttl=ttl)


def read_response(question: Question, message: dns.message.QueryMessage) -> Answer:
    """Return what *message* answers to *question*."""
    answer = _read_sections(question, message)
    if said := filter_word(message):
        return Answer(
            question=question,
            status=Status.FILTERED,
            exchangers=answer.exchangers,
            addresses=answer.addresses,
            said=said,
        )
    return answer


def filter_word(message: dns.message.Message) -> str:
    """Return the extended error by which *message* says that it was filtered, or an empty text."""
    for error in message.extended_errors():
        if (word := _FILTERS.get(int(error.code))) is not None:
            return f"extended error {int(error.code)} ({word})"
    return ""


def _read_sections(question: Question, message: dns.message.QueryMessage) -> Answer:
    code = message.rcode()
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return _failed(question, dns.rcode.to_text(code))
    try:
        chain = message.resolve_chaining()
    except dns.exception.DNSException as error:
        return _failed(question, str(error) or type(error).__name__)
    ttl = min(chain.minimum_ttl, 2**31 - 1)
    if code == dns.rcode.NXDOMAIN:
        return Answer(question=question, status=Status.NO_DOMAIN, ttl=ttl)
    if chain.answer is not None:
        return found(question, list(chain.answer), ttl)
    held = {rrset.rdtype for rrset in message.authority}
    if dns.rdatatype.SOA in held:
        return Answer(question=question, status=Status.NO_DATA, ttl=ttl)
    if chain.cnames:
        alias = name_text(chain.canonical_name)
        return Answer(question=question, status=Status.NO_DATA, alias=alias, ttl=ttl)
    if dns.rdatatype.NS in held and not message.flags & dns.flags.RA:
        return _failed(question, "a referral: the server does not recurse")
    return Answer(
        question=question,
        status=Status.FILTERED,
        said="NOERROR with neither an answer nor an SOA",
    )


def _failed(question: Question, said: str) -> Answer:
    return Answer(question=question, status=Status.FAILED, said=said)
