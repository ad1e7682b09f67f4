"""Everything that one transaction may write."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

import msgspec

from logwatch_mx.errors import StateError
from logwatch_mx.model.action import Action, ActionState, Outcome
from logwatch_mx.model.deed import Audit, Confirmation
from logwatch_mx.model.incident import Incident
from logwatch_mx.model.notice import Notice
from logwatch_mx.state.pack import column, pack, stamp, unpack


class Transaction:
    """The writes of one transaction: all of them are kept, or none is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def save_engine(self, state: bytes) -> None:
        """Keep the engine's whole state in place of the last one."""
        self._do("INSERT OR REPLACE INTO engine VALUES (1, ?)", (state,))

    def save_checkpoints(self, places: Mapping[str, bytes]) -> None:
        """Keep the place in every log; a log that is not among *places* is forgotten."""
        self._do("DELETE FROM checkpoints")
        for path, place in places.items():
            key = path.encode("utf-8", "surrogateescape")
            self._do("INSERT INTO checkpoints VALUES (?, ?)", (key, place))

    def save_incident(self, incident: Incident) -> None:
        """Keep *incident* in place of what was known under its id."""
        self._do(
            "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?)",
            (
                column(incident.id),
                incident.state,
                stamp(incident.opened),
                None if incident.closed is None else stamp(incident.closed),
                pack(incident),
            ),
        )

    def add_action(self, action: Action) -> None:
        """Write *action* down before it is done, with its row in the audit.

        What was only planned or skipped gives way to it; anything else under the same id is a
        ``StateError``, since nothing may be done twice.
        """
        written = self._do(
            "INSERT INTO actions VALUES (?, ?, ?, ?, ?, ?, NULL, '', ?) ON CONFLICT (id) DO UPDATE"
            " SET state = excluded.state, at = excluded.at, json = excluded.json"
            " WHERE actions.state IN ('planned', 'skipped')",
            (
                column(action.id),
                column(action.incident),
                action.verb,
                column(action.target),
                action.state,
                None if action.at is None else stamp(action.at),
                pack(action),
            ),
        )
        if written.rowcount != 1:
            raise StateError(f"action {column(action.id)}: was done before")
        if action.at is not None and action.state is ActionState.RUNNING:
            self.add_audit(_row(action.at, "action", action, action.why))

    def finish_action(self, outcome: Outcome) -> None:
        """Write down what came of the action that *outcome* names, with its row in the audit."""
        action = msgspec.structs.replace(self._action(outcome.action), state=outcome.state)
        self._do(
            "UPDATE actions SET state = ?, ended = ?, said = ?, json = ? WHERE id = ?",
            (
                outcome.state,
                None if outcome.at is None else stamp(outcome.at),
                column(outcome.said),
                pack(action),
                column(outcome.action),
            ),
        )
        if outcome.at is not None:
            self.add_audit(_row(outcome.at, "outcome", action, outcome.said))

    def extend_action(self, action_id: str, expires: datetime, at: datetime) -> None:
        """Let the action run until *expires*: it was found at *at* that it is still needed."""
        action = msgspec.structs.replace(self._action(action_id), expires=expires)
        self._do("UPDATE actions SET json = ? WHERE id = ?", (pack(action), column(action_id)))
        self.add_audit(_row(at, "extended", action, f"until {expires.isoformat()}"))

    def add_notice(self, notice: Notice) -> bool:
        """Queue *notice*; False when one with its key was queued before."""
        written = self._do(
            "INSERT OR IGNORE INTO notices (key, json, at) VALUES (?, ?, ?)",
            (column(notice.key), pack(notice), stamp(notice.at)),
        )
        return written.rowcount == 1

    def mark_sent(self, key: str, at: datetime) -> None:
        """Note that the notice *key* went out."""
        self._do("UPDATE notices SET sent_at = ? WHERE key = ?", (stamp(at), column(key)))

    def mark_tried(self, key: str) -> None:
        """Count one more try of the notice *key* that failed."""
        self._do("UPDATE notices SET tries = tries + 1 WHERE key = ?", (column(key),))

    def ignore(self, domain: str, *, until: datetime | None, at: datetime) -> None:
        """Leave *domain* alone until *until*, or for good when it is None."""
        end = None if until is None else stamp(until)
        self._do("INSERT OR REPLACE INTO ignores VALUES (?, ?, ?)", (domain, end, stamp(at)))
        self.add_audit(Audit(at=at, what="ignore", detail={"domain": domain, "until": end}))

    def unignore(self, domain: str, *, at: datetime) -> bool:
        """Watch *domain* again; False when it was not ignored."""
        if self._do("DELETE FROM ignores WHERE domain = ?", (domain,)).rowcount == 0:
            return False
        self.add_audit(Audit(at=at, what="unignore", detail={"domain": domain}))
        return True

    def add_confirmation(self, answer: Confirmation) -> None:
        """Remember what a resolver said."""
        self._do(
            "INSERT INTO confirmations VALUES (?, ?, ?, ?)",
            (column(answer.domain), answer.resolver, answer.outcome, stamp(answer.at)),
        )

    def add_audit(self, row: Audit) -> None:
        """Add *row* to the book in which nothing is changed."""
        self._do(
            "INSERT INTO audit (at, what, json) VALUES (?, ?, ?)",
            (stamp(row.at), row.what, pack(row)),
        )

    def save_meta(self, key: str, value: str) -> None:
        """Keep one small fact about the state as a whole."""
        self._do("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _action(self, action_id: str) -> Action:
        row = self._do("SELECT json FROM actions WHERE id = ?", (column(action_id),)).fetchone()
        if row is None:
            raise StateError(f"action {column(action_id)}: not known")
        return unpack(row[0], Action)


def _row(at: datetime, what: str, action: Action, said: str) -> Audit:
    detail = {
        "action": action.id,
        "verb": str(action.verb),
        "target": action.target,
        "state": str(action.state),
        "said": said,
    }
    return Audit(at=at, what=what, detail=detail)
