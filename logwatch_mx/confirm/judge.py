"""What the answers mean: in come answers, out comes one Verdict. Pure.

1. No MX answer decides nothing (*unanswered*, *filtered*); NXDOMAIN is *no_such_domain*; a lone
   root as exchanger is *null_mx*.
2. Loopback beside any other address is *partial*: no missing answer can change that.
3. Otherwise a missing answer might have been the one that decides: *filtered* or *unanswered*.
   So one host of many without an answer keeps *loopback*, *self* and *healthy* from being said.
4. All answers known: only loopback is *loopback*; one of our addresses is *self*; one foreign
   address is *healthy*; special networks alone, or no address at all, are *unroutable*.
   An own address without loopback is *self* whatever stands beside it: it is ours to mend, and
   nothing may be done to the mail.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from logwatch_mx.config.address import Address, parse_address, printed, unmapped
from logwatch_mx.confirm.addresses import (
    AddressClass,
    address_in_name,
    classify,
    is_localhost,
    special_use,
)
from logwatch_mx.confirm.question import (
    MAX_HOSTS,
    NO_HOST,
    Answer,
    Kind,
    Question,
    Status,
    exchangers_of,
    first_question,
)
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Mx, Outcome, Verdict

#: Addresses named in a sentence; the verdict's *mx* holds all of them.
_NAMED = 4
_MISSING = {Status.FILTERED, Status.FAILED}


class _Host(Struct, frozen=True):
    """One exchanger with the class and the words for each address, and what was not answered."""

    mx: Mx
    met: tuple[tuple[AddressClass, str], ...] = ()
    missing: tuple[Answer, ...] = ()


def never_ours(address: Address) -> bool:  # noqa: ARG001 -- the signature of a test of addresses
    """Return False: only the addresses that the site lists are ours (zone files, replay)."""
    return False


def judge(
    domain: str,
    answers: Mapping[Question, Answer],
    site: Site,
    *,
    is_ours: Callable[[Address], bool] = never_ours,
    resolver: str | None = None,
) -> Verdict:
    """Return the verdict on *domain* that *answers* allow.

    *is_ours* tells of an address that is not in *site* whether this machine holds it.
    """
    asked = first_question(domain)
    mx_answer = answers.get(asked) or _unasked(asked)
    hosts: tuple[_Host, ...] = ()
    if mx_answer.status in {Status.FOUND, Status.NO_DATA}:
        hosts = tuple(
            _read_host(number, mx, answers, site, is_ours)
            for number, mx in enumerate(exchangers_of(domain, mx_answer))
        )
    outcome, why = _decide_mx(mx_answer) or _decide_hosts(domain, mx_answer, hosts)
    return Verdict(
        domain=domain,
        outcome=outcome,
        mx=tuple(host.mx for host in hosts) or mx_answer.exchangers,
        resolver=resolver,
        why=why,
    )


def _decide_mx(answer: Answer) -> tuple[Outcome, str] | None:
    name = answer.question.name
    match answer.status:
        case Status.FAILED:
            return Outcome.UNANSWERED, f"no answer to {name} MX: {answer.said}"
        case Status.FILTERED:
            return Outcome.FILTERED, f"the answer to {name} MX was filtered: {answer.said}"
        case Status.NO_DOMAIN:
            return Outcome.NO_SUCH_DOMAIN, f"{name} does not exist"
        case _:
            return None


def _decide_hosts(domain: str, answer: Answer, hosts: tuple[_Host, ...]) -> tuple[Outcome, str]:
    if all(host.mx.host == NO_HOST for host in hosts):
        return Outcome.NULL_MX, f"{domain} takes no mail: its only exchanger is the root (RFC 7505)"
    met = [word for host in hosts for word in host.met]
    classes = {found for found, _ in met}
    evidence = _evidence(met)
    if AddressClass.LOOPBACK in classes and len(classes) > 1:
        return Outcome.PARTIAL, f"not every exchanger is this machine: {evidence}"
    if missing := [lost for host in hosts for lost in host.missing]:
        return _decide_missing(missing, evidence)
    if AddressClass.LOOPBACK in classes:
        return Outcome.LOOPBACK, f"every exchanger is this machine itself: {evidence}"
    if AddressClass.OWN in classes:
        return Outcome.SELF, f"an exchanger is an address of this site: {evidence}"
    if AddressClass.FOREIGN in classes:
        return Outcome.HEALTHY, f"an exchanger can be reached: {evidence}"
    if met:
        return Outcome.UNROUTABLE, f"no exchanger can be reached: {evidence}"
    if answer.status is Status.NO_DATA:
        return Outcome.UNROUTABLE, f"{domain} has neither MX nor address"
    return Outcome.UNROUTABLE, f"no exchanger of {domain} has an address"


def _decide_missing(missing: list[Answer], evidence: str) -> tuple[Outcome, str]:
    filtered = [lost for lost in missing if lost.status is Status.FILTERED]
    lost = (filtered or missing)[0]
    name = f"{lost.question.name} {lost.question.kind}"
    others = f" and to {len(missing) - 1} more" if len(missing) > 1 else ""
    known = f"; known: {evidence}" if evidence else ""
    if filtered:
        return Outcome.FILTERED, f"the answer to {name}{others} was filtered: {lost.said}{known}"
    return Outcome.UNANSWERED, f"no answer to {name}{others}: {lost.said}{known}"


def _read_host(
    number: int,
    mx: Mx,
    answers: Mapping[Question, Answer],
    site: Site,
    is_ours: Callable[[Address], bool],
) -> _Host:
    if mx.host == NO_HOST:
        return _Host(mx)
    if (literal := address_in_name(mx.host)) is not None:
        named = structs.replace(mx, addresses=(printed(literal),))
        return _Host(named, (_meet(mx.host, literal, site, is_ours),))
    questions = [Question(mx.host, kind) for kind in (Kind.A, Kind.AAAA)]
    replies = [answers.get(asked) or _unasked(asked, number) for asked in questions]
    addresses = tuple(dict.fromkeys(text for reply in replies for text in reply.addresses))
    named = structs.replace(mx, addresses=addresses)
    # Resolvers answer localhost, deny it or invent it; what a machine makes of the name is certain.
    if is_localhost(mx.host):
        return _Host(named, ((AddressClass.LOOPBACK, f"{mx.host} is this machine by its name"),))
    return _Host(
        named,
        tuple(_meet(mx.host, parse_address(text), site, is_ours) for text in addresses),
        tuple(reply for reply in replies if reply.status in _MISSING),
    )


def _meet(
    host: str, address: Address, site: Site, is_ours: Callable[[Address], bool]
) -> tuple[AddressClass, str]:
    found = classify(address, site)
    listed = any(unmapped(address) in network for network in site.routable)
    if found in {AddressClass.FOREIGN, AddressClass.UNROUTABLE} and is_ours(unmapped(address)):
        found = AddressClass.OWN
    words = {
        AddressClass.LOOPBACK: "is loopback",
        AddressClass.OWN: "is an own address",
        AddressClass.UNROUTABLE: f"is {special_use(address)}",
        AddressClass.FOREIGN: "is listed as routable" if listed else "is another machine",
    }
    place = printed(address)
    return found, f"{place} {words[found]}" if host == place else f"{host} {place} {words[found]}"


def _evidence(met: list[tuple[AddressClass, str]]) -> str:
    # One of each class first, so that the sentence shows why, however many addresses there are.
    first: dict[AddressClass, str] = {}
    for found, words in met:
        first.setdefault(found, words)
    shown = list(dict.fromkeys([*first.values(), *(words for _, words in met)]))[:_NAMED]
    more = len({words for _, words in met}) - len(shown)
    return ", ".join(shown) + (f", and {more} more" if more > 0 else "")


def _unasked(question: Question, number: int = 0) -> Answer:
    said = f"only {MAX_HOSTS} exchangers are asked" if number >= MAX_HOSTS else "not asked"
    return Answer(question=question, status=Status.FAILED, said=said)
