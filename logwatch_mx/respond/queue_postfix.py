"""Postfix's queue: ``postqueue -j`` lists it, ``postsuper -h`` and ``-H`` hold and release.

Anybody may list (postqueue(1): one JSON object a line, Postfix 3.1 and later), only root may hold.
Seen with 3.7.11: postsuper takes ids from standard input, says ``Placed on hold: N messages``, and
ends with 0 also when an id does not exist or is none; so the queue is looked at again afterwards.
"""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from logwatch_mx.errors import EffectError
from logwatch_mx.respond.mail_program import last_words, run_program
from logwatch_mx.respond.queue import Queued, Step

#: Short ids are microseconds and an inode in hexadecimal; long ones (enable_long_queue_ids) are
#: base 52 time of ten letters or more, ``z``, inode: digits and consonants (postconf(5)).
QUEUE_ID = r"^(?:[0-9A-F]{6,20}|[0-9B-Zb-y]{10,12}z[0-9B-Zb-y]{1,16})\Z"

_ID = re.compile(QUEUE_ID, re.ASCII)
#: showq's word for the empty sender.
_NULL_SENDER = "MAILER-DAEMON"
_OPTIONS = {Step.HOLD: "-h", Step.RELEASE: "-H"}


class _Recipient(Struct):
    address: str
    delay_reason: str = ""


class _Row(Struct):
    queue_id: str
    queue_name: str
    sender: str
    recipients: list[_Recipient] = []
    arrival_time: int | None = None
    message_size: int | None = None


_ROWS = msgspec.json.Decoder(_Row)


class PostfixQueue:
    """The queue of the Postfix whose programs these are; a ``MailQueue``."""

    def __init__(self, *, postqueue: str = "postqueue", postsuper: str = "postsuper") -> None:
        self._postqueue = postqueue
        self._postsuper = postsuper

    def messages(self) -> Iterator[Queued]:
        """Yield every message of the incoming, active, deferred and hold queues."""
        status, said, complaints = run_program([self._postqueue, "-j"])
        # 69 is EX_UNAVAILABLE: Postfix is down, and only root may look then.
        if status:
            raise EffectError(f"postqueue: {last_words(complaints, status)}", retry=status == 69)  # noqa: PLR2004
        yield from read_postqueue(said)

    def step(self, step: Step, ids: Collection[str]) -> None:
        """Hold or release exactly these ids."""
        if strange := [id_ for id_ in ids if not _ID.match(id_)]:
            raise EffectError(f"{strange[0]!r}: no queue id of Postfix; nothing was done")
        text = "".join(f"{id_}\n" for id_ in ids)
        status, said, complaints = run_program([self._postsuper, _OPTIONS[step], "-"], text)
        if status:
            raise EffectError(f"postsuper: {last_words(complaints or said, status)}")


def read_postqueue(text: str) -> Iterator[Queued]:
    """Yield what the output *text* of ``postqueue -j`` tells; EffectError when it is none."""
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            row = _ROWS.decode(line.encode("utf-8", "replace"))
            arrived = row.arrival_time
            when = None if arrived is None else datetime.fromtimestamp(arrived, UTC)
        except (msgspec.DecodeError, ValueError, OverflowError, OSError) as error:
            raise EffectError(
                f"postqueue -j: not what Postfix 3.1 and later print: {error}"
            ) from None
        if not _ID.match(row.queue_id):
            raise EffectError(f"postqueue -j: {row.queue_id!r} is no queue id")
        held = row.queue_name == "hold"
        yield Queued(
            id=row.queue_id,
            queue=row.queue_name,
            held=held,
            ours=held,
            sender="" if row.sender == _NULL_SENDER else row.sender,
            recipients=tuple(recipient.address for recipient in row.recipients),
            size=row.message_size,
            arrived=when,
            reason=next((r.delay_reason for r in row.recipients if r.delay_reason), ""),
        )
