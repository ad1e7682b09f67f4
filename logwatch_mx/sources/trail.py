"""One log, followed through every rotation: its open files in time order, the newest last.

The rules are those of ``follow``; here they meet the files. A rotated file stays open until it has
not grown for *settle* seconds, because a writer goes on writing to it until it is told to reopen.
"""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from msgspec.structs import replace

from logwatch_mx.sources.block import Block
from logwatch_mx.sources.follow import (
    Checkpoint,
    Fate,
    Key,
    Leg,
    Seen,
    is_copy,
    judge,
    legs,
    newcomers,
    resumed,
)
from logwatch_mx.sources.listing import list_files
from logwatch_mx.sources.losses import Losses
from logwatch_mx.sources.reader import Reader


class Trail:
    """Follows the log at *path*; *settle* is in seconds of the ``now`` that it is handed.

    *fresh*: whatever the file holds when it is first opened is new. Otherwise, without a
    checkpoint, its present end is where reading begins.
    """

    def __init__(
        self,
        path: Path,
        *,
        checkpoint: Checkpoint | None,
        fresh: bool,
        settle: float,
        losses: Losses,
    ) -> None:
        self.path = path
        self.missing = False
        #: Why the log cannot be read now; empty when it can.
        self.refused = ""
        self._checkpoint = checkpoint
        self._fresh = fresh
        self._settle = settle
        self._losses = losses
        self._files: list[Reader] = []
        # The log's files when last listed, as long as copies may have come unseen since then: while
        # nothing is known of how the last file begins.
        self._known: tuple[Key, ...] | None = None

    def look(self, now: float) -> list[Block]:
        """Find out what became of the log; return the ends of lines that will never be finished.

        What cannot be opened yet is tried again at the next look; until then nothing after it is
        read, so that the order stays.
        """
        try:
            found = os.stat(self.path)  # noqa: PTH116  # a stat_result; Path gives nothing more
        except PermissionError as error:
            self._refuse(error)
            return []
        except OSError:
            found = None
        self._losses.missing += found is None and not self.missing
        self.missing = found is None
        try:
            blocks = self._turn(found, now)
        except FileNotFoundError:
            # Rotated just now, between listing and opening: the next look sees it whole.
            return []
        except OSError as error:
            self._refuse(error)
            return []
        self.refused = ""
        return blocks

    def read(self, size: int, now: float) -> tuple[int, Block | None]:
        """Return bytes read, about *size* at most, from the oldest file that has any, as lines."""
        for reader in self._drop_copies() if self._files else ():
            taken, block = reader.read(size)
            if taken:
                reader.grown = now
                return taken, block
        return 0, None

    def retire(self, now: float) -> list[Block]:
        """Close the rotated files that no longer grow; return their unterminated ends."""
        blocks: list[Block] = []
        for reader in self._files[:-1]:
            if reader.grown is None:
                reader.grown = now
            idle = now - reader.grown >= self._settle and not reader.lag()
            if reader.finished or idle:
                self._files.remove(reader)
                blocks += reader.close()
        return blocks

    def mark(self) -> Checkpoint | None:
        """Return the place behind everything that was handed out, None before the first file."""
        if not self._files:
            return self._checkpoint
        # A file behind one that is still being read, itself not begun, will be found again.
        begun = 1
        for place, reader in enumerate(self._files):
            if reader.mark().offset or not any(earlier.lag() for earlier in self._files[:place]):
                begun = place + 1
        *older, last = [reader.mark() for reader in self._files[:begun]]
        return replace(last, older=tuple(older), known=self._known)

    def holds(self, identity: tuple[int, int]) -> bool:
        """Return whether the file with *identity* is open here."""
        return any(reader.identity == identity for reader in self._files)

    def lag(self) -> int:
        """Return how many bytes wait to be read."""
        return sum(reader.lag() for reader in self._files)

    def close(self) -> None:
        """Close every file; the places stay in ``mark``."""
        self._checkpoint = self.mark()
        for reader in self._files:
            reader.close()
        self._files = []

    def _refuse(self, error: OSError) -> None:
        self._losses.refused += not self.refused
        denied = isinstance(error, PermissionError)
        self.refused = "may not be read" if denied else f"cannot be read: {error.strerror or error}"

    def _turn(self, found: os.stat_result | None, now: float) -> list[Block]:
        if not self._files:
            self._begin(found)
            return []
        last = self._files[-1]
        was_blank = not last.head
        here = None if found is None else _glance(self.path, found, same=last.same())
        match judge(last.mark(), here, size=last.size, consumed=last.consumed):
            case Fate.SAME if self._known is not None:
                seen = self._seen(last.mark())
                # What is listed must be what was there while this file was as it is now.
                if not (seen and seen[-1].identity == last.identity and last.same()):
                    raise FileNotFoundError(self.path)
                copies = self._packed_since(self._files[:-1])
                self._files[-1:-1] = self._open(self._newcomers(seen, besides=copies))
                self._note(seen, unsure=was_blank)
                return []
            case Fate.SAME | Fate.GONE:
                return []
            case Fate.REPLACED | Fate.CUT:
                return self._go_on(last, now)

    def _begin(self, found: os.stat_result | None) -> None:
        mark = self._checkpoint
        if mark is not None:
            self._resume(mark)
        elif found is None:
            # Whatever appears here from now on is new.
            self._fresh = True
        else:
            reader = Reader(self.path, str(self.path), losses=self._losses)
            seen = self._seen(reader.mark())
            self._files = [reader.start_at(0, 1) if self._fresh else reader.start_at_end()]
            self._note(seen, unsure=not reader.head)
            self._fresh = True

    def _resume(self, mark: Checkpoint) -> None:
        seen = self._seen(mark)
        older = [(one, self._seen(one)) for one in mark.older]
        was_found, route = resumed(mark, seen, older)
        if route:
            self._files = self._open(route, (mark, *mark.older))
            self._note(seen, unsure=True)
            self._losses.vanished += not was_found

    def _go_on(self, last: Reader, now: float) -> list[Block]:
        self._drop_copies()
        mark = last.mark()
        cut = last.size < last.consumed or not last.same()
        if not cut:
            # What the writer did after the rotation is in files younger than this one's last byte.
            mark = replace(mark, modified=last.modified)
        seen = self._seen(mark)
        was_found, route = legs(mark, seen)
        others = self._files[:-1]
        copies = self._packed_since(others)
        unseen = self._newcomers(seen, besides=copies | {leg.seen.identity for leg in route})
        if cut:
            held = copies | {reader.identity for reader in others}
            rest = [leg for leg in route if leg.seen.identity not in held]
            if not rest:
                raise FileNotFoundError(self.path)
            deleted = self._deleted(last, seen)
            try:
                opened = self._open([*unseen, *rest], (mark,))
            except OSError:
                if deleted is not None:
                    deleted.close()
                raise
            if deleted is not None:
                copied = [leg for leg in rest if leg.seen.modified <= last.modified]
                opened.insert(len(unseen) + len(copied), deleted)
            self._files[-1:] = opened
            self._note(seen, unsure=True)
            self._losses.truncated += 1
            self._losses.uncopied += not was_found
            ends = last.close()
            # A copy holds the unfinished line too; without one, this is all there is of it.
            return [] if was_found else ends
        # The last one is open already, whatever it is called and whether it is packed by now.
        rest = [leg for leg in route[was_found:] if leg.seen.identity not in copies]
        known = {reader.identity: reader for reader in self._files}
        fresh = [leg for leg in rest if leg.seen.identity not in known]
        new = iter(self._open([*unseen, *fresh]))
        earlier = [next(new) for _ in unseen]
        identities = [leg.seen.identity for leg in rest]
        chain = [known.pop(one) if one in known else next(new) for one in identities]
        self._files = [*known.values(), *chain]
        place = self._files.index(last)
        self._files[place:place] = earlier
        self._note(seen, unsure=True)
        last.grown = now
        return []

    def _deleted(self, last: Reader, seen: list[Seen]) -> Reader | None:
        """Return *last* from its beginning when it was deleted behind a truncation, else None.

        What was written in between is in no other file, unless that was packed or copied again.
        """
        if any(one.identity == last.identity for one in seen):
            return None
        anew = last.anew()
        try:
            if not self._packed_since([anew]):
                return anew
        except OSError:
            anew.close()
            raise
        anew.close()
        return None

    def _note(self, seen: list[Seen], *, unsure: bool) -> None:
        """Remember what was there; *unsure*: a copy may come, or has come since, without a sign."""
        self._known = tuple(file.key for file in seen) if unsure else None

    def _newcomers(
        self, seen: list[Seen], *, besides: Iterable[tuple[int, int]]
    ) -> tuple[Leg, ...]:
        """Return the copies that came without a sign, but for those *besides*."""
        if self._known is None:
            return ()
        held = {*besides, *(reader.identity for reader in self._files)}
        return newcomers(self._known, seen, held)

    def _drop_copies(self) -> list[Reader]:
        """Close what is a copy of a file that is open itself; return what may be read now.

        The lines are read from the file itself; once it was truncated, the rest of the copy is
        found from our place in it. A rotated file that is empty may be a copy that is about to be
        made.
        """
        ready: list[Reader] = []
        *rotated, last = list(self._files)
        for reader in rotated:
            # The copy first: what it holds had been in the log before, and was seen there or cut.
            beginning = reader.beginning()
            later = self._files[self._files.index(reader) + 1 :]
            for one in later if beginning else ():
                one.same()
            if beginning and any(is_copy(beginning, one.head) for one in later):
                self._files.remove(reader)
                reader.close()
            elif beginning != b"":
                ready.append(reader)
        return [*ready, last]

    def _packed_since(self, readers: Iterable[Reader]) -> set[tuple[int, int]]:
        """Return the files that are copies of those open in *readers*: they are read already."""
        copies: set[tuple[int, int]] = set()
        for reader in readers:
            mark = reader.mark()
            was_found, there = legs(mark, self._seen(mark))
            if was_found and there[0].seen.identity != reader.identity:
                copies.add(there[0].seen.identity)
        return copies

    def _open(self, route: Iterable[Leg], marks: Collection[Checkpoint] = ()) -> list[Reader]:
        """Open all of *route*, or nothing and raise ``OSError``.

        What was begun must still begin as the file at one of *marks* did: it may have been
        truncated since it was listed.
        """
        opened: list[Reader] = []
        try:
            for leg in route:
                reader = Reader(Path(leg.seen.path), str(self.path), losses=self._losses)
                opened.append(reader)
                if reader.identity != leg.seen.identity:
                    raise FileNotFoundError(leg.seen.path)
                if leg.begun and not any(reader.begins_as(mark) for mark in marks):
                    raise FileNotFoundError(leg.seen.path)
                reader.start_at(leg.offset, leg.number)
        except OSError:
            for reader in opened:
                reader.close()
            raise
        return opened

    def _seen(self, mark: Checkpoint) -> list[Seen]:
        return list_files(self.path, mark, self._losses)


def _glance(path: Path, found: os.stat_result, *, same: bool) -> Seen:
    return Seen(path=str(path), device=found.st_dev, inode=found.st_ino, same=same)
