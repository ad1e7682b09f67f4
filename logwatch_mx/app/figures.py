"""How the daemon is, in numbers: for ``status`` and for the metrics."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

from logwatch_mx.app.engine_state import EngineState
from logwatch_mx.app.reading import Tally
from logwatch_mx.model.incident import Incident


def figures(
    *,
    tally: Tally,
    state: EngineState,
    incidents: Collection[Incident],
    lag: int,
    saved: datetime,
    failed: int,
    gaps: int,
    lost: dict[str, int],
    unwritten: int,
    notices: int,
    troubles: tuple[str, ...],
) -> dict[str, Any]:
    """Return what there is to tell, as JSON takes it.

    *lag* is in bytes, *failed* are lines that could not be dealt with, *gaps* those that the logger
    says it dropped, *lost* tells how often lines were gone before they were read, *unwritten*
    outcomes that wait for the state to be writable, *notices* those that wait to be sent.
    """
    loop, spike = state.loop, state.spike
    return {
        "lines": tally.lines,
        "kinds": dict(tally.kinds),
        "lag": lag,
        "first": spike.begun.isoformat() if spike.begun else None,
        "last": state.now.isoformat() if state.now else None,
        "saved": saved.isoformat(),
        "at": saved.timestamp(),
        "incidents": dict(
            Counter("closed" if i.closed is not None else i.state.value for i in incidents)
        ),
        "actions": dict(Counter(a.state.value for i in incidents for a in i.actions)),
        "forgotten": {
            "passes": loop.chains.passes.forgotten,
            "suspects": loop.pending.forgotten,
            "deferral keys": spike.keys.forgotten,
            "deferred messages": spike.seen.forgotten,
        },
        "late": state.late,
        "refused": state.refused,
        "failed": failed,
        "gaps": gaps,
        "lost": lost,
        "unwritten": unwritten,
        "notices": notices,
        "troubles": list(troubles),
    }
