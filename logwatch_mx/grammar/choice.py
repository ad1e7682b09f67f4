"""Find the first of many line kinds that a text is of.

Comes in: the kinds of a dialect in the order in which they are tried, and one text after the
other. Goes out: the event that the first fitting kind builds.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.matcher import Chooser, Engine, Matcher
from logwatch_mx.model.event import Event

# A body without a tag, and `postfix` without a daemon (RFC 5424 relays): it may be any of them.
_ANY_AGENT = frozenset({None, "postfix"})


class Choice:
    """The kinds of one dialect, by the agent that wrote the line."""

    def __init__(self, kinds: Sequence[LineKind], engine: Engine) -> None:
        self._kinds = tuple(kinds)
        self._engine = engine
        named = {agent for kind in kinds for agent in kind.agents or ()}
        # Agents that no kind names share one set of kinds: tags are any local user's to invent.
        self._unnamed = self._kinds_of("")
        self._sets = {agent: self._kinds_of(agent) for agent in named | _ANY_AGENT}

    def read(self, head: Head) -> Event | None:
        """Return the event of the first kind that fits *head*, or None."""
        return self._sets.get(head.agent, self._unnamed).read(head)

    def explain(self, head: Head) -> list[tuple[str, bool]]:
        """Return the names of the kinds tried in order; the last one made the event, if any did."""
        tried: list[tuple[str, bool]] = []
        for kind, event in self._sets.get(head.agent, self._unnamed).try_each(head):
            tried.append((kind.name, event is not None))
            if event is not None:
                break
        return tried

    def _kinds_of(self, agent: str | None) -> "_Kinds":
        fitting = (
            kind
            for kind in self._kinds
            if kind.agents is None or agent in kind.agents or agent in _ANY_AGENT
        )
        return _Kinds(tuple(fitting), self._engine)


class _Kinds:
    """Kinds that are tried on one text, all at once; made when the first text comes."""

    def __init__(self, kinds: tuple[LineKind, ...], engine: Engine) -> None:
        self._kinds = kinds
        self._engine = engine

    def read(self, head: Head) -> Event | None:
        found = self._chooser.match(head.text)
        if found is None:
            return None
        number, tokens = found
        event = self._kinds[number].build(head, tokens)
        if event is not None:
            return event
        # The builder knows better than the pattern: a value is impossible. That is rare.
        rest = (event for _, event in self.try_each(head, number + 1) if event is not None)
        return next(rest, None)

    def try_each(self, head: Head, start: int = 0) -> Iterator[tuple[LineKind, Event | None]]:
        for kind, matcher in zip(self._kinds[start:], self._matchers[start:], strict=True):
            tokens = matcher.match(head.text)
            yield kind, None if tokens is None else kind.build(head, tokens)

    @cached_property
    def _chooser(self) -> Chooser:
        return self._engine.first([(kind.name, kind.expr) for kind in self._kinds])

    @cached_property
    def _matchers(self) -> tuple[Matcher, ...]:
        return tuple(self._engine.one(kind.name, kind.expr) for kind in self._kinds)
