"""Which thresholds suit this site? Old logs replayed under several, with the alarms of each.

One setting is changed at a time, the others stay as configured. What is proposed is the configured
value where nothing speaks against it: an alarm of a loop that DNS refutes, or more than one alarm
in ten days that only the ceiling raised.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from logwatch_mx.app.replay import Replayed
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.incident import Incident, IncidentKind, IncidentState

PASSES = (2, 3, 4, 6, 10)
CEILINGS = (20, 30, 50, 100, 200, 500)
#: Alarms that only the ceiling raised, a day.
SPARE = 0.1
_LOOPS = frozenset({IncidentKind.LOOP})
_SPIKES = frozenset({IncidentKind.SPIKE, IncidentKind.OUTAGE})

Run = Callable[[Settings], Replayed]


class Trial(Struct, frozen=True, kw_only=True):
    """One *value* of a setting, and the alarms that it would have raised."""

    setting: str
    value: int
    alarms: tuple[Incident, ...]
    configured: bool = False


class Tuned(Struct, frozen=True, kw_only=True):
    """All trials, what is proposed for each setting, and why."""

    trials: tuple[Trial, ...]
    proposed: dict[str, int]
    why: dict[str, str]
    days: float


def tune(run: Run, settings: Settings) -> Tuned:
    """Replay under each value; *run* replays the same logs under the settings that it is given."""
    loops, spikes = [], []
    days = 0.0
    for passes in sorted({*PASSES, settings.loop.passes}):
        tried = structs.replace(settings, loop=structs.replace(settings.loop, passes=passes))
        found = run(tried)
        days = _days(found.tally.first, found.tally.last)
        loops.append(
            Trial(
                setting="loop.passes",
                value=passes,
                alarms=_of(found.incidents, _LOOPS),
                configured=passes == settings.loop.passes,
            )
        )
    for ceiling in sorted({*CEILINGS, settings.spike.ceiling}):
        tried = structs.replace(settings, spike=structs.replace(settings.spike, ceiling=ceiling))
        spikes.append(
            Trial(
                setting="spike.ceiling",
                value=ceiling,
                alarms=_of(run(tried).incidents, _SPIKES),
                configured=ceiling == settings.spike.ceiling,
            )
        )
    passes, why_passes = _propose_passes(loops)
    ceiling, why_ceiling = _propose_ceiling(spikes, days)
    return Tuned(
        trials=(*loops, *spikes),
        proposed={"loop.passes": passes, "spike.ceiling": ceiling},
        why={"loop.passes": why_passes, "spike.ceiling": why_ceiling},
        days=days,
    )


def _of(incidents: Sequence[Incident], kinds: frozenset[IncidentKind]) -> tuple[Incident, ...]:
    return tuple(incident for incident in incidents if incident.kind in kinds)


def _days(first: datetime | None, last: datetime | None) -> float:
    return (last - first) / timedelta(days=1) if first is not None and last is not None else 0.0


def _propose_passes(trials: Sequence[Trial]) -> tuple[int, str]:
    now = next(trial for trial in trials if trial.configured)
    if not _with(now, IncidentState.REFUTED):
        more = _with(trials[0], IncidentState.CONFIRMED) - _with(now, IncidentState.CONFIRMED)
        if more and not _with(trials[0], IncidentState.REFUTED):
            return trials[0].value, f"finds {len(more)} loops more that DNS confirms"
        asked = any(i.verdict is not None for i in now.alarms)
        known = "DNS refutes none of its alarms" if asked else "nothing speaks against it"
        return now.value, known
    for trial in trials:
        if trial.value > now.value and not _with(trial, IncidentState.REFUTED):
            return trial.value, "the smallest of whose alarms DNS refutes none"
    return trials[-1].value, "the fewest alarms that DNS refutes"


def _propose_ceiling(trials: Sequence[Trial], days: float) -> tuple[int, str]:
    """Return the configured ceiling, or the next that adds hardly anything to the test's alarms."""
    sure = {incident.subject for incident in trials[-1].alarms}
    now = next(trial for trial in trials if trial.configured)
    for trial in trials:
        extra = sum(incident.subject not in sure for incident in trial.alarms)
        if trial.value >= now.value and extra <= max(SPARE * days, 0.0):
            said = f"{extra} alarms in {days:.1f} days by the ceiling alone"
            return trial.value, said
    return trials[-1].value, "the fewest alarms by the ceiling alone"


def _with(trial: Trial, state: IncidentState) -> set[str]:
    return {incident.subject for incident in trial.alarms if incident.state is state}
