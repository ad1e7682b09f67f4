"""Which literals a line holds that the engine wants to see: the sieve's needles, from the rules that are active.

Sound, not complete: every event that leaves a trace in the engine comes from a line with one of these. The
shipped rules are known here by what they look for; a rule of the admin's own brings the literals of its condition.
A rule that has none makes every line be read.
"""

from collections.abc import Iterable, Sequence

from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.load import CompiledRule
from logwatch_mx.sources.sieve import Needle

#: Longest text of an address in brackets.
_ADDRESS = 48


def _is_self_relay(data: bytes, at: int) -> bool:
    """Say whether the ``[address`` at *at* is a relay on port 25 (Postfix) or one found through MX (sendmail).

    Clients, filters on other ports and configured next hops print the same address otherwise.
    """
    if data[at - 2 : at] == b". ":  # sendmail: relay=mail.seaton.biz. [127.0.0.1]
        return True
    end = data.find(b"]", at, at + _ADDRESS)
    return end > 0 and data[end + 1 : end + 4] == b":25"


#: Deferrals. sendmail logs a failed look-up as ``dsn=4.4.3, stat=queued``.
_DEFERRALS = (b"status=deferred", b"stat=Deferred", b"SOFTBOUNCE", b", dsn=4.")
#: The MTAs' own words.
_VERDICTS = (
    b"loops back to m",
    b"oo many hops",
    b"with my own hostname",
    b"mailer loop: ",
    b"points back to ",
    b"forwarding loop",
)
#: Addresses that lead to this host, as they begin between brackets.
_LOOPBACK = (b"[127.", b"[0.", b"[::", b"[IPv6:", b"[0:")
#: A name of this host that is printed without an address we know.
_NAMES = (b"relay=localhost", b".localhost")

#: The rules whose evidence the needles above find.
_KNOWN = frozenset(
    {
        "loop-self-delivery",
        "loop-mta-self-mx",
        "loop-too-many-hops",
        "mailer-loop-local",
        "forwarding-loop",
        "spike-deferrals",
    }
)


def static_needles(rules: Iterable[CompiledRule], site: Site) -> Sequence[Needle] | None:
    """Return the needles for *rules* at *site*; None when every line must be read."""
    needles = [
        *(Needle(text) for text in (*_DEFERRALS, *_VERDICTS, *_NAMES)),
        *(Needle(text, _is_self_relay) for text in _LOOPBACK),
        *(Needle(b"[" + a.encode("ascii"), _is_self_relay) for a in sorted(site.addresses)),
        *(Needle(b"relay=" + n.encode("ascii", "replace")) for n in sorted(site.names)),
    ]
    for compiled in rules:
        if compiled.rule.id in _KNOWN and not compiled.rule.source.startswith("own:"):
            continue
        if compiled.rule.kind in {IncidentKind.LOOP, IncidentKind.SPIKE}:
            return None
        if not compiled.condition.literals:
            return None
        needles += [Needle(text.encode()) for text in compiled.condition.literals]
    return needles


def following_needles(domains: Iterable[str], pids: Iterable[int]) -> list[bytes]:
    """Return the literals of lines that go on with a story: of these *domains*, by these *pids*."""
    return [
        *(b"@" + domain.encode("utf-8", "surrogateescape") for domain in domains),
        *(b"[%d]: " % pid for pid in pids),
    ]
