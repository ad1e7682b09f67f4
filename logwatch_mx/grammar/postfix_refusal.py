"""Postfix lines that refuse: a client, a login, or a message that goes round.

Comes in: the text of a line of smtpd, postscreen, cleanup or smtp. Goes out: ``Reject``, ``Auth``
or ``MtaVerdict``.
"""

from collections.abc import Mapping

from pyparsing import Literal, Opt, Regex

from logwatch_mx.grammar.fields import client_of, host_name, place
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.postfix_tokens import (
    DSN_IN_TEXT,
    QUOTED,
    bare_host,
    client,
    first_address,
    host_and_ip,
    message_prefix,
    queue_id,
)
from logwatch_mx.model.event import Auth, MtaVerdict, Reject, Said

# What smtpd, cleanup and postscreen append, in this order, each if known:
# `; from=<a@a.test> to=<b@b.test> proto=ESMTP helo=<mx.a.test>` (postscreen: with commas).
# smtpd/smtpd.c neuters `" <>()\";@"` in a HELO name, so that it cannot imitate a field.
_NEXT = r",? (?:to=<|proto=|helo=<|sasl_)|:? *$|: "
_envelope = (
    Opt(Regex(r",? from=<") + first_address("sender", _NEXT) + ">")
    + Opt(Regex(r",? to=<") + first_address("recipient", _NEXT) + ">")
    + Opt(Regex(r",? proto=[0-9A-Za-z]*"))
)

# smtpd/smtpd_check.c: 550 5.1.1 <x@a.test>: Recipient address rejected: User unknown …; from=<…
# The culprit may be quoted text that imitates the envelope: <"x; from=<y@z>"@a.test>.
_said = (
    Opt(Regex(r"[0-9]{3}(?: |(?=;|$))")("code"))
    + Opt(Regex(DSN_IN_TEXT)("dsn"))
    + Regex(
        rf" ?(?:<{QUOTED}[^>]*+>)?+"
        r"[^;]*+(?:;(?! (?:from=<|to=<|proto=|helo=<)| *$)[^;]*+)*+"
    )("text")
)

# NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <b@b.test>: Relay access denied; from=…
# 4104E3D: milter-reject: END-OF-MESSAGE from h.a.test[192.0.2.7]: 5.7.1 Blocked by …; from=<…
# NOQUEUE: reject: CONNECT from [192.0.2.7]:1337: too many connections          (postscreen)
# NOQUEUE: proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, …; from=<…           (proxy filter)
# NOQUEUE: reject: DATA content from h.a.test[192.0.2.7]: 421 4.3.0 me.a.test Server local …
_where = Regex(r"[0-9A-Za-z-]+(?: TO| FROM| content)?")
_reject = (
    message_prefix()
    + Regex(r"(?:milter-|proxy-)?reject: ")
    + _where
    + Opt(Literal(" from ") + client())
    + Regex(r": ?")
    + _said
    # Then helo=<…>, since 3.10 also sasl_method=…, or an address that the logger cut.
    + Opt(Literal(";") + _envelope + Opt(Regex(r",? (?:from|to|helo|sasl_[a-z]+)=.*")))
    + Regex(r" *")
)

# cleanup/cleanup_message.c, header_checks and body_checks (at most 200 bytes of the header):
# C86F93FD8B: reject: header Subject: x from mx.a.test[192.0.2.7]; from=<> to=<b@b.test>
#   proto=ESMTP helo=<mx.a.test>: 5.7.1 Rejecting backscatter mail
# The header is the stranger's, so the last ` from client; ` is Postfix's own.
_content_reject = (
    queue_id()
    + ": reject: "
    + Regex(r"(?:header|body|content|mime-error) ")
    + Regex(r".*(?= from (?:local|unknown|[^ ;]+\]);(?: (?:from=<|to=<|proto=)|:? *$))")
    + " from "
    + (Regex(r"(?:local|unknown)(?=;)") | client())
    + ";"
    + _envelope
    + Opt(Regex(r" helo=<[^>]*>"))
    + Opt(Literal(": ") + Opt(Regex(DSN_IN_TEXT)("dsn")) + Regex(r".*")("text"))
)

# cleanup/cleanup_message.c: warning: DA24C25A31F: message rejected: hopcount exceeded
_hopcount = (
    Opt(Literal("warning: ")) + queue_id() + ": message rejected: hopcount exceeded" + Regex(r" *")
)
# smtpd: NOQUEUE: reject: END-OF-MESSAGE from h[192.0.2.7]: 554 5.4.0 Error: too many hops; from=…
_hops_reject = (
    message_prefix()
    + "reject: "
    + _where
    + " from "
    + client()
    + Regex(r": 554 (?:5\.4\.0 )?Error: too many hops(?:; .*)?")
)

# smtp/smtp_proto.c: warning: host mx.a.test[127.0.0.1]:25 greeted me with my own hostname me.test
# warning: host mx.a.test[127.0.0.1]:25 replied to HELO/EHLO with my own hostname me.test
_own_hostname = (
    Literal("warning: host ")
    + host_and_ip("mx_host", "mx_ip")
    + Opt(Regex(r":[0-9]+"))
    + Regex(r" (?:greeted me|replied to HELO/EHLO) with my own hostname [^ ]+ *")
)

# smtp/smtp_connect.c: warning: mailer loop: best MX host for a.test is local
_self_mx = (
    Opt(Literal("warning: "))
    + "mailer loop: best MX host for "
    + bare_host("domain")
    + " is local"
    + Regex(r" *")
)

# smtpd/smtpd_sasl_glue.c: warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dv
# 3.9 appends `, sasl_username=…`; `aborted` when the client gives up.
_login_failed = (
    Literal("warning: ")
    + client()
    + ": SASL "
    + Regex(r"[0-9A-Za-z_-]+")("method")
    + Regex(r" authentication (?:failed|aborted)(?:[:,;].*)? *")
)


def _build_reject(head: Head, tokens: Mapping[str, str]) -> Reject:
    reply = tokens.get("code", "") + tokens.get("dsn", "") + tokens.get("text", "")
    return Reject(
        **place(head, tokens),
        client=client_of(tokens),
        sender=tokens.get("sender"),
        recipient=tokens.get("recipient"),
        dsn=tokens.get("dsn"),
        reply=reply.strip(" ") or None,
    )


def _build_too_many_hops(head: Head, tokens: Mapping[str, str]) -> MtaVerdict:
    return MtaVerdict(**place(head, tokens), verdict=Said.TOO_MANY_HOPS)


def _build_own_hostname(head: Head, tokens: Mapping[str, str]) -> MtaVerdict:
    mx_host = host_name(tokens["mx_host"])
    return MtaVerdict(**place(head, tokens), verdict=Said.OWN_HOSTNAME, mx_host=mx_host)


def _build_self_mx(head: Head, tokens: Mapping[str, str]) -> MtaVerdict:
    domain = host_name(tokens["domain"])
    return MtaVerdict(**place(head, tokens), verdict=Said.SELF_MX, domain=domain)


def _build_login_failed(head: Head, tokens: Mapping[str, str]) -> Auth:
    return Auth(**place(head, tokens), client=client_of(tokens), method=tokens["method"], ok=False)


_HOPS, _OWN = _build_too_many_hops, _build_own_hostname
REFUSAL_KINDS = (
    LineKind(name="postfix.hops_reject", expr=_hops_reject, build=_HOPS, makes=MtaVerdict),
    LineKind(name="postfix.reject", expr=_reject, build=_build_reject, makes=Reject),
    LineKind(
        name="postfix.content_reject", expr=_content_reject, build=_build_reject, makes=Reject
    ),
    LineKind(name="postfix.hopcount", expr=_hopcount, build=_HOPS, makes=MtaVerdict),
    LineKind(name="postfix.own_hostname", expr=_own_hostname, build=_OWN, makes=MtaVerdict),
    LineKind(name="postfix.self_mx", expr=_self_mx, build=_build_self_mx, makes=MtaVerdict),
    LineKind(
        name="postfix.login_failed", expr=_login_failed, build=_build_login_failed, makes=Auth
    ),
)
