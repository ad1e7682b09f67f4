"""What the daemon reads, fed to the engine: every line, or of a backlog only what may matter.

A line that was just written is read whole, and counted by its kind. Of a long stretch that nobody
read yet (a first start, hours of being down) the sieve's hits are read, as a replay does: to the
engine it is the same. The other lines are counted as ``sifted``: nobody knows their kind.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo

from logwatch_mx.app.engine import Engine
from logwatch_mx.app.following import Following
from logwatch_mx.app.reading import EVER, LiveStream, Place, Stream, Tally
from logwatch_mx.app.sifting import Sifter
from logwatch_mx.model.change import Changes
from logwatch_mx.model.deferral import Deferral
from logwatch_mx.model.event import Event, Gap
from logwatch_mx.sources.block import Block, lines
from logwatch_mx.sources.sieve import Needle, Sieve, build_sieve

#: Bytes: two thousand lines that came at once are a backlog.
BACKLOG = 256 << 10
#: Logs with names of their own for each day come and go; of so many the readers are kept.
STREAMS = 64

Take = Callable[[Changes, Place], None]


class Intake:
    """Reads blocks; *take* is told what came of a line, *log* what went wrong with one."""

    def __init__(
        self, *, zone: tzinfo, take: Take, log: Callable[[str], None], backlog: int = BACKLOG
    ) -> None:
        self.tally = Tally()
        self.failed = 0
        self.gaps = 0
        self._zone = zone
        self._backlog = backlog
        self._take = take
        self._log = log
        self._streams: dict[str, LiveStream] = {}
        self._sifters: dict[str, _Sifted] = {}
        self._sieve: Sieve | None = None
        self._engine: Engine | None = None

    def lost(self) -> dict[str, int]:
        """Return how many messages were asked about whose lines no look-back found."""
        outside = sum(stream.losses.outside for stream in self._streams.values())
        what = "the log before a message was out of reach: its origin is not known"
        return {what: outside} if outside else {}

    def place(self, block: Block) -> Place:
        """Return the place of *block*, whose bytes can be looked back at from now on."""
        stream = self._stream(block.source)
        stream.history.feed(block)
        return Place(stream, block)

    def read(self, engine: Engine, place: Place) -> None:
        """Feed the lines of *place* to *engine*, in their order."""
        if engine is not self._engine:
            # New settings may have new rules, and other addresses of ours.
            self._engine, self._sieve, self._sifters = engine, None, {}
        # The torn end of a file that was cut off or rotated away is whole now: a sifter leaves it.
        if len(place.block.data) < self._backlog or place.block.torn or engine.needles is None:
            self._read_all(engine, place)
        else:
            self._sift(engine, place, engine.needles)

    def _read_all(self, engine: Engine, place: Place, since: int = 0) -> None:
        """Feed every line that begins at the offset *since* or behind it."""
        stream = place.stream
        for line in lines(place.block, stream.losses):
            if line.offset < since:
                continue
            try:
                event = stream.read(line)
                self.tally.note(event)
                self._feed(engine, event, place)
            except Exception as error:  # noqa: BLE001  # for one line: no other suffers
                self._fail(f"{line.source}:{line.number}", error)

    def _sift(self, engine: Engine, place: Place, needles: Sequence[Needle]) -> None:
        sifted = self._sifter(engine, place.stream, needles)
        sifted.give(place.block)
        end, seen = place.block.offset, 0
        while True:
            try:
                event = sifted.next()
            except Exception as error:  # noqa: BLE001  # as above
                self._fail(place.stream.name, error)
                del self._sifters[place.stream.name]
                self._read_all(engine, place, since=end)
                return
            if event is None:
                break
            end, seen = sifted.end, seen + 1
            try:
                self.tally.note(event)
                self._feed(engine, event, place)
            except Exception as error:  # noqa: BLE001  # as above
                self._fail(f"{place.stream.name} before byte {end}", error)
        self.tally.pass_over(place.block.count - seen)

    def _feed(self, engine: Engine, event: Event | Deferral, place: Place) -> None:
        if isinstance(event, Gap) and not event.repeated:
            self.gaps += event.count
        changes = engine.feed(event, place.stream.name)
        if changes:
            self._take(changes, place)

    def _fail(self, where: str, error: Exception) -> None:
        self.failed += 1
        self._log(f"{where}: {type(error).__name__}: {error}")

    def _stream(self, source: str) -> LiveStream:
        stream = self._streams.pop(source, None)
        if stream is None:
            if len(self._streams) >= STREAMS:
                oldest = next(iter(self._streams))
                self._streams.pop(oldest).history.close()
                self._sifters.pop(oldest, None)
            stream = LiveStream(source, zone=self._zone)
        self._streams[source] = stream
        return stream

    def _sifter(self, engine: Engine, stream: Stream, needles: Sequence[Needle]) -> "_Sifted":
        if self._sieve is None:
            self._sieve = build_sieve(needles)
        sifted = self._sifters.get(stream.name)
        if sifted is None:
            sifted = self._sifters[stream.name] = _Sifted(engine, stream, self._sieve)
        return sifted


class _Sifted:
    """The sifter of one log, which is given its blocks one after the other."""

    def __init__(self, engine: Engine, stream: Stream, sieve: Sieve) -> None:
        self._engine = engine
        self._stream = stream
        self._following = Following(engine)
        self._given: list[Block] = []
        # Logs are read in turns: what is followed is looked for in all of them from now on.
        self._sifter = Sifter(stream, 0, sieve, self._following, engine, _Given(self._given))

    def give(self, block: Block) -> None:
        """Go on with *block*; the one before was read to its end."""
        self._given.append(block)
        self._following.renew((EVER, 0))

    @property
    def end(self) -> int:
        """The offset behind the last hit."""
        return self._sifter.end

    def next(self) -> Event | Deferral | None:
        """Return the next hit, None at the block's end; feed it before the next is asked for."""
        self._following.renew(self._sifter.key)
        event = self._sifter.next()
        if self._stream.first is not None:
            self._engine.begin(self._stream.first)
        return event


class _Given(Iterator[Block]):
    """The blocks that were given and not yet taken: it ends, and goes on when there is more."""

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks

    def __next__(self) -> Block:
        if not self._blocks:
            raise StopIteration
        return self._blocks.pop(0)
