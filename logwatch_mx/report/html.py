"""Write incidents as one HTML file that needs nothing else: it opens without a network.

Every text is escaped by jinja2, a content security policy in the page itself forbids scripts and
whatever is not in the file, and colours follow the reader's light or dark.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from logwatch_mx.model.incident import Incident, IncidentKind
from logwatch_mx.report import rows
from logwatch_mx.report.charts import draw_numbers, draw_time
from logwatch_mx.report.rows import clean, count, short, span

#: Longest subject in the table of all incidents, in characters.
NAME = 60


def write_html(
    path: Path,
    incidents: Sequence[Incident],
    *,
    files: Sequence[str] = (),
    lines: int | None = None,
    first: datetime | None = None,
    last: datetime | None = None,
) -> None:
    """Write the report of *incidents* to *path*.

    *files* are the logs they come from; *lines*, *first* and *last* say how much of them was read,
    where that is known. Raises OSError.
    """
    text = render_html(incidents, files=files, lines=lines, first=first, last=last)
    path.write_text(text, encoding="utf-8")


def render_html(
    incidents: Sequence[Incident],
    *,
    files: Sequence[str] = (),
    lines: int | None = None,
    first: datetime | None = None,
    last: datetime | None = None,
) -> str:
    """Return the report of *incidents* as HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  # only a report needs it
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("logwatch_mx.report", "pages"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts = [
        # pygal escapes what it draws; see ``charts`` for what is taken out.
        (title, Markup(draw(incidents)))  # noqa: S704
        for title, draw in (("When", draw_time), ("How much", draw_numbers))
        if incidents
    ]
    return environment.get_template("report.html").render(
        files=[clean(name) for name in files],
        lines=count(lines, "line") if lines is not None else "",
        span=span(first, last) if first and last else "",
        totals=_totals(incidents),
        charts=charts,
        incidents=[_shown(number, i) for number, i in enumerate(incidents, 1)],
    )


def _totals(incidents: Sequence[Incident]) -> list[tuple[str, str]]:
    """Return the figures that stand above everything, each with its name."""
    kinds = {kind: sum(i.kind is kind for i in incidents) for kind in rows.NAMES}
    named = [(f"{number:,}", _named(kind, number)) for kind, number in kinds.items() if number]
    messages = sum(i.counts.messages for i in incidents)
    return [
        *named,
        (f"{messages:,}", "message" if messages == 1 else "messages"),
        (f"{sum(i.counts.events for i in incidents):,}", "lines of evidence"),
    ]


def _named(kind: IncidentKind, number: int) -> str:
    name = "by rules" if kind is IncidentKind.RULE else rows.NAMES[kind].lower()
    return name if number == 1 or kind is IncidentKind.RULE else f"{name}s"


def _shown(number: int, incident: Incident) -> dict[str, Any]:
    return {
        "anchor": f"incident-{number}",
        "kind": incident.kind.value,
        "title": rows.title(incident).capitalize(),
        "subject": clean(incident.subject),
        "name": short(incident.subject, NAME),
        "state": rows.state(incident),
        "colour": "over" if incident.closed else incident.state.value,
        "first": f"{incident.first:%Y-%m-%d %H:%M:%S}",
        "length": rows.duration(incident.last - incident.first),
        "messages": f"{incident.counts.messages:,}",
        "lines": f"{incident.counts.events:,}",
        "rows": rows.rows(incident),
        "evidence": [(f"{clean(e.source)}:{e.line}", clean(e.text)) for e in incident.evidence],
        "all": len(incident.evidence) == incident.counts.events,
    }
