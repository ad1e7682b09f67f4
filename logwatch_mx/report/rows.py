"""An incident as rows of words, for the terminal and for the HTML report alike. Pure.

Everything that comes out has been through ``clean``: log lines, host names and DNS answers are
hostile.
"""

from datetime import datetime, timedelta

from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.incident import Cause, Incident, IncidentKind, Origin
from logwatch_mx.model.verdict import Outcome

NAMES = {
    IncidentKind.LOOP: "MAIL LOOP",
    IncidentKind.FORWARDING_LOOP: "FORWARDING LOOP",
    IncidentKind.SPIKE: "DEFERRAL SPIKE",
    IncidentKind.OUTAGE: "OUTAGE",
    IncidentKind.RULE: "RULE",
}
#: Longest text of a log line that is shown, and of a name in a title.
LINE_WIDTH = 400
#: So many origins are shown; the JSON has them all.
ORIGINS = 3
DOMAINS = 8
_WHOSE = {Cause.OURS: "this site's own configuration", Cause.THEIRS: "the domain's own DNS"}


def clean(text: str | None) -> str:
    """Return *text* without characters that could steer a terminal, bounded."""
    shown = (text or "")[:LINE_WIDTH]
    return "".join(c if c.isprintable() else "�" for c in shown)


def short(text: str, width: int) -> str:
    """Return *text* as ``clean`` does, in at most *width* characters."""
    name = clean(text[: width + 1])
    return name if len(name) <= width else f"{name[: width - 1]}…"


def rows(incident: Incident) -> list[tuple[str, str]]:
    """Return what there is to say of *incident*: label and text; a label may be empty (as above).

    The evidence is not among them.
    """
    found = [("when", when(incident)), ("what", what(incident))]
    if incident.reasons:
        told = ", ".join(f"{clean(r)} ({n:,})" for r, n in incident.reasons.items())
        found.append(("reasons", told))
    if told := facts(incident):
        found.append(("pace", told))
    if lost := incident.facts.lost:
        found.append(
            ("lost", f"the logger dropped {count(lost, 'line')} meanwhile: there was more")
        )
    if gone := incident.facts.gone:
        parts = f"{count(gone, 'part')} of the log meanwhile, before it was read"
        found.append(("gone", f"{parts}: there may have been more"))
    if len(incident.facts.domains) > 1:
        found.append(("domains", _domains(incident)))
    origins = [_origin(o, incident.counts.messages) for o in incident.origin[:ORIGINS]]
    if (more := len(incident.origin) - ORIGINS) > 0:
        origins.append(f"and {more:,} more")
    found += _under("origin", origins)
    if answer := _answer(incident):
        found.append(("DNS", answer))
    if incident.cause is not Cause.UNKNOWN:
        found.append(("cause", _WHOSE[incident.cause]))
    if incident.advice:
        found.append(("advice", clean(incident.advice)))
    found += _under("steps", [clean(step) for step in incident.steps])
    found += _under("action", [_deed(a) for a in incident.actions])
    found.append(("id", clean(incident.id)))
    return found


def title(incident: Incident) -> str:
    """Return the kind in capitals; a rule's incident says which rule."""
    if incident.kind is IncidentKind.RULE and incident.rule:
        return f"RULE {clean(incident.rule)}"
    return NAMES[incident.kind]


def state(incident: Incident) -> str:
    """Return how far it is believed, and whether it is over; only loops are ever confirmed."""
    if incident.kind is not IncidentKind.LOOP:
        return "over" if incident.closed else "open"
    return f"{incident.state.value}, over" if incident.closed else incident.state.value


def what(incident: Incident) -> str:
    """Return the numbers in words."""
    counts = incident.counts
    messages, lines = count(counts.messages, "message"), count(counts.events, "log line")
    match incident.kind:
        case IncidentKind.LOOP if counts.max_hops > 1:
            return f"{messages} in {lines}; one of them came back {counts.max_hops:,} times"
        case IncidentKind.SPIKE | IncidentKind.OUTAGE:
            recipients = count(counts.recipients, "recipient")
            within = duration(incident.last - incident.first)
            entries = count(counts.events, "line")
            return f"{messages} to {recipients} put off within {within} ({entries})"
    return f"{messages} in {lines}"


def facts(incident: Incident) -> str:
    """Return what supports a loop, in words: passes, pace, senders, growth."""
    known, counts = incident.facts, incident.counts
    if incident.kind is not IncidentKind.LOOP or not known.busiest:
        return ""
    told = [f"up to {count(known.busiest, 'line')} a minute"]
    if incident.signals.self_delivery and counts.messages:
        passes = incident.signals.self_delivery / counts.messages
        told.insert(0, f"{passes:,.0f} passes a message")
    if known.growth:
        told.append(f"each pass adds {count(known.growth, 'byte')}")
    if known.senders:
        told.append(f"from {count(known.senders, 'sender')}")
    return ", ".join(told)


def when(incident: Incident) -> str:
    """Return first and last sight and the alarm; a date or offset is not said twice."""
    said = (
        f"{span(incident.first, incident.last)}, alarm at {_after(incident.opened, incident.last)}"
    )
    if incident.closed is None:
        return said
    return f"{said}, closed at {_after(incident.closed, incident.last)}"


def span(first: datetime, last: datetime) -> str:
    """Return both stamps with one offset; the second without its date when it is the first's."""
    return f"{first:%Y-%m-%d %H:%M:%S} to {_after(last, first)} {offset(last)}".rstrip()


def offset(at: datetime) -> str:
    """Return the offset from UTC as ISO 8601 writes it (``+01:00``)."""
    return at.isoformat(timespec="seconds")[19:].replace("Z", "+00:00")


def count(number: int, thing: str) -> str:
    """Return *number* with *thing* in its singular or plural."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def duration(length: timedelta) -> str:
    """Return *length* in its two largest units (``1 h 24 min``)."""
    seconds = int(length.total_seconds())
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((n for n, (number, _) in enumerate(parts) if number), 3)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or (
        "a second"
    )


def _after(at: datetime, day: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.date() == day.date() else f"{at:%Y-%m-%d %H:%M:%S}"


def _under(label: str, texts: list[str]) -> list[tuple[str, str]]:
    return [(label if n == 0 else "", text) for n, text in enumerate(texts)]


def _domains(incident: Incident) -> str:
    ranked = list(incident.facts.domains.items())
    more = f" and {len(ranked) - DOMAINS} more" if len(ranked) > DOMAINS else ""
    return ", ".join(f"{clean(name)} ({n:,})" for name, n in ranked[:DOMAINS]) + more


def _answer(incident: Incident) -> str:
    verdict = incident.verdict
    if verdict is None or verdict.outcome is Outcome.NOT_ASKED:
        loop = incident.kind is IncidentKind.LOOP
        return "not asked; log lines alone confirm nothing" if loop else ""
    why = f": {clean(verdict.why)}" if verdict.why else ""
    asked = f" (asked {clean(verdict.resolver)})" if verdict.resolver else ""
    return f"{verdict.outcome.value.replace('_', ' ')}{why}{asked}"


def _origin(origin: Origin, messages: int) -> str:
    client = clean(origin.client_ip or origin.client_host) or "this host itself"
    host = clean(origin.client_host)
    if origin.client_ip and host not in {"", "unknown", clean(origin.client_ip)}:
        client += f" ({host})"
    sender = f", sender {clean(origin.sender)}" if origin.sender else ""
    return f"{client}{sender}: {origin.messages:,} of {count(messages, 'message')}"


def _deed(action: Action) -> str:
    why = clean(action.why)
    match action.state:
        case ActionState.PLANNED:
            return why
        case ActionState.SKIPPED:
            return f"none: {why}"
    name = clean(action.argv[0]) if action.verb is Verb.COMMAND and action.argv else action.verb
    until = ""
    if action.state is ActionState.DONE and action.expires is not None:
        until = f" until {action.expires:%Y-%m-%d %H:%M} {offset(action.expires)}"
    return f"{name} {clean(action.target)}: {action.state.value}{until}{f' ({why})' if why else ''}"
