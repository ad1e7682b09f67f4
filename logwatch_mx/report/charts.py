"""Draw incidents as SVG that stands in an HTML page: no script, no link, nothing from outside.

Colours are the page's CSS variables, so that one drawing serves light and dark.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, tostring  # builds, never reads XML

from logwatch_mx.model.incident import Incident, IncidentKind
from logwatch_mx.report.rows import NAMES, short

#: Up to so many incidents each have a line of their own in time; more are counted by time.
LANES = 20
#: So many incidents are compared by their numbers.
BARS = 10
#: Longest name at an axis, in characters.
NAME = 22
#: Distances between marks on an axis of time, in seconds, and how many marks are too many.
STEPS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
MARKS = 9
MINUTE, DAY = 60, 86_400
WIDTH = 900
#: Heights in pixels: of the axis and of each incident.
AXIS, LANE = 70, 25


def draw_time(incidents: Sequence[Incident]) -> str:
    """Return when the incidents were: a bar each from first to last, or counts when many."""
    if len(incidents) > LANES:
        return _draw_counts(incidents)
    lanes = list(reversed(incidents))  # the axis begins at the bottom
    chart = _chart(
        "XY",
        [incident.kind for incident in lanes],
        height=AXIS + LANE * max(len(lanes), 2),
        show_x_guides=True,
        show_y_guides=False,
        range=(0.5, max(len(lanes), 2) + 0.5),
        dots_size=6,
    )
    marks, form = _marks(incidents)
    chart.x_labels = [mark.timestamp() for mark in marks]
    zone = incidents[0].first.tzinfo
    chart.x_value_formatter = lambda x: f"{datetime.fromtimestamp(x, zone):{form}}"
    chart.xrange = (marks[0].timestamp(), marks[-1].timestamp())
    chart.y_labels = [
        {"label": short(incident.subject, NAME), "value": number}
        for number, incident in enumerate(lanes, 1)
    ]
    for number, incident in enumerate(lanes, 1):
        ends = (incident.first.timestamp(), incident.last.timestamp())
        chart.add(None, [(end, number) for end in ends])
    return _svg(chart, "When the incidents were")


def draw_numbers(incidents: Sequence[Incident]) -> str:
    """Return log lines and messages of the largest incidents, side by side."""
    largest = sorted(incidents, key=lambda i: (-i.counts.events, i.id))[:BARS][::-1]
    chart = _chart(
        "HorizontalBar",
        (),
        height=AXIS + LANE * 3 // 2 * max(len(largest), 2),
        show_legend=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        show_y_guides=False,
        colors=("var(--messages)", "var(--lines)"),
    )
    chart.value_formatter = lambda n: f"{n:,.0f}"
    chart.x_labels = [short(incident.subject, NAME) for incident in largest]
    chart.add("messages", [i.counts.messages for i in largest])
    chart.add("log lines", [i.counts.events for i in largest])
    return _svg(chart, "Log lines and messages of the largest incidents")


def _draw_counts(incidents: Sequence[Incident]) -> str:
    marks, form = _marks(incidents)
    kinds = [kind for kind in IncidentKind if any(i.kind is kind for i in incidents)]
    chart = _chart(
        "StackedBar",
        kinds,
        height=300,
        show_legend=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(kinds),
        min_scale=2,
    )
    chart.value_formatter = lambda n: f"{n:,.0f}"
    chart.x_labels = [f"{mark:{form}}" for mark in marks[:-1]]
    for kind in kinds:
        found = Counter(
            sum(i.opened >= mark for mark in marks[1:]) for i in incidents if i.kind is kind
        )
        chart.add(NAMES[kind].capitalize(), [found[n] for n in range(len(marks) - 1)])
    return _svg(chart, "How many incidents were opened, by time")


def _marks(incidents: Sequence[Incident]) -> tuple[list[datetime], str]:
    """Return round times that span all incidents, few enough to read, and their format."""
    first = min(min(i.first, i.opened) for i in incidents)
    last = max(max(i.last, i.opened) for i in incidents)
    length = (last - first).total_seconds()
    step = next((s for s in STEPS if length / s <= MARKS - 2), 0)
    if not step:
        weeks = int(length / STEPS[-1] / (MARKS - 2)) + 1
        step = weeks * STEPS[-1]
    # Round in the log's own zone: a day begins at its midnight.
    epoch = datetime(2000, 1, 3, tzinfo=first.tzinfo or UTC)
    begin = epoch + timedelta(seconds=(first - epoch).total_seconds() // step * step)
    marks = [begin]
    while marks[-1] <= last:
        marks.append(marks[-1] + timedelta(seconds=step))
    if step < MINUTE:
        return marks, "%H:%M:%S"
    if marks[0].date() == marks[-1].date():
        return marks, "%H:%M"
    if step < DAY:
        return marks, "%b %d %H:%M"
    return marks, "%b %d" if marks[-1] - marks[0] < timedelta(days=300) else "%Y-%m-%d"


def _chart(form: str, kinds: Sequence[IncidentKind], **options: Any) -> Any:  # noqa: ANN401  # pygal has no types
    pygal = _import_pygal()
    from pygal.style import Style  # noqa: PLC0415  # as below

    ink, faint = "var(--ink)", "var(--line)"
    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground=ink,
        foreground_strong=ink,
        foreground_subtle="var(--dim)",
        guide_stroke_color=faint,
        major_guide_stroke_color=faint,
        guide_stroke_dasharray="1,0",
        major_guide_stroke_dasharray="1,0",
        font_family="inherit",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=13,
        value_font_size=12,
        value_colors=(ink,) * 2,
        opacity=1,
        opacity_hover=1,
        transition="none",
        colors=options.pop("colors", tuple(f"var(--{kind.value})" for kind in kinds)) or (ink,),
    )
    defaults = {
        "js": (),
        "width": WIDTH,
        "margin": 8,
        "margin_right": 40,
        "show_legend": False,
        "disable_xml_declaration": True,
        "style": style,
        "max_scale": 8,
        "print_zeroes": True,
    }
    return getattr(pygal, form)(**{**defaults, **options})


def _import_pygal() -> Any:  # noqa: ANN401  # it has no types
    """Import pygal, and take out the hook that it puts into every later import of this process.

    The hook serves maps, which we do not draw; Python 3.11 warns of its old form each time.
    """
    import pygal  # noqa: PLC0415  # only a report needs it

    sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != "PluginImportFixer"]
    return pygal


def _svg(chart: Any, told: str) -> str:  # noqa: ANN401  # pygal has no types
    # An id by chance would make each report another file.
    chart.uuid = "-".join("".join(c if c.isalpha() else " " for c in told.lower()).split())
    root: Element = chart.render_tree()
    _strip(root)
    root.set("role", "img")
    root.set("aria-label", told)
    return tostring(root, encoding="unicode")


def _strip(element: Element) -> None:
    """Drop what could run, and what only a script would show."""
    for child in list(element):
        if _needs_script(child):
            element.remove(child)
        else:
            _strip(child)


def _needs_script(element: Element) -> bool:
    tag: object = element.tag
    if not isinstance(tag, str):  # a comment's is a function
        return True
    name = tag.rpartition("}")[2]
    return name in {"script", "desc"} or "tooltip" in element.get("class", "").split()
