"""Count what the lines of a log are: each is read whole, but no event is made of it.

Comes in: the bytes of lines, in the order of the log. Goes out: how many there are of each kind,
and the status and the recipients of deliveries, as ``Reader`` would have read them. Nearly all are
told at once, by a pattern that goes over many lines (``bulk.py``). Of the others those in the usual
form are told by one match of their header and their dialect's kinds together, of which no token is
kept but those that are counted; every line that is left is read by a ``Reader``.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress
from operator import attrgetter

from logwatch_mx.grammar.bulk import UNKNOWN, Bulk, Mark, bulk_of, recipients
from logwatch_mx.grammar.form import Form, Recipients, Slots, form_of, without_absent
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.model.event import KIND_OF, Delivery, Event, Gap, Mta
from logwatch_mx.model.line import Line

# So many bytes are told at once, of so many of their lines the matches are held: few enough to stay
# in the processor's cache.
_PIECE = 1 << 17
_AT_ONCE = 500
#: So many lines of an MTA are read before its form is made, which takes as long as reading twice as
#: many.
WORTH = 8000
# The MTA is looked for in so many of the first lines.
_FIRST = 50

_DELIVERY = KIND_OF[Delivery]
# rsyslog says what it does not repeat: `postfix/smtp[1]: message repeated 5 times: [ AB12: to=…]`
_REPEATED_TEXT = re.compile(
    r"(.*?)(?:last )?message repeated [0-9]+ times: \[ ?(.*)\] *", re.DOTALL
)
_REPEATED = "message repeated "

_teller: Callable[[re.Match[str]], int] = attrgetter("lastindex")


def _alone(address: str) -> Sequence[str]:
    return (address,)


def _from_at(text: str) -> str:
    """Return the list of addresses *text* without what is in front of the ``@`` of its first."""
    name, at, rest = text.partition("@")
    return text if "," in name else at + rest or text


class _Piece:
    """Whole lines, the bytes of *data* from *start* to *stop*; cut when they are asked for."""

    def __init__(self, data: bytes, start: int, stop: int) -> None:
        self.data = data
        self.start = start
        self.stop = stop

    @property
    def last(self) -> str:
        """The last line."""
        before = self.data.rfind(b"\n", self.start, self.stop - 1)
        return _decoded(self.data[max(before + 1, self.start) : self.stop - 1])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> str:
        return _decoded(self.rows[index])

    @cached_property
    def rows(self) -> list[bytes]:
        """The lines without their ends."""
        rows = self.data[self.start : self.stop].split(b"\n")
        rows.pop()
        return rows


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


class Census:
    """Adds the figures of one log, read in its order: *reader* is its own.

    *kinds* counts lines by their kind, *statuses* deliveries by theirs. What the logger says of
    repeats counts so many times. *worth*: see ``WORTH``.
    """

    def __init__(
        self,
        reader: Reader,
        kinds: Counter[str],
        statuses: Counter[str],
        *,
        worth: int = WORTH,
    ) -> None:
        self.kinds = kinds
        self.statuses = statuses
        self._to: defaultdict[Recipients, Counter[str]] = defaultdict(Counter)
        self._told: dict[bytes, int] = {}
        self._read = reader.read
        self._bulks: list[Bulk] = []
        self._forms: list[Form] = []
        self._worth = worth
        self._been_read: Counter[Mta] = Counter()
        self._last = ""

    def count(self, texts: Iterable[str]) -> None:
        """Count the lines *texts*, which follow those counted before."""
        whole = "".join(f"{text}\n" for text in texts)
        self.count_whole(whole.encode("utf-8", "surrogateescape"))

    def count_whole(self, data: bytes) -> None:
        r"""Count the whole lines *data*, which follow those counted before; each ends in ``\n``."""
        start = 0
        while start < len(data):
            stop = data.rfind(b"\n", start, start + _PIECE) + 1
            stop = stop or data.find(b"\n", start + _PIECE) + 1
            self._count_piece(_Piece(data, start, stop))
            start = stop

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
        return len(self._told) + sum(map(len, self._to.values()))

    def take_recipients(self) -> Iterator[tuple[str, int]]:
        """Yield recipients and how often they were named since the last call.

        What stands before the ``@`` may be missing.
        """
        told, self._told = self._told, {}
        for raw, times in told.items():
            for address in recipients(raw):
                yield address, times
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

    def _count_piece(self, piece: _Piece) -> None:
        if not self._bulks:
            for index in range(min(_FIRST, len(piece))):
                self._meet(self._read(Line(piece[index])).mta)
        odd = self._tell_at_once(piece)
        for start in range(0, len(odd), _AT_ONCE):
            asked = odd[start : start + _AT_ONCE]
            texts = [piece[index] for index in asked]
            left: Sequence[int] = range(len(texts))
            for form in self._forms:
                left = left and self._tell(form, texts, left)
            for number in left:
                self._count_odd(piece, asked[number], texts[number])
        last = piece.last
        self._last = self._said_before(piece, len(piece)) if self._is_notice(last) else last

    def _meet(self, mta: Mta | None) -> None:
        if mta is not None and all(each.mta is not mta for each in self._bulks):
            self._bulks.append(bulk_of(mta))

    def _tell_at_once(self, piece: _Piece) -> Sequence[int]:
        """Count what the bulks tell of *piece*; return the indexes of the other lines."""
        data, start, stop = piece.data, piece.start, piece.stop
        odd: Sequence[int] = range(len(piece)) if not self._bulks else ()
        for number, each in enumerate(self._bulks):
            if number > 0:
                data = b"".join([piece.rows[index] + b"\n" for index in odd])
                start, stop = 0, len(data)
            marks = each.marks(data, start, stop)
            found = Counter(marks)
            unknown = found.pop(UNKNOWN, 0)
            self._count_marks(each, found)
            if not unknown:
                return ()
            odd = list(compress(odd or range(len(marks)), map(UNKNOWN.__eq__, marks)))
        return odd

    def _count_marks(self, each: Bulk, found: Mapping[Mark, int]) -> None:
        told, statuses = self._told, dict.fromkeys(each.statuses, 0)
        for (word, to, status), times in found.items():
            if word:
                self.kinds[each.kinds[word]] += times
            else:
                told[to] = told.get(to, 0) + times
                statuses[status] += times
        for status, times in statuses.items():
            if times:
                self.kinds[_DELIVERY] += times
                self.statuses[each.statuses[status]] += times

    def _tell(self, form: Form, part: Sequence[str], asked: Sequence[int]) -> Sequence[int]:
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
        self, slots: Slots, matches: Sequence[re.Match[str]]
    ) -> list[re.Match[str]]:
        """Count the deliveries *matches*; return those whose builder must be asked."""
        if slots.to is None:
            return [match for match in matches if not self._count_delivery(slots, match)]
        statuses: Counter[str] = Counter()
        for values, times in Counter(map(slots.say, matches)).items():
            status = slots.outcome.status(without_absent(slots.said, values))
            if status is None:
                return [match for match in matches if not self._count_delivery(slots, match)]
            statuses[status.value] += times
        self.statuses.update(statuses)
        self.kinds[_DELIVERY] += len(matches)
        texts: Iterable[str] = map(slots.to, matches)
        if slots.outcome.plain:
            texts = map(_from_at, texts)
        self._to[slots.outcome.recipients].update(texts)
        return []

    def _count_delivery(self, slots: Slots, match: re.Match[str]) -> bool:
        tokens = without_absent(slots.names, slots.take(match))
        status = slots.outcome.status(tokens)
        if status is None:
            return False
        self.statuses[status.value] += 1
        self.kinds[_DELIVERY] += 1
        self._to[slots.outcome.recipients][tokens["to"]] += 1
        return True

    def _count_odd(self, piece: _Piece, index: int, text: str) -> None:
        event = self._read(Line(text))
        if event.mta is not None:
            self._meet(event.mta)
            self._been_read[event.mta] += 1
            if self._been_read[event.mta] == self._worth:
                self._forms.append(form_of(event.mta))
        before = None
        if isinstance(event, Gap) and (said := self._said_before(piece, index)):
            before = self._read(Line(said))
        self.note(event, before)

    def _said_before(self, piece: _Piece, index: int) -> str:
        """Return the last line before *index* that is no notice of repeats itself."""
        before = (piece[at] for at in range(index - 1, -1, -1))
        return next((text for text in before if not self._is_notice(text)), self._last)

    def _is_notice(self, text: str) -> bool:
        if _REPEATED not in text:
            return False
        event = self._read(Line(text))
        return isinstance(event, Gap) and event.repeated
