"""The usual form of the lines of one MTA, and what of it is counted.

Comes in: a dialect's kinds. Goes out: one pattern for the header and the text of a line, of whose
tokens none is kept but those that are counted, and what a match of it means.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import methodcaller
from typing import Any

from msgspec import Struct, structs
from pyparsing import MatchFirst, Regex, StringEnd

from logwatch_mx.grammar import bulk_postfix, bulk_sendmail, logger, postfix, sendmail
from logwatch_mx.grammar.branches import Branch
from logwatch_mx.grammar.bulk import BSD, ISO
from logwatch_mx.grammar.compile import compile_joined
from logwatch_mx.grammar.header import LEVEL
from logwatch_mx.grammar.kind import LineKind, Outcome
from logwatch_mx.model.event import KIND_OF, Mta, Other

_TAGS = {Mta.POSTFIX: bulk_postfix.TAG, Mta.SENDMAIL: bulk_sendmail.TAG}
_KINDS = {Mta.POSTFIX: postfix.KINDS, Mta.SENDMAIL: sendmail.KINDS}


def _nothing(_: re.Match[str]) -> tuple[str | None, ...]:
    return ()


def without_absent(names: Sequence[str], values: Sequence[str | None]) -> dict[str, str]:
    """Return the tokens *names* by their *values*, but for those that took no part."""
    named = zip(names, values, strict=True)
    return {name: value for name, value in named if value is not None}


#: Reads the token that names the recipients.
Recipients = Callable[[str], Sequence[str]]


class Slots(Struct, frozen=True):
    """Where a match of a delivery has the tokens of its *outcome*.

    *take* gives them in the order of *names*. *to* takes the recipients and *say* the others, in
    the order of *said*; *to* is None where a token is now in one place, now in another.
    """

    outcome: Outcome
    names: tuple[str, ...]
    take: Callable[[re.Match[str]], tuple[str | None, ...]]
    said: tuple[str, ...] = ()
    say: Callable[[re.Match[str]], tuple[str | None, ...]] = _nothing
    to: Callable[[re.Match[str]], str] | None = None


class Form(Struct, frozen=True):
    """The usual form of the lines of one MTA.

    A match's last group tells the *kinds* whose lines are counted as they are, and the *slots* of
    those whose outcome is. Any other is that of a line in no usual form.
    """

    mta: Mta
    match: Callable[[str], re.Match[str]]
    kinds: Mapping[int, str]
    slots: Mapping[int, Slots]


@cache
def form_of(mta: Mta) -> Form:
    """Return the usual form of *mta*, made when the first of its lines comes."""
    # A kind of certain daemons alone is one of daemons that have no usual form.
    kinds = list(_runs(kind for kind in (logger.REPEATED, *_KINDS[mta]) if kind.agents is None))
    head = (
        (Regex(BSD) | Regex(ISO))
        + " "
        + ~LEVEL
        + Regex("[^ :<]+ ")
        + Regex(_TAGS[mta] + r"(?=\[)")
        + Regex(r"\[[0-9]{1,7}\]: (?![ \[])")
    )
    wanted = [kind.outcome.tokens | {"to"} if kind.outcome else frozenset[str]() for kind in kinds]
    pattern, branches = compile_joined(
        head, [(kind.name, kind.expr, names) for kind, names in zip(kinds, wanted, strict=True)]
    )
    told: dict[int, str] = {}
    slots: dict[int, Slots] = {}
    for teller, branch in branches.items():
        kind = kinds[branch.number]
        if kind.makes is not None:
            told[teller] = KIND_OF[kind.makes]
        elif kind.outcome is not None:
            slots[teller] = _slots(kind.outcome, branch)
    # What the reader takes off the end of a text must not be there; and no match is None.
    match: Any = re.compile(rf"{pattern}(?<![ \t\r])|()").match
    return Form(mta, match, told, slots)


def _runs(kinds: Iterable[LineKind]) -> Iterator[LineKind]:
    """Yield *kinds*, those of ``Other`` that follow each other as one: there is less to tell.

    Most of them begin alike in nothing; other kinds share the search for a queue id.
    """
    for makes, run in groupby(kinds, key=lambda kind: kind.makes):
        alike = list(run)
        if makes is not Other or len(alike) == 1:
            yield from alike
        else:
            whole = [kind.expr + StringEnd() for kind in alike]
            yield structs.replace(alike[0], expr=MatchFirst(whole).leave_whitespace())


def _slots(outcome: Outcome, branch: Branch) -> Slots:
    take = _taker(branch.groups)
    groups = dict(zip(branch.names, branch.groups, strict=True))
    if len(groups) < len(branch.names):
        return Slots(outcome, branch.names, take)
    to: Any = methodcaller("group", groups.pop("to"))
    say = _taker(tuple(groups.values())) if groups else _nothing
    return Slots(outcome, branch.names, take, tuple(groups), say, to)


def _taker(groups: Sequence[int]) -> Callable[[re.Match[str]], tuple[str | None, ...]]:
    if len(groups) == 1:  # `group` of one group is no tuple
        return lambda match: (match[groups[0]],)
    take: Any = methodcaller("group", *groups)
    return take  # type: ignore[no-any-return]  # a methodcaller has no type
