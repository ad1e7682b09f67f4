"""The tables of the state, and the steps from an older database to this one.

Rows keep a noun as JSON, whole, beside the few columns that questions are asked by. Times in
columns are UTC text of one fixed width, so that they sort as they are.
"""

import sqlite3
from collections.abc import Sequence

#: "lwmx" (https://www.sqlite.org/fileformat.html#application_id): another program's database at
#: our path is known by lacking it.
APPLICATION_ID = 0x6C776D78

#: Step *n* leads from ``user_version`` n to n + 1. A step that was released is never edited.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE engine (one INTEGER PRIMARY KEY CHECK (one = 1), state BLOB NOT NULL);
    CREATE TABLE checkpoints (path BLOB PRIMARY KEY, place BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE incidents (
      id TEXT PRIMARY KEY, state TEXT NOT NULL, opened TEXT NOT NULL, closed TEXT,
      json TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX incidents_opened ON incidents (opened);
    CREATE INDEX incidents_closed ON incidents (closed);
    CREATE TABLE actions (
      id TEXT PRIMARY KEY, incident TEXT NOT NULL, verb TEXT NOT NULL, target TEXT NOT NULL,
      state TEXT NOT NULL, at TEXT, ended TEXT, said TEXT NOT NULL DEFAULT '',
      json TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX actions_state ON actions (state);
    CREATE INDEX actions_at ON actions (at);
    CREATE INDEX actions_incident ON actions (incident);
    CREATE TABLE notices (
      key TEXT PRIMARY KEY, json TEXT NOT NULL, at TEXT NOT NULL, sent_at TEXT,
      tries INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE INDEX notices_pending ON notices (at) WHERE sent_at IS NULL;
    CREATE TABLE ignores (domain TEXT PRIMARY KEY, until TEXT, at TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE confirmations (
      domain TEXT NOT NULL, resolver TEXT NOT NULL, outcome TEXT NOT NULL, at TEXT NOT NULL
    );
    CREATE INDEX confirmations_at ON confirmations (at);
    CREATE INDEX confirmations_domain ON confirmations (domain, at);
    CREATE TABLE audit (
      number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, what TEXT NOT NULL,
      json TEXT NOT NULL
    );
    CREATE INDEX audit_at ON audit (at);
    CREATE TRIGGER audit_is_kept BEFORE UPDATE ON audit
      BEGIN SELECT RAISE(ABORT, 'a row of the audit is never changed'); END;
    """,
)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema version that the database says it has; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def belongs_to_us(connection: sqlite3.Connection) -> bool:
    """Return whether the database is ours, or empty and so nobody's."""
    found = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if found == APPLICATION_ID:
        return True
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    return found == 0 and tables == 0


def migrate(connection: sqlite3.Connection, steps: Sequence[str] = MIGRATIONS) -> None:
    """Bring the database of *connection* to the newest version, each step whole or not at all.

    Another process may be doing the same: the version is read again inside the transaction.
    """
    while version_of(connection) < len(steps):
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(connection)
            if version < len(steps):
                for statement in _statements(steps[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite itself rolls back on a full disk
                connection.execute("ROLLBACK")
            raise


def _statements(script: str) -> list[str]:
    """Cut *script*; ``executescript`` would commit our transaction first."""
    found, text = [], ""
    for piece in script.split(";"):
        text += piece + ";"
        if sqlite3.complete_statement(text):  # a trigger's body has semicolons of its own
            found.append(text)
            text = ""
    return found
