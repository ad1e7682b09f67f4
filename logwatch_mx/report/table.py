"""Incidents for people at a terminal: one block each, readable at 80 columns.

No line ends in blanks. Words are wrapped at the terminal's width; a line of the log stands under
its place, and where the output is not a terminal it stays whole, so that grep finds it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from logwatch_mx.model.incident import Incident, IncidentState
from logwatch_mx.report import rows
from logwatch_mx.report.rows import clean, count, span

__all__ = ["clean", "open_console", "print_incidents", "print_input", "print_stats"]

COLOURS = {
    IncidentState.CONFIRMED: "bold red",
    IncidentState.SUSPECTED: "bold yellow",
    IncidentState.REFUTED: "green",
}
#: Columns: where texts begin, places in the log, and lines of the log; sentences are not read
#: across more than *WIDEST*.
INDENT = 12
PLACE = 4
UNDER = 6
WIDEST = 100
NOTHING = "No incident: no mail loop and no deferral spike in these lines."


class Pipe(Console):
    """A console that leaves it to its caller what to do when the reader is gone; rich exits."""

    def on_broken_pipe(self) -> None:
        """Say that nobody reads any more."""
        raise BrokenPipeError


def open_console() -> Console:
    """Return the console for standard output."""
    return Pipe(highlight=False, soft_wrap=False)


def print_incidents(
    console: Console, incidents: Sequence[Incident], *, nothing: str = NOTHING
) -> None:
    """Print a block for each incident, or *nothing*."""
    for number, incident in enumerate(incidents):
        if number:
            console.print()
        for line in _block(console, incident):
            console.print(line, soft_wrap=True)
    if not incidents:
        console.print(nothing, soft_wrap=True)


def print_input(
    console: Console,
    files: Sequence[str],
    lines: int,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Print what was read."""
    named = ", ".join(clean(name) for name in files[:3]) + (" …" if len(files) > 3 else "")  # noqa: PLR2004  # a line's worth
    within = f", {span(first, last)}" if first and last else ""
    for text in (named, f"{count(lines, 'line')}{within}"):
        console.print(Text(text, style="dim"), soft_wrap=True)
    console.print()


def print_stats(console: Console, stats: dict[str, Any]) -> None:
    """Print the whole-log figures of ``--stats``."""
    for title, key in (
        ("Lines by kind", "kinds"),
        ("Deliveries by status", "deliveries"),
        ("Recipient domains", "domains"),
    ):
        console.print()
        console.print(Text(title, style="bold"))
        for name, number in sorted(stats[key].items(), key=lambda item: (-item[1], item[0])):
            console.print(Text(f"{number:11,}  {clean(name)}"), soft_wrap=True)
        if not stats[key]:
            console.print(Text(f"{'none':>11}"))
    if forgotten := stats["domains_forgotten"]:
        console.print(Text(f"{forgotten:11,}  domains forgotten for want of room"))


def _block(console: Console, incident: Incident) -> Iterator[Text]:
    colour = COLOURS[incident.state]
    title = Text()
    title.append(f"{rows.title(incident)}  ", style=colour)
    title.append(clean(incident.subject), style="bold")
    title.append(f"  {rows.state(incident)}", style=colour)
    yield title
    for label, text in rows.rows(incident):
        width = min(console.width, WIDEST) - INDENT
        for number, line in enumerate(_wrapped(console, text, width)):
            begin = f"  {label}" if number == 0 else ""
            yield _indented(begin.ljust(INDENT), line)
    yield from _evidence(console, incident)


def _evidence(console: Console, incident: Incident) -> Iterator[Text]:
    """Yield the first and the last line, each under its place."""
    shown = incident.evidence[:1]
    if incident.evidence[1:] and incident.evidence[-1] != shown[0]:
        shown += incident.evidence[-1:]
    if shown:
        yield Text("  evidence", style="dim")
    for line in shown:
        yield Text(f"{' ' * PLACE}{clean(line.source)}:{line.line}")
        text, width = clean(line.text), console.width - UNDER
        lines = _wrapped(console, text, width) if console.is_terminal else [Text(text)]
        for part in lines:
            yield _indented(" " * UNDER, part)


def _indented(begin: str, text: Text) -> Text:
    line = Text()
    line.append(begin, style="dim")
    return line.append_text(text)


def _wrapped(console: Console, text: str, width: int) -> list[Text]:
    lines = Text(text).wrap(console, max(width, 20), overflow="fold")
    for line in lines:
        line.rstrip()
    return list(lines) or [Text()]
