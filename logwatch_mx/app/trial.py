"""Try rules: on their own examples, and on old logs."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from logwatch_mx.app.engine import Engine
from logwatch_mx.app.margins import Margins
from logwatch_mx.app.reading import merge_events, open_streams
from logwatch_mx.app.setup import build_engine
from logwatch_mx.config.settings import Settings
from logwatch_mx.detect.domains import domains_of
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Event
from logwatch_mx.model.incident import Incident
from logwatch_mx.model.line import Line
from logwatch_mx.model.rule import Example
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.load import CompiledRule

#: Examples are read as of this year, wherever and whenever they are run.
EXAMPLE_YEAR = 2026
#: Closed incidents leave the engine after an hour; they are looked up this often (lines).
SNAPSHOT = 1000


def run_example(compiled: CompiledRule, lines: Sequence[str], example: Example) -> frozenset[str]:
    """Return the subjects of the incidents that *lines* raise by the one rule *compiled*."""
    site = Site(domains=frozenset(example.own_domains), addresses=frozenset(example.own_addresses))
    reader = Reader(Stamps(EXAMPLE_YEAR, UTC))
    events = [reader.read(Line(text, "example", n)) for n, text in enumerate(lines, start=1)]
    engine = build_engine(Settings(), site=site, rules=[compiled])
    for event in events:
        engine.feed(event)
    if engine.state.now is not None:
        engine.finish(engine.state.now)
    return frozenset(incident.subject for incident in engine.incidents())


def try_rules(
    compiled: Sequence[CompiledRule],
    paths: Sequence[Path],
    *,
    year: int | None,
    zone: tzinfo,
    since: datetime | None,
    until: datetime | None,
) -> Iterator[str]:
    """Yield what the rules would have raised in the logs *paths*, then where they came near."""
    settings = Settings()
    engine = build_engine(settings, site=Site(), rules=compiled)
    margins = Margins(engine, compiled, settings)
    matched = lines = 0
    raised: dict[str, Incident] = {}
    for event, place in merge_events(open_streams(paths, year=year, zone=zone)):
        if event.time is not None and until is not None and event.time > until:
            continue
        lines += 1
        matched += any(_matches(one, event, engine) for one in compiled)
        engine.feed(event, place.stream.name)
        margins.note()
        if lines % SNAPSHOT == 0:
            raised |= {i.id: i for i in engine.incidents()}
    margins.look()
    if engine.state.now is not None:
        engine.finish(engine.state.now)
    raised |= {i.id: i for i in engine.incidents()}
    shown = [i for i in raised.values() if since is None or i.last >= since]
    yield f"{matched} of {lines} lines match; {len(shown)} incidents"
    for incident in sorted(shown, key=lambda i: (i.opened, i.id)):
        counts = incident.counts
        yield (
            f"raised  {incident.subject}  at {incident.opened.isoformat()}:"
            f" {counts.events} lines, {counts.messages} counted"
        )
    yield from margins.said({incident.subject for incident in raised.values()})


def _matches(compiled: CompiledRule, event: Event, engine: Engine) -> bool:
    return any(compiled.condition.matches(event, d, engine.site) for d in domains_of(event))
