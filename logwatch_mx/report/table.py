"""Incidents for people at a terminal: one block each, readable at 80 columns."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from logwatch_mx.model.action import Action, ActionState
from logwatch_mx.model.incident import Cause, Incident, IncidentKind, IncidentState, Origin
from logwatch_mx.model.verdict import Outcome

COLOURS = {
    IncidentState.CONFIRMED: "bold red",
    IncidentState.SUSPECTED: "bold yellow",
    IncidentState.REFUTED: "green",
}
NAMES = {
    IncidentKind.LOOP: "MAIL LOOP",
    IncidentKind.FORWARDING_LOOP: "FORWARDING LOOP",
    IncidentKind.SPIKE: "DEFERRAL SPIKE",
    IncidentKind.OUTAGE: "OUTAGE",
    IncidentKind.RULE: "RULE",
}
#: Widest text of a log line that is shown.
LINE_WIDTH = 400


def print_incidents(
    console: Console,
    incidents: Sequence[Incident],
    *,
    nothing: str = "No incident: no mail loop and no deferral spike in these lines.",
) -> None:
    """Print a block for each incident, or *nothing*."""
    for incident in incidents:
        console.print(render(incident))
        console.print()
    if not incidents:
        console.print(nothing)


def print_input(
    console: Console,
    files: Sequence[str],
    lines: int,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Print what was read."""
    named = ", ".join(clean(name) for name in files[:3]) + (" …" if len(files) > 3 else "")  # noqa: PLR2004  # a line's worth
    span = f", {_stamp(first)} to {_stamp(last)}" if first and last else ""
    console.print(Text(f"{lines} lines of {named}{span}", style="dim"))
    console.print()


def print_stats(console: Console, stats: dict[str, Any]) -> None:
    """Print the whole-log figures of ``--stats``."""
    for title, key in (
        ("lines by kind", "kinds"),
        ("deliveries by status", "deliveries"),
        ("recipient domains", "domains"),
    ):
        table = Table(title=title, title_justify="left", box=None, show_header=False)
        table.add_column(justify="right")
        table.add_column()
        for name, count in sorted(stats[key].items(), key=lambda item: (-item[1], item[0])):
            table.add_row(str(count), Text(clean(name)))
        console.print(table)


def render(incident: Incident) -> Group:
    """Return the block of one incident; hostile text in it is made harmless."""
    title = Text()
    title.append(f"{NAMES[incident.kind]}  ", style=COLOURS[incident.state])
    title.append(clean(incident.subject), style="bold")
    title.append(f"  {_state(incident)}", style=COLOURS[incident.state])
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in _rows(incident):
        grid.add_row(name, Text(value))
    return Group(title, Padding(grid, (0, 0, 0, 2)))


def _rows(incident: Incident) -> list[tuple[str, str]]:
    counts = incident.counts
    rows = [("when", _when(incident))]
    what = f"{counts.events} log lines, {counts.messages} messages"
    if counts.max_hops > 1:
        what += f"; one message came back up to {counts.max_hops} times"
    rows.append(("what", what))
    if incident.reasons:
        told = ", ".join(f"{clean(r)} ({n})" for r, n in incident.reasons.items())
        rows.append(("reasons", told))
    rows += [
        ("origin" if i == 0 else "", _origin(o, counts.messages))
        for i, o in enumerate(incident.origin[:3])
    ]
    verdict = incident.verdict
    if verdict is not None and verdict.outcome is not Outcome.NOT_ASKED:
        asked = f" (asked {clean(verdict.resolver)})" if verdict.resolver else ""
        rows.append(("DNS", f"{verdict.outcome.value}: {clean(verdict.why)}{asked}"))
    elif incident.kind is IncidentKind.LOOP:
        rows.append(("DNS", "not asked; log lines alone confirm nothing (see --dns)"))
    if incident.cause is not Cause.UNKNOWN:
        whose = {Cause.OURS: "this site's own configuration", Cause.THEIRS: "the domain's own DNS"}
        rows.append(("cause", whose[incident.cause]))
    if incident.advice:
        rows.append(("advice", clean(incident.advice)))
    rows += [("action" if i == 0 else "", _deed(a)) for i, a in enumerate(incident.actions)]
    if incident.evidence:
        first, last = incident.evidence[0], incident.evidence[-1]
        rows.append(("evidence", f"{clean(first.source)}:{first.line}: {clean(first.text)}"))
        if last != first:
            rows.append(("", f"{clean(last.source)}:{last.line}: {clean(last.text)}"))
    rows.append(("id", clean(incident.id)))
    return rows


def clean(text: str | None) -> str:
    """Return *text* without characters that could steer a terminal, bounded."""
    shown = (text or "")[:LINE_WIDTH]
    return "".join(c if c.isprintable() else "�" for c in shown)


def _state(incident: Incident) -> str:
    state = incident.state.value
    if incident.kind is not IncidentKind.LOOP:
        state = "found"
    return f"{state}, over" if incident.closed else state


def _when(incident: Incident) -> str:
    return (
        f"{_stamp(incident.first)} to {_stamp(incident.last)}, alarm at {_stamp(incident.opened)}"
    )


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _origin(origin: Origin, messages: int) -> str:
    client = clean(origin.client_ip or origin.client_host) or "this host itself"
    host = clean(origin.client_host)
    if origin.client_ip and host not in {"", "unknown", origin.client_ip}:
        client += f" ({host})"
    sender = f", sender {clean(origin.sender)}" if origin.sender else ""
    return f"{origin.messages} of {messages} messages came from {client}{sender}"


def _deed(action: Action) -> str:
    match action.state:
        case ActionState.PLANNED | ActionState.SKIPPED:
            return clean(action.why)
        case _:
            deed = f"{action.verb.value} {action.target} {action.state.value}"
            return clean(f"{deed}: {action.why}")
