"""Count what the lines of a log are: each is read whole, but no event is made of it.

Comes in: the texts of lines, in the order of the log. Goes out: how many there are of each kind,
and the status and the recipients of deliveries, as ``Reader`` would have read them. A line in the
usual form is told by one match of its header and its dialect's kinds together, of which no token
is kept but those that are counted; every other line is read by a ``Reader``.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import compress, groupby
from operator import attrgetter, methodcaller
from typing import Any

from msgspec import Struct, structs
from pyparsing import MatchFirst, Regex, StringEnd

from logwatch_mx.grammar import logger, postfix, sendmail
from logwatch_mx.grammar.branches import Branch
from logwatch_mx.grammar.compile import compile_joined
from logwatch_mx.grammar.header import LEVEL
from logwatch_mx.grammar.kind import LineKind, Outcome
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.model.event import KIND_OF, Delivery, Event, Gap, Mta, Other
from logwatch_mx.model.line import Line

# Stamps of days that every year has; what is odd about others is the reader's to know.
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_BSD = Regex(
    "(?:J(?:an|u[nl])|Feb|Ma[ry]|A(?:pr|ug)|Sep|Oct|Nov|Dec) "
    "(?: [1-9]|1[0-9]|2[0-8]|(?<!Feb )(?:29|30)|(?<=(?:Jan|Mar|May|Jul|Aug|Oct|Dec) )31) " + _CLOCK
)
_ISO = Regex(
    "20[0-9]{2}-(?:0[1-9]|1[0-2])-"
    "(?:0[1-9]|1[0-9]|2[0-8]|(?<!02-)(?:29|30)|(?<=(?:01|03|05|07|08|10|12)-)31)"
    rf"T{_CLOCK}(?:\.[0-9]{{1,6}})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
)
_TAGS = {
    # Daemons for which all kinds are tried, and whose status is what the line says (that of
    # discard(8) is not).
    Mta.POSTFIX: (
        r"postfix[^ /\[\]:<>{}\"]*+/(?:(?:submissions?|smtps)/)?(?:smtpd?|qmgr|cleanup|lmtp|local"
        r"|pickup|bounce|error|anvil|virtual|pipe|scache|postscreen|tlsproxy|dnsblog|verify"
        r"|trivial-rewrite)(?=\[)"
    ),
    Mta.SENDMAIL: r"(?:sm-(?:mta|msp-queue|que)|sendmail)(?=\[)",
}
_KINDS = {Mta.POSTFIX: postfix.KINDS, Mta.SENDMAIL: sendmail.KINDS}

# So many matches are held at once: few enough to stay in the processor's cache.
_AT_ONCE = 500

_DELIVERY = KIND_OF[Delivery]
# rsyslog says what it does not repeat: `postfix/smtp[1]: message repeated 5 times: [ AB12: to=…]`
_REPEATED_TEXT = re.compile(
    r"(.*?)(?:last )?message repeated [0-9]+ times: \[ ?(.*)\] *", re.DOTALL
)
_REPEATED = "message repeated "

_teller: Callable[[re.Match[str]], int] = attrgetter("lastindex")


def _nothing(_: re.Match[str]) -> tuple[str | None, ...]:
    return ()


def _alone(address: str) -> Sequence[str]:
    return (address,)


def _named(names: Sequence[str], values: Sequence[str | None]) -> dict[str, str]:
    named = zip(names, values, strict=True)
    return {name: value for name, value in named if value is not None}


_Recipients = Callable[[str], Sequence[str]]


class _Slots(Struct, frozen=True):
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


class _Form(Struct, frozen=True):
    """The usual form of the lines of one MTA.

    A match's last group tells the *kinds* whose lines are counted as they are, and the *slots* of
    those whose outcome is. Any other is that of a line in no usual form.
    """

    mta: Mta
    match: Callable[[str], re.Match[str]]
    kinds: Mapping[int, str]
    slots: Mapping[int, _Slots]


class Census:
    """Adds the figures of one log, read in its order: *reader* is its own.

    *kinds* counts lines by their kind, *statuses* deliveries by theirs. What the logger says of
    repeats counts so many times.
    """

    def __init__(self, reader: Reader, kinds: Counter[str], statuses: Counter[str]) -> None:
        self.kinds = kinds
        self.statuses = statuses
        self._to: defaultdict[_Recipients, Counter[str]] = defaultdict(Counter)
        self._read = reader.read
        self._forms: list[_Form] = []
        self._last = ""

    def count(self, texts: Sequence[str]) -> None:
        """Count the lines *texts*, which follow those counted before."""
        for start in range(0, len(texts), _AT_ONCE):
            part = texts[start : start + _AT_ONCE]
            odd: Sequence[int] = range(len(part))
            for form in self._forms:
                odd = odd and self._tell(form, part, odd)
            for index in odd:
                self._count_odd(part, index)
            self._last = self._said_before(part, len(part))

    def note(self, event: Event, before: Event | None) -> None:
        """Count *event*, which follows *before* in the log."""
        self._add(event)
        if isinstance(event, Gap) and event.repeated:
            inner = _REPEATED_TEXT.fullmatch(event.line.text)
            again = before if inner is None else self._read(Line(inner[1] + inner[2]))
            if again is not None:
                self._add(again, event.count)

    @property
    def named(self) -> int:
        """How many recipients ``take_recipients`` would yield, more or less."""
        return sum(map(len, self._to.values()))

    def take_recipients(self) -> Iterator[tuple[str, int]]:
        """Yield recipients and how often they were named since the last call.

        What stands before the ``@`` may be missing.
        """
        counted, self._to = self._to, defaultdict(Counter)
        for read, texts in counted.items():
            for text, times in texts.items():
                for address in read(text):
                    yield address, times

    def _add(self, event: Event, times: int = 1) -> None:
        self.kinds[event.kind] += times
        if isinstance(event, Delivery):
            self.statuses[event.status.value] += times
            for recipient in event.recipients:
                self._to[_alone][recipient] += times

    def _tell(self, form: _Form, part: Sequence[str], asked: Sequence[int]) -> Sequence[int]:
        """Count the lines of *part* at the indexes *asked* that *form* tells; return the others."""
        texts = part if len(asked) == len(part) else [part[index] for index in asked]
        found = list(map(form.match, texts))
        tellers = list(map(_teller, found))
        odd: list[int] = []
        for teller, times in Counter(tellers).items():
            kind, slots = form.kinds.get(teller), form.slots.get(teller)
            if kind is not None:
                self.kinds[kind] += times
            elif slots is not None:
                matches = list(compress(found, map(teller.__eq__, tellers)))
                unknown = self._count_outcomes(slots, matches)
                odd += (asked[found.index(match)] for match in unknown)
            else:
                odd += compress(asked, map(teller.__eq__, tellers))
        return sorted(odd)

    def _count_outcomes(
        self, slots: _Slots, matches: Sequence[re.Match[str]]
    ) -> list[re.Match[str]]:
        """Count the deliveries *matches*; return those whose builder must be asked."""
        if slots.to is None:
            return [match for match in matches if not self._count_delivery(slots, match)]
        statuses: Counter[str] = Counter()
        for values, times in Counter(map(slots.say, matches)).items():
            status = slots.outcome.status(_named(slots.said, values))
            if status is None:
                return [match for match in matches if not self._count_delivery(slots, match)]
            statuses[status.value] += times
        self.statuses.update(statuses)
        self.kinds[_DELIVERY] += len(matches)
        texts: Iterable[str] = map(slots.to, matches)
        if slots.outcome.plain:
            texts = (text[at:] if (at := text.find("@")) > 0 else text for text in texts)
        self._to[slots.outcome.recipients].update(texts)
        return []

    def _count_delivery(self, slots: _Slots, match: re.Match[str]) -> bool:
        tokens = _named(slots.names, slots.take(match))
        status = slots.outcome.status(tokens)
        if status is None:
            return False
        self.statuses[status.value] += 1
        self.kinds[_DELIVERY] += 1
        self._to[slots.outcome.recipients][tokens["to"]] += 1
        return True

    def _count_odd(self, part: Sequence[str], index: int) -> None:
        event = self._read(Line(part[index]))
        if event.mta is not None and all(form.mta is not event.mta for form in self._forms):
            self._forms.append(_form(event.mta))
        before = None
        if isinstance(event, Gap) and (text := self._said_before(part, index)):
            before = self._read(Line(text))
        self.note(event, before)

    def _said_before(self, part: Sequence[str], index: int) -> str:
        """Return the last line before *index* that is no notice of repeats itself."""
        before = (part[at] for at in range(index - 1, -1, -1))
        return next((text for text in before if not self._is_notice(text)), self._last)

    def _is_notice(self, text: str) -> bool:
        if _REPEATED not in text:
            return False
        event = self._read(Line(text))
        return isinstance(event, Gap) and event.repeated


@cache
def _form(mta: Mta) -> _Form:
    """Return the usual form of *mta*, made when the first of its lines comes."""
    # A kind of certain daemons alone is one of daemons that have no usual form.
    kinds = list(_runs(kind for kind in (logger.REPEATED, *_KINDS[mta]) if kind.agents is None))
    head = (
        (_BSD | _ISO)
        + " "
        + ~LEVEL
        + Regex("[^ :<]+ ")
        + Regex(_TAGS[mta])
        + Regex(r"\[[0-9]{1,7}\]: (?![ \[])")
    )
    wanted = [kind.outcome.tokens | {"to"} if kind.outcome else frozenset[str]() for kind in kinds]
    pattern, branches = compile_joined(
        head, [(kind.name, kind.expr, names) for kind, names in zip(kinds, wanted, strict=True)]
    )
    told: dict[int, str] = {}
    slots: dict[int, _Slots] = {}
    for teller, branch in branches.items():
        kind = kinds[branch.number]
        if kind.makes is not None:
            told[teller] = KIND_OF[kind.makes]
        elif kind.outcome is not None:
            slots[teller] = _slots(kind.outcome, branch)
    # What the reader takes off the end of a text must not be there; and no match is None.
    match: Any = re.compile(rf"{pattern}(?<![ \t\r])|()").match
    return _Form(mta, match, told, slots)


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


def _slots(outcome: Outcome, branch: Branch) -> _Slots:
    take = _taker(branch.groups)
    groups = dict(zip(branch.names, branch.groups, strict=True))
    if len(groups) < len(branch.names):
        return _Slots(outcome, branch.names, take)
    to: Any = methodcaller("group", groups.pop("to"))
    say = _taker(tuple(groups.values())) if groups else _nothing
    return _Slots(outcome, branch.names, take, tuple(groups), say, to)


def _taker(groups: Sequence[int]) -> Callable[[re.Match[str]], tuple[str | None, ...]]:
    if len(groups) == 1:  # `group` of one group is no tuple
        return lambda match: (match[groups[0]],)
    take: Any = methodcaller("group", *groups)
    return take  # type: ignore[no-any-return]  # a methodcaller has no type
