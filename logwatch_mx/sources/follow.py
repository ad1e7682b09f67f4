"""Following a log through rotation: what was seen → where to read on. Pure.

A place in a log is a ``Checkpoint``. What the directory shows of the log now is a sequence of
``Seen``, in time order. From both, ``judge`` says what became of the file being read, and ``legs``
what is to be read, in which order:

1. renamed and created anew: the old file to its end, then those between, then the new one;
2. copied and truncated: the copy from our place on, then those between, then the file from its
   beginning. The copy is known by its first bytes;
3. deleted: what had not been read is lost; then whatever is newer than the last bytes read;
4. copied, of which nothing had been seen: the copy whole. Its first bytes tell nobody anything, but
   it was not there when the log's files were last listed (``newcomers``). And what is still being
   copied is read once, from the original (``is_copy``).

What can be lost: lines that were cut away or deleted before they were read and of which there is no
copy (``Losses.uncopied``, ``Losses.vanished``). Copying itself loses what is written between the
copy and the truncation, for everybody.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from hashlib import blake2b

from msgspec import Struct

HEAD = 1024
_SECOND = 10**9
#: Device, inode, size and time (ns): what a rotated file keeps when it is renamed, and no file has
#: that was made later.
Key = tuple[int, int, int, int]


class Checkpoint(Struct, frozen=True):
    """A place in a log: *offset* bytes into the file that had *device* and *inode*.

    *number* is that of the next line. *fingerprint* is that of the file's first *head* bytes, which
    are as many as there were, 1024 at most: it tells a file from another one with its inode, and
    knows a copy. *modified* (ns) is when the last bytes read were written at the latest. *older*
    are rotated files before this one that may still grow. *known*: the log's files when they were
    last listed, if copies may have come since without a sign; else None.
    """

    path: str
    device: int
    inode: int
    offset: int
    number: int
    fingerprint: bytes = b""
    head: int = 0
    modified: int = 0
    older: tuple["Checkpoint", ...] = ()
    known: tuple[Key, ...] | None = None


class Seen(Struct, frozen=True):
    """A file of the log as the directory shows it.

    *current*: it is the one under the log's path. *same*: it begins as the checkpoint's file did.
    """

    path: str
    device: int
    inode: int
    size: int = 0
    modified: int = 0
    packed: bool = False
    current: bool = False
    same: bool = False

    @property
    def identity(self) -> tuple[int, int]:
        """The file itself, whatever it is called; a file that was deleted leaves it to another."""
        return self.device, self.inode

    @property
    def key(self) -> Key:
        """What tells a rotated file from every other one, see ``Key``."""
        return *self.identity, self.size, self.modified


class Leg(Struct, frozen=True):
    """A file to be read from *offset* on, where line *number* begins.

    *begun*: it was found at a checkpoint, by how it begins; if it begins otherwise by now, it was
    truncated since.
    """

    seen: Seen
    offset: int = 0
    number: int = 1
    begun: bool = False


class Fate(StrEnum):
    """What became of the file that was being read under a path."""

    SAME = "the same file"
    CUT = "truncated, or written anew in place"
    REPLACED = "another file has its name"
    GONE = "no file has its name"


def fingerprint(head: bytes) -> bytes:
    """Return the fingerprint of a file's first bytes, empty for none."""
    return blake2b(head, digest_size=16).digest() if head else b""


def judge(mark: Checkpoint, here: Seen | None, *, size: int, consumed: int) -> Fate:
    """Return what became of the file at *mark*, now that its path shows *here*.

    *size* is that of the open file, *consumed* how many bytes of it were read;
    ``here.same`` is asked of the open file when it is the same one.
    """
    if here is None:
        return Fate.GONE
    if (here.device, here.inode) != (mark.device, mark.inode):
        return Fate.REPLACED
    return Fate.SAME if size >= consumed and here.same else Fate.CUT


def legs(mark: Checkpoint, seen: Sequence[Seen]) -> tuple[bool, tuple[Leg, ...]]:
    """Return whether the file at *mark* was found, and what to read from *mark* on, in order.

    *seen* are the log's files in time order.
    """
    place = _find(mark, seen)
    if place is not None:
        begun = mark.head > 0
        here = Leg(seen=seen[place], offset=mark.offset, number=mark.number, begun=begun)
        return True, (here, *(Leg(seen=later) for later in seen[place + 1 :]))
    # Itself, if it begins otherwise, was truncated and written to before the time was asked.
    itself = (mark.device, mark.inode)
    newer = [
        later
        for later in seen
        if later.current or later.modified >= mark.modified + (later.identity != itself)
    ]
    return False, tuple(Leg(seen=later) for later in newer)


def newcomers(
    known: Sequence[Key], seen: Sequence[Seen], held: Collection[tuple[int, int]]
) -> tuple[Leg, ...]:
    """Return the rotated files that came since those *known* were listed, the log itself last.

    They are copies of what the log held when nobody looked. Those *held* are read already or will
    be; none is what had been written before the log was, nor what was packed since then: its time
    is that of a file which is known.
    """
    since = known[-1][3] if known else 0
    times = {key[3] // unit for key in known[:-1] for unit in (1, _SECOND)}
    return tuple(
        Leg(seen=file)
        for file in seen
        if not file.current
        and file.key not in known
        and file.identity not in held
        and file.modified >= since
        # Some packers keep no more of a time than its seconds.
        and not (
            file.packed and file.modified // (1 if file.modified % _SECOND else _SECOND) in times
        )
    )


def is_copy(beginning: bytes, head: bytes) -> bool:
    """Say whether a file with this *beginning* is a copy, perhaps half made, of one with *head*.

    A line with its stamp is enough to know it by, the beginning of one is not.
    """
    shared = min(len(beginning), len(head))
    telling = shared == HEAD or b"\n" in beginning[:shared]
    return telling and beginning[:shared] == head[:shared]


def resumed(
    mark: Checkpoint, seen: Sequence[Seen], older: Sequence[tuple[Checkpoint, Sequence[Seen]]]
) -> tuple[bool, tuple[Leg, ...]]:
    """Return what ``legs`` does for *mark* after a restart, behind what is left of its *older*.

    Each of these comes with the log's files as compared with it. A file that was empty is known by
    its inode alone, and while nobody held it open that may have been given to another file: one
    that is not before the file at *mark* is not it; and one that had just begun to be the copy of
    the file at *mark* is read on from there. Copies that came without a sign go before it.
    """
    was_found, there = legs(mark, seen)
    places = {file.path: place for place, file in enumerate(seen)}
    begin = places[there[0].seen.path] if there else len(seen)
    taken = {there[0].seen.identity} if was_found else set()
    route: list[Leg] = []
    for one, compared in older:
        is_there, way = legs(one, compared)
        if not is_there or way[0].seen.identity in taken:
            continue
        if one.head or places.get(way[0].seen.path, begin) < begin:
            route.append(way[0])
    taken = {leg.seen.identity for leg in route}
    new = [leg for leg in there if leg.seen.identity not in taken]
    held = taken | {leg.seen.identity for leg in new}
    unseen = () if mark.known is None else newcomers(mark.known, seen, held)
    return was_found, (*route, *unseen, *new) if there else ()


def _find(mark: Checkpoint, seen: Sequence[Seen]) -> int | None:
    copy = None
    for place, file in enumerate(seen):
        itself = (file.device, file.inode) == (mark.device, mark.inode)
        # Of a pipe, or a file of which nothing was read, there is no more than its identity; what
        # is packed now has got the inode of one that was deleted.
        if not mark.head:
            if itself and not file.packed:
                return place
            continue
        if not file.packed and file.size < mark.offset:
            continue
        if itself and file.same:
            return place
        # The copy that was made last is the nearest to the original.
        if file.same:
            copy = place
    return copy
