"""Read a log: one line in, exactly one event out, whatever the line holds.

Comes in: the lines of one log in its order. Goes out: an ``Event`` for each. The header says which
MTA wrote the line; its dialect's kinds are tried in order, and the first whose expression matches
and whose builder agrees makes the event. A line that is not understood is an event too
(``Unparsed``, ``Foreign``, ``Malformed``); no text makes an exception.
"""

from collections.abc import Callable, Mapping
from functools import cache

from msgspec import structs

from logwatch_mx.grammar import logger, postfix, sendmail
from logwatch_mx.grammar.choice import Choice
from logwatch_mx.grammar.compile import COMPILED
from logwatch_mx.grammar.header import HeaderReader
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.matcher import Engine
from logwatch_mx.grammar.program import is_neighbour
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Event, Foreign, Malformed, Mta, Unparsed
from logwatch_mx.model.line import Line


class Reader:
    """Reads one log in its order; the engine ``INTERPRETED`` gives the same answers, slowly."""

    def __init__(self, stamps: Stamps, engine: Engine = COMPILED) -> None:
        self._header = HeaderReader(stamps, engine)
        self._read_header = self._header.read
        self._dialects, self._others, self._loggers = _make_choices(engine)
        self._neighbours = _make_neighbours(engine)

    def read(self, line: Line) -> Event:
        """Return what *line* says."""
        head = self._read_header(line)
        if head is None:
            return Malformed(line=line, text=line.text)
        return self._read_text(head)

    def look(self, line: Line) -> Head | None:
        """Return what stands before the text of *line*, None when it is no syslog line."""
        return self._read_header(line)

    def look_at_body(self, line: Line, mta: Mta) -> Head:
        """Return *line* as a text of *mta*, as ``read_body`` takes it."""
        return self._header.read_body(line, mta)

    def read_body(self, line: Line, mta: Mta) -> Event:
        """Return what *line*, a text of *mta* without a header (at most with a tag), says."""
        return self._read_text(self._header.read_body(line, mta))

    def explain(self, line: Line) -> list[tuple[str, bool]]:
        """Return the kinds in the order tried, each with whether it made the event."""
        head = self._header.read(line)
        if head is None:
            return [("header", False)]
        return [("header", True), *self._choice(head).explain(head)]

    def _read_text(self, head: Head) -> Event:
        event = self._choice(head).read(head)
        return _rest(head) if event is None else event

    def _choice(self, head: Head) -> Choice:
        if head.mta is not None:
            return self._dialects[head.mta]
        is_logger = head.agent is not None and head.agent.startswith(logger.LOGGERS)
        if is_logger:
            return self._loggers
        is_known = head.program is not None and is_neighbour(head.program)
        return self._neighbours if is_known else self._others


def _rest(head: Head) -> Event:
    if head.mta is None:
        return Foreign(
            line=head.line,
            time=head.time,
            host=head.host,
            program=head.program,
            agent=head.agent,
            pid=head.pid,
        )
    return Unparsed(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        text=head.text,
    )


@cache
def _make_choices(engine: Engine) -> tuple[Mapping[Mta, Choice], Choice, Choice]:
    # Without state, so that all readers of a process share them: a directory has many logs.
    dialects = {
        Mta.POSTFIX: Choice((logger.REPEATED, *postfix.KINDS), engine),
        Mta.SENDMAIL: Choice((logger.REPEATED, *sendmail.KINDS), engine),
    }
    renamed = (structs.replace(kind, build=_as_sendmail(kind)) for kind in sendmail.OWN_KINDS)
    others = Choice((logger.REPEATED, *renamed), engine)
    loggers = Choice((logger.REPEATED, *logger.LOSSES), engine)
    return dialects, others, loggers


@cache
def _make_neighbours(engine: Engine) -> Choice:
    # What they say is their own, but for the logger's word about it.
    return Choice((logger.REPEATED,), engine)


def _as_sendmail(kind: LineKind) -> Callable[[Head, Mapping[str, str]], Event | None]:
    return lambda head, tokens: kind.build(structs.replace(head, mta=Mta.SENDMAIL), tokens)
