"""The shapes that Postfix logs most: nine lines of ten, told without deciding anything.

Comes in: the kinds that read these lines. Goes out: kinds with the same builders and quicker
expressions, to be tried first. Every text that fits one fits the whole kind as well, with the same
tokens (``tests/grammar/test_usual.py``): what is odd is left to that one.
"""

from msgspec import structs
from pyparsing import Literal, Opt, Regex

from logwatch_mx.grammar.postfix_delivery import DELIVERY_KINDS
from logwatch_mx.grammar.postfix_queue import QUEUE_KINDS
from logwatch_mx.grammar.postfix_session import SESSION_KINDS
from logwatch_mx.grammar.postfix_tokens import IPV4, PEER, queue_id

# connect from unknown[192.0.2.7]
_came = Literal("connect from ") + Regex(rf"{PEER}.*")
# disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 mail=1 rcpt=0/1 data=0/1 quit=1 commands=5/7
_went = Literal("disconnect from ") + Regex(rf"{PEER}.*")
# Trusted TLS connection established to mx.a.test[192.0.2.1]:25: TLSv1.3 with cipher …
_encrypted = Regex(r"[A-Z][a-z]+ TLS connection established (?:from|to) .*")

# 14F0A232BB4: to=<bob@b.test>, relay=mx.b.test[192.0.2.1]:25, delay=0.05, delays=0.04/0/0/0.01,
#   dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 2F01D1855D)
_delivery = (
    queue_id()
    + ": to=<"
    + Regex(r"[^<>\" ]+")("to")
    + Opt(Literal(">, orig_to=<") + Regex(r"[^<>\" ]+")("orig_to"))
    + ">, relay="
    + Regex(r"(?!none,)[^\[\]<>(),; \t]+")("relay_host")
    + Opt(Literal("[") + Regex(IPV4)("relay_ip") + "]:" + Regex(r"[0-9]{1,5}")("relay_port"))
    + Opt(Regex(r", conn_use=[0-9]+"))
    + ", delay="
    + Regex(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")("delay")
    + Regex(r", delays=[0-9./]+, dsn=")
    + Regex(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}")("dsn")
    + ", status="
    + Regex(r"[a-z]+")("status")
    + " ("
    + Regex(r".*")("reply")
)

# 0F5383D: from=<owner@a.test>, size=5360, nrcpt=1 (queue active)
_queued = (
    queue_id()
    + ": from=<"
    + Regex(r"[^<>\"\n]*")("sender")
    + ">, size="
    + Regex(r"[0-9]{1,18}")("size")
    + ", nrcpt="
    + Regex(r"[0-9]{1,18}")("nrcpt")
    + " (queue active)"
)

# 7D4381EB80E5: client=mx.b.test[192.0.2.7], sasl_method=PLAIN, sasl_username=u@a.test
_client = (
    queue_id()
    + ": client="
    + Regex(r"[^\[\]<>(),; \t]+")("client_host")
    + "["
    + Regex(IPV4)("client_ip")
    + "]"
    + Opt(Regex(r", sasl_method=.*"))
)

_KINDS = {kind.name: kind for kind in (*DELIVERY_KINDS, *QUEUE_KINDS, *SESSION_KINDS)}

#: The usual form of each, with the name of the whole kind.
USUAL_KINDS = tuple(
    structs.replace(_KINDS[whole], name=name, expr=expr)
    for name, whole, expr in (
        ("postfix.came", "postfix.session", _came),
        ("postfix.went", "postfix.session", _went),
        ("postfix.encrypted", "postfix.tls", _encrypted),
        ("postfix.usual_delivery", "postfix.delivery", _delivery),
        ("postfix.usual_queued", "postfix.queued", _queued),
        ("postfix.usual_client", "postfix.client", _client),
    )
)
