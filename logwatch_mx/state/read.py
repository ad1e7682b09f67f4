"""Everything that may be asked of the state."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

from logwatch_mx.model.action import Action, ActionState
from logwatch_mx.model.deed import Audit, Confirmation, Deed
from logwatch_mx.model.incident import Incident
from logwatch_mx.model.notice import Notice
from logwatch_mx.model.verdict import Outcome
from logwatch_mx.state.faults import told
from logwatch_mx.state.pack import column, moment, stamp, unpack


class Reader:
    """Questions to one open state; each answer is of one moment."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._lock = RLock()

    def load_engine(self) -> bytes | None:
        """Return the engine's state as it was last kept."""
        rows = self._ask("SELECT state FROM engine")
        return bytes(rows[0][0]) if rows else None

    def load_checkpoints(self) -> dict[str, bytes]:
        """Return the place in every log."""
        rows = self._ask("SELECT path, place FROM checkpoints ORDER BY path")
        return {path.decode("utf-8", "surrogateescape"): bytes(place) for path, place in rows}

    def incident(self, incident_id: str) -> Incident | None:
        """Return the incident with exactly this id."""
        rows = self._ask("SELECT json FROM incidents WHERE id = ?", column(incident_id))
        return unpack(rows[0][0], Incident) if rows else None

    def incidents(
        self, *, open_only: bool = False, since: datetime | None = None
    ) -> tuple[Incident, ...]:
        """Return incidents in the order in which they opened.

        *since*: those that were open at that time or later.
        """
        rows = self._ask(
            "SELECT json FROM incidents WHERE (closed IS NULL OR (NOT ? AND closed >= ?))"
            " ORDER BY opened, id",
            open_only,
            "" if since is None else stamp(since),
        )
        return tuple(unpack(row[0], Incident) for row in rows)

    def actions(
        self, *, states: Iterable[ActionState] | None = None, incident: str | None = None
    ) -> tuple[Action, ...]:
        """Return the actions in one of *states*, of one *incident*, or all, oldest first."""
        return tuple(deed.action for deed in self.deeds(states=states, incident=incident))

    def unfinished_actions(self) -> tuple[Action, ...]:
        """Return the actions that were begun and whose outcome was never written."""
        return self.actions(states=(ActionState.RUNNING,))

    def deeds(
        self,
        *,
        states: Iterable[ActionState] | None = None,
        incident: str | None = None,
        since: datetime | None = None,
    ) -> tuple[Deed, ...]:
        """Return what was done, oldest first.

        *since*: what began or ended then or later, and everything that is still in force.
        """
        wanted = tuple(ActionState if states is None else states)
        rows = self._ask(
            "SELECT json, ended, said FROM actions"
            " WHERE state IN (SELECT value FROM json_each(?))"
            " AND (? IS NULL OR incident = ?)"
            " AND (? IS NULL OR at >= ? OR ended >= ? OR state IN ('running', 'done'))"
            " ORDER BY at, id",
            json.dumps(wanted),
            *[None if incident is None else column(incident)] * 2,
            *[None if since is None else stamp(since)] * 3,
        )
        return tuple(
            Deed(action=unpack(row[0], Action), ended=moment(row[1]), said=row[2]) for row in rows
        )

    def pending_notices(self) -> tuple[Notice, ...]:
        """Return the notices that have not gone out, oldest first."""
        rows = self._ask("SELECT json FROM notices WHERE sent_at IS NULL ORDER BY at, key")
        return tuple(unpack(row[0], Notice) for row in rows)

    def tries(self, key: str) -> int:
        """Return how often sending the notice *key* failed."""
        rows = self._ask("SELECT tries FROM notices WHERE key = ?", column(key))
        return int(rows[0][0]) if rows else 0

    def ignored(self, now: datetime) -> frozenset[str]:
        """Return the domains that are to be left alone at *now*."""
        return frozenset(self.ignores(now))

    def ignores(self, now: datetime) -> dict[str, datetime | None]:
        """Return until when each ignored domain is left alone; None is for good."""
        rows = self._ask(
            "SELECT domain, until FROM ignores WHERE until IS NULL OR until > ? ORDER BY domain",
            stamp(now),
        )
        return {domain: moment(until) for domain, until in rows}

    def confirmations(
        self, *, domain: str | None = None, since: datetime | None = None
    ) -> tuple[Confirmation, ...]:
        """Return what resolvers said, oldest first."""
        rows = self._ask(
            "SELECT domain, resolver, outcome, at FROM confirmations"
            " WHERE (? IS NULL OR domain = ?) AND at >= ? ORDER BY at, rowid",
            *[None if domain is None else column(domain)] * 2,
            "" if since is None else stamp(since),
        )
        return tuple(
            Confirmation(
                domain=row[0],
                resolver=row[1],
                outcome=Outcome(row[2]),
                at=datetime.fromisoformat(row[3]),
            )
            for row in rows
        )

    def audit(self, *, since: datetime | None = None) -> tuple[Audit, ...]:
        """Return the rows of the audit in the order in which they were written."""
        after = "" if since is None else stamp(since)
        rows = self._ask("SELECT json FROM audit WHERE at >= ? ORDER BY number", after)
        return tuple(unpack(row[0], Audit) for row in rows)

    def meta(self, key: str) -> str | None:
        """Return one small fact about the state as a whole."""
        rows = self._ask("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def version(self) -> int:
        """Return a number that is another one as soon as another connection has written."""
        return int(self._ask("PRAGMA data_version")[0][0])

    # Any: a row of SQLite is whatever the columns hold; each caller turns it into a noun at once.
    def _ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
        with self._lock, told(self.path):
            return self._connection.execute(question, values).fetchall()
