"""Chains: which queue ids are the same message, come back to us again and again.

A delivery to ourselves names the queue id under which we took the message in again. The two lines
are written by different processes: the second pass may be logged *before* the line that links it to
the first (seen with both MTAs). So an id that began a message of its own may turn out to be a later
pass: then the two become one.
"""

from datetime import datetime, timedelta

from msgspec import Struct, field

from logwatch_mx.detect.window import Table

#: How late the linking line may come. Short Postfix ids repeat within seconds, but not for the same
#: inode.
LATE = timedelta(seconds=60)


class Pass(Struct):
    """A queue id's place: the message it belongs to (the id it began under).

    And its passes before.
    """

    key: str
    depth: int
    at: datetime


class Merge(Struct, frozen=True):
    """What was taken for the message *old* is the message *key*; *passed*.

    It had a pass already.
    """

    old: str
    key: str
    passed: bool


class Chains(Struct):
    """Queue ids by message; bounded: the oldest are forgotten."""

    passes: Table[Pass] = field(default_factory=lambda: Table(cap=40_000))
    longest: Table[int] = field(default_factory=lambda: Table(cap=20_000))

    def find(self, queue_id: str) -> Pass | None:
        """Return the place of *queue_id*, None when it is no message that came back to us."""
        return self.passes.get(queue_id)

    def begin(self, at: datetime, queue_id: str) -> Pass:
        """Return the place of *queue_id*, which begins a message unless it is known."""
        place = self.passes.get(queue_id)
        if place is None:
            place = Pass(queue_id, 0, at)
            self.passes.set(queue_id, place)
        return place

    def link(self, at: datetime, place: Pass, next_id: str, *, passed: bool) -> Merge | None:
        """Carry *place* on to *next_id*; a *passed* one grew by a pass."""
        depth = place.depth + passed
        if passed:
            self.longest.set(place.key, max(self.longest.get(place.key) or 0, depth))
        known = self.passes.get(next_id)
        self.passes.set(next_id, Pass(place.key, depth, at))
        if known is None or known.depth or known.key == place.key or at - known.at > LATE:
            return None
        merge = Merge(known.key, place.key, self.hops(known.key) > 0)
        self._shift(known.key, place.key, depth)
        return merge

    def hops(self, key: str) -> int:
        """Return the longest chain of the message *key* so far."""
        return self.longest.get(key) or 0

    def _shift(self, old: str, key: str, depth: int) -> None:
        """Move the passes of the message *old* behind those of *key*.

        Only the newest few passes can be waiting for their link, and the table keeps them in order.
        """
        for table in (self.passes.young, self.passes.old):
            for queue_id, place in reversed(list(table.items())[-RECENT:]):
                if place.key == old:
                    table[queue_id] = Pass(key, place.depth + depth, place.at)
        longest = (self.longest.pop(old) or 0) + depth
        self.longest.set(key, max(self.longest.get(key) or 0, longest))


#: Passes that may have been logged between a pass and its link, of all messages together.
RECENT = 500
