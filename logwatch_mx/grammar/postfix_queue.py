"""Postfix queue lines: a message came in, a notice was made from it, it left.

Comes in: the text of a line of smtpd, qmqpd, pickup, cleanup, qmgr, bounce or postsuper. Goes out:
``Message``, ``Bounce`` or ``Removed``.
"""

from collections.abc import Mapping

from pyparsing import Literal, Opt, Regex

from logwatch_mx.grammar.fields import client_of, place
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.postfix_tokens import (
    client,
    last_address,
    queue_id,
    without_brackets,
)
from logwatch_mx.model.event import Bounce, Message, Removed

_END = Regex(" *")

# smtpd/smtpd.c: 7D4381EB80E5: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=u@a.test
# and `sasl_sender=`, `orig_queue_id=`, `orig_client=` (XFORWARD). With smtpd_proxy_filter the
# message has no id yet: NOQUEUE: client=mx.a.test[192.0.2.7]
_client = (
    (Literal("NOQUEUE") | queue_id())
    + ": client="
    + client()
    + (Regex(r", (?:sasl_method|sasl_username|sasl_sender|orig_queue_id|orig_client)=.*") | _END)
)

# pickup/pickup.c: 2D6BB25A25A: uid=0 from=<root>        requeued: uid=33 from=<x> orig_id=9F1C3A22
_pickup = (
    queue_id()
    + ": uid="
    + Regex(r"[0-9]+")
    + " from=<"
    + (
        last_address("sender", " orig_id=[0-9A-Za-z]+ *$") + "> orig_id=" + Regex(r"[0-9A-Za-z]+ *")
        | last_address("sender", " *$") + Literal(">") + _END
    )
)

# cleanup/cleanup_message.c: 2D6BB25A25A: message-id=<20261123153430.2D6BB25A25A@mx.a.test>
# `message-id=` (empty header), `message-id=656587JHGJHG` and `resent-message-id=<…>` occur too.
_message_id = queue_id() + Regex(r": (?:resent-)?message-id=") + Regex(r".*")("message_id")

# global/opened.c: 0F5383D: from=<owner@a.test>, size=5360, nrcpt=1 (queue active)
# Old: 7E0E6196: from=<x@a.test>, size=1141 (queue active)
_queued = (
    queue_id()
    + ": from="
    + (Literal("<") + last_address("sender", ", size=[0-9]") + ">" | Regex(r"[^<, ]*")("sender"))
    + ", size="
    + Regex(r"[0-9]{1,18}")("size")
    + Opt(Literal(", nrcpt=") + Regex(r"[0-9]{1,18}")("nrcpt"))
    + Opt(Regex(r" \(queue [a-z]+\)"))
    + _END
)

# bounce/bounce_notify_service.c: 17CCA8044: sender non-delivery notification: ADD2F8052
# `sender delay notification`, `sender delivery status notification`, `postmaster …`
_notice = (
    queue_id()
    + ": "
    + Regex(r"(?:sender|postmaster) (?:[a-z-]+ ){1,3}notification")("cause")
    + ": "
    + queue_id("child")
    + _END
)

# qmgr and postsuper: AAB4D259B1: removed
# cleanup/cleanup_api.c, 3.10: AAB4D259B1: removed (canceled)       or (discarded): never queued
_removed = queue_id() + Regex(r": removed(?: \((?:canceled|discarded)\))? *")


def _build_client(head: Head, tokens: Mapping[str, str]) -> Message:
    return Message(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
        client=client_of(tokens),
    )


def _build_pickup(head: Head, tokens: Mapping[str, str]) -> Message:
    return Message(**place(head, tokens), sender=tokens["sender"])


def _build_message_id(head: Head, tokens: Mapping[str, str]) -> Message:
    printed = tokens["message_id"].strip(" ")
    return Message(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
        message_id=without_brackets(printed),
    )


def _build_queued(head: Head, tokens: Mapping[str, str]) -> Message:
    nrcpt = tokens.get("nrcpt")
    return Message(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
        sender=tokens["sender"],
        size=int(tokens["size"]),
        nrcpt=None if nrcpt is None else int(nrcpt),
    )


def _build_notice(head: Head, tokens: Mapping[str, str]) -> Bounce:
    return Bounce(**place(head, tokens), child_queue_id=tokens["child"], cause=tokens["cause"])


def _build_removed(head: Head, tokens: Mapping[str, str]) -> Removed:
    return Removed(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
    )


QUEUE_KINDS = (
    LineKind(name="postfix.queued", expr=_queued, build=_build_queued, makes=Message),
    LineKind(name="postfix.message_id", expr=_message_id, build=_build_message_id, makes=Message),
    LineKind(name="postfix.removed", expr=_removed, build=_build_removed, makes=Removed),
    LineKind(name="postfix.client", expr=_client, build=_build_client, makes=Message),
    LineKind(name="postfix.pickup", expr=_pickup, build=_build_pickup, makes=Message),
    LineKind(name="postfix.notice", expr=_notice, build=_build_notice, makes=Bounce),
)
