"""The shapes that sendmail logs most: nine lines of ten, told without deciding anything.

Comes in: the kinds that read these lines. Goes out: kinds with the same builders and quicker
expressions, to be tried first. Every text that fits one fits the whole kind as well, with the same
tokens (``tests/grammar/test_usual.py``): what is odd is left to that one.
"""

from collections.abc import Sequence

from msgspec import structs
from pyparsing import Opt

from logwatch_mx.grammar import sendmail_delivery, sendmail_message, sendmail_other
from logwatch_mx.grammar.kind import Outcome
from logwatch_mx.grammar.sendmail_delivery import OUTCOME
from logwatch_mx.grammar.sendmail_tokens import DSN, addresses, gap, queue_id, rest, token, word
from logwatch_mx.model.event import Status

_ADDRESS = r"<[^<>\"(),;\\ ]*+>"
_CLOCK = r"(?:[0-9]{1,3}\+)?[0-9]{2}:[0-9]{2}:[0-9]{2}"
_NAME = r"[^ ,\"\[\]]+"
_IP = r"(?:IPv6:)?[0-9A-Fa-f:.]+(?=\])"

# 6ANEM6Us010269: to=<bob@b.test>,<eve@b.test>, ctladdr=<alice@home.test> (1000/1000),
#   delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30306, relay=mail.b.test. [192.0.2.1],
#   dsn=2.0.0, stat=Sent (ok)
_relayed = (
    queue_id()
    + word("to=")
    + token(rf"{_ADDRESS}(?:,{_ADDRESS})*+", "to")
    + Opt(word(", ctladdr=") + token(rf"{_ADDRESS} \([0-9]{{1,9}}/[0-9]{{1,9}}\)", "ctladdr"))
    + word(", delay=")
    + token(_CLOCK, "delay")
    + gap(rf", xdelay={_CLOCK}, mailer=")
    + token(r"[^, ]+", "mailer")
    + gap(r", pri=[0-9]+")
    + Opt(
        word(", relay=")
        + token(_NAME, "relay")
        + Opt(word(" [") + token(_IP, "relay_ip") + word("]"))
    )
    + word(", dsn=")
)
_delivery = _relayed + token(DSN, "dsn") + word(", stat=") + rest("stat")
# Its status is sure, whatever the receiver said.
_sent = (
    _relayed
    + token(r"2\.[0-9]{1,3}\.[0-9]{1,3}", "dsn")
    + word(", stat=")
    + token("Sent.*", "stat")
)

# 6ANEHkIP032620: from=<a@b.test>, size=2233, class=0, nrcpts=1, msgid=<2026.1@mx.b.test>,
#   bodytype=8BITMIME, proto=ESMTP, daemon=MTA-v4, relay=mx.b.test [192.0.2.1]
_message = (
    queue_id()
    + word("from=")
    + token(_ADDRESS, "sender")
    + word(", size=")
    + token(r"[0-9]{1,15}", "size")
    + word(", class=0, nrcpts=")
    + token(r"[0-9]{1,15}", "nrcpt")
    + word(", msgid=")
    + token(r"<[^<>, ]{0,200}>", "message_id")
    + gap(r"(?:, bodytype=[0-9A-Z]{1,20})?(?:, proto=[A-Z]{1,20})?(?:, daemon=[^, ]{1,20})?")
    + word(", relay=")
    + token(r"[^ \t,@()\[\]]{1,255}", "client_host")
    + word(" [")
    + token(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}", "client_ip")
    + word("]")
)

# STARTTLS=client, relay=b.test., version=TLSv1.3, verify=FAIL, cipher=…, bits=256/256
_encrypted = word("STARTTLS=") + gap(r"(?:client|server), .*")

_KINDS = {
    kind.name: kind
    for kind in (*sendmail_delivery.KINDS, *sendmail_message.KINDS, *sendmail_other.KINDS)
}


def _addresses(text: str) -> Sequence[str]:
    return addresses(f"<{text}" if text.startswith("@") else text)


_DELIVERY = _KINDS["delivery"]
_READ = Outcome(OUTCOME.tokens, OUTCOME.status, _addresses, plain=True)
_SURE = Outcome(frozenset(), lambda _: Status.SENT, _addresses, plain=True)
#: The usual form of each, with the builder of the whole kind.
MAIL_KINDS = (
    structs.replace(_DELIVERY, name="usual sent", expr=_sent, outcome=_SURE),
    structs.replace(_DELIVERY, name="usual delivery", expr=_delivery, outcome=_READ),
    structs.replace(_KINDS["message"], name="usual message", expr=_message),
)
USUAL_KINDS = (structs.replace(_KINDS["other"], name="encrypted", expr=_encrypted), *MAIL_KINDS)
