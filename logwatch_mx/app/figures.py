"""How the daemon is, in numbers: for ``status`` and for the metrics."""

from collections import Counter
from datetime import datetime
from typing import Any

from logwatch_mx.app.engine import EngineState
from logwatch_mx.app.reading import Tally


def figures(
    *,
    tally: Tally,
    state: EngineState,
    lag: int,
    saved: datetime,
    failed: int,
    unwritten: int,
    notices: int,
    troubles: tuple[str, ...],
) -> dict[str, Any]:
    """Return what there is to tell, as JSON takes it.

    *lag* is in bytes, *failed* are lines that could not be dealt with, *unwritten* outcomes that
    wait for the state to be writable, *notices* those that wait to be sent.
    """
    loop, spike = state.loop, state.spike
    return {
        "lines": tally.lines,
        "kinds": dict(tally.kinds),
        "lag": lag,
        "last": state.now.isoformat() if state.now else None,
        "saved": saved.isoformat(),
        "incidents": _by_state(state),
        "forgotten": {
            "passes": loop.chains.passes.forgotten,
            "suspects": loop.pending.forgotten,
            "deferral keys": spike.keys.forgotten,
            "deferred messages": spike.seen.forgotten,
        },
        "late": state.late,
        "refused": state.refused,
        "failed": failed,
        "unwritten": unwritten,
        "notices": notices,
        "troubles": list(troubles),
    }


def _by_state(state: EngineState) -> dict[str, int]:
    """Return how many incidents are open, by how far they are believed, and how many closed."""
    counts = Counter(
        "closed" if case.closed is not None else case.incident().state.value
        for case in state.cases.values()
    )
    return dict(counts)
