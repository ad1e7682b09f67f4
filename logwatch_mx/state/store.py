"""The state: what must survive a restart, in one SQLite file.

Place in the log, engine, incidents, actions and notices move together: what belongs together is
written in one ``transaction``. One daemon writes; a command line may write beside it for a moment
(``daemon=False``) or only read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from logwatch_mx.state.connect import connect_reader, connect_writer
from logwatch_mx.state.faults import refusal, told
from logwatch_mx.state.lock import Lock
from logwatch_mx.state.pack import stamp
from logwatch_mx.state.read import Reader
from logwatch_mx.state.transaction import Transaction

#: Closed incidents, the audit and what belongs to them are kept this long.
KEPT = timedelta(days=90)

_PATIENCE_MS = 250

_FORGET = (
    "DELETE FROM incidents WHERE closed < ?",
    """DELETE FROM actions WHERE coalesce(ended, at) < ? AND state NOT IN ('running', 'done')
       AND incident NOT IN (SELECT id FROM incidents)""",
    "DELETE FROM notices WHERE at < ?",
    "DELETE FROM confirmations WHERE at < ?",
    "DELETE FROM audit WHERE at < ?",
    "DELETE FROM ignores WHERE until < ?",
)


class Store(Reader):
    """One open state; *notes* is what the operator should be told about how it was opened."""

    notes: tuple[str, ...] = ()
    _daemon_lock: Lock | None = None

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, daemon: bool = True) -> Self:
        """Open the state at *path*, made when it is not there (never by *read_only*).

        *daemon*: refuse when another daemon has it, and set a damaged or foreign file aside. Errors
        are ``StateError``, ``PermissionDeniedError``, and ``EffectError`` where a retry may help.
        """
        try:
            with told(path):
                return cls._open(path, read_only=read_only, daemon=daemon)
        except OSError as error:
            raise refusal(path, error) from error

    @classmethod
    def _open(cls, path: Path, *, read_only: bool, daemon: bool) -> Self:
        if read_only:
            return cls(connect_reader(path), path)
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        lock = Lock(path) if daemon else None
        try:
            connection, notes = connect_writer(path, mend=daemon)
        except BaseException:
            if lock:
                lock.release()
            raise
        store = cls(connection, path)
        store.notes = notes
        store._daemon_lock = lock
        if daemon:
            # The log is read in between: rather come back later than wait for another's lock.
            connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        return store

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """Write everything in the block, or nothing when it raises.

        One that is not *durable* may be undone by a power cut (never by a kill) until the next
        durable one, which waits for the disk for both: both are in one journal, in order.
        """
        with self._lock, told(self.path):
            # Between transactions only: inside one it would be ignored.
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite itself rolls back on a full disk
                    self._connection.execute("ROLLBACK")
                raise

    def prune(self, now: datetime) -> int:
        """Forget what is older than 90 days and over; return how many rows went.

        Open incidents and what is in force stay, whatever their age.
        """
        old = stamp(now - KEPT)
        gone = 0
        with self.transaction():
            for question in _FORGET:
                gone += self._connection.execute(question, (old,)).rowcount
        return gone

    def close(self) -> None:
        """Close the file, then let another daemon have it."""
        with told(self.path):
            self._connection.close()
        if self._daemon_lock:
            self._daemon_lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
