"""A nudge when a log may have changed; what changed is for the reader to find out.

The directories are watched, not the files: a rotation replaces files, and a log may not exist yet.
File systems without events (network, some containers) give none, so the caller polls every second
besides.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

# Rotation renames, creates and deletes; a writer modifies. Opening and reading is our own doing,
# and answering it would keep us awake for ever.
_TELLING = ("created", "modified", "moved", "deleted")


class Watcher:
    """Calls *wake*, from a thread of its own, when something happens beside one of *paths*.

    *paths* may be globs (in the file name) and need not exist; a directory that is missing is
    watched as soon as ``refresh`` finds it. Events come in bursts: *wake* should only set a flag.
    """

    def __init__(self, paths: Iterable[str], wake: Callable[[], None]) -> None:
        self._directories = {Path(path).absolute().parent for path in paths}
        self._wake = wake
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self._schedule: Callable[[Path], Callable[[], None]] | None = None
        # What undoes each watch, and the inode of the directory it is on.
        self._watched: dict[Path, tuple[int, Callable[[], None]]] = {}

    def start(self) -> None:
        """Begin to watch; does nothing when it was started already."""
        # Importing watchdog costs 50 ms that only the daemon should pay.
        from watchdog import events, observers  # noqa: PLC0415

        wake = self._wake

        class Handler(events.FileSystemEventHandler):
            def on_any_event(self, event: events.FileSystemEvent) -> None:
                if event.event_type in _TELLING:
                    wake()

        with self._lock:
            if self._stop is not None:
                return
            observer = observers.Observer()
            kinds = [
                events.FileCreatedEvent,
                events.FileModifiedEvent,
                events.FileMovedEvent,
                events.FileDeletedEvent,
            ]
            handler = Handler()

            def schedule(directory: Path) -> Callable[[], None]:
                watch = observer.schedule(handler, str(directory), event_filter=kinds)
                return lambda: observer.unschedule(watch)

            def stop() -> None:
                observer.stop()
                observer.join()

            observer.start()
            self._schedule, self._stop = schedule, stop
        self.refresh()

    def refresh(self) -> tuple[Path, ...]:
        """Watch directories that have appeared since; return those that are still missing."""
        with self._lock:
            if self._schedule is None:
                return tuple(sorted(self._directories))
            for directory in self._directories:
                inode = _inode(directory)
                if directory in self._watched:
                    known, undo = self._watched[directory]
                    if known == inode:
                        continue
                    # Deleted, perhaps made anew: the watch is on the old one.
                    del self._watched[directory]
                    undo()
                # Missing, not ours to enter, or no inotify watch left: the poll still sees it.
                with suppress(OSError):
                    if inode is not None:
                        self._watched[directory] = inode, self._schedule(directory)
            return tuple(sorted(self._directories - self._watched.keys()))

    def stop(self) -> None:
        """Stop watching and wait for the thread; does nothing when it is not running."""
        with self._lock:
            stop, self._stop, self._schedule = self._stop, None, None
            self._watched = {}
        if stop is not None:
            stop()


def _inode(directory: Path) -> int | None:
    try:
        return directory.stat().st_ino if directory.is_dir() else None
    except OSError:
        return None
