"""Turn a pyparsing expression into one fast pattern that accepts the same texts.

Comes in: an expression in the subset below. Goes out: a ``Matcher`` whose answers are those of
pyparsing itself (``interpret.py``), at some hundred times the speed. Never interprets: what cannot
be translated is refused when the grammar is built.

The contract:

1. Every character of a text must be described: no whitespace is skipped, nothing may be left over.
2. The subset: ``And``, ``MatchFirst``, ``Opt``, ``ZeroOrMore``, ``OneOrMore``, ``Combine``,
   ``Suppress``, ``FollowedBy``, ``NotAny``, ``Regex``, ``Word``, ``Literal``, ``Keyword``,
   ``CharsNotIn``, ``Empty`` and, at the end, ``StringEnd``. No parse actions, no ``Forward``.
3. Names stand on tokens (or on a choice of tokens, or a ``Combine``), never on a sequence.
4. A match never backtracks into a finished part, so that hostile text costs linear time:
   ``A | B`` is ``(?>A|B)``, ``Opt(A)`` is ``(?>A|)``, ``A[...]`` is ``(?>(?:A)*)``. Repeats that
   capture are never possessive: CPython 3.11 to 3.13 then returns wrong groups (gh-101955).
"""

import re
from collections.abc import Callable, Iterator, Sequence

import pyparsing as pp

from logwatch_mx.errors import LogwatchError
from logwatch_mx.grammar.branches import Branch, Part, join
from logwatch_mx.grammar.matcher import (
    Chooser,
    Engine,
    Matcher,
    PatternChooser,
    PatternMatcher,
    PatternRow,
    RowMatcher,
)
from logwatch_mx.grammar.pattern import PatternError, atomic, may_be_empty

# `Literal("")` makes an Empty, `Literal(",")` a private class; CaselessLiteral is none of them.
_PLAIN_LITERALS = (pp.Literal, pp.Empty, type(pp.Literal(",")))
_UNLIMITED = pp.CharsNotIn("x").maxLen
_NO_DEFAULT = pp.Opt(pp.Empty()).defaultValue


class NotCompilableError(LogwatchError):
    """A grammar uses something outside the subset; ``str()`` is ``name: reason``."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def compile_expression(name: str, expr: pp.ParserElement) -> Matcher:
    """Return a matcher for *expr*; NotCompilableError, with *name*, when it is out of the subset.

    A name that occurs more than once has the value that stands last in the text.
    """
    parts = _translate(name, expr)
    names = [each for _, named in parts for each in named]
    return PatternMatcher(_whole(parts), names)


def compile_choice(named: Sequence[tuple[str, pp.ParserElement]]) -> Chooser:
    """Return a chooser for the expressions of *named*; NotCompilableError as above."""
    return PatternChooser([_translate(name, expr) for name, expr in named])


def compile_joined(
    head: pp.ParserElement, branches: Sequence[tuple[str, pp.ParserElement, frozenset[str]]]
) -> tuple[str, dict[int, Branch]]:
    """Return one pattern for *head* and behind it the first fitting of the (name, expr, tokens).

    Its groups are the tokens that each branch asks for, and the one that closes last tells the
    branch. NotCompilableError as above.
    """
    start = "".join(pattern for pattern, _ in _translate("head", head, frozenset()))
    pattern, told = join([_translate(name, expr, tokens) for name, expr, tokens in branches])
    return start + pattern, told


def compile_row(name: str, expr: pp.ParserElement) -> RowMatcher:
    """Return a matcher for *expr*, a sequence without choices; NotCompilableError as above."""
    return PatternRow(_whole(_translate(name, expr)))


def compile_slots(
    name: str, expr: pp.ParserElement
) -> tuple[Callable[[str], re.Match[str] | None], tuple[str, ...]]:
    """Return what matches a whole text, and the names of its groups in their order.

    A name that occurs more than once has several groups. NotCompilableError as above.
    """
    parts = _translate(name, expr)
    return re.compile(_whole(parts)).match, tuple(each for _, named in parts for each in named)


#: Matchers that are made once and are fast.
COMPILED = Engine(one=compile_expression, row=compile_row, first=compile_choice)


def _translate(
    name: str, expr: pp.ParserElement, wanted: frozenset[str] | None = None
) -> list[Part]:
    _check_string_end(name, expr, last=True)
    return list(_Translation(name, wanted).parts(expr))


def _whole(parts: Sequence[Part]) -> str:
    return "".join(pattern for pattern, _ in parts) + r"\Z"


class _Translation:
    """One walk over an expression; collects the names in the order of their groups.

    Only *wanted* tokens become groups (None: all of them): a group costs time.
    """

    def __init__(self, name: str, wanted: frozenset[str] | None) -> None:
        self.name = name
        self.names: list[str] = []
        self._wanted = wanted

    def parts(self, expr: pp.ParserElement) -> Iterator[Part]:
        """Return the patterns of the elements of a sequence, each with its names."""
        if isinstance(expr, pp.And) and not expr.resultsName:
            self._check_extras(expr)
            for part in expr.exprs:
                yield from self.parts(part)
            return
        before = len(self.names)
        pattern = self.translate(expr)
        yield pattern, tuple(self.names[before:])

    def translate(self, expr: pp.ParserElement) -> str:
        """Return the pattern of *expr* with its own name and those below it."""
        self._check_extras(expr)
        token = expr.resultsName
        if not token:
            return self._body(expr)
        if not expr.modalResults:
            raise self._refusal(expr, "a name that collects a list")
        if not _is_one_token(expr):
            raise self._refusal(expr, f"the name {token!r} is on a sequence (use Combine)")
        if self._wanted is not None and token not in self._wanted:
            return self._body(expr)
        self.names.append(token)
        if isinstance(expr, pp.Opt):
            return (
                f"(?>({self._unnamed(expr)})|)"  # no token when it is not there, not an empty one
            )
        return f"({self._body(expr)})"

    def _body(self, expr: pp.ParserElement) -> str:
        match expr:
            case pp.And():
                return "".join(self.translate(part) for part in expr.exprs)
            case pp.MatchFirst():
                return f"(?>{'|'.join(self.translate(part) for part in self._choices(expr))})"
            case pp.Opt():
                return f"(?>{self.translate(expr.expr)}|)"
            case pp.ZeroOrMore() | pp.OneOrMore():
                return self._repeat(expr)
            case pp.Suppress() | pp.Combine():
                return self._unnamed(expr)
            case pp.FollowedBy():
                return f"(?={self._unnamed(expr)})"
            case pp.NotAny():
                return f"(?!{self._unnamed(expr)})"
            case _:
                return self._token(expr)

    def _choices(self, expr: pp.MatchFirst) -> Iterator[pp.ParserElement]:
        # `A | B | C` is a choice in a choice.
        for part in expr.exprs:
            if isinstance(part, pp.MatchFirst) and not part.resultsName:
                self._check_extras(part)
                yield from self._choices(part)
            else:
                yield part

    def _repeat(self, expr: pp.ZeroOrMore | pp.OneOrMore) -> str:
        if expr.not_ender is not None or expr.max_count is not None:
            raise self._refusal(expr, "a repeat with stop_on or max (use ~ender + item)")
        before = len(self.names)
        body = self.translate(expr.expr)
        if may_be_empty(body):
            raise self._refusal(expr, "repeats something that may be empty")
        times = "*" if isinstance(expr, pp.ZeroOrMore) else "+"
        if len(self.names) > before:
            return f"(?>(?:{body}){times})"
        return f"(?:{body}){times}+"

    def _unnamed(self, expr: pp.ParseElementEnhance) -> str:
        before = len(self.names)
        body = self.translate(expr.expr)
        # pyparsing keeps or drops such names in ways of its own: nobody could tell from reading.
        if len(self.names) > before:
            raise self._refusal(expr, f"a name inside {type(expr).__name__}")
        return body

    def _token(self, expr: pp.ParserElement) -> str:
        try:
            return self._token_pattern(expr)
        except PatternError as error:
            raise NotCompilableError(self.name, str(error)) from error

    def _token_pattern(self, expr: pp.ParserElement) -> str:
        match expr:
            case pp.StringEnd():
                return r"\Z"
            case pp.Regex() if not (expr.asMatch or expr.asGroupList):
                return atomic(expr.re.pattern, expr.re.flags & ~re.UNICODE)
            case pp.Word() if getattr(expr, "re", None) and not expr.asKeyword:
                return atomic(expr.re.pattern)
            case pp.CharsNotIn():
                most = "" if expr.maxLen == _UNLIMITED else expr.maxLen
                return f"{_none_of(expr.notCharsSet)}{{{expr.minLen},{most}}}+"
            case pp.Keyword() if not expr.caseless:
                around = _one_of(expr.ident_chars)
                return f"(?<!{around}){re.escape(expr.match)}(?!{around})"
            case pp.Literal() if type(expr) in _PLAIN_LITERALS:
                return re.escape(expr.match)
        raise self._refusal(expr, f"{type(expr).__name__} is not in the subset")

    def _check_extras(self, expr: pp.ParserElement) -> None:
        if expr.parseAction or expr.failAction:
            raise self._refusal(expr, "a parse action")
        if expr.ignoreExprs:
            raise self._refusal(expr, "ignore()")
        if isinstance(expr, pp.Opt) and expr.defaultValue is not _NO_DEFAULT:
            raise self._refusal(expr, "Opt with a default")
        if isinstance(expr, pp.Combine) and (not expr.adjacent or expr.joinString):
            raise self._refusal(expr, "Combine with a join string")
        if isinstance(expr, pp.And | pp.MatchFirst) and not expr.exprs:
            raise self._refusal(expr, "an empty sequence or choice")

    def _refusal(self, expr: pp.ParserElement, reason: str) -> NotCompilableError:
        return NotCompilableError(self.name, f"{reason}: {expr}")


def _is_one_token(expr: pp.ParserElement) -> bool:
    """Return whether *expr* yields exactly the text that it matched, or nothing."""
    match expr:
        case pp.Opt():
            return _always_one_token(expr.expr)
        case _:
            return _always_one_token(expr)


def _always_one_token(expr: pp.ParserElement) -> bool:
    match expr:
        case pp.MatchFirst():
            return all(_always_one_token(part) and not part.resultsName for part in expr.exprs)
        case pp.Combine():
            return not _drops_text(expr.expr)
        case pp.Empty():
            return False
        case _:
            return isinstance(expr, pp.Regex | pp.Word | pp.Literal | pp.Keyword | pp.CharsNotIn)


def _drops_text(expr: pp.ParserElement) -> bool:
    return isinstance(expr, pp.Suppress) or any(_drops_text(part) for part in expr.recurse())


def _check_string_end(name: str, expr: pp.ParserElement, *, last: bool) -> None:
    # pyparsing steps *behind* the end there, where even an empty token fails; a pattern does not.
    if isinstance(expr, pp.StringEnd) and not last:
        raise NotCompilableError(name, f"something follows the end of the text: {expr}")
    parts = expr.recurse()
    for number, part in enumerate(parts, start=1):
        match expr:
            case pp.And():
                at_end = last and number == len(parts)
            case pp.FollowedBy() | pp.NotAny():
                at_end = True
            case pp.ZeroOrMore() | pp.OneOrMore():
                at_end = False
            case _:
                at_end = last
        _check_string_end(name, part, last=at_end)


def _one_of(characters: set[str]) -> str:
    return f"[{''.join(re.escape(each) for each in sorted(characters))}]"


def _none_of(characters: set[str]) -> str:
    if not characters:
        return r"[\s\S]"
    return f"[^{''.join(re.escape(each) for each in sorted(characters))}]"
