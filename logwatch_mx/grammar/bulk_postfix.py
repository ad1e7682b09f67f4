r"""The lines that Postfix logs most, as patterns over bytes: see ``bulk.py``.

Each shape is a mark, what has to follow it, and the event that the line is; everything but ``\n``
may come behind that. The whole kinds are in the other modules of the dialect, which show the lines.
"""

from logwatch_mx.model.event import Auth, Bounce, Message, Other, Reject, Removed, Status

# Daemons for which all kinds are tried, and whose status is what the line says (that of discard(8)
# is not). Behind the name of a service there is mostly one of two: `postfix/submission/smtpd`, and
# `postfix/relay/smtp`, as in the master.cf that comes with 3.x.
TAG = (
    r"postfix[^ /\[\]:<>{}\"\n]*+/(?:smtpd?|qmgr|cleanup|lmtp|local|pickup|bounce|error|anvil"
    r"|virtual|pipe|scache|postscreen|tlsproxy|dnsblog|verify|trivial-rewrite"
    r"|[0-9A-Za-z_.-]++/smtpd?)"
)

_ID = r"[0-9A-MO-Z][0-9A-Za-z]{4,}+"
_ADDRESS = r"<[^<>\" \n]*+>"
_PEER = r"[^\[\]<>() \t\n]*+\[[^\] \n]*+\]"
_CLIENT = r"[^\[\]<>(),; \t\n]*+\[[^\]\n]*+\]"

# Blanks at the end are no part of a text, so that what has to follow one is more than a blank.
_WORD = r"[^ \t\r\n]"

# What stands before the mark: the queue id, of a delivery also the name of who got it. What has no
# queue id begins otherwise than what has one, but for what may be said with or without.
START = (
    rf"(?:{_ID}: (?:to=<[^<>@\" \n]*+(?=@)|(?=[fmrcuhl]|sen))"
    r"|(?=con|[dtwA-Z]|sta|lost connection a))"
)

# Its groups are who got it, and the status.
DELIVERY = (
    rf"(@[^<>\" \n]*+)>(?>, orig_to={_ADDRESS}|)"
    r", relay=[^\[\]<>(),; \t\n]++(?>\[[^\]\n]*+\](?>:[0-9]{1,5}+|)|)(?>, conn_use=[0-9]++|)"
    r", delay=[0-9]{1,9}+(?>\.[0-9]{1,9}+|), delays=[0-9./]++(?>, tls=[^, \n]*+|)"
    r", dsn=[0-9]\.[0-9]{1,3}+\.[0-9]{1,3}+, status=(sent|deferred|bounced|expired)(?= \()"
)
STATUSES = {
    b"sent": Status.SENT,
    b"deferred": Status.DEFERRED,
    b"bounced": Status.BOUNCED,
    b"expired": Status.EXPIRED,
}

# No envelope in what is said, and no `Error: too many hops`.
_REFUSED = (
    rf": reject: RCPT from {_CLIENT}: [45][0-9]{{2}} [245]\.[0-9]{{1,3}}+\.[0-9]{{1,3}}+ (?!E)"
    r"[^;\"\n]*+(?:; (?!from=<|to=<|proto=|helo=<)[^;\"\n]*+)*+"
    rf"; from={_ADDRESS} to=<[^<>\" \n]++> proto=[A-Z]++ helo={_ADDRESS}\n"
)
_SECURE = f" TLS connection established (?:from|to) {_WORD}"

_WHEN = r"[A-Z-]++(?> \([0-9]++ bytes\)|)"

SHAPES = (
    ("connect", rf" from {_PEER}", Other),
    ("disconnect", rf" from {_PEER}", Other),
    ("from", r"=<[^<>\"\n]*+>, size=[0-9]{1,18}+, nrcpt=[0-9]{1,18}+ \(queue active\)\n", Message),
    ("message-id=", "", Message),
    ("removed", r"\n", Removed),
    ("client", rf"={_CLIENT}(?>, (?:sasl_method|orig_queue_id|orig_client)=.*+|)\n", Message),
    ("Trusted", _SECURE, Other),
    ("Anonymous", _SECURE, Other),
    ("Untrusted", _SECURE, Other),
    ("Verified", _SECURE, Other),
    ("NOQUEUE", _REFUSED, Reject),
    (
        "lost",
        rf" connection (?:after {_WHEN} from {_PEER}|with {_PEER}(?>:[0-9]++|) {_WORD})",
        Other,
    ),
    ("timeout", rf" after {_WHEN} from {_PEER}", Other),
    (
        "sender",
        rf" (?:non-delivery|delay|delivery status) notification: {_ID}\n",
        Bounce,
    ),
    ("host", rf" {_PEER} said: {_WORD}", Other),
    ("conn", rf"ect to {_PEER}(?>:[0-9]++|): {_WORD}", Other),
    (
        "warning",
        rf": {_CLIENT}: SASL [0-9A-Za-z_-]++ authentication failed(?>[:,;].*+|)\n",
        Auth,
    ),
    ("warn", rf"ing: hostname [^ \n]++ does not resolve to address {_WORD}", Other),
    ("uid", r"=[0-9]++ from=<[^<>\"\n]*+>\n", Message),
    ("statistics", f": max {_WORD}", Other),
    ("CONNECT", rf" from {_PEER}", Other),
    ("DISCONNECT", rf" {_PEER}", Other),
    ("PASS", rf" (?:OLD|NEW) {_PEER}", Other),
    ("PREGREET", rf" [0-9]++ after [0-9.]++ from {_PEER}", Other),
    ("DNSBL", rf" rank [0-9]++ for {_PEER}", Other),
    ("HANGUP", rf" after [0-9.]++ from {_PEER}", Other),
)
