"""Read only the lines that matter: the sieve's hits, and lines that go on with a story.

Contract
1. Every event of the log that leaves a trace in the engine is yielded, with its line's number and
   offset, in the order in which ``merge_events`` would; most other lines are never cut out.
2. What the engine follows is looked for from the next line on. A line of another stream counts as
   the next one when its time comes later.
3. The first and the last line with a stamp of every block are read, so that years are told as in
   the whole log, and the log's first and last stamp are known.
4. A block is read line by line where skipping lines would tell time wrongly (stamps leap by more
   than a month, clocks change) or miss text (the journal's JSON writes some texts as numbers), and
   until a line of an MTA was seen: this may be no mail log.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from stringzilla import find

from logwatch_mx.app.deferrals import Deferrals
from logwatch_mx.app.engine import UNCHANGED, Engine
from logwatch_mx.app.following import END, Following, Key
from logwatch_mx.app.reading import EVER, Place, Stream
from logwatch_mx.grammar.header import HeaderReader
from logwatch_mx.grammar.kind import Head
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.change import Changes
from logwatch_mx.model.deferral import Deferral
from logwatch_mx.model.event import Event, Mta
from logwatch_mx.model.line import Line
from logwatch_mx.sources.block import Block, Cutter, lines, sift_losses
from logwatch_mx.sources.places import find_all
from logwatch_mx.sources.sieve import Sieve

#: Stamps further apart may hide a New Year, ones that go back by more a block in disorder.
_APART, _BACK = timedelta(days=30), timedelta(days=1)
_TO = b": to="
#: No queue id is longer, with the blank in front of it.
_LONGEST = 32
#: Parts of a block at whose borders stamps are compared.
_PARTS = 4

_OTHERS = frozenset({"foreign", "malformed"})


class Sifter:
    """The hits of one stream, each to be taken before the next is looked for."""

    def __init__(
        self,
        stream: Stream,
        index: int,
        sieve: Sieve,
        following: Following,
        engine: Engine,
        blocks: Iterator[Block],
    ) -> None:
        self._usual = None if stream.is_body else Deferrals(engine, stream.stamps)
        self.lines = 0
        self.kinds: dict[str, int] = {}
        self.name = stream.name
        self._stream = stream
        self._index = index
        self._sieve = sieve
        self._following = following
        self._blocks = blocks
        self._ahead = Stamps(None, stream.zone)
        self._probe = HeaderReader(self._ahead)
        self._at = EVER
        self._head: Event | Deferral | None = None
        self._version = -1
        self._beyond = 0
        self.key: Key = (EVER, index)
        self._open(Block(stream.name, b"", 0, 1))

    @property
    def first(self) -> datetime | None:
        """The first stamp of the stream, known as soon as ``head`` was asked."""
        return self._stream.first

    @property
    def end(self) -> int:
        """The offset behind the last hit that was taken."""
        return self.place.block.offset + self._behind

    def head(self) -> Event | Deferral | None:
        """Return the next hit, None at the end; it may change when other lines are followed.

        *key* tells when it comes.
        """
        if self._version != self._following.version:
            self._version = self._following.version
            self._head = None
        if self._head is None:
            self._head = self._find()
        return self._head

    def take(self) -> None:
        """Go on behind the hit that ``head`` returned."""
        if self._head is not None:
            self._behind, self._at = self._beyond, self.key[0]
            self._head = None

    def next(self) -> Event | Deferral | None:
        """Return the next hit and go on behind it, None at the end."""
        event = self._find()
        if event is not None:
            self._behind, self._at = self._beyond, self.key[0]
        return event

    def _find(self) -> Event | Deferral | None:
        following, read, index = self._following, self._stream.read_hit, self._index
        while True:
            start, hits = self._behind, self._hits
            while self._passed < len(hits) and hits[self._passed] < start:
                self._passed += 1
            position = hits[self._passed] if self._passed < len(hits) else self._limit
            since: Key | None = None
            if following.ids or following.pids:
                position, since = self._nearer(start, position)
            if position >= self._limit:
                if not self._next_block():
                    return None
                continue
            # The lines of a process that has said something are part of its story.
            usual = None if following.pids or self._usual is None else self._usual.find(position)
            if type(usual) is int:
                self._behind = usual
                continue
            event: Event | Deferral
            if isinstance(usual, Deferral):
                event, behind = usual, usual.end - self.place.block.offset
            else:
                line, behind = self._cutter.cut(position)
                if line is None:
                    self._behind = behind
                    continue
                event = read(line)
            time = event.time
            at = self._at if time is None or time < self._at else time
            if since is None or since[1] == index or (at, index) > since:
                self.key, self._beyond = (at, index), behind
                return event
            self._behind, self._at = behind, at

    def _nearer(self, start: int, nearest: int) -> tuple[int, Key | None]:
        """Return where before *nearest* what is followed stands, and since when it is followed."""
        since: Key | None = None
        for pid, begun in self._following.pids.items():
            at = self._nexts.get(pid, -1)
            if at < start:
                at = self._nexts[pid] = self._next_pid(pid, start)
            if at < nearest:
                nearest, since = at, begun
        if self._following.ids:
            at = self._next_id(start, nearest)
            if at < nearest:
                nearest, since = at, self._following.since(self._id_at(at))
        return nearest, since

    def _next_pid(self, pid: bytes, start: int) -> int:
        """Return where *pid* stands next in front of a recipient."""
        data = self._data
        at: int = find(data, pid, start)
        while at >= 0:
            stop = data.find(b"\n", at)
            if data.find(_TO, at, stop if stop >= 0 else self._limit) >= 0:
                return at
            at = find(data, pid, stop) if stop >= 0 else -1
        return self._limit

    def _next_id(self, start: int, stop: int) -> int:
        """Return where ``: to=`` stands next behind a followed queue id, or *stop*."""
        data, ids, ends = self._data, self._following.ids, self._following.ends
        find = data.find
        at = find(_TO, start, stop)
        while at >= 0:
            if data[at - END : at] in ends and self._id_at(at) in ids:
                return at
            at = find(_TO, at + 1, stop)
        return stop

    def _id_at(self, at: int) -> str:
        start = at - _LONGEST if at > _LONGEST else 0
        # Some loggers put no blank behind the tag: `postfix/smtp[1]:ID: to=`.
        word = self._data[start:at].rpartition(b" ")[2]
        return word.rpartition(b":")[2].decode("latin-1")

    def _next_block(self) -> bool:
        """Go on with the next block; return whether there is one."""
        self._note_last()
        self.lines += self._cutter.finish() - self.place.block.torn
        block = next(self._blocks, None)
        if block is None:
            self._open(Block(self._stream.name, b"", 0, 1))
            return False
        sift_losses(block, self._stream.losses)
        self._open(block)
        first = self._first_stamp(block)
        if first is not None:
            self._stream.span(first)
        is_safe = first is not None and self._is_safe(first)
        find = self._sieve.positions if is_safe else _every
        self._hits += find(self._data)
        return True

    def _open(self, block: Block) -> None:
        self._data = block.data
        # An unterminated last line may be cut anywhere: it is not read.
        self._limit = block.data.rfind(b"\n") + 1 if block.torn else len(block.data)
        self.place = Place(self._stream, block)
        self._cutter = Cutter(block)
        if self._usual is not None:
            self._usual.open(block, self._cutter)
        self._hits: list[int] = []
        self._nexts: dict[bytes, int] = {}
        self._passed = self._behind = 0

    def _look(self, line: Line) -> datetime | None:
        """Return the time of *line*, of which no more is looked at."""
        head = self._stream.look(line)
        self._note(head)
        return None if head is None else head.time

    def _note(self, head: Head | None) -> None:
        kind = "malformed" if head is None else "foreign" if head.mta is None else "other"
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def _first_stamp(self, block: Block) -> datetime | None:
        for line in lines(block):
            if line.offset - block.offset >= self._limit:
                break
            time = self._look(line)
            if time is not None:
                return time
        return None

    def _note_last(self) -> None:
        """Read the last line of the block that has a stamp."""
        stop = self._limit
        while stop > 0:
            start = self._data.rfind(b"\n", 0, stop - 1) + 1
            time = self._look(_bare(self._data[start:stop]))
            if time is not None:
                self._stream.span(time)
                return
            stop = start

    def _is_safe(self, first: datetime) -> bool:
        """Say whether lines of the block can be skipped: see the module's fourth point."""
        # What is ahead is looked at with a reader of its own: the log's is read in order.
        self._ahead.follow(self._stream.stamps)
        last = first
        for part in range(_PARTS + 1):
            start = self._data.rfind(b"\n", 0, (self._limit - 1) * part // _PARTS) + 1
            stop = self._data.find(b"\n", start)
            line = self._data[start : stop if stop >= 0 else self._limit]
            if line.lstrip().startswith(b"{"):
                return False
            head = self._probe.read(_bare(line))
            if head is None or head.time is None or not -_BACK <= head.time - last <= _APART:
                return False
            last = head.time
            self._note(head)
        if not self.kinds.keys() - _OTHERS:
            return False
        zone = self._stream.zone
        begin, end = ((t + d).astimezone(zone) for t, d in ((first, -_BACK), (last, _BACK)))
        return begin.utcoffset() == end.utcoffset()


class Sifting:
    """Feeds the hits of all *sifters* to *engine* in the order of time.

    *mta* is that of the last hit that an MTA wrote.
    """

    def __init__(self, sifters: Sequence[Sifter], following: Following, engine: Engine) -> None:
        self.mta: Mta | None = None
        self._sifters = sifters
        self._following = following
        self._engine = engine

    def run(self) -> Iterator[tuple[Changes, Place]]:
        """Yield what came of each hit of which something came."""
        for sifter in self._sifters:
            sifter.head()
        firsts = [sifter.first for sifter in self._sifters if sifter.first is not None]
        if firsts:
            self._engine.begin(min(firsts))
        hits = self._alone(self._sifters[0]) if len(self._sifters) == 1 else self._merged()
        feed, following, engine = self._engine.feed, self._following, self._engine
        for event, sifter in hits:
            self.mta = event.mta or self.mta
            changes = feed(event, sifter.name)
            if changes is UNCHANGED:
                continue
            if changes:
                yield changes, sifter.place
            if engine.version != following.version:
                following.renew(sifter.key)

    @staticmethod
    def _alone(sifter: Sifter) -> Iterator[tuple[Event | Deferral, Sifter]]:
        event = sifter.head()
        sifter.take()
        while event is not None:
            yield event, sifter
            event = sifter.next()

    def _merged(self) -> Iterator[tuple[Event | Deferral, Sifter]]:
        while True:
            heads = [(s.key, n, event) for n, s in enumerate(self._sifters) if (event := s.head())]
            if not heads:
                return
            _, number, event = min(heads, key=lambda head: head[0])
            sifter = self._sifters[number]
            sifter.take()
            yield event, sifter


def _every(data: bytes) -> list[int]:
    return [0, *(at + 1 for at in find_all(data, b"\n"))]


def _bare(raw: bytes) -> Line:
    return Line(raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape"))
