"""Prime the baselines from old logs, before the first line of the watched one."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from logwatch_mx.app.needles import static_needles
from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.detect.learn import teach
from logwatch_mx.detect.spike_state import SpikeState
from logwatch_mx.model.site import Site
from logwatch_mx.sources.sieve import build_sieve


def learn(
    known: SpikeState,
    paths: Sequence[Path],
    *,
    settings: Settings,
    site: Site,
    zone: tzinfo,
    log: Callable[[str], None],
) -> None:
    """Make what is usual in the logs *paths* the past of *known*, once, and say what was learned.

    A state that learned before is left alone, so that a restart with the same options changes
    nothing. One that has observed a log learns only what is older. Raises ``SourceError``.
    """
    if known.learned:
        log(f"learned before, nothing is learned again: {known.learned}")
        return
    before = known.begun - timedelta(microseconds=1) if known.begun is not None else None
    lesson, until, lines = _study(paths, settings=settings, site=site, zone=zone, before=before)
    count = 0 if until is None else teach(known, lesson, until)
    if until is None or lesson.begun is None:
        older = " that is older than what was observed" if before is not None else ""
        log(f"nothing learned: no mail log{older} in {len(paths)} files")
        return
    span = f"{lesson.begun:%Y-%m-%dT%H:%M:%SZ} to {until:%Y-%m-%dT%H:%M:%SZ}"
    known.learned = f"{lines} lines, {span}, deferrals of {count} domain{'s' * (count != 1)}"
    log(f"learned: {known.learned}")


def _study(
    paths: Sequence[Path],
    *,
    settings: Settings,
    site: Site,
    zone: tzinfo,
    before: datetime | None,
) -> tuple[SpikeState, datetime | None, int]:
    """Return what a detector of its own makes of *paths*, its last moment, and the lines read."""
    rules = load_all_rules(settings.rules)
    engine = build_engine(settings, site=site, rules=rules)
    needles = static_needles(rules, site)
    run = Replay(
        engine,
        settings=settings,
        site=site,
        sieve=None if needles is None else build_sieve(needles),
    )
    streams = open_streams(paths, year=None, zone=zone)
    result = run.run(streams, until=before)
    return engine.state.spike, engine.state.now, result.tally.lines
