"""A path to a connection: create, recognise, set aside what is damaged or not ours.

What was there is never overwritten and never deleted: it gets another name.
"""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from logwatch_mx.errors import NoStateError, StateError
from logwatch_mx.state.faults import DAMAGED, code_of
from logwatch_mx.state.lock import hand_over
from logwatch_mx.state.schema import MIGRATIONS, belongs_to_us, migrate, version_of

#: SQLite itself waits this long for another writer; a command line does not hold the lock longer.
_BUSY_SECONDS = 5.0


def connect_writer(path: Path, *, mend: bool) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """Return a connection that may write to *path*, and what the operator should be told.

    *mend*: a damaged or foreign file is set aside and an empty state begun; otherwise it is a
    ``StateError``, as is one that a newer version wrote.
    """
    notes: tuple[str, ...] = ()
    while True:
        _create(path)
        connection = _connect(path, "rw")
        try:
            if (fault := _fault_of(connection, path)) is None:
                # A power cut must not lose the row that was written before an action.
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute(f"PRAGMA journal_size_limit = {16 << 20}")
                migrate(connection)
                return connection, notes
        except BaseException:
            connection.close()
            raise
        connection.close()
        if not mend or notes:
            raise StateError(f"{path}: {fault}")
        aside = _set_aside(path)
        notes = (f"{path}: {fault}; kept as {aside.name}, and an empty state begun",)


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads *path*, also while the daemon writes to it."""
    if not path.exists():
        raise NoStateError(f"{path}: no state yet: the daemon has not run here")
    try:
        return _checked_reader(path, "ro")
    except sqlite3.OperationalError as error:
        # Reading a WAL database makes its -shm file. Who may not write there can still read a
        # database that nobody has open.
        if code_of(error) not in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}:
            raise
        if path.with_name(path.name + "-wal").exists():
            raise
        return _checked_reader(path, "ro&immutable=1")


def _checked_reader(path: Path, mode: str) -> sqlite3.Connection:
    connection = _connect(path, mode)
    try:
        fault = _strangeness(connection, path)
        if fault is None and version_of(connection) < len(MIGRATIONS):
            fault = "written by an older version; start the daemon once"
    except BaseException:
        connection.close()
        raise
    if fault is not None:
        connection.close()
        raise StateError(f"{path}: {fault}")
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _create(path: Path) -> None:
    if not path.exists():
        # The journals take their mode from the database; the group may read what was done.
        path.touch(mode=0o640, exist_ok=True)
        hand_over(path)


def _fault_of(connection: sqlite3.Connection, path: Path) -> str | None:
    """Return why this file may not be used; reads only, so that a stranger's file stays whole."""
    try:
        fault = _strangeness(connection, path)
        if fault is None:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            fault = None if found == "ok" else f"damaged: {' '.join(found.split())}"
    except sqlite3.DatabaseError as error:
        if code_of(error) not in DAMAGED:
            raise
        return f"damaged: {error}"
    return fault


def _strangeness(connection: sqlite3.Connection, path: Path) -> str | None:
    if not belongs_to_us(connection):
        return "a database of another program"
    version = version_of(connection)
    if version > len(MIGRATIONS):
        raise StateError(
            f"{path}: written by a newer version (schema {version}, this one knows"
            f" {len(MIGRATIONS)}); upgrade, or name another [state] path"
        )
    return None


def _set_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):  # the database last: until then it would be found again
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside
