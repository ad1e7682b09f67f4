"""What may stand in a ``Regex`` token, and how one becomes a piece of a larger pattern.

Comes in: the text and flags of one regular expression. Goes out: the same expression as an atomic
piece, the texts that it requires, or a reason why it cannot be used. Looks at the standard
library's own parse tree of the expression; never runs it.
"""

import importlib
import re
from collections.abc import Iterator
from typing import Any

# The parser behind `re.compile`. It has no public name since 3.11 deprecated `sre_parse`, and the
# facts wanted here (groups, categories, nested repeats) cannot be had from a compiled pattern.
_sre = importlib.import_module("re._parser")
_op = importlib.import_module("re._constants")

_FLAGS = {re.IGNORECASE: "i", re.DOTALL: "s", re.MULTILINE: "m", re.ASCII: "a"}
_ALLOWED = re.IGNORECASE | re.DOTALL | re.MULTILINE | re.ASCII | re.UNICODE
_REPEATS = (_op.MAX_REPEAT, _op.MIN_REPEAT, _op.POSSESSIVE_REPEAT)
_BACKTRACKING = (_op.MAX_REPEAT, _op.MIN_REPEAT)
_ONE_CHARACTER = (_op.LITERAL, _op.NOT_LITERAL, _op.IN, _op.ANY)

#: A run of text that must be there, or None where anything may be.
Piece = str | None


class PatternError(ValueError):
    """The expression cannot be a token; the text says why and what to write in its place."""


def atomic(pattern: str, flags: int = 0) -> str:
    r"""Return *pattern* as a piece that never gives back what it matched, as pyparsing never does.

    PatternError: it captures, depends on Unicode tables (``\d`` without
    ``re.ASCII``), sets flags from inside, or repeats a repeat in a way that backtracks.
    """
    tree = _parse(pattern, flags)
    for fault in _faults(tree, ascii_only=bool(flags & re.ASCII)):
        raise PatternError(f"{fault}: {pattern!r}")
    letters = "".join(letter for flag, letter in _FLAGS.items() if flags & flag)
    if letters:
        return f"(?>(?{letters}:{pattern}))"
    head, rest = _split(pattern)
    return head + _grouped(rest)


def pieces(pattern: str, flags: int = 0) -> list[Piece]:
    """Return the texts that every match of *pattern* holds, in order, None between where unsure."""
    if flags & re.IGNORECASE:
        return [None]
    return _pieces(_parse(pattern, flags))


def may_be_empty(pattern: str, flags: int = 0) -> bool:
    """Return whether *pattern* can match without taking a character."""
    least: int = _parse(pattern, flags).getwidth()[0]
    return least == 0


def common(branches: list[list[Piece]]) -> list[Piece]:
    """Return what every branch of a choice requires, each between gaps."""
    kept: list[Piece] = [None]
    for text in (piece for branch in branches for piece in branch if piece):
        if text in kept:
            continue
        if all(any(text in piece for piece in branch if piece) for branch in branches):
            kept += [text, None]
    return kept


def _parse(pattern: str, flags: int) -> Any:  # noqa: ANN401 - the library's parse tree has no type
    if flags & ~_ALLOWED:
        raise PatternError(f"flags other than I, S, M and A: {pattern!r}")
    if _sre.parse(pattern, 0).state.flags & ~re.UNICODE:
        raise PatternError(f"a global inline flag (write it as (?i:…)): {pattern!r}")
    return _sre.parse(pattern, flags)


def _faults(tree: Any, *, ascii_only: bool, inside_repeat: bool = False) -> Iterator[str]:  # noqa: ANN401 - as above
    for op, value in tree:
        if op is _op.SUBPATTERN and value[0] is not None:
            yield "a capturing group (write (?:…) and put the name on the token)"
        if not ascii_only and _depends_on_unicode(op, value):
            yield r"\d, \w, \s or \b means other alphabets too (write [0-9] or give re.ASCII)"
        repeats = op in _REPEATS and value[1] is _op.MAXREPEAT
        if repeats and inside_repeat and op in _BACKTRACKING:
            yield "a repeat inside a repeat that can backtrack (write the inner one as *+ or ++)"
        for child in _children(op, value):
            # An atomic group or a lookaround is left in one way only, so the count starts anew.
            fresh = op in (_op.ATOMIC_GROUP, _op.ASSERT, _op.ASSERT_NOT)
            yield from _faults(
                child,
                ascii_only=ascii_only,
                inside_repeat=repeats or (inside_repeat and not fresh),
            )


def _depends_on_unicode(op: object, value: Any) -> bool:  # noqa: ANN401 - as above
    if op is _op.IN:
        return any(kind is _op.CATEGORY for kind, _ in value)
    return op is _op.AT and value in (_op.AT_BOUNDARY, _op.AT_NON_BOUNDARY)


def _children(op: object, value: Any) -> list[Any]:  # noqa: ANN401 - as above
    if op is _op.SUBPATTERN:
        return [value[3]]
    if op is _op.BRANCH:
        return list(value[1])
    if op in _REPEATS:
        return [value[2]]
    if op is _op.ATOMIC_GROUP:
        return [value]
    if op in (_op.ASSERT, _op.ASSERT_NOT):
        return [value[1]]
    return []


_LITERALS = re.compile(r"(?:[A-Za-z0-9 _:=,;<>'\"/@%&~!-]|\\[^A-Za-z0-9])*+")


def _split(pattern: str) -> tuple[str, str]:
    """Return the characters that *pattern* begins with, and what follows them.

    A choice passes by a branch whose first character is another one; it does not look into groups.
    """
    found = _LITERALS.match(pattern)
    end = found.end() if found else 0
    while end > 0:
        head, rest = pattern[:end], pattern[end:]
        # Not in `ab*` nor in `ab|ac`, where the whole means something else than its two parts.
        if rest[:1] not in set("*+?{") and _tree(head) + _tree(rest) == _tree(pattern):
            return head, rest
        end -= 1 if rest[:1] in set("*+?{") else end
    return "", pattern


def _tree(pattern: str) -> str:
    return "".join(map(str, _sre.parse(pattern)))


def _grouped(pattern: str) -> str:
    items = list(_sre.parse(pattern))
    if "|" in pattern:
        return f"(?>{pattern})"  # also of `a|b`, whose tree is that of `[ab]`
    if all(op in _ONE_CHARACTER for op, _ in items):
        return pattern  # one way to match only: nothing to give back
    if _ends_in_plain_repeat(items) and pattern[-1] in "*+?}":
        return pattern + "+"  # `[0-9]+` to `[0-9]++`, which is quicker than a group around it
    return f"(?>{pattern})"


def _ends_in_plain_repeat(items: list[Any]) -> bool:
    *head, (op, value) = items
    if op is not _op.MAX_REPEAT or any(kind not in _ONE_CHARACTER for kind, _ in head):
        return False
    body = list(value[2])
    return len(body) == 1 and body[0][0] in _ONE_CHARACTER


def _pieces(tree: Any) -> list[Piece]:  # noqa: ANN401 - as above
    found: list[Piece] = []
    for op, value in tree:
        match op:
            case _op.LITERAL:
                found.append(chr(value))
            case _op.SUBPATTERN:
                found += [None] if value[1] & re.IGNORECASE else _pieces(value[3])
            case _op.ATOMIC_GROUP:
                found += _pieces(value)
            case _op.BRANCH:
                found += common([merge(_pieces(branch)) for branch in value[1]])
            case _op.ASSERT if value[0] > 0:
                found += [*_pieces(value[1]), None]
            case _op.AT | _op.ASSERT | _op.ASSERT_NOT:
                pass  # takes no text, so what stands around it stays adjacent
            case _ if op in _REPEATS and value[0] > 0:
                found += [*_pieces(value[2]), None]
            case _:
                found.append(None)
    return found


def merge(found: list[Piece]) -> list[Piece]:
    """Return *found* with neighbouring texts joined and double gaps taken out."""
    merged: list[Piece] = [None]
    for piece in found:
        last = merged[-1]
        if piece is None:
            if last is not None:
                merged.append(None)
        elif last is None:
            merged.append(piece)
        else:
            merged[-1] = last + piece
    return merged
