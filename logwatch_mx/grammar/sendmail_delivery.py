"""sendmail's ``to=`` lines: who got a message, by which way, and how it ended.

Comes in: the text of the line. Goes out: a ``Delivery``. The recipients come first and are quoted
or bracketed; ``reply=`` and ``stat=`` come last and hold the remote's words, so nothing after the
first of them is a field, whatever it looks like.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pyparsing import OneOrMore, Opt

from logwatch_mx.grammar.fields import host_name, valid_ip
from logwatch_mx.grammar.kind import Head, LineKind, Outcome, Written
from logwatch_mx.grammar.sendmail_tokens import (
    DSN,
    QUEUE_ID,
    addresses,
    balanced,
    gap,
    queue_id,
    rest,
    shortened,
    token,
    word,
)
from logwatch_mx.model.event import Delivery, Relay, Status
from logwatch_mx.model.line import Line

# deliver.c, logdelivery, 8.17.1:
# 6ANEM6Us010269: to=<user@reject550.test>, ctladdr=<alice@home.test> (1000/1000), delay=00:00:00,
#   xdelay=00:00:00, mailer=esmtp, pri=30306, relay=mail.reject550.test. [10.99.0.26], dsn=5.1.1,
#   reply=550 5.1.1 <user@reject550.test>: Recipient address rejected: User unknown,
#   stat=User unknown
# 8.9: SAA15929: to=<a@b.test>, ctladdr=<c@d.test> (16306/1984), delay=00:00:10, xdelay=00:00:09,
#   mailer=esmtp, relay=mail.b.test. [192.0.2.3], stat=Sent (Ok)
# Anonymised logs lose commas and blanks: `to=XXXXX ctladdr=XXXXXX (1000/1000), delay=…`,
#   `dsn=5.0.0,stat=Service unavailable`, `relay=id dsn=4.0.0`, `to=<a@b.test>, 00:00:00, xdelay=…`.
_SEPARATOR = r"(?:, ?| )"
_PART = "-?[0-9]{1,9}"
_DELAY = rf"{_PART}(?:\+{_PART})?(?::{_PART}){{2}}|too long"  # convtime.c, pintvl
_TO_END = (
    rf"{_SEPARATOR}(?:(?:ctladdr|delay|xdelay|mailer|pri)=|[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}, )"
)
# An address that was cut has unbalanced quotes: then the numbers behind it tell where it ends.
_NUMBERS = rf", delay=(?:{_DELAY}), (?:xdelay=(?:{_DELAY}), )?(?:mailer=[^, ]+, )?pri="
_recipients = balanced("to", _TO_END) | shortened("to", rf"(?:, ctladdr=|{_NUMBERS})")
_controller = gap("ctladdr=") + (
    balanced("ctladdr", rf"{_SEPARATOR}x?delay=") | shortened("ctladdr", _NUMBERS)
)

# A host found through MX is printed with its dot, a configured one as it was configured:
# relay=mail.b.test. [127.0.0.1] · relay=[127.0.0.1] [127.0.0.1] · relay=b.test. [IPv6:2001:db8::1]
# relay=b.test. (no connection was made) · relay='smtp.b.test' · relay=local · relay=[a]:[b]
# LMTP by a socket: relay=localhost [[UNIX: /run/lmtp]]
_relay = (
    gap("relay=")
    + token(r"\"[^\"]*\"|[^ ,\"]+", "relay")
    + Opt(word(" [") + token(r"\[[^\]]*\]|[^\]]*", "relay_ip") + word("]"))
    + Opt(word(":") + token(r"[0-9]{1,5}", "relay_port"))
    + Opt(word(" (may be forged)"))
)

_field = (
    _controller
    | gap("(?:delay=)?") + token(_DELAY, "delay")
    | gap("mailer=") + token(r"[^, ]+", "mailer")
    | gap("dsn=") + token(DSN, "dsn")
    | _relay
    # quarantine=why, stat=quarantined: the reason is any text, cut at 40 characters (160 escaped)
    | gap("quarantine=") + token(r".{0,160}(?=, stat=quarantined\Z)", "quarantine")
    | gap(r"status=[^,]*")  # 8.17: a null MX, in words
    # xdelay=, pri=, ntries=, stage=, tls_verify=, tls_version=, cipher=
    | gap(r"(?!(?:stat|reply|ctladdr|delay|mailer|relay)=)[a-z_]+=[^, ]*")
)
_delivery = (
    queue_id()
    + word("to=")
    + _recipients
    + OneOrMore(gap(_SEPARATOR) + _field)
    + gap(_SEPARATOR)
    + (word("reply=") + rest("answer") | word("stat=") + rest("stat"))
)

# Nine of ten, with nothing to decide: one recipient, the fields in sendmail's order, each once, no
# reply=. Every text that fits it, fits _delivery with the same tokens, but for what a DSN or a
# mailer may hold behind it: see USUAL_SLOTS.
_PLAIN_ADDRESS = r"<[^<>\"(),;\\ ]*+>"
_clock = r"(?:[0-9]{1,9}\+)?[0-9]{1,9}:[0-9]{1,9}:[0-9]{1,9}"
USUAL = (
    queue_id()
    + word("to=")
    + token(_PLAIN_ADDRESS, "to")
    + Opt(gap(rf", ctladdr={_PLAIN_ADDRESS} \([0-9]+/[0-9]+\)"))
    + gap(", delay=")
    + token(_clock, "delay")
    + gap(rf", xdelay={_clock}, mailer=")
    + token(r"[^, ]+", "mailer")
    + gap(r", pri=[0-9]+")
    + Opt(
        gap(", relay=")
        + token(r"[^ ,\"]+", "relay")
        + Opt(word(" [") + token(r"[0-9A-Za-z:.]+", "relay_ip") + word("]"))
    )
    + gap(", dsn=")
    + token(DSN, "dsn")
    + gap(", stat=")
    + rest("stat")
)
#: Its tokens in their order, as ``build_slots`` takes them.
USUAL_SLOTS = ("queue_id", "to", "delay", "mailer", "relay", "relay_ip", "dsn", "stat")


def _build_delivery(head: Head, tokens: Mapping[str, str]) -> Delivery | None:
    reply, stat = None, tokens.get("stat")
    if stat is None:
        answer = _split_answer(tokens["answer"])
        if answer is None:
            return None
        reply, stat = answer
    mailer, dsn, relay = tokens.get("mailer"), tokens.get("dsn"), tokens.get("relay")
    said = reply or tokens.get("quarantine") or _said(stat)
    return Delivery(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
        recipients=addresses(tokens["to"]),
        relay=None
        if relay is None
        else _relay_of(relay, tokens.get("relay_ip"), tokens.get("relay_port")),
        status=_status(dsn, stat, refused=mailer is None),
        dsn=dsn,
        delay=_seconds(tokens.get("delay")),
        reply=said,
        next_queue_id=_next_queue_id(stat),
        mailer=mailer,
    )


def build_slots(line: Line, head: Written, slots: Sequence[str | None]) -> Delivery | None:
    """Return what ``_build_delivery`` does, of all the tokens of ``USUAL``, None for no token."""
    queue_id, to, delay, mailer, relay, ip, dsn, stat = slots
    if to is None or stat is None:
        return None
    time, host, program, agent, pid, mta = head
    return Delivery(
        line=line,
        time=time,
        host=host,
        program=program,
        agent=agent,
        pid=pid,
        mta=mta,
        queue_id=queue_id,
        recipients=(to[1:-1],),
        relay=None if relay is None else _relay_of(relay, ip, None),
        status=_status(dsn, stat, refused=False),
        dsn=dsn,
        delay=_seconds(delay),
        reply=_said(stat),
        next_queue_id=_next_queue_id(stat),
        mailer=mailer,
    )


_STAT = ", stat="
_DEFERRED = "Deferred: "
_AGAIN = _STAT + _DEFERRED
# sysexits' texts (libsm, strexit.c), as deliver.c, giveresponse, prints them after stat=.
_TEMPORARY = ("Deferred", "Operating system error", "I/O error")
_PERMANENT = (
    "User unknown",
    "Service unavailable",
    "Host unknown",
    "Data format error",
    "Local configuration error",
    "Remote protocol error",
    "Insufficient permission",
    "Command line usage error",
    "Cannot open input",
    "Internal error",
    "System file missing",
    "Can't create output",
    "unknown mailer error",
)


def _split_answer(answer: str) -> tuple[str, str] | None:
    """Return what stands before and after sendmail's own ``, stat=``, of which a reply may tell.

    A temporary reply is printed twice (``reply=450 no, stat=Deferred: 450 no``): the place where
    both are alike is the right one. After a permanent one sendmail prints its own words alone.
    """
    half = (len(answer) - len(_AGAIN)) // 2
    if half > 0 and answer[half:] == _AGAIN + answer[:half]:
        return answer[:half], _DEFERRED + answer[:half]
    # logdelivery writes at most 1023 characters, of which str2prt makes four times as many.
    cuts = [found.start() for found in re.finditer(_STAT, answer[:4096])]
    pairs = [(answer[:cut], answer[cut + len(_STAT) :]) for cut in cuts]
    own = [pair for pair in pairs if pair[1].startswith(_TEMPORARY + _PERMANENT)]
    alike = [pair for pair in own if _is_alike(*pair)]
    chosen = alike or own or pairs
    return chosen[-1] if chosen else None


def _is_alike(reply: str, stat: str) -> bool:
    """Return whether both are one text.

    Of more than 203 characters shortenstring() kept both ends; a logger may eat the last blanks.
    """
    again = stat.removeprefix(_DEFERRED)
    ends = (again[:80], again[-80:])
    shortened_twice = "..." in again and "..." in reply and ends == (reply[:80], reply[-80:])
    return shortened_twice or again == reply.rstrip()


def _status(dsn: str | None, stat: str, *, refused: bool) -> Status:
    """Return the status: the words that mean one thing, then the class of the code, then text.

    *refused*: the line names no mailer, so srvrsmtp.c, logundelrcpts, logged what was said to a
    client that sent the message, and nothing was queued.
    """
    match stat:
        case "queued" | "Queued":
            return Status.QUEUED
        case "quarantined":
            return Status.QUARANTINED
        # deliver.c and srvrsmtp.c: no notice is made of these
        case "discarded" | "aborted by sender":
            return Status.DISCARDED
    if dsn is not None and dsn[0] != "2":
        return Status.DEFERRED if dsn[0] == "4" else Status.BOUNCED
    if stat.startswith("Sent") or (dsn is not None and not refused and not _is_failure(stat)):
        return Status.SENT
    if stat.startswith(_TEMPORARY) or re.match(r"4[0-9][0-9][ -]|tempfail", stat):
        return Status.DEFERRED
    return Status.DEFERRED if refused and "try again" in stat else Status.BOUNCED


def _is_failure(stat: str) -> bool:
    return stat.startswith(_TEMPORARY + _PERMANENT)


def _said(stat: str) -> str:
    for before, after in (("Sent (", ")"), ("Deferred: ", "")):
        if stat.startswith(before):
            return stat.removeprefix(before).removesuffix(after)
    return stat


# Sent (6ANFXchn006610 Message accepted for delivery)               sendmail
# Sent (Ok: queued as S090A9595) · Sent (ok: queued as 4jY7yd0S7F)   Postfix and what speaks like it
# Sent (from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 6ANEfuKt006304 Message accepted for delivery)
_NEXT = re.compile(
    rf"Sent \((?:[^\r\n]*[ ])?(?:({QUEUE_ID}) Message accepted for delivery"
    r"|[Qq]ueued as ([0-9A-Za-z]{5,20}))\)?\Z"
)


def _next_queue_id(stat: str) -> str | None:
    if " accepted for delivery" not in stat and "ueued as " not in stat:
        return None  # by far the quicker answer
    found = _NEXT.match(stat)
    return (found[1] or found[2]) if found else None


_LITERAL = re.compile(r"\[(?:IPv6:)?([^\[\]]+)\]")


def _relay_of(name: str, ip: str | None, port: str | None) -> Relay:
    literal = _LITERAL.fullmatch(name)
    return Relay(
        host=host_name(literal[1] if literal else name),
        ip=valid_ip(ip and ip.removeprefix("IPv6:")),
        port=int(port) if port else None,
        absolute=literal is None and name.endswith("."),
    )


# The same few seconds over and over.
@lru_cache(maxsize=1024)
def _seconds(text: str | None) -> float | None:
    """Return the seconds of ``00:00:01`` or ``1+14:41:13``; less than 0 if the clock went back."""
    if text is None or text == "too long":
        return None
    days, _, clock = text.rpartition("+")
    hours, minutes, seconds = clock.split(":")
    return float(int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds))


def _read_status(tokens: Mapping[str, str]) -> Status | None:
    stat = tokens.get("stat")
    if stat is None:
        answer = _split_answer(tokens["answer"])
        if answer is None:
            return None
        stat = answer[1]
    refused = "mailer" not in tokens
    return _status(tokens.get("dsn"), stat, refused=refused)


#: What is counted of a delivery line.
OUTCOME = Outcome(frozenset({"mailer", "dsn", "stat", "answer"}), _read_status, addresses)

KINDS = (LineKind(name="delivery", expr=_delivery, build=_build_delivery, outcome=OUTCOME),)
