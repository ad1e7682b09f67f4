"""Deferrals of the usual shape, read without making events of them: most hits of a busy log.

Comes in: a place in a block where the sieve found something. Goes out: how far to pass over a line
that is no news, a ``Deferral`` to be fed, or None for a line that has to be read in full: one of
another shape, and one of which a rule or a story may make more than a spike does.

Later tries of messages that wait are no news: of a full queue nearly all lines.
"""

from logwatch_mx.app.engine import Engine
from logwatch_mx.detect.case import KEPT_TEXT, hashed_bytes
from logwatch_mx.detect.reasons import BACKLOG, OWN_MAILERS, host_in
from logwatch_mx.detect.refused import is_refused_in
from logwatch_mx.grammar.deferral import read_tried
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.deed import OWN_MARK
from logwatch_mx.model.deferral import Deferral
from logwatch_mx.model.event import Mta, Status
from logwatch_mx.sources.block import Block, Cutter

_BACKLOG = BACKLOG.total_seconds()


class Deferrals:
    """The usual deferrals of one log; *stamps* are those of its reader."""

    def __init__(self, engine: Engine, stamps: Stamps) -> None:
        self._read_stamp = stamps.read
        self._seen = engine.state.spike.seen
        self._asked = {mta: _asked(engine, mta) for mta in Mta}
        self._block = Block("", b"", 0, 1)
        self._cutter = Cutter(self._block)
        self._source = b""

    def open(self, block: Block, cutter: Cutter) -> None:
        """Go on with *block*, of which *cutter* counts the lines."""
        self._block, self._cutter = block, cutter
        self._source = block.source.encode("utf-8", "surrogateescape")

    def find(self, position: int) -> Deferral | int | None:
        """Return what the line at *position* of the block is: see above."""
        data = self._block.data
        start = data.rfind(b"\n", 0, position) + 1
        tried = read_tried(data, start)
        if tried is None:
            return None
        mta, stamp, agent, queue_id, raw_address, host, delay, dsn, reply, stop = tried
        asked = self._asked[mta]
        if asked is None or stop - start > KEPT_TEXT or agent in OWN_MAILERS:
            return None
        text = data[start:stop]
        lowered = text.lower()
        for piece in asked:
            if piece in lowered:
                return None
        if "onn" in reply and is_refused_in(mta, reply, is_named=host.endswith(".")):
            return None
        message = hashed_bytes(queue_id)
        if delay > _BACKLOG or message in self._seen.young or message in self._seen.old:
            return stop + 1
        time = self._read_stamp(stamp.decode())
        if time is None:
            return None
        address = raw_address.decode()
        return Deferral(
            mta,
            time,
            message,
            agent,
            address,
            address[address.index("@") + 1 :].lower(),
            host.removesuffix(".") or host_in(reply) or "",
            delay,
            dsn,
            reply,
            self._source,
            self._cutter.number(start),
            text,
            self._block.offset + stop + 1,
        )


def _asked(engine: Engine, mta: Mta) -> tuple[bytes, ...] | None:
    """Return texts, lower-case: a deferral without them is asked for by spikes alone.

    None when it is not known, or spikes are not what the shipped rule says.
    """
    pieces = engine.watches.pieces(mta, Status.DEFERRED) if engine.has_usual_spikes else None
    return None if pieces is None else tuple(text.encode() for text in (*pieces, OWN_MARK))
