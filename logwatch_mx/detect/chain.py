"""Chains: which queue ids are the same message, come back to us again and again.

A delivery to ourselves names the queue id under which we took the message in again. The two lines
are written by different processes: the second pass may be logged *before* the line that links it to
the first (seen with both MTAs). So an id that began a message of its own may turn out to be a later
pass: then the two become one.

Contract
1. ``link`` carries a message on to the id in the reply. A delivery that is no pass (the second of
   two daemons, which relays to a configured address) carries it as well.
2. The longest chain is counted for each recipient domain: a message to two domains of which one
   loops says nothing of the other.
3. Short Postfix ids are used again. A message is handed over to all its recipients within
   minutes: an id that is handed over again later is another message.
"""

from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct, field

from logwatch_mx.detect.window import Table

#: How late the linking line may come. Short Postfix ids repeat within seconds, but not for the same
#: inode.
LATE = timedelta(seconds=60)
#: How long after its first hand-over a message may still be handed over to other recipients. One
#: that is put off for one of them for longer counts as another message there; so be it.
SAME_BATCH = timedelta(minutes=5)
#: Passes that may have been logged between a pass and its link, of all messages together.
RECENT = 500


class Pass(Struct):
    """A queue id's place in the story of its message.

    *key*: the id that the message began under; *depth*: its passes before. *at* is when it was
    given out, or when its first line came; *handed* when its message was first handed over under
    it.
    """

    key: str
    depth: int
    at: datetime
    handed: datetime | None = None


class Merge(Struct, frozen=True):
    """What was taken for the message *old* is the message *key*.

    *passed*: it had a pass already.
    """

    old: str
    key: str
    passed: bool


class Chains(Struct):
    """Queue ids by message; bounded: the oldest are forgotten."""

    passes: Table[Pass] = field(default_factory=lambda: Table(cap=40_000))
    longest: Table[int] = field(default_factory=lambda: Table(cap=20_000))

    def find(self, at: datetime, queue_id: str) -> Pass | None:
        """Return the place of *queue_id*, None when it is no message that came back to us."""
        place = self.passes.get(queue_id)
        if place is None or place.handed is None or at - place.handed <= SAME_BATCH:
            return place
        return None

    def begin(self, at: datetime, queue_id: str) -> Pass:
        """Return the place of *queue_id*, which begins a message unless it is known."""
        place = self.find(at, queue_id)
        if place is None:
            place = Pass(queue_id, 0, at)
            self.passes.set(queue_id, place)
        return place

    def link(
        self, at: datetime, place: Pass, next_id: str, *, domain: str, passed: bool
    ) -> Merge | None:
        """Carry *place* on to *next_id*; a *passed* one grew by a pass to *domain*."""
        depth = place.depth + passed
        place.handed = place.handed or at
        if passed:
            self._lengthen(place.key, domain, depth)
        known = self.passes.get(next_id)
        self.passes.set(next_id, Pass(place.key, depth, at))
        # Only an id that began a message can turn out to be a later pass: strangers who always
        # answer with the same id have nothing in common.
        if known is None or known.key != next_id or abs(at - known.at) > LATE:
            return None
        if next_id == place.key:
            return None
        merge = Merge(known.key, place.key, self.hops(known.key, domain) > 0)
        self._shift(known.key, place.key, domain, depth)
        return merge

    def hops(self, key: str, domain: str) -> int:
        """Return the longest chain of the message *key* to *domain* so far."""
        return self.longest.get(f"{key}/{domain}") or 0

    def _lengthen(self, key: str, domain: str, depth: int) -> None:
        name = f"{key}/{domain}"
        self.longest.set(name, max(self.longest.get(name) or 0, depth))

    def _shift(self, old: str, key: str, domain: str, depth: int) -> None:
        """Move the passes of the message *old* behind those of *key*.

        Only the newest few passes can be waiting for their link, and the table keeps them in order.
        """
        for table in (self.passes.young, self.passes.old):
            for queue_id, place in list(islice(reversed(table.items()), RECENT)):
                if place.key == old:
                    table[queue_id] = Pass(key, place.depth + depth, place.at, place.handed)
        later = self.longest.pop(f"{old}/{domain}") or 0
        if later:
            self._lengthen(key, domain, later + depth)
