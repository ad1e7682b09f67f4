"""Who may not be touched, and what DNS has proved: the two questions before every action.

Domains and remembered answers come in, a reason or a degree of proof goes out. Nothing is asked of
DNS here and nothing is changed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from logwatch_mx.config.domain import a_labels
from logwatch_mx.model.deed import Confirmation
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import LOOPS, REFUTES, Outcome
from logwatch_mx.respond.providers import DOMAINS, NAMES

#: Two answers of one resolver count as two when they are this far apart: the first may have come
#: out of its cache, or out of a minute in which the zone was being edited.
APART = timedelta(seconds=60)

#: An older answer proves nothing about now.
FRESH = timedelta(hours=1)


class Proof(StrEnum):
    """What the answers about a domain amount to."""

    NONE = "no answer says that it is a loop"
    ONCE = "one answer says that it is a loop"
    ALONE = "one resolver alone says so, twice and a minute apart"
    TWICE = "two independent answers say that it is a loop"
    AGAINST = "a resolver says that it is no loop"


def is_domain(text: str) -> bool:
    """Return whether *text* is a lower-case domain of two or more LDH labels (IDNs as A-labels).

    What is no such name never reaches a map: an address literal, a word of an attacker's choosing,
    or ``localhost``.
    """
    try:
        return text.isascii() and "." in text and a_labels(text) == text
    except ValueError:
        return False


def own_name(domain: str, site: Site) -> str | None:
    """Return the name of this site that makes *domain* ours, or None.

    Ours is what is at or below a domain that we deliver or relay for, and what one of these or of
    this host's own names is below: mail for ``home.test`` that comes back to ``mx.home.test`` is
    far more likely a line missing in our configuration than a stranger's MX.
    """
    ours = site.domains | site.parents | site.names
    return _at_or_above(domain, ours) or next(
        (name for name in sorted(ours) if name.endswith("." + domain)), None
    )


def protector(domain: str, protected: Iterable[str]) -> str | None:
    """Return the entry of the operator's list *protected* that *domain* is at or below, or None."""
    return _at_or_above(domain, frozenset(name.lower().strip(".") for name in protected))


def provider(domain: str) -> str | None:
    """Return the big provider's registrable domain that *domain* belongs to, or None."""
    if found := _at_or_above(domain, DOMAINS):
        return found
    if not NAMES.intersection(domain.split(".")):
        return None  # the list of public suffixes is read only when it can matter
    registrable = _suffix_list()(domain)
    return registrable if registrable and registrable.split(".")[0] in NAMES else None


def proof(confirmations: Iterable[Confirmation], domain: str, now: datetime) -> Proof:
    """Return what the *confirmations* of the last hour prove about *domain*.

    Two resolvers count as two; one resolver that says it again at least a minute later is *alone*.
    Blocklists answer 127.0.0.1 for good names, so one resolver that refutes outweighs any number
    that do not. Silence and filtered answers say nothing either way.
    """
    loops: dict[str, list[datetime]] = {}
    against: set[str] = set()
    for answer in sorted(confirmations, key=lambda answer: answer.at):
        if answer.domain != domain or now - answer.at > FRESH:
            continue
        if answer.outcome in LOOPS:
            loops.setdefault(answer.resolver, []).append(answer.at)
            against.discard(answer.resolver)
        elif answer.outcome in REFUTES:
            loops.pop(answer.resolver, None)
            against.add(answer.resolver)
    if against:
        return Proof.AGAINST
    times = [at for stamps in loops.values() for at in stamps]
    if not times:
        return Proof.NONE
    if len(loops) > 1:
        return Proof.TWICE
    return Proof.ALONE if max(times) - min(times) >= APART else Proof.ONCE


def partly(confirmations: Iterable[Confirmation], domain: str, now: datetime) -> bool:
    """Return whether any fresh answer about *domain* found an address besides the loop's."""
    return any(
        answer.outcome is Outcome.PARTIAL and answer.domain == domain and now - answer.at <= FRESH
        for answer in confirmations
    )


def _at_or_above(domain: str, names: frozenset[str]) -> str | None:
    labels = domain.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels)))
    return next((name for name in above if name in names), None)


@cache
def _suffix_list() -> Callable[[str], str | None]:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  slow to read, seldom needed

    # Only registries' suffixes: whoever owns yahoo.github.io is not Yahoo.
    reader: Callable[[str], str | None] = PublicSuffixList(only_icann=True).privatesuffix
    return reader
