"""sendmail's refusals: rulesets, milters, and errors told to a client while it names recipients.

Comes in: the text of the line. Goes out: a ``Reject``; ``Other`` where a ruleset or a milter lets
the mail in after all. What a ruleset is asked about is a stranger's address or header: what follows
it is read behind the address, or, where it is any text, from the end of the line.
"""

import re
from collections.abc import Mapping

from pyparsing import Opt, ParserElement

from logwatch_mx.grammar.fields import client_of, place
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.sendmail_tokens import (
    ANGLED,
    END,
    QUOTED,
    address,
    balanced,
    client,
    dsn_of,
    gap,
    last,
    maybe_queue_id,
    queue_id,
    rest,
    token,
    word,
)
from logwatch_mx.model.event import Client, Other, Reject

# parseaddr.c, rscheck, 8.17.1:
# 6ANEKIw0008431: ruleset=check_rcpt, arg1=<nosuchuser@inner.test>, relay=spam.badguy.test
#   [10.99.0.29], reject=553 5.1.8 <nosuchuser@inner.test>... Domain of sender address
#   nicholas@nxdomain.test does not exist
# 6ANET7wP032572: ruleset=check_rcpt, arg1=<a@b.test>, relay=c.test [192.0.2.1], discard
# ruleset=check_relay, arg1=[192.0.2.1], arg2=127.0.0.4, relay=c.test [192.0.2.1] (may be forged),
#   reject=550 5.7.1 Rejected: 192.0.2.1 listed at bl.test
_ADDRESS_RULESETS = (
    r"(?:check_(?:mail|rcpt|relay|compat|vrfy|expn|etrn|data|eom|eoh)"
    r"|tls_(?:rcpt|server|client)|try_tls|trust_auth|greet_pause|srv_features|queuegroup)(?=,)"
)
_ARGUMENT_END = r"(?:, (?:arg2|relay|reject|status|quarantine)=|, discard\Z)"
_HEADER_END = r", relay=[^,]*, (?:(?:reject|status|quarantine)=|discard\Z)"


def _peer(key: str = ", relay=") -> ParserElement:
    return word(key) + (client() + gap(r"(?=, )") | gap(r"[^,]*"))


_refused_because = word(", ") + (word("reject=") + rest("reply") | token("discard", "reply") + END)
_let_in = word(", ") + gap("(?:status|quarantine)=") + rest()
_ruleset = (
    maybe_queue_id()
    + word("ruleset=")
    + token(_ADDRESS_RULESETS, "ruleset")
    + word(", arg1=")
    + balanced("arg1", _ARGUMENT_END)
    + Opt(word(", arg2=") + balanced("arg2", _ARGUMENT_END))
    + Opt(_peer())
)
# A ruleset of the site's own asks about a header, whose text is any:
# g57Aam400830: ruleset=CheckSubject, arg1=free money, relay=c.test [192.0.2.1], reject=553 5.0.0 no
_header_ruleset = (
    maybe_queue_id()
    + gap(r"ruleset=[^,]*, arg1=")
    + (
        last(None, _HEADER_END) + _peer()
        | last(None, r", (?:reject=|discard\Z)")
        | last(None, r", (?:quarantine|status)=")
    )
)

# Outgoing: the relay is the server that we are a client of.
_OUTGOING = {"tls_rcpt", "tls_server", "try_tls"}


def _build_let_in(head: Head, tokens: Mapping[str, str]) -> Other:
    return Other(**place(head, tokens))


def _build_ruleset(head: Head, tokens: Mapping[str, str]) -> Reject:
    reply = tokens["reply"]
    ruleset = tokens.get("ruleset")
    sender = tokens["arg1"] if ruleset in {"check_mail", "check_compat"} else None
    recipient = tokens["arg1"] if ruleset in {"check_rcpt", "tls_rcpt"} else None
    if ruleset == "check_compat":
        recipient = tokens.get("arg2")
    return Reject(
        **place(head, tokens),
        client=None if ruleset in _OUTGOING else client_of(tokens),
        sender=None if sender is None else address(sender),
        recipient=None if recipient is None else address(recipient),
        dsn=dsn_of(reply),
        reply=reply,
    )


# err.c, usrerr and fmtmsg: while recipients are named, what the client is told is logged, with the
# address before codes 450, 550 and 553 and without one before others.
# 6ANEUriO005087: <user@mx127.test>... User unknown
_refused = (
    queue_id()
    + token(
        rf"{ANGLED}(?=\.\.\. )|(?:{QUOTED}|[^ \"<(:=])+?(?=\.\.\. )|<[^ ]*?(?=\.\.\. )", "address"
    )
    + word("... ")
    + rest("text")
)
# 6ANFYrd6008231: Mail would loop: every MX of the domain is a loopback address
_refused_without_address = queue_id() + token(
    # what this product's own configuration for sendmail answers
    r"Mail would loop: .*|MX of the domain is a loopback address.*|[Mm]ail to this domain is paused"
    # srvrsmtp.c
    r"|Too many (?:recipients|parameters)|Need (?:MAIL|RCPT).*|Missing recipient|Addressee unknown"
    r"|Authentication required|Please try again later|(?:[^ ]+ )?closing connection"
    r"|Command (?:rejected|unrecognized: .*|not implemented: .*)|SMTP protocol error"
    r"|Insufficient disk space; try again later|Message (?:size )?(?:exceeds|invalid).*"
    r"|(?:Syntax error in|Unknown|Duplicate|Bad argument) .*"
    # parseaddr.c, collect.c
    r"|8-bit character in mailbox address .*|Address (?:\".*\" )?too long.*|Unbalanced '.*"
    r"|Illegal character .*|Headers too large.*|NUL byte not allowed|Eight bit data not allowed"
    r"|Bare linefeed \(LF\) not allowed|Out of disk space for temp file"
    r"|(?:prescan|remotename|cataddr): .*|temporary error|open timeout on .*|Cannot open .*"
    r"|Cannot mail directly to .*|(?:UID|User|Address) .*(?: mailing| mail) to (?:programs|files)"
    # recipient.c, srvrsmtp.c: parameters of RCPT
    r"|(?:NOTIFY|ORCPT|[A-Z]+=?) requires a value|Sorry, .* not (?:supported|allowed).*"
    r"|[^ ]+ parameter unrecognized|(?:Argument|Parameter) required"
    r"|non-ASCII .* requires SMTPUTF8"
    # srvrsmtp.c, envelope.c: the order of commands, deliver-by, names
    r"|(?:Polite people say HELO|I demand that you introduce yourself) first"
    r"|Sender already specified|Invalid (?:domain name|sender address)|Nothing to .*"
    r"|[^ ]+ (?:Duplicate HELO/EHLO|requires domain address)|Queue [^ ]+ unknown"
    r"|BY=(?: missing ';'|.* out of range)|mode R requires BY time > 0"
    r"|time -?[0-9]+ less than -?[0-9]+|illegal by-(?:mode|trace) '.*'"
    r"|Too many SMTP sessions for this host|(?:[^ ]+ )?Too many bad (?:commands|recipients); .*"
    r"|(?:Domain of sender address|Relaying denied|Access denied|Rejected|User unknown).*",
    "text",
)
# Such words are about the sender, though they are said at RCPT as well.
_ABOUT_SENDER = re.compile(
    r"Domain of sender address|Sender |Real domain name required|Domain name required for sender"
    r"|Domain must exist|Invalid sender address"
)


def _build_refused(head: Head, tokens: Mapping[str, str]) -> Reject:
    who, text = tokens.get("address"), tokens["text"]
    named = None if who is None else address(who)
    about_sender = _ABOUT_SENDER.match(text) is not None
    return Reject(
        **place(head, tokens),
        sender=named if about_sender else None,
        recipient=None if about_sender else named,
        reply=text if who is None else f"{who}... {text}",
    )


# srvrsmtp.c, MILTER_REPLY, and milter.c, 8.14 to 8.17:
# i04Axx2c005759: Milter: data, reject=511 Virus found in email!
# 6ANEJ9Ja004004: Milter: to=<a@b.test>, reject=550 5.7.1 Command rejected
# 6ANEJ9Ja004004: Milter: connect: host=c.test, addr=192.0.2.1, rejecting commands
# 6ANEJ9Ja004004: Milter: helo=c.test, reject=Command rejected
# 6ANEJ9Ja004004: milter=spf, action=mail, reject=550 5.7.23 SPF fails
_milter_refused = (
    maybe_queue_id()
    + gap(r"Milter(?: \([^()]*\))?: ")
    + (
        word("to=") + balanced("recipient", ", reject=") + word(", reject=") + rest("reply")
        | word("from=") + balanced("sender", ", reject=") + word(", reject=") + rest("reply")
        | gap(r"helo=.*, reject=") + rest("reply")
        | gap(r"(?:cmd=)?(?:data|eoh|eom|header|unknown), reject=") + rest("reply")
        | word("connect: host=")
        + token(r"[^, ]*", "host")
        + word(", addr=")
        + token(r"[^, ]*", "ip")
        + gap(r", (?:reject=|shutdown=|temp failing commands=|(?=rejecting|temp failing|shutdown))")
        + rest("reply")
    )
)
_milter_action = (
    maybe_queue_id()
    + gap(r"milter=[^,]*, (?:action=[a-z_]+, )?")
    + (word("reject=") + rest("reply") | token("reject|tempfail", "reply") + END)
)


def _build_milter(head: Head, tokens: Mapping[str, str]) -> Reject:
    sender, recipient, reply = tokens.get("sender"), tokens.get("recipient"), tokens["reply"]
    return Reject(
        **place(head, tokens),
        client=_milter_client(tokens),
        sender=None if sender is None else address(sender),
        recipient=None if recipient is None else address(recipient),
        dsn=dsn_of(reply),
        reply=reply,
    )


def _milter_client(tokens: Mapping[str, str]) -> Client | None:
    if "host" not in tokens:
        return None
    host = tokens["host"]
    name = {} if host.startswith("[") else {"client_host": host}
    return client_of(name | {"client_ip": tokens["ip"].removeprefix("IPv6:")})


# srvrsmtp.c, greet_pause, 8.13: j6KKHo2d007818: rejecting commands from c.test [192.0.2.1]
#   due to pre-greeting traffic (8.14: … after 2 seconds)
_too_early = (
    maybe_queue_id()
    + gap(r"rejecting [A-Za-z ]*?(?= from )")
    + word(" from ")
    # A client without a name, until 8.14: `from  [192.0.2.1]`
    + Opt(gap(r" (?=\[)"))
    + client()
    + Opt(gap(r" \[[^\]]*\]"))
    + Opt(word(" ") + token(r"due to (?:pre-greeting traffic|traffic before response).*", "reply"))
)


def _build_too_early(head: Head, tokens: Mapping[str, str]) -> Reject:
    return Reject(**place(head, tokens), client=client_of(tokens), reply=tokens.get("reply"))


KINDS = (
    LineKind(name="ruleset", expr=_ruleset + _refused_because, build=_build_ruleset, makes=Reject),
    LineKind(name="ruleset let in", expr=_ruleset + _let_in, build=_build_let_in, makes=Other),
    LineKind(
        name="header ruleset",
        expr=_header_ruleset + _refused_because,
        build=_build_ruleset,
        makes=Reject,
    ),
    LineKind(
        name="header ruleset let in",
        expr=_header_ruleset + _let_in,
        build=_build_let_in,
        makes=Other,
    ),
    LineKind(name="refused", expr=_refused, build=_build_refused, makes=Reject),
    LineKind(
        name="refused, no address",
        expr=_refused_without_address,
        build=_build_refused,
        makes=Reject,
    ),
    LineKind(name="milter refused", expr=_milter_refused, build=_build_milter, makes=Reject),
    LineKind(name="milter action", expr=_milter_action, build=_build_milter, makes=Reject),
    LineKind(name="too early", expr=_too_early, build=_build_too_early, makes=Reject),
)
