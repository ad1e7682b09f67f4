"""What is looked for beside the sieve's needles: the lines that go on with a story."""

from datetime import datetime

from logwatch_mx.app.engine import Engine
from logwatch_mx.app.reading import EVER

#: Of so many bytes at the end of a queue id few are alike; none that is followed is shorter.
END = 4
MANY = 1_000

#: When an event comes: the newest time of its stream, and the stream's number.
Key = tuple[datetime, int]


class Following:
    """What is looked for beside the sieve's needles, each since the event that made it so.

    A pid is looked for as digits: formats put different brackets around it; ``: to=`` has to come
    behind it. A queue id is looked for where delivery lines have it, in front of ``: to=``.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.version = -1
        self.ids: dict[str, datetime] = {}
        #: The last bytes of all that is in *ids*, and perhaps of more: a quick look says no.
        self.ends: set[bytes] = set()
        self.pids: dict[bytes, Key] = {}
        self._since: dict[str, Key] = {}
        self.renew((EVER, 0))

    def renew(self, key: Key) -> None:
        """Ask what is followed after the event that came at *key*."""
        if self._engine.version == self.version:
            return
        self.version = self._engine.version
        self.ids, pids = self._engine.following()
        self.pids = {name: self.pids.get(name, key) for name in (b"%d" % pid for pid in pids)}
        since = self._since
        # The newest comes last.
        for queue_id in reversed(self.ids):
            if queue_id in since:
                break
            since[queue_id] = key
            self.ends.add(end_of(queue_id))
        if len(since) > 2 * len(self.ids) + MANY:
            self._since = {name: begun for name, begun in since.items() if name in self.ids}
            self.ends = {end_of(name) for name in self._since}

    def since(self, queue_id: str) -> Key:
        """Return since when *queue_id* is followed."""
        return self._since.get(queue_id, (EVER, 0))


def end_of(queue_id: str) -> bytes:
    """Return the last ``END`` bytes of *queue_id*, or the whole of it."""
    return queue_id.encode("latin-1", "replace")[-END:]
