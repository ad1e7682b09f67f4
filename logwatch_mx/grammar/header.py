"""Read what stands before the text of a line: stamp, host, tag, pid.

Comes in: a raw line of any syslog daemon, journal or container runtime. Goes out: a ``Head`` whose
*text* is what the program itself said, or None when the line has no header. Frames around a syslog
line (docker, Kubernetes, journal, shippers) are taken off first; what they know and the line does
not, the time with its zone, is kept.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache

import pyparsing as pp
from msgspec import structs
from pyparsing import Literal, Opt, Regex, Suppress

from logwatch_mx.grammar.compile import COMPILED
from logwatch_mx.grammar.frame import Frame, read_frame
from logwatch_mx.grammar.frame_json import read_object
from logwatch_mx.grammar.kind import Head
from logwatch_mx.grammar.matcher import Engine, Matcher, RowMatcher
from logwatch_mx.grammar.odd_header import rewrite
from logwatch_mx.grammar.program import is_neighbour, read_tag
from logwatch_mx.grammar.stamp import STAMP, Stamps
from logwatch_mx.model.event import Mta
from logwatch_mx.model.line import Line

_SPACES = Suppress(Regex(" +"))
_TEXT = Suppress(Regex(" *")) + Regex("(?s:.*)")("text")

# `<22>` in front: the raw protocol, as a relay or a socket writes it to a file.
_PRIORITY = Suppress(Regex("<[0-9]{1,3}>"))
# `postfix/smtp[123]: `, `sm-mta[123]: `, `sendmail: `; the text may be missing. Some loggers leave
# out the blank: `postfix/smtp[123]:text`.
_NAME = r"[^ \[\]:<>{}\"]+"
_PID = r"\[[^\]\[ ]*\]"
_COLON = r":(?= |\Z)"
_CLOSE = r"\[[0-9]{1,7}\]:"
_TAG = Regex(_NAME)("program") + (
    Suppress("[") + Regex(r"[0-9]{1,7}(?=\]:)")("pid") + Suppress("]:")
    | Opt(Suppress("[") + Regex(r"[^\]\[ ]*")("pid") + Suppress("]")) + Suppress(Regex(_COLON))
)
_TAG_AHEAD = Regex(f"{_NAME}(?:{_CLOSE}|(?:{_PID})?{_COLON})")
# A level is printed by FreeBSD's `syslogd -v` before the host in <>, by others without, by busybox
# and AIX (`mail:info`) behind the host. A host may be called mail.info: then the tag follows at
# once.
LEVEL_TEXT = (
    "(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|security|local[0-7])"
    r"[.:](?:emerg|panic|alert|crit|error|err|warning|warn|notice|info|debug)(?=[ >])"
)
LEVEL: pp.ParserElement = Regex(LEVEL_TEXT)
_LEVEL_BEFORE = Suppress(Literal("<") + LEVEL + Literal(">")) | Suppress(LEVEL) + ~(
    Suppress(Regex(" +")) + _TAG_AHEAD
)
# No host is `[postfix/smtpd]`, metalog's tag.
_METALOG = r"\[[^\] G-Zg-z/_]*+[G-Zg-z/_][^\] ]*+\] (?![^ \[\]:]+\[)"
_HOST = ~_TAG_AHEAD + Regex(f"(?!{_METALOG})[^ ]+")("host") + _SPACES
# Solaris: `sendmail[12]: [ID 197553 mail.info] QID: …`
_MESSAGE_ID = Suppress(Regex(r" *\[ID [0-9]+ [a-z0-9]+\.[a-z]+\]"))
# What syslogd says itself, without a tag (BSD, Solaris; macOS with dashes).
_UNTAGGED = Regex(r"(?:--- )?last message repeated [0-9]+ times?(?: ---)?|-- MARK --")("text")

_TAGGED = _TAG + Opt(_MESSAGE_ID) + _TEXT
_HEADER = Opt(_PRIORITY) + (
    STAMP("stamp")
    + _SPACES
    + Opt(_LEVEL_BEFORE + _SPACES)
    + (_UNTAGGED | Opt(_HOST) + (_UNTAGGED | Opt(Suppress(LEVEL) + _SPACES) + _TAGGED))
    | _TAGGED
)

#: Nine lines of ten, with nothing to decide: every text that fits it, fits _HEADER with the same
#: tokens. No colon in the host, which would be a tag, and no level, which would not be the host.
USUAL: pp.ParserElement = (
    STAMP("stamp")
    + Suppress(" ")
    + ~LEVEL
    + Regex("[^ :<]+")("host")
    + Suppress(" ")
    + Regex(_NAME)("program")
    + Suppress("[")
    + Regex("[0-9]{1,7}")("pid")
    + Suppress(Regex(r"\]: (?![ \[])"))
)
_USUAL_LINE = USUAL + Regex("(?s:.*)")("text")

# RFC 5424 section 6. `-` is a field that is not known; structured data is passed over.
_FIELD = Regex("[^ ]+")
_ELEMENT = Regex(r'\[(?:[^\]"\\]++|"(?:[^"\\]++|\\(?s:.))*+")*+\]')
_RFC5424 = (
    _PRIORITY
    + Suppress("1 ")
    + (Suppress("-") | STAMP("stamp"))
    + _SPACES
    + _FIELD("host")
    + _SPACES
    + _FIELD("program")
    + _SPACES
    + _FIELD("pid")
    + _SPACES
    + Suppress(_FIELD)
    + _SPACES
    + Suppress(Literal("-") | pp.OneOrMore(_ELEMENT))
    + Opt(_SPACES + Opt(Suppress("\ufeff")) + Regex("(?s:.*)")("text"))
)

# A container's output under a tag of the host's: by default the tag is the container's short id,
# else the admin's word (`mailu-smtp`, `docker/mailserver`). socklog says the level instead.
_CONTAINER = re.compile("[0-9a-f]{12}|docker/.*|.*(?:mail|smtp|postfix|mta).*", re.DOTALL)
_is_level = re.compile("mail[.][a-z]+").fullmatch

# The largest pid that Linux gives is 2^22; seven digits are enough, and int() of many is slow.
_LONGEST_PID = 7
# A frame in a frame in a frame is the worst (compose around docker's stamp around CRI).
_DEEPEST = 4

#: What may stand behind a text and is none of it.
BLANKS = " \t\r\n"


class _Expressions:
    """The matchers of one engine, each made when the first line needs it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @cached_property
    def usual(self) -> RowMatcher:
        return self._engine.row("usual header", _USUAL_LINE)

    @cached_property
    def header(self) -> Matcher:
        return self._engine.one("header", _HEADER)

    @cached_property
    def tagged(self) -> Matcher:
        return self._engine.one("tag", _TAGGED)

    @cached_property
    def rfc5424(self) -> Matcher:
        return self._engine.one("header of RFC 5424", _RFC5424)


@cache
def _expressions(engine: Engine) -> _Expressions:
    return _Expressions(engine)


class HeaderReader:
    """Reads the headers of one log in its order; matched by *engine*."""

    def __init__(self, stamps: Stamps, engine: Engine = COMPILED) -> None:
        self._read_stamp = stamps.read
        self._expressions = _expressions(engine)
        self._match_usual = self._expressions.usual.match

    def read(self, line: Line) -> Head | None:
        """Return the header of *line*, or None when it has none or its time cannot be."""
        usual = self._match_usual(line.text)
        if usual is None:
            head = self._read_plain(line, line.text)
            return self._read_framed(line) if head is None else head
        stamp, host, program, pid, text = usual
        time = self._read_stamp(stamp)
        if time is None:
            return None
        mta, agent = read_tag(program)
        head = Head(
            line=line,
            text=text.rstrip(BLANKS),
            time=time,
            host=name_host(host),
            program=program,
            agent=agent,
            pid=int(pid),
            mta=mta,
        )
        return self._read_contained(head) if mta is None else head

    def read_body(self, line: Line, mta: Mta) -> Head:
        """Return *line* as a text of *mta*; a tag of that MTA before it is taken as the program."""
        parts = self._expressions.tagged.match(line.text)
        head = None if parts is None else _build_head(line, parts, None)
        if head is None or head.mta is not mta:
            return Head(line=line, text=line.text.strip(BLANKS), mta=mta)
        return head

    def _read_plain(self, line: Line, text: str) -> Head | None:
        parts = self._expressions.header.match(text)
        if parts is None:
            return None
        stamp = parts.get("stamp")
        if stamp is None:
            # Only an MTA's `tag[pid]:` is believed without a stamp: `Subject: …` looks like a tag.
            head = _build_head(line, parts, None)
            return head if head.mta is not None and "pid" in parts else None
        time = self._read_stamp(stamp)
        return None if time is None else self._read_contained(_build_head(line, parts, time))

    def _read_contained(self, head: Head) -> Head:
        """Return the header inside of *head*, when a container's mail server logged the line.

        The time is the outer one, which the other lines of the log have: a container's clock is
        often in another zone. That of a program which may say what strangers sent is not looked
        into.
        """
        if head.mta is not None or head.program is None or not _is_container(head.program):
            return head
        parts = self._expressions.header.match(head.text)
        if parts is None or "stamp" not in parts or "pid" not in parts:
            return head
        time = head.time
        if time is not None and head.host is None and _is_level(head.program):
            # socklog under svlogd -tt: its own stamp is UTC, whatever the zone of the machine.
            time = time.replace(tzinfo=UTC)
        inner = _build_head(head.line, parts, time)
        if inner.mta is None:
            return head
        return inner if inner.host is not None else structs.replace(inner, host=head.host)

    def _read_framed(self, line: Line) -> Head | None:
        # A crash leaves NULs in front of the next line; Windows editors a byte order mark.
        text = line.text.lstrip("\0 \t\ufeff")
        outer: str | None = None
        for _ in range(_DEEPEST):
            head = self._read_inner(line, text, outer)
            if head is not None:
                return head
            odd = None if text.startswith("{") else rewrite(text)
            if odd is not None:
                text = odd
                continue
            frame = read_object(text) if text.startswith("{") else read_frame(text)
            if frame is None:
                return None
            if frame.shipped:
                return self._read_shipped(line, frame, outer)
            text, outer = frame.text, outer or frame.stamp
        return None

    def _read_shipped(self, line: Line, frame: Frame, outer: str | None) -> Head | None:
        """Return the header that the text has itself, or else the one that its object tells.

        A text that says to be another program's is that program's own words.
        """
        own = self._read_inner(line, rewrite(frame.text) or frame.text, None)
        if own is not None and frame.program in {None, own.program}:
            if own.time is not None:
                return own
            return structs.replace(own, time=self._time_of(frame, outer), host=frame.host)
        if frame.program is None:
            return None
        return self._read_contained(
            _build_head(line, _parts_of(frame), self._time_of(frame, outer))
        )

    def _time_of(self, frame: Frame, outer: str | None) -> datetime | None:
        stamp = frame.stamp or outer
        return self._read_stamp(stamp) if frame.time is None and stamp else frame.time

    def _read_inner(self, line: Line, text: str, outer: str | None) -> Head | None:
        parts = self._expressions.header.match(text) or self._expressions.rfc5424.match(text)
        if parts is None:
            return None
        stamp = parts.get("stamp")
        # The runtime's stamp has a year and a zone.
        if outer is not None and (stamp is None or not _is_complete(stamp)):
            stamp = outer
        time = None if stamp is None else self._read_stamp(stamp)
        if time is None and stamp is not None:
            return None
        head = _build_head(line, parts, time)
        if stamp is None and (head.mta is None or head.pid is None):
            return None
        return self._read_contained(head)


def _is_complete(stamp: str) -> bool:
    # 2026-11-23T14:19:11 has nineteen characters; the zone stands behind them.
    return stamp[4] == "-" and any(sign in stamp[19:] for sign in "Zz+-")


def _parts_of(frame: Frame) -> Mapping[str, str]:
    fields = {
        "host": frame.host,
        "program": frame.program,
        "pid": frame.pid,
        "text": frame.text,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _build_head(line: Line, parts: Mapping[str, str], time: datetime | None) -> Head:
    program, pid, host = parts.get("program"), parts.get("pid"), parts.get("host")
    mta, agent = (None, None) if program is None or program == "-" else read_tag(program)
    return Head(
        line=line,
        text=parts.get("text", "").strip(BLANKS),
        time=time,
        host=None if host is None or host == "-" else name_host(host),
        program=None if agent is None else program,
        agent=agent,
        pid=None if pid is None else _read_pid(pid),
        mta=mta,
    )


@lru_cache(maxsize=4096)
def _is_container(program: str) -> bool:
    return _CONTAINER.fullmatch(program) is not None and not is_neighbour(program)


@lru_cache(maxsize=1024)
def name_host(host: str) -> str:
    """Return the logging host in lower case and without a trailing dot."""
    return host.lower().rstrip(".")


@lru_cache(maxsize=4096)
def _read_pid(pid: str) -> int | None:
    return int(pid) if pid.isascii() and pid.isdigit() and len(pid) <= _LONGEST_PID else None
