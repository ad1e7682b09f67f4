"""Postfix delivery lines: who got a message, by which way, and how it ended.

Comes in: the text of a line of smtp, lmtp, local, virtual, pipe, error, discard or qmgr. Goes out:
a ``Delivery``. The real fields stand in a fixed order before the reply, and the reply is only what
stands in the last parentheses: a remote that answers ``status=sent`` or ``relay=…`` writes into
its reply and nowhere else.
"""

from collections.abc import Mapping, Sequence

from pyparsing import Literal, Opt, Regex

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.fields import host_name, place, valid_ip
from logwatch_mx.grammar.kind import Head, LineKind, Outcome, Written
from logwatch_mx.grammar.postfix_tokens import (
    DSN,
    bare_host,
    first_address,
    host_and_ip,
    last_address,
    queue_id,
)
from logwatch_mx.model.event import Delivery, Relay, Status
from logwatch_mx.model.line import Line

# global/log_adhoc.c, Postfix 3.7 (`tls=` since 3.11, `dsn=` and `delays=` since 2.3):
# 14F0A232BB4: to=<bob@b.test>, orig_to=<x@a.test>, relay=mx.b.test[192.0.2.1]:25, conn_use=2,
#   delay=0.05, delays=0.04/0/0/0.01, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 2F01D1855D)
# Postfix 2.2: 5799C12: to=<jo@a.test>, relay=local, delay=6, status=sent ("|/usr/bin/procmail")
_COMMA = r", *"
_number = Regex(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:e[+-]?[0-9]{1,2})?")

# Without brackets: `to=user@a.test, orig_to=root@localhost, relay=local`, seen with rewritten logs.
_bare_address = Regex(r"[^<,][^,]*+(?:,(?! *(?:orig_to|relay)=)[^,]*+)*+|(?=,)")
_to = Regex(r" *to=") + (
    Literal("<") + first_address("to", rf"{_COMMA}(?:orig_to=|relay=)") + ">" | _bare_address("to")
)
_orig_to = Regex(rf"{_COMMA}orig_to=") + (
    Literal("<") + first_address("orig_to", rf"{_COMMA}relay=") + ">" | _bare_address("orig_to")
)

# relay=none · relay=local · relay=mail.a.test[127.0.0.1]:25 · relay=a.test[2001:db8::1]:25
# relay=a.test[private/dovecot-lmtp] · relay=mx.a.test[192.0.2.1] (2.2: no port)
_relay = Regex(rf"{_COMMA}relay=") + (
    Regex(r"none(?=,)")
    | host_and_ip("relay_host", "relay_ip") + Opt(Literal(":") + Regex(r"[0-9]{1,5}")("relay_port"))
    | bare_host("relay_host")
)

_status = Regex(rf"{_COMMA}status=") + Regex(r"[A-Za-z-]+")("status")
#: The line of one delivery attempt, all its tokens.
DELIVERY = (
    queue_id()
    + ":"
    + _to
    + Opt(_orig_to)
    + _relay
    + Opt(Regex(rf"{_COMMA}conn_use=[0-9]+"))
    + Opt(Regex(rf"{_COMMA}delay=") + _number("delay"))
    + Opt(Regex(rf"{_COMMA}delays=[^, ]*"))
    + Opt(Regex(rf"{_COMMA}tls=[^, ]*"))
    + Opt(Regex(rf"{_COMMA}dsn=") + Regex(DSN)("dsn"))
    + _status
    + (Literal(" (") + Regex(r".*")("reply") | Regex(r" *"))
)

# qmgr/qmgr_active.c: BACE842E72: from=<noreply@a.test>, status=expired, returned to sender
# and `force-expired` (postsuper -f, 3.5). It names no recipient.
_returned = (
    queue_id()
    + ": from="
    + (Literal("<") + last_address("sender", ", status=") + ">" | Regex(r"[^<, ]*"))
    + _status
    + ", "
    + Regex(r"returned to sender")("reply")
    + Regex(" *")
)

# global/abounce.c: 2DC5552A34: status=deferred (bounce failed)     It names no recipient either.
_notice_failed = (
    queue_id()
    + ": status="
    + Regex(r"deferred")("status")
    + " ("
    + Regex(r"(?:bounce|delay warning|verp|trace) failed")("reply")
    + Regex(r"\) *")
)

# What the receiver calls the message now, as the reply says it.
# Postfix: 250 2.0.0 Ok: queued as 4986A232BAF
# behind amavis: 250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 2F01D1855DB2
# sendmail: 250 2.0.0 kA50s0cL029158 Message accepted for delivery
# Exim: 250 OK id=1rAbCd-0001Ab-Xy                Postfix local(8): forwarded as 56F5B43FD
_next_id = Regex(r"[0-9A-Za-z-]{5,}(?![0-9A-Za-z@._-])")("next")
_accepted = (
    (Regex(r"(?:.*[ :(])?queued as ") | Literal("forwarded as ")) + _next_id + Regex(r".*")
    | Regex(r"250[ -](?:2\.[0-9]{1,3}\.[0-9]{1,3} )?")
    + _next_id
    + Regex(r" [Mm](?:essage|ail) accepted for delivery.*")
    | Regex(r"250 OK id=") + _next_id + Regex(r".*")
)
_ACCEPTED = compile_expression("postfix.accepted", _accepted)

_STATUS = {
    "sent": Status.SENT,
    "deferred": Status.DEFERRED,
    "bounced": Status.BOUNCED,
    # bounce/bounce_append_service.c with soft_bounce = yes: the message stays in the queue.
    "SOFTBOUNCE": Status.DEFERRED,
    "expired": Status.EXPIRED,
    "force-expired": Status.EXPIRED,
    "deliverable": Status.DELIVERABLE,
    "undeliverable": Status.UNDELIVERABLE,
    # verify(8) when its cache is read-only.
    "deliverable-but-not-cached": Status.DELIVERABLE,
    "undeliverable-but-not-cached": Status.UNDELIVERABLE,
}


def _build_delivery(head: Head, tokens: Mapping[str, str]) -> Delivery | None:
    status = _STATUS.get(tokens["status"])
    if status is None:
        return None
    reply = said_in(tokens["reply"]) if "reply" in tokens else None
    sent = status is Status.SENT
    # discard(8) says "sent" of what it threw away.
    discarded = sent and head.agent == "discard"
    delay = tokens.get("delay")
    return Delivery(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
        recipients=(tokens["to"],),
        orig_to=tokens.get("orig_to"),
        relay=_relay_of(tokens.get("relay_host"), tokens.get("relay_ip"), tokens.get("relay_port")),
        status=Status.DISCARDED if discarded else status,
        dsn=tokens.get("dsn"),
        delay=None if delay is None else float(delay),
        reply=reply,
        next_queue_id=_next_queue_id(reply) if sent and reply else None,
    )


#: The tokens of ``DELIVERY`` in their order, as ``build_slots`` takes them.
SLOTS = (
    *("queue_id", "to", "to", "orig_to", "orig_to", "relay_host", "relay_ip", "relay_port"),
    *("relay_host", "delay", "dsn", "status", "reply"),
)


def build_slots(line: Line, head: Written, slots: Sequence[str | None]) -> Delivery | None:
    """Return what ``_build_delivery`` does, of all the tokens of ``DELIVERY``, None for no token.

    It takes half the time: most of the lines that matter are deliveries.
    """
    queue_id, to, bare_to, orig_to, bare_orig_to, host, ip, port, bare, delay, dsn, word, said = (
        slots
    )
    status = _STATUS.get(word or "")
    recipient = bare_to if to is None else to
    if status is None or recipient is None:
        return None
    time, logger, program, agent, pid, mta = head
    reply = None if said is None else said_in(said)
    sent = status is Status.SENT
    return Delivery(
        line=line,
        time=time,
        host=logger,
        program=program,
        agent=agent,
        pid=pid,
        mta=mta,
        queue_id=queue_id,
        recipients=(recipient,),
        orig_to=bare_orig_to if orig_to is None else orig_to,
        relay=_relay_of(bare if host is None else host, ip, port),
        status=Status.DISCARDED if sent and agent == "discard" else status,
        dsn=dsn,
        delay=None if delay is None else float(delay),
        reply=reply,
        next_queue_id=_next_queue_id(reply) if sent and reply else None,
    )


def _read_status(tokens: Mapping[str, str]) -> Status | None:
    return _STATUS.get(tokens["status"])


def _alone(address: str) -> Sequence[str]:
    return (address,)


def _build_returned(head: Head, tokens: Mapping[str, str]) -> Delivery | None:
    status = _STATUS.get(tokens["status"])
    if status is None:
        return None
    return Delivery(**place(head, tokens), status=status, reply=tokens["reply"])


def _relay_of(host: str | None, ip: str | None, port: str | None) -> Relay | None:
    name = host_name(host)
    if name is None:
        return None
    return Relay(host=name, ip=valid_ip(ip), port=None if port is None else int(port))


def said_in(text: str) -> str:
    """Return the reply without the parenthesis that Postfix closes it with.

    A line that syslog cut may have lost it; then ``(in reply to RCPT TO command)``, which Postfix
    adds itself, keeps its own.
    """
    text = text.rstrip(" ")
    if text.endswith("command)") and text.rfind("(in reply to ") > text.rfind(")", 0, -1):
        return text
    return text.removesuffix(")")


def _next_queue_id(reply: str) -> str | None:
    found = _ACCEPTED.match(reply)
    return found["next"] if found else None


_OUTCOME = Outcome(frozenset({"status"}), _read_status, _alone, plain=True)

DELIVERY_KINDS = (
    LineKind(name="postfix.delivery", expr=DELIVERY, build=_build_delivery, outcome=_OUTCOME),
    LineKind(name="postfix.returned", expr=_returned, build=_build_returned),
    LineKind(name="postfix.notice_failed", expr=_notice_failed, build=_build_returned),
)
