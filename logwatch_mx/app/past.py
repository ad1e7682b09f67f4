"""Answer where a message came from, by the log's own lines before it.

A bounce has a parent, whose notice names the bounce's queue id; the first message of that line of
descent tells the client. The answer depends on the log's bytes and the line alone.
"""

from collections.abc import Iterable

from msgspec import Struct

from logwatch_mx.app.home import is_delivered_here
from logwatch_mx.app.reading import Place
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.model.event import Bounce, Client, Event, Message
from logwatch_mx.model.line import Line
from logwatch_mx.model.trail import Trail, TrailQuestion
from logwatch_mx.sources.lookback import find_back

#: Generations from a bounce back to what a client sent: a bounce of a bounce goes to postmaster.
MAX_DEPTH = 4
#: Beyond so many lines about one message its queue id was used again, or somebody writes nonsense.
MAX_LINES = 200


class _Known(Struct):
    """What the lines about one queue id say, the latest word of each first seen."""

    message: Message | None = None
    arrived: bool = False
    sender: str | None = None
    client: Client | None = None
    size: int | None = None
    message_id: str | None = None
    parent: str | None = None

    def note(self, event: Event, queue_id: str) -> None:
        """Take what *event*, a line about *queue_id*, says."""
        if isinstance(event, Bounce) and event.child_queue_id == queue_id:
            self.parent = self.parent or event.queue_id
        if not isinstance(event, Message) or event.queue_id != queue_id:
            return
        self.message = event
        self.arrived = self.arrived or _is_arrival(event)
        self.sender = event.sender if self.sender is None else self.sender
        self.client = self.client or event.client
        self.size = event.size if self.size is None else self.size
        self.message_id = self.message_id or event.message_id


def _is_arrival(event: Message) -> bool:
    """Tell whether *event* is the line with which its message came in.

    qmgr of Postfix names the sender again at each try, and cleanup and qmgr say the same of a
    notice that Postfix made itself: neither tells that a message was submitted here.
    """
    by_pickup = event.program is not None and event.program.endswith("/pickup")
    return event.client is not None or by_pickup or event.mta == "sendmail"


class _Search:
    """One walk back through the log, from a queue id to the first message of its descent."""

    def __init__(self, question: TrailQuestion, reader: Reader) -> None:
        queue_id = question.queue_id
        self.known: dict[str, _Known] = {queue_id: _Known()}
        self.sizes: dict[str, int | None] = dict.fromkeys(question.passes)
        self._reader = reader
        self._lines = 0

    def more(self, raw: bytes) -> Iterable[bytes]:
        """Read a line that was found; name the parent that it tells."""
        self._lines += 1
        event = self._reader.read(Line(raw.decode("utf-8", "surrogateescape")))
        if isinstance(event, Message) and event.size is not None and event.queue_id in self.sizes:
            self.sizes[event.queue_id] = event.size
        for queue_id in list(self.known):
            known = self.known[queue_id]
            known.note(event, queue_id)
            if known.parent and known.parent not in self.known and len(self.known) < MAX_DEPTH:
                self.known[known.parent] = _Known()
                yield next(reversed(self.known)).encode("ascii", "replace")

    def done(self, _found: dict[bytes, list[bytes]]) -> bool:
        """Say whether the client that began it is known, or the search has become senseless."""
        root = self.root
        return root.client is not None or self._lines >= MAX_LINES

    @property
    def growth(self) -> int | None:
        """Return the bytes that the message gained with each pass, where two sizes are known.

        Each pass adds a ``Received`` header. The passes follow one another; what sendmail bounces
        itself has no size of its own, so the first may be missing.
        """
        sizes = [size for size in self.sizes.values() if size is not None]
        return (max(sizes) - min(sizes)) // (len(sizes) - 1) if len(sizes) > 1 else None

    @property
    def root(self) -> _Known:
        """Return what is known of the earliest message."""
        return next(reversed(self.known.values()))


def trace(question: TrailQuestion, place: Place) -> Trail:
    """Return who brought in the message that *question* is about, by the lines before its line."""
    position = place.position(question.line.offset)
    if position is None:
        place.stream.losses.outside += 1
        return Trail(subject=question.subject, queue_id=question.queue_id, again=question.again)
    search = _Search(question, place.stream.looking_back(question.at))
    asked: set[str] = set()
    # Lines of one second may come in any order: a parent's arrival may stand behind the notice that
    # names it. So the second time everything is looked for again from the end.
    while not asked.issuperset(search.known):
        asked = set(search.known)
        find_back(
            place.stream.history,
            position,
            [
                queue_id.encode("utf-8", "surrogateescape")
                for queue_id in dict.fromkeys([*search.known, *question.passes])
            ],
            more=search.more,
            done=search.done,
            losses=place.stream.losses,
        )
        if not question.again or search.root.arrived:
            break
    root = search.root
    return Trail(
        subject=question.subject,
        queue_id=question.queue_id,
        found=root.arrived,
        sender=root.sender,
        client=root.client,
        message_id=root.message_id,
        size=root.size,
        arrived=root.message.time if root.message else None,
        growth=search.growth,
        again=question.again,
        home=question.home
        and is_delivered_here(
            question.subject, position, place, place.stream.looking_back(question.at)
        ),
    )
