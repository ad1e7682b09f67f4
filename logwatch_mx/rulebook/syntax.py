"""The grammar of conditions, in pyparsing: text in, a tree out, or a ``Fault`` at an offset.

::

    delivery and status is sent and relay is self and not (relay.port is 10024 or domain is own)

``not`` binds tighter than ``and``, ``and`` tighter than ``or``. Nothing is known here of fields
and kinds.
"""

import re
from typing import Any

from pyparsing import (
    DelimitedList,
    Forward,
    Keyword,
    Literal,
    MatchFirst,
    Opt,
    ParseBaseException,
    ParserElement,
    ParseResults,
    Regex,
    StringEnd,
    Suppress,
    ZeroOrMore,
)

from logwatch_mx.rulebook.tree import (
    BARE,
    RESERVED,
    All,
    Compare,
    Form,
    Node,
    Not,
    Op,
    Some,
    Value,
    Word,
)

#: A condition is written by hand: these are far above any in use, and keep the parser's stack flat.
LONGEST = 4000
DEEPEST = 12

_SYMBOLS = {"==": Op.IS, "<": Op.LESS, "<=": Op.AT_MOST, ">": Op.MORE, ">=": Op.AT_LEAST}
_STRING = r'"(?:[^"\\\n]|\\.)*"' + "|" + r"'(?:[^'\\\n]|\\.)*'"
_REGEX = r"/(?:[^/\\\n]|\\.)+/i?"
_TOKEN = re.compile(rf"{_STRING}|{_REGEX}|[A-Za-z0-9_.:@*+/-]+|[<>=!]+|\S", re.DOTALL)


class Fault(Exception):  # noqa: N818 - never leaves the room: ``condition`` turns it to a ConfigError
    """What is wrong with a condition, and the offset in its text."""

    def __init__(self, at: int, said: str) -> None:
        super().__init__(said)
        self.at = at
        self.said = said


def parse(text: str) -> Node:
    """Return the tree of *text*; raise ``Fault`` where it is no condition."""
    if len(text) > LONGEST:
        raise Fault(LONGEST, f"a condition has at most {LONGEST} characters")
    if not text.strip():
        raise Fault(0, "the condition is empty")
    _refuse_depth(text)
    try:
        node: Node = _CONDITION.parse_string(text)[0]
    except ParseBaseException as error:
        raise _explained(text, error) from None
    return node


def _refuse_depth(text: str) -> None:
    depth = nots = 0
    for token in _TOKEN.finditer(text):
        word = token.group()
        nots = nots + 1 if word == "not" else 0
        depth += (word == "(") - (word == ")")
        if depth > DEEPEST or nots > DEEPEST:
            raise Fault(token.start(), f"more than {DEEPEST} of these within each other")


def _explained(text: str, error: ParseBaseException) -> Fault:
    at = error.loc + len(text[error.loc :]) - len(text[error.loc :].lstrip(" \t\r\n"))
    found = _TOKEN.match(text, at)
    if found is None:
        return Fault(at, f"{error.msg[:1].lower()}{error.msg[1:]}, found the end")
    token = found.group()
    if token in {'"', "'"}:
        return Fault(at, "this text is not closed")
    if token.startswith("/") and not re.fullmatch(_REGEX, token, re.DOTALL):
        return Fault(at, "this pattern is empty or not closed")
    return Fault(at, f"{error.msg[:1].lower()}{error.msg[1:]}, found {token[:40]!r}")


def _unquoted(_text: str, at: int, found: ParseResults) -> Value:
    return Value(re.sub(r"\\(.)", r"\1", found[0][1:-1], flags=re.DOTALL), Form.QUOTED, at)


def _bare(_text: str, at: int, found: ParseResults) -> Value:
    return Value(found[0], Form.BARE, at)


def _pattern(_text: str, at: int, found: ParseResults) -> Value:
    text: str = found[0]
    if text.endswith("i"):
        return Value(text[1:-2], Form.REGEX_ANY_CASE, at)
    return Value(text[1:-1], Form.REGEX, at)


def _term(found: ParseResults) -> Node:
    word: Word = found[0]
    rest = found[1:]
    if not rest:
        return word
    negated = "not" in rest or "!=" in rest
    op = next((_SYMBOLS.get(item) or Op(item) for item in rest if _is_op(item)), Op.IS)
    values = tuple(item for item in rest if isinstance(item, Value))
    node = Compare(word.name, op, values, word.at)
    return Not(node) if negated else node


def _is_op(item: Any) -> bool:  # noqa: ANN401 - tokens are what pyparsing hands over
    return isinstance(item, str) and (item in _SYMBOLS or (item in set(Op)))


def _negated(_text: str, _at: int, found: ParseResults) -> Node:
    *nots, node = found
    for _ in nots:
        node = Not(node)
    return node  # type: ignore[no-any-return]  # the last token is the term's node


def _joined(kind: type[All | Some]) -> Any:  # noqa: ANN401 - a parse action
    return lambda found: kind(tuple(found)) if len(found) > 1 else found[0]


def _grammar() -> ParserElement:
    def word(text: str) -> ParserElement:
        return Keyword(text).set_name(f'"{text}"')

    reserved = MatchFirst([Keyword(text) for text in sorted(RESERVED)])
    # The action sits on the token: an And is entered before the blanks in front of it.
    name = ~reserved + Regex(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*").set_parse_action(
        lambda _text, at, found: Word(found[0], at)
    )
    quoted = Regex(_STRING, re.DOTALL).set_parse_action(_unquoted)
    bare = ~reserved + Regex(BARE.pattern).set_parse_action(_bare)
    value = (quoted | bare).set_name("a value")
    text = quoted.copy().set_name('a text in quotes ("...")')
    pattern = Regex(_REGEX, re.DOTALL).set_parse_action(_pattern).set_name("a pattern (/.../)")
    several = Suppress("{") - DelimitedList(value) - Suppress(Literal("}").set_name('"," or "}"'))
    among = (several | value).set_name("a set ({a, b}) or a network (10.0.0.0/8)")
    symbol = MatchFirst([Literal(text) for text in ("==", "!=", "<=", ">=", "<", ">")])
    starts = word("starts") - Suppress(word("with"))
    ends = word("ends") - Suppress(word("with"))
    tail = MatchFirst(
        [
            word("exists"),
            word("is") - Opt(word("not")) - value,
            symbol - value,
            Opt(word("not"))
            + MatchFirst(
                [
                    word("in") - among,
                    word("contains") - text,
                    starts.set_parse_action(lambda: Op.STARTS.value) - text,
                    ends.set_parse_action(lambda: Op.ENDS.value) - text,
                    word("matches") - pattern,
                ]
            ),
        ]
    )
    either = Forward()
    term = (name + Opt(tail)).set_parse_action(_term)
    group = Suppress("(") - either - Suppress(Literal(")").set_name('"and", "or" or ")"'))
    operand = (group | term).set_name('a kind of event, a field, "not" or "("')
    single = (ZeroOrMore(Keyword("not")) + operand).set_parse_action(_negated)
    both = (single + ZeroOrMore(Suppress(Keyword("and")) - single)).set_parse_action(_joined(All))
    either <<= (both + ZeroOrMore(Suppress(Keyword("or")) - both)).set_parse_action(_joined(Some))
    end = StringEnd().set_name('an operator (is, in, contains ...), "and", "or" or the end')
    return (either - end).parse_with_tabs()


_CONDITION = _grammar()
