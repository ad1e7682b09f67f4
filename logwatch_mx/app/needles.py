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
from collections.abc import Iterable, Sequence

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
    b"aliasing/forwarding loop ",
    b"unreasonable virtual_alias_maps map ",
)

#: What the logger says of lines that it dropped.
_GAPS = Needle(b" messages", rb" messages(?: from |\.| lost)", (rb" messages(?: from |\.| lost)",))

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
    needles = [_relays(site), _failures(), *(Needle(word) for word in _WORDS), _GAPS]
    for compiled in rules:
        condition = compiled.condition
        if _is_known(compiled) or compiled.rule.spike:
            continue
        if condition.literals:
            needles += [Needle(text.encode()) for text in condition.literals]
        elif condition.folded:
            needles += [Needle(text.encode(), folded=True) for text in condition.folded]
        else:
            return None
    return needles


def _is_known(compiled: CompiledRule) -> bool:
    rule = compiled.rule
    return rule.id in _KNOWN and rule.source.startswith(str(shipped_place()))


def _relays(site: Site) -> Needle:
    own = [re.escape(address.encode("ascii", "replace")) for address in sorted(site.addresses)]
    here = b"(?:" + b"|".join((*_LOOPBACK, *(address + rb"\]" for address in own))) + b")"
    names = [re.escape(name.encode("utf-8", "replace")) for name in sorted(site.names)]
    # The host is read once, then looked back at: nine hosts of ten are nobody of interest.
    ends = [*names, b"localhost"]
    named = b"|".join(b"(?<=(?i:" + end + rb")\[)" for end in ends)
    dotted = b"|".join(b"(?<=(?i:" + end + rb")\. \[)" for end in ends)
    bare = b"|".join(b"(?<=(?i:" + end + rb")\.)" for end in ends)
    postfix = rb"\[(?:" + here + b"|" + named + rb")[^ \n]*:25[, ]"
    sendmail = rb" \[(?<=\. \[)(?:IPv6:|" + here + b"|" + dotted + b")|(?:" + bare + rb")(?! \[)"
    return Needle(
        b"relay=",
        rb"relay=[^ \[,\n]*+(?:" + postfix + b"|" + sendmail + b")",
        (
            rb"relay=[^ \[,\n]*\. \[(?:IPv6:|" + here + rb")",
            rb"relay=[^ \[,\n]*\[" + here,
            rb"relay=[^ \[,\n]*(?i:" + b"|".join(ends) + rb")[.\[]",
        ),
    )


def _failures() -> Needle:
    # Postfix puts a comma before the field, and a blank; somebody who wrote the line anew may not.
    postfix = (
        rb"us=(?!sent)(?:(?<=,status=)|(?<=[, ] status=))"
        rb"(?:deferred|SOFTB|[^sdS\n][^\n]*(?i:loop|hops))"
    )
    sendmail = rb"=(?!Sent)(?<!dsn=5\.[0-9]\.[0-9], stat=)"
    return Needle(
        b"stat",
        b"stat(?:" + postfix + b"|" + sendmail + b")",
        (
            rb"status=(?:deferred|SOFTB)",
            rb"status=[^sdS\n]",
            rb"stat=[^S]",
            rb"stat=S[^e]",
            rb"stat=Se[^n]",
        ),
    )
