"""sendmail's own words: notices, and the errors that say that mail loops.

Comes in: the text of the line. Goes out: a ``Bounce`` or an ``MtaVerdict``. A SYSERR is a verdict
only when its whole text is one of sendmail's own sentences about loops; others are ``Other``.
"""

from collections.abc import Mapping

from pyparsing import Opt

from logwatch_mx.grammar.fields import host_name, place
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.sendmail_tokens import (
    QUEUE_ID,
    address,
    balanced,
    domain_of,
    gap,
    maybe_queue_id,
    queue_id,
    rest,
    shortened,
    token,
    word,
)
from logwatch_mx.model.event import Bounce, MtaVerdict, Other, Said

# savemail.c, returntosender:
# 6ANEJPCm004549: 6ANEJQCm004551: DSN: Local configuration error
# 6ANEJ9Ja004004: 6ANEJ9Jb004004: return to sender: Local configuration error
# mAO2tx04010773: mB26PuEl004811: sender notify: Cannot send message for 5 days
# 6ANEMwZY012730: 6ANEN0It012894: postmaster notify: Too many hops 101 (100 max): from <> via …
# e6JGTlO12270: e6JGXpO12272: DSN: Return receipt · 8.9: … return receipt
_child = token(QUEUE_ID, "child")
_notice = (
    queue_id()
    + _child
    + word(": ")
    + token(
        r"(?:DSN|return to sender|sender notify|postmaster notify|return receipt"
        r"|notify|warning)(?:: .*|\Z)",
        "cause",
    )
)
# deliver.c, sendall: a list with an owner- alias is sent under an id of its own. No notice is made.
# h5QG2YLj023291: h5QG2cLj023292: clone: owner=owner-whine
# 8.9: SAA15929: clone SAA15930, owner=owner-whine
_clone = (
    queue_id() + (gap(rf"{QUEUE_ID}: clone: owner=") | gap(rf"clone:? {QUEUE_ID}, owner=")) + rest()
)

_syserr = maybe_queue_id() + gap(r"SYSERR(?:\([^()]*\))?: ")
# usersmtp.c, smtpinit; the name is the MX host's, not the domain's:
# 6ANEJPxR004544: SYSERR(root): implicit-a.test. config error: mail loops back to me (MX problem?)
_loops_back = (
    _syserr
    + token(r"[^ ,<>]+", "mx_host")
    + gap(r" config error: mail loops back to (?:me|myself) \(MX problem\?\)")
)
# domain.c, getmxrr: the name of an MX host is in class w
# 6ANEJMLl004480: SYSERR(root): MX list for mxlocalhost.test. points back to mx.home.test
_points_back = (
    _syserr
    + word("MX list for ")
    + token(r"[^ ,<>]+", "domain")
    + word(" points back to ")
    + token(r"[^ ,<>]+", "mx_host")
)
# deliver.c, sendall:
# 6ANENRgV014509: SYSERR(root): Too many hops 101 (100 max): from <> via localhost,
#   to <nicholas@implicit-a.test>
_VIA = r" via [^ ,<>]+, to "
_too_many_hops = (
    Opt(_syserr | queue_id())
    + gap(r"Too many hops [0-9]+ \([0-9]+ max\): from ")
    + (balanced("sender", _VIA) | shortened("sender", _VIA))
    + gap(_VIA)
    + rest("recipient")
)
# recipient.c: an alias or .forward file that leads back to itself
# 6ANENRgV014509: aliasing/forwarding loop for joe broken
# 6ANENRgV014509: aliasing/forwarding loop broken: /etc/aliases (11 aliases deep; 10 max)
_forwarding_loop = (
    Opt(_syserr | queue_id())
    + Opt(gap(r"[^ ]+\.\.\. "))
    + gap(
        r"aliasing/forwarding loop (?:for [^ ]+ )?broken(?:: [^(]*)?"
        r"(?: ?\([0-9]+ aliases deep; [0-9]+ max\))?"
    )
)
_other_syserr = _syserr + rest()


def _build_notice(head: Head, tokens: Mapping[str, str]) -> Bounce:
    return Bounce(**place(head, tokens), child_queue_id=tokens["child"], cause=tokens["cause"])


def _build_other(head: Head, tokens: Mapping[str, str]) -> Other:
    return Other(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
    )


def _build_self_mx(head: Head, tokens: Mapping[str, str]) -> MtaVerdict:
    return MtaVerdict(
        **place(head, tokens),
        verdict=Said.SELF_MX,
        mx_host=host_name(tokens["mx_host"]),
        domain=host_name(tokens.get("domain")),
    )


def _build_too_many_hops(head: Head, tokens: Mapping[str, str]) -> MtaVerdict:
    return MtaVerdict(
        **place(head, tokens),
        verdict=Said.TOO_MANY_HOPS,
        domain=domain_of(address(tokens["recipient"])),
    )


def _build_forwarding_loop(head: Head, tokens: Mapping[str, str]) -> MtaVerdict:
    return MtaVerdict(**place(head, tokens), verdict=Said.FORWARDING_LOOP)


KINDS = (
    LineKind(name="notice", expr=_notice, build=_build_notice, makes=Bounce),
    LineKind(name="clone", expr=_clone, build=_build_other, makes=Other),
    LineKind(name="loops back", expr=_loops_back, build=_build_self_mx, makes=MtaVerdict),
    LineKind(name="points back", expr=_points_back, build=_build_self_mx, makes=MtaVerdict),
    LineKind(
        name="too many hops", expr=_too_many_hops, build=_build_too_many_hops, makes=MtaVerdict
    ),
    LineKind(
        name="forwarding loop",
        expr=_forwarding_loop,
        build=_build_forwarding_loop,
        makes=MtaVerdict,
    ),
    LineKind(name="syserr", expr=_other_syserr, build=_build_other, makes=Other),
)
