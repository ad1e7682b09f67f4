r"""Patterns that take time linear in the text: a small regex dialect without backtracking.

Log text is written by strangers, and a backtracking engine can be made to hang by it. So a pattern
becomes the set automaton of Glushkov (1961), whose states are made when a text first needs them,
and forgotten when they are too many. Nothing is captured: a pattern is found in a text or not.

The dialect: characters, ``.``, ``[a-z]``, ``[^a-z]``, ``\d \w \s`` and their capitals (ASCII),
``( )``, ``|``, ``* + ? {n} {n,} {n,m}``, ``^`` first and ``$`` last, a backslash before any other
sign that is meant as itself.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pyparsing import (
    CharsNotIn,
    Forward,
    Literal,
    OneOrMore,
    Opt,
    ParseBaseException,
    ParserElement,
    ParseResults,
    Regex,
    StringEnd,
    Suppress,
    ZeroOrMore,
)

#: Characters of a text that are looked at: rsyslog cuts its lines there.
LOOKED_AT = 8192
_POSITIONS = 400
_TIMES = 100
_DEPTH = 12
_STATES = 2000

Test = Callable[[str], bool]


class PatternError(Exception):
    """What is wrong with a pattern, and the offset in it."""

    def __init__(self, at: int, said: str) -> None:
        super().__init__(said)
        self.at = at
        self.said = said


def compile_pattern(text: str, *, any_case: bool = False) -> Test:
    """Return a function that tells whether the pattern *text* is found in a string."""
    first = text.startswith("^")
    last = text.endswith("$") and (len(text) - len(text[:-1].rstrip("\\"))) % 2 == 1
    body = text[first : len(text) - last]
    depth = 0
    for at, char in enumerate(body):
        depth += (char == "(") - (char == ")")
        if depth > _DEPTH:
            raise PatternError(at + first, f"more than {_DEPTH} brackets within each other")
    try:
        tree = _PATTERN.parse_string(body)[0] if body else _Row(())
    except ParseBaseException as error:
        said = f"not expected in a pattern: {body[error.loc : error.loc + 10]!r}"
        if error.loc >= len(body):
            said = "the pattern ends too early"
        raise PatternError(error.loc + first, said) from None
    return _Machine(tree, first=first, last=last, any_case=any_case).found_in


@dataclass(frozen=True, slots=True)
class _One:
    accepts: re.Pattern[str]
    accepts_any_case: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Row:
    parts: "tuple[_Tree, ...]"


@dataclass(frozen=True, slots=True)
class _Either:
    parts: "tuple[_Tree, ...]"


@dataclass(frozen=True, slots=True)
class _Times:
    part: "_Tree"
    least: int
    most: int | None


_Tree = _One | _Row | _Either | _Times


@dataclass(slots=True)
class _Ends:
    """A piece of the automaton: can it be empty, and the positions that it begins and ends with."""

    empty: bool
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Builder:
    any_case: bool
    accepts: list[re.Pattern[str]] = field(default_factory=list)
    follow: list[set[int]] = field(default_factory=list)

    def build(self, tree: _Tree) -> _Ends:
        match tree:
            case _One():
                if len(self.accepts) >= _POSITIONS:
                    raise PatternError(0, f"the pattern needs more than {_POSITIONS} states")
                self.accepts.append(tree.accepts_any_case if self.any_case else tree.accepts)
                self.follow.append(set())
                here = frozenset({len(self.accepts) - 1})
                return _Ends(empty=False, first=here, last=here)
            case _Row():
                ends = _Ends(empty=True)
                for part in tree.parts:
                    ends = self._after(ends, self.build(part))
                return ends
            case _Either():
                built = [self.build(part) for part in tree.parts]
                return _Ends(
                    empty=any(ends.empty for ends in built),
                    first=frozenset().union(*(ends.first for ends in built)),
                    last=frozenset().union(*(ends.last for ends in built)),
                )
            case _Times():
                return self._times(tree)

    def _times(self, tree: _Times) -> _Ends:
        ends = _Ends(empty=True)
        for _ in range(tree.least):
            ends = self._after(ends, self.build(tree.part))
        for _ in range((tree.most or 0) - tree.least):
            more = self.build(tree.part)
            more.empty = True
            ends = self._after(ends, more)
        if tree.most is None:
            more = self.build(tree.part)
            for position in more.last:
                self.follow[position] |= more.first
            more.empty = True
            ends = self._after(ends, more)
        return ends

    def _after(self, left: _Ends, right: _Ends) -> _Ends:
        for position in left.last:
            self.follow[position] |= right.first
        return _Ends(
            empty=left.empty and right.empty,
            first=left.first | right.first if left.empty else left.first,
            last=left.last | right.last if right.empty else right.last,
        )


class _Machine:
    """The automaton; a state is the set of positions just read, -1 the place before the first."""

    def __init__(self, tree: _Tree, *, first: bool, last: bool, any_case: bool) -> None:
        builder = _Builder(any_case)
        ends = builder.build(tree)
        self._accepts = builder.accepts
        self._follow = [*map(frozenset, builder.follow), ends.first]  # index -1 is the start's
        self._final = ends.last | ({-1} if ends.empty else frozenset())
        self._keeps = frozenset() if first else frozenset({-1})
        self._whole = last
        self._next: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def found_in(self, text: str) -> bool:
        state = frozenset({-1})
        seen = self._next
        final = self._final
        if not self._whole and not final.isdisjoint(state):
            return True
        for char in text[:LOOKED_AT]:
            after = seen.get((state, char))
            if after is None:
                after = self._step(state, char)
            state = after
            if not self._whole and not final.isdisjoint(state):
                return True
            if not state:
                return False
        return self._whole and not final.isdisjoint(state)

    def _step(self, state: frozenset[int], char: str) -> frozenset[int]:
        wanted = frozenset().union(*(self._follow[position] for position in state))
        after = self._keeps.union(p for p in wanted if self._accepts[p].match(char))
        if len(self._next) >= _STATES:
            self._next.clear()
        self._next[state, char] = after
        return after


def _one(_text: str, at: int, found: ParseResults) -> _One:
    # One character at a time is all that the library's engine is asked about. Signs that it keeps
    # for sets of sets to come are meant as themselves.
    text = re.sub(r"(?<!\\)([&|~])", r"\\\1", found[0])
    if "--" in text:
        raise PatternError(at, 'write "\\-" for a hyphen in [...]')
    try:
        plain = re.compile(text, re.ASCII | re.DOTALL)
    except re.error as error:
        raise PatternError(at, error.msg) from None
    return _One(plain, re.compile(text, re.ASCII | re.DOTALL | re.IGNORECASE))


def _times(_text: str, at: int, found: ParseResults) -> _Tree:
    part, *mark = found
    if not mark:
        return part  # type: ignore[no-any-return]  # the first token is the atom's tree
    if mark[0][0] != "{":
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[mark[0]]
        return _Times(part, least, most)
    low, comma, high = mark[0][1:-1].partition(",")
    least, most = int(low), (int(high) if high else None) if comma else int(low)
    if least > _TIMES or (most is not None and not least <= most <= _TIMES):
        raise PatternError(at, f"{{n,m}} asks for n <= m <= {_TIMES}")
    return _Times(part, least, most)


def _pattern() -> ParserElement:
    escape = r"\\(?:[dwsDWS]|[^A-Za-z0-9])"
    member = rf"(?:{escape}|[^\\\]\[])"
    escaped = Regex(escape)
    charset = Regex(rf"\[\^?\]?{member}*\]")
    plain = CharsNotIn("\\[](){}*+?|^$.", exact=1).add_parse_action(lambda t: re.escape(t[0]))
    either = Forward()
    single = (escaped | charset | Literal(".") | plain).add_parse_action(_one)
    group = Suppress("(") - either - Suppress(")")
    mark = Regex(r"[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\}")
    atom = (single | group) + Opt(mark)
    atom.set_parse_action(_times)
    row = OneOrMore(atom).set_parse_action(lambda found: _Row(tuple(found)))
    either <<= (row + ZeroOrMore(Suppress("|") - row)).set_parse_action(
        lambda found: _Either(tuple(found)) if len(found) > 1 else found[0]
    )
    whole = either - StringEnd()
    for element in whole.visit_all():  # type: ignore[no-untyped-call]  # pyparsing forgot it
        element.leave_whitespace(recursive=False)
    return whole.parse_with_tabs()


_PATTERN = _pattern()
