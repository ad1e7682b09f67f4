"""What a line holds that the engine wants to see: the sieve's needles, from the active rules.

Sound, not exact: every event that leaves a trace in the engine comes from a line with one of these.
What the shipped rules look for is known here; a rule of the admin's own brings the literals of its
condition. A rule that has none makes every line be read.

1. Postfix' deliveries have ``relay=`` before ``, status=`` (log_adhoc.c). They matter when they
   were deferred, when they bounced with a word about loops, and when they went to port 25 of this
   host.
2. sendmail's have ``stat=``, with ``dsn=`` before it (deliver.c, logdelivery). They matter unless
   the mail was sent or refused for good, and when a host that was found through MX, which has a dot
   at its end, is this one.
3. Both MTAs' own words about loops stand in lines of their own.
4. The logger's words about lines that it dropped are told in what is open.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.rule import Rule
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.load import CompiledRule, shipped_place
from logwatch_mx.sources.sieve import Needle

#: How the addresses begin that lead to this host, as they stand in brackets: 127.0.0.1, 0.0.0.0,
#: ::1, 0:0:0:0:0:0:0:1, ::ffff:127.0.0.1.
_LOOPBACK = (rb"127\.", b"0", b"::")

#: Verdict lines. Those that name nobody (``hopcount exceeded``) leave no trace.
_WORDS = (
    b"s back to ",  # mail loops back to me · MX list for d.test. points back to h
    b"oo many hops",
    b" with my own hostname ",
    b"mailer loop: best MX host for ",
    b"orwarding loop ",  # aliasing/forwarding loop broken · mail forwarding loop for a@d.test
    b"unreasonable virtual_alias_maps map ",
)

#: What the logger says of lines that it dropped.
_GAPS = Needle(
    b" messages",
    rb" messages(?: from |\.| lost)",
    (rb" messages(?: from |\.| lost)",),
    (b" messages",),
)

#: What the logger says of a line that came again: a rule that counts lines counts it.
_REPEATS = Needle(b"message repeated ")

#: The rules whose evidence the needles of this module find.
_KNOWN = frozenset(
    {
        "loop-self-delivery",
        "loop-mta-self-mx",
        "loop-too-many-hops",
        "mailer-loop-local",
        "forwarding-loop",
        "alias-loop",
        "spike-deferrals",
    }
)


def static_needles(rules: Iterable[CompiledRule], site: Site) -> Sequence[Needle] | None:
    """Return the needles for *rules* at *site*; None when every line must be read."""
    needles = [*_relays(site), *_failures(), *(Needle(word) for word in _WORDS), _GAPS]
    for compiled in rules:
        condition = compiled.condition
        if _counts_lines(compiled.rule) and _REPEATS not in needles:
            needles.append(_REPEATS)
        if _is_known(compiled) or compiled.rule.spike:
            continue
        if condition.literals:
            needles += [Needle(text.encode()) for text in condition.literals]
        elif condition.folded:
            needles += [Needle(text.encode(), folded=True) for text in condition.folded]
        else:
            return None
    return needles


def has_usual_spikes(rules: Iterable[CompiledRule]) -> bool:
    """Say whether what spikes count is what the shipped rule says."""
    spikes = [compiled for compiled in rules if compiled.rule.spike]
    return len(spikes) == 1 and _is_known(spikes[0])


def _counts_lines(rule: Rule) -> bool:
    return rule.count is None and not rule.spike and rule.kind is not IncidentKind.LOOP


def _is_known(compiled: CompiledRule) -> bool:
    rule = compiled.rule
    return rule.id in _KNOWN and rule.source.startswith(str(shipped_place()))


def _relays(site: Site) -> Iterator[Needle]:
    own = [address.encode("ascii", "replace") for address in sorted(site.addresses)]
    here = _one_of(*_LOOPBACK, *(re.escape(address) + rb"\]" for address in own))
    names = [re.escape(name.encode("utf-8", "replace")) for name in sorted(site.names)]
    # The host is read once, then looked back at: nine hosts of ten are nobody of interest.
    named = [b"(?<=(?i:" + name + rb")\[)" for name in names]
    begin = b"[127.", b"[0", b"[::", *(b"[" + address + b"]" for address in own)
    yield Needle(
        b"relay=",
        rb"relay=[^ \[,\n]*+\[" + _one_of(here, *named) + rb"[^ \n]*:25[, ]",
        (
            rb"\[" + here,
            *(b"(?i:" + name + rb")\[" for name in names),
        ),
        # A name may be written in any case: no text is in all of them.
        () if names else begin,
    )
    dotted = [b"(?<=(?i:" + name + rb")\. \[)" for name in names]
    ends = [*names, b"localhost"]
    address = rb" \[(?<=\. \[)" + _one_of(b"IPv6:", here, *dotted)
    bare = _one_of(*(b"(?<=(?i:" + end + rb")\.)" for end in ends)) + b","
    yield Needle(
        b"relay=",
        rb"relay=[^ \[,\n]*+" + _one_of(address, bare),
        (
            rb"\. \[" + _one_of(b"IPv6:", here),
            b"(?i:" + b"|".join(ends) + rb")\.[, ]",
        ),
        () if names else (*(b" " + text for text in begin), b" [IPv6:", b"t.,", b"T.,"),
    )


def _failures() -> Iterator[Needle]:
    yield Needle(b"status=deferred")
    yield Needle(b"SOFTBOUNCE")
    loops = rb"=bounced [^\n]*(?i:loop|hops)"
    yield Needle(b"=bounced", loops, (b"=bounced ",), (b"=bounced ",))
    yield Needle(
        b"stat=",
        rb"stat=(?!Sent)(?<!dsn=5\.[0-9]\.[0-9], stat=)",
        (rb"stat=[^S]", rb"stat=S[^e]", rb"stat=Se[^n]"),
        (b"stat=",),
    )


def _one_of(*choices: bytes) -> bytes:
    return b"(?:" + b"|".join(choices) + b")"
