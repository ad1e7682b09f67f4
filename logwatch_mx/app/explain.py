"""Explain one line: the kinds that were tried, the event, and what each rule makes of it."""

from datetime import tzinfo
from pathlib import Path

from msgspec import Struct

from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.setup import load_all_rules, read_settings
from logwatch_mx.detect.domains import domains_of
from logwatch_mx.detect.reasons import is_deferral, left_out, reason_of
from logwatch_mx.errors import SourceError
from logwatch_mx.model.event import Delivery, Event
from logwatch_mx.model.rule import Rule
from logwatch_mx.mta.site import configured_site
from logwatch_mx.sources.block import lines


class RuleSays(Struct, frozen=True):
    """One rule, in words, and whether it takes the event as evidence."""

    id: str
    sentence: str
    matched: bool


class Explained(Struct, frozen=True):
    """How a line was read: *kinds* in the order tried, each with whether it made the event."""

    event: Event
    kinds: list[tuple[str, bool]]
    rules: list[RuleSays]


def explain_line(
    path: Path, number: int, config: Path | None, *, year: int | None, zone: tzinfo
) -> Explained:
    """Return how line *number* of *path* is read; SourceError when there is no such line."""
    settings = read_settings(config)
    site = configured_site(settings)
    (stream,) = open_streams([path], year=year, zone=zone)
    last = 0
    for block in stream.blocks():
        for line in lines(block):
            last = line.number
            # Lines before it tell the year and the repeated hour.
            event = stream.read(line)
            if last == number:
                kinds = stream.reader.explain(line)
                says = [
                    RuleSays(
                        id=compiled.rule.id,
                        sentence=_sentence(compiled.rule, event),
                        matched=any(
                            compiled.condition.matches(event, domain, site)
                            for domain in domains_of(event)
                        ),
                    )
                    for compiled in load_all_rules(settings.rules)
                ]
                return Explained(event=event, kinds=kinds, rules=says)
    raise SourceError(f"{path}: has {last} lines, no line {number}")


def _sentence(rule: Rule, event: Event) -> str:
    """Return the rule's title, and for the spike test why it leaves the deferral *event* out."""
    if not rule.spike or not isinstance(event, Delivery) or not is_deferral(event):
        return rule.title
    reason = reason_of(event)
    why = left_out(event, reason)
    return f"{rule.title} ({f'not counted: {why}' if why else reason})"
