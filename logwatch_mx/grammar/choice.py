"""Find the first of many line kinds that a text is of.

Comes in: a dialect's kinds in the order in which they are to be tried, and one text after the
other. Goes out: the event that the first fitting kind builds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pyparsing as pp
from msgspec import Struct

from logwatch_mx.grammar.compile import Matcher
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.literals import required_literals
from logwatch_mx.model.event import Event

#: Makes a matcher: ``compile_expression`` or ``interpret_expression``.
Build = Callable[[str, pp.ParserElement], Matcher]

# A body without a tag, and `postfix` without a daemon (RFC 5424 relays): it may be any of them.
_ANY_AGENT = frozenset({None, "postfix"})


class _Plan(Struct, frozen=True):
    """One kind, ready to be tried: a text without *literal* need not be matched."""

    kind: LineKind
    literal: str
    match: Callable[[str], Mapping[str, str] | None]

    def read(self, head: Head) -> Event | None:
        """Return the event of this kind, or None when the text is of another."""
        if self.literal not in head.text:
            return None
        tokens = self.match(head.text)
        return None if tokens is None else self.kind.build(head, tokens)


class Choice:
    """The kinds of one dialect."""

    def __init__(self, kinds: Sequence[LineKind], build: Build) -> None:
        self._plans = tuple(
            _Plan(
                kind=kind,
                # The longest is the rarest, as far as can be told without a log.
                literal=max(required_literals(kind.expr), key=len, default=""),
                match=build(kind.name, kind.expr).match,
            )
            for kind in kinds
        )

    def read(self, head: Head) -> Event | None:
        """Return the event of the first kind that fits, or None."""
        for plan in self._for(head):
            event = plan.read(head)
            if event is not None:
                return event
        return None

    def explain(self, head: Head) -> list[tuple[str, bool]]:
        """Return the names of the kinds tried in order; the last one made the event, if any did."""
        tried: list[tuple[str, bool]] = []
        for plan in self._for(head):
            tried.append((plan.kind.name, plan.read(head) is not None))
            if tried[-1][1]:
                break
        return tried

    def _for(self, head: Head) -> Iterator[_Plan]:
        agent = head.agent
        for plan in self._plans:
            agents = plan.kind.agents
            if agents is None or agent in agents or agent in _ANY_AGENT:
                yield plan
