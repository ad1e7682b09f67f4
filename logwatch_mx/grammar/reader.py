"""Read a log: one line in, exactly one event out, whatever the line holds.

Comes in: the lines of one log in its order. Goes out: an ``Event`` for each. The header says which
MTA wrote the line; its dialect's kinds are tried in order, and the first whose expression matches
and whose builder agrees makes the event. A line that is not understood is an event too
(``Unparsed``, ``Foreign``, ``Malformed``); no text makes an exception.
"""

from collections.abc import Mapping

from logwatch_mx.grammar import logger, postfix, sendmail
from logwatch_mx.grammar.choice import Build, Choice
from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.header import HeaderReader
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Event, Foreign, Malformed, Mta, Unparsed
from logwatch_mx.model.line import Line

_DIALECTS: Mapping[Mta, tuple[LineKind, ...]] = {
    Mta.POSTFIX: postfix.KINDS,
    Mta.SENDMAIL: sendmail.KINDS,
}


class Reader:
    """Reads one log in its order; *build* makes the matchers (``interpret_expression``: slowly)."""

    def __init__(self, stamps: Stamps, build: Build = compile_expression) -> None:
        self._header = HeaderReader(stamps, build)
        self._dialects = {mta: Choice(kinds, build) for mta, kinds in _DIALECTS.items()}
        self._repeated = Choice((logger.REPEATED,), build)
        self._losses = Choice((logger.REPEATED, *logger.LOSSES), build)

    def read(self, line: Line) -> Event:
        """Return what *line* says."""
        head = self._header.read(line)
        if head is None:
            return Malformed(line=line, text=line.text)
        return self._read_text(head)

    def read_body(self, line: Line, mta: Mta) -> Event:
        """Return what *line*, a text of *mta* without a header (at most with a tag), says."""
        return self._read_text(self._header.read_body(line, mta))

    def explain(self, line: Line) -> list[tuple[str, bool]]:
        """Return the kinds in the order tried, each with whether it made the event."""
        head = self._header.read(line)
        if head is None:
            return [("header", False)]
        tried = [("header", True)]
        for choice in self._choices(head):
            tried += choice.explain(head)
            if tried[-1][1]:
                break
        return tried

    def _read_text(self, head: Head) -> Event:
        for choice in self._choices(head):
            event = choice.read(head)
            if event is not None:
                return event
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

    def _choices(self, head: Head) -> tuple[Choice, ...]:
        if head.mta is not None:
            return (self._repeated, self._dialects[head.mta])
        if head.agent is not None and head.agent.startswith(logger.LOGGERS):
            return (self._losses,)
        return (self._repeated,)
