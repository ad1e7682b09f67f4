"""sendmail's lines about who came in: ``from=`` and the lines about AUTH.

Comes in: the text of the line. Goes out: a ``Message`` or an ``Auth``. The message-id and the name
that a client authenticates as are chosen by strangers and stand in the middle: what follows them
is read from the end of the line.
"""

import re
from collections.abc import Mapping

from pyparsing import Opt, ZeroOrMore

from logwatch_mx.grammar.fields import client_of, place
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.sendmail_tokens import (
    END,
    address,
    balanced,
    client,
    gap,
    last,
    maybe_queue_id,
    queue_id,
    rest,
    shortened,
    token,
    word,
)
from logwatch_mx.model.event import Auth, Message

# headers.c, logsender, 8.17.1:
# 6ANEHkIP032620: from=<>, size=2233, class=0, nrcpts=1,
#   msgid=<202611231417.6ANEHkM0032615@mx.home.test>, bodytype=8BITMIME, proto=ESMTP,
#   daemon=MTA-v4, relay=localhost [127.0.0.1]
# 8.9 prints `pri=31234` after the class; 8.16 and later can print tls_verify=, tls_version=,
# cipher= and auth= before the relay. The sender is cut at 200 characters (`%.200s`).
_SIZES = r", size=-?[0-9]+, class=-?[0-9]+, (?:pri=-?[0-9]+, )?nrcpts=-?[0-9]+"
_sender = (
    balanced("sender", _SIZES)
    | token(rf".{{200}}(?={_SIZES})", "sender")
    | shortened("sender", _SIZES)
)
# What may stand between the message-id and the end, each once and in this order, so that a
# message-id that imitates it is still the message-id.
_TAIL = (
    r"(?:, bodytype=[^,]{0,20})?(?:, proto=[^,]{0,20})?(?:, daemon=[^,]{0,20})?"
    r"(?:, (?:tls_verify|tls_version|cipher|auth|ntries)=[^,]{0,40}){0,5}"
)
_END = rf"{_TAIL}(?:, relay=[^,]{{0,512}})?\Z"
_message_id = gap(", msgid=") + token(rf"[^,]*+(?:(?!{_END}),[^,]*+)*+", "message_id")
_message = (
    queue_id()
    + word("from=")
    + _sender
    + word(", size=")
    + token(r"-?[0-9]{1,15}", "size")
    + gap(r", class=-?[0-9]+(?:, pri=-?[0-9]+)?")
    + word(", nrcpts=")
    + token(r"-?[0-9]{1,15}", "nrcpt")
    + Opt(_message_id)
    + ZeroOrMore(gap(r", (?!relay=|msgid=)[a-z_]+=[^,]*"))
    + Opt(word(", relay=") + (client() + END | gap(r"[^,]*")))
)


def _build_message(head: Head, tokens: Mapping[str, str]) -> Message:
    return Message(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
        sender=address(tokens["sender"]),
        size=int(tokens["size"]),
        nrcpt=int(tokens["nrcpt"]),
        message_id=_without_brackets(tokens.get("message_id")),
        client=client_of(tokens),
    )


_MESSAGE_ID = re.compile(r"\s*<([^<>]*)>?\s*")


def _without_brackets(message_id: str | None) -> str | None:
    """Return what stands in ``<…>``, of which sendmail may have cut the end (100 characters).

    What is not one message-id stays whole, so that nobody shares another's by adding to it.
    """
    found = message_id and _MESSAGE_ID.fullmatch(message_id)
    return found[1] if found else message_id


# srvrsmtp.c, 8.14: AUTH=server, relay=mx.b.test [192.0.2.1], authid=bob, mech=PLAIN, bits=0
_authenticated = (
    maybe_queue_id()
    + word("AUTH=server, relay=")
    + client()
    + Opt(word(", authid=") + last(None, r", mech=[^,]*(?:, bits=[0-9]+)?\Z"))
    + word(", mech=")
    + token(r"[^,]+", "method")
    + Opt(gap(r", bits=[0-9]+"))
)
# srvrsmtp.c, 8.17: 6ANEJ9Ja004004: AUTH failure (LOGIN): authentication failure (-13)
#   SASL(-13): authentication failure: checkpass failed, user=bob, relay=[192.0.2.1]
# Until 8.14 without the relay: AUTH failure (CRAM-MD5): user not found (-20) SASL(-13): …
_not_authenticated = (
    maybe_queue_id()
    + word("AUTH failure (")
    + token(r"[^)]*", "method")
    + word("): ")
    + (last(None, r", relay=[^,]*\Z") + word(", relay=") + (client() + END | rest()) | rest())
)


def _build_authenticated(head: Head, tokens: Mapping[str, str]) -> Auth:
    return Auth(**place(head, tokens), client=client_of(tokens), method=tokens["method"], ok=True)


def _build_not_authenticated(head: Head, tokens: Mapping[str, str]) -> Auth:
    return Auth(**place(head, tokens), client=client_of(tokens), method=tokens["method"], ok=False)


MAIL_KINDS = (LineKind(name="message", expr=_message, build=_build_message, makes=Message),)
KINDS = (
    *MAIL_KINDS,
    LineKind(name="auth ok", expr=_authenticated, build=_build_authenticated, makes=Auth),
    LineKind(
        name="auth failed", expr=_not_authenticated, build=_build_not_authenticated, makes=Auth
    ),
)
