"""Looking back: the earlier lines about some messages, in one pass through the log.

A line is about a message when its queue id stands where the daemon puts it: behind the tag, behind
``warning:``, behind another queue id (``PARENT: CHILD: DSN: …``, ``clone:``), or at the end of a
notification (``ID: sender non-delivery notification: CHILD``). An id in a reply, a HELO name or a
subject is somebody else's words. JSON lines (journald, some shippers) only have to contain it.
"""

import re
from collections.abc import Callable, Collection, Iterable

from logwatch_mx.sources.block import MAX_LINE
from logwatch_mx.sources.history import History, Position
from logwatch_mx.sources.losses import Losses

_ID = rb"[0-9A-Za-z]{5,24}+"
_SUBJECTS = re.compile(
    rb"(?:"
    # RFC 5424 has no tag but fields: <22>1 stamp host app pid msgid data
    rb"(?:<\d{1,3}>)?1 (?:\S+ ){5}(?:-|\[[^\]]*\]) (?:\xef\xbb\xbf)?|"
    # else the tag ends at the line's first ": ", whatever the header's format is
    rb"[^:]*+(?::(?! )[^:]*+)*+: ++"
    rb")"
    # Solaris: sendmail[20512]: [ID 801593 mail.info] kBC502520512: from=root, …
    rb"(?:\[ID \d+ \w+\.\w+\] )?"
    rb"(?:(?:warning|error|fatal|panic): )?"
    rb"(" + _ID + rb"):(?: |\r?\Z)"
    # a second id is sendmail's and has digits; "replaced:" or "reject:" is none
    rb"(?:(?=[A-Za-z]*\d)(" + _ID + rb"): |[a-z -]{1,40} notification: (" + _ID + rb")\r?\Z)?"
)
_CANDIDATE = re.compile(rb" (" + _ID + rb")(?=[:\r\n])")
_TOKEN = re.compile(_ID)
# In 64 MiB, one "in" takes 0.04 s, reading out every candidate 0.3 s whatever their number.
_FEW = 8


def find_back(
    history: History,
    position: Position,
    ids: Collection[bytes],
    more: Callable[[bytes], Iterable[bytes]] | None = None,
    *,
    limit: int | None = None,
    done: Callable[[dict[bytes, list[bytes]]], bool] | None = None,
    losses: Losses | None = None,
) -> dict[bytes, list[bytes]]:
    """Return the lines about each of *ids* before *position*, latest first, without newline.

    *more* is shown each line found and may name further ids (a bounce's parent): they are looked
    for in what lies further back, that line included. *done*, asked after each line, ends the
    search early. Every id looked for is a key, one that was not found with an empty list; how many
    of those there are although log lies beyond *limit* (the history's reach) is added to
    ``losses.outside``. The result depends on the log alone, not on how it is cut or stored.
    """
    found: dict[bytes, list[bytes]] = {queue_id: [] for queue_id in ids}
    if not found:
        return found
    for chunk in history.chunks_before(position, limit):
        if _holds(chunk, found) and _collect(chunk, found, more, done):
            return found
    missing = sum(not lines for lines in found.values())
    if losses is not None and missing and history.beyond(position, limit):
        losses.outside += missing
    return found


def subjects(raw: bytes) -> tuple[bytes, ...]:
    """Return the queue ids that the line *raw* is about: none, one, or two; JSON: every token."""
    if raw.startswith(b"{"):
        return tuple(dict.fromkeys(_TOKEN.findall(raw)))
    read = _SUBJECTS.match(raw)
    if read is None:
        return ()
    first, second, child = read.groups()
    return (first,) if second is child is None else (first, second or child)


def _holds(chunk: bytes, wanted: dict[bytes, list[bytes]]) -> bool:
    if len(wanted) <= _FEW:
        return any(queue_id in chunk for queue_id in wanted)
    if not wanted.keys().isdisjoint(_CANDIDATE.findall(chunk)):
        return True
    if chunk.startswith((b"{", b"\0")) or b"\n{" in chunk or b"\n\0" in chunk:
        return not wanted.keys().isdisjoint(_TOKEN.findall(chunk))
    return False


def _collect(
    chunk: bytes,
    found: dict[bytes, list[bytes]],
    more: Callable[[bytes], Iterable[bytes]] | None,
    done: Callable[[dict[bytes, list[bytes]]], bool] | None,
) -> bool:
    """Add the lines of *chunk*, last first, to *found*; return whether the search is done."""
    for line in reversed(chunk.split(b"\n")):
        raw = line.lstrip(b"\0") if line.startswith(b"\0") else line
        hits = [queue_id for queue_id in subjects(raw) if queue_id in found]
        if not hits:
            continue
        raw = raw[:MAX_LINE].removesuffix(b"\r")
        for queue_id in dict.fromkeys(hits):
            found[queue_id].append(raw)
        if more is not None:
            for queue_id in more(raw):
                if queue_id not in found:
                    found[queue_id] = [raw] if queue_id in subjects(raw) else []
        if done is not None and done(found):
            return True
    return False
