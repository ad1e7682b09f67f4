"""What the logger says of its own losses: lines that are not in the log.

Comes in: the text of a line of any program. Goes out: a ``Gap`` whose *count* is 0 where the logger
does not say how many.
"""

from collections.abc import Mapping

from pyparsing import Literal, Opt, Regex, Suppress

from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.model.event import Gap

_ANYTHING = Suppress(Regex("(?s:.*)"))
# Nine digits: no line stands for more, and int() of a megabyte of digits is an error.
_COUNT = Regex("[0-9]{1,9}")("count")

# syslogd(8) of the BSDs, Solaris and macOS (`--- last message repeated 3 times ---`), and rsyslog's
# $RepeatedMsgReduction, which repeats the text as well: `message repeated 5 times: [ AB12: to=… ]`
_repeated = (
    Suppress(Opt(Literal("--- ")) + Opt(Literal("last ")) + Literal("message repeated "))
    + _COUNT
    + Suppress(Regex(" times?(?![a-z])"))
    + _ANYTHING
)

# rsyslog's imuxsock, plugins/imuxsock/imuxsock.c, and imjournal:
# imuxsock lost 123 messages from pid 456 due to rate-limiting
# imuxsock[pid: 12, name: /usr/sbin/smtpd] from <postfix/smtpd:postfix.service>: 17 messages lost
#   due to rate-limiting (500 allowed within 5 seconds)
# imjournal: 73 messages lost due to rate-limiting (20000 allowed within 600 seconds)
_name = Regex(r"(?:rsyslogd-[0-9]+: )?(?:-?im|om)[a-z]+(?:\[[^\]]*\])?(?: from <[^>]*>)?:? ")
_lost = Suppress(_name) + (
    Suppress("lost ") + _COUNT + Suppress(" messages") + _ANYTHING
    | _COUNT + Suppress(" messages lost") + _ANYTHING
)
# imuxsock begins to drop messages from pid 456 due to rate-limiting
_drops = Suppress(_name + Regex("begins? to drop messages") + Regex("(?s:.*)"))

# systemd-journald: Suppressed 1234 messages from /system.slice/postfix.service
_suppressed = Suppress("Suppressed ") + _COUNT + Suppress(" messages from ") + _ANYTHING
# systemd-journald: Forwarding to syslog missed 3 messages.
_missed = Suppress("Forwarding to syslog missed ") + _COUNT + Suppress(" messages") + _ANYTHING


def _build_repeated(head: Head, tokens: Mapping[str, str]) -> Gap:
    return _build(head, tokens, repeated=True)


def _build_lost(head: Head, tokens: Mapping[str, str]) -> Gap:
    return _build(head, tokens, repeated=False)


def _build(head: Head, tokens: Mapping[str, str], *, repeated: bool) -> Gap:
    return Gap(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        count=int(tokens.get("count", "0")),
        repeated=repeated,
    )


#: May follow the line of any program, under its own tag.
REPEATED = LineKind(name="logger.repeated", expr=_repeated, build=_build_repeated)

#: Are believed of the loggers alone.
LOSSES: tuple[LineKind, ...] = (
    LineKind(name="logger.lost", expr=_lost, build=_build_lost),
    LineKind(name="logger.drops", expr=_drops, build=_build_lost),
    LineKind(name="logger.suppressed", expr=_suppressed, build=_build_lost),
    LineKind(name="logger.missed", expr=_missed, build=_build_lost),
)
#: How the agents of the loggers begin: `rsyslogd-2177`, `systemd-journald`, `systemd-journal`.
LOGGERS = ("rsyslog", "systemd-journal", "journal")
