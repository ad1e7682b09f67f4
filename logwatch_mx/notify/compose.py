"""Write the words of a notice: what, since when, how many, why we believe it, what was done.

How to undo it.
"""

from datetime import datetime
from functools import lru_cache

from logwatch_mx.model.action import Action, ActionState
from logwatch_mx.model.incident import Cause, Incident, IncidentKind, Origin
from logwatch_mx.model.notice import Notice, NoticeKind
from logwatch_mx.model.verdict import Verdict
from logwatch_mx.notify.digest import Due
from logwatch_mx.notify.plain import plain, quoted

TITLES = {
    IncidentKind.LOOP: "Mail loop for {subject}",
    IncidentKind.FORWARDING_LOOP: "Forwarding loop at {subject}",
    IncidentKind.SPIKE: "Deferral spike at {subject}",
    IncidentKind.OUTAGE: "Mail to many places is deferred",
    IncidentKind.RULE: "{rule}: {subject}",
}
WORDS = {
    NoticeKind.CONFIRMED: "confirmed",
    NoticeKind.SUSPECTED: "suspected",
    NoticeKind.REFUTED: "refuted by DNS",
    NoticeKind.CLOSED: "over",
}
BODY = """\
{{ headline }}

Since     {{ i.first | stamp }} (alarm at {{ i.opened | stamp }}), last seen {{ i.last | stamp }}
Counted   {{ i.counts.events }} log lines, {{ i.counts.messages }} messages
{%- if i.counts.max_hops > 1 %}, one message up to {{ i.counts.max_hops }} times{% endif %}
{%- if i.reasons %}
Reasons   {{ i.reasons | reasons }}
{%- endif %}
{%- for o in i.origin[:3] %}
{{ "Origin   " if loop.first else "         " }} {{ o | client(i.counts.messages) }}
{%- endfor %}
{%- if i.verdict and i.verdict.outcome != "not_asked" %}
DNS       {{ i.verdict | answer }}
{%- elif i.kind == "loop" %}
DNS       has not answered yet; log lines alone confirm nothing
{%- endif %}
{%- if i.cause == "ours" %}
Cause     this site's own configuration
{%- endif %}
{%- if i.advice %}
Advice    {{ i.advice | quoted }}
{%- endif %}
{%- for a in i.actions %}
{{ "Done     " if loop.first else "         " }} {{ a | deed }}
{%- endfor %}
{%- if undoable %}
Undo      logwatch-mx undo '{{ i.id }}'
{%- endif %}
Details   logwatch-mx incidents show '{{ i.id }}'
{%- if i.evidence %}

First line  {{ i.evidence[0].text | quoted }}
{%- if i.evidence | length > 1 %}
Last line   {{ i.evidence[-1].text | quoted }}
{%- endif %}
{%- endif %}
"""


def compose(due: Due, at: datetime) -> Notice:
    """Return the notice for *due*; every text that came from the log or DNS is made harmless."""
    first = due.incidents[0]
    if len(due.incidents) > 1:
        title = f"{len(due.incidents)} incidents {WORDS[due.kind]}"
        lines = [
            f"{_title(i)} — {i.counts.events} lines since {_stamp(i.first)}" for i in due.incidents
        ]
        body = "\n".join([*lines[:50], "", "Details   logwatch-mx incidents list"])
        return Notice(key=due.key, incident=first.id, kind=due.kind, at=at, title=title, body=body)
    title = f"{_title(first)}: {WORDS[due.kind]}"
    undoable = any(a.state in {ActionState.DONE, ActionState.RUNNING} for a in first.actions)
    body = _template().render(i=first, headline=_headline(first, due.kind), undoable=undoable)
    return Notice(key=due.key, incident=first.id, kind=due.kind, at=at, title=title, body=body)


def _title(incident: Incident) -> str:
    return TITLES[incident.kind].format(
        subject=quoted(incident.subject, 100), rule=quoted(incident.rule, 60)
    )


def _headline(incident: Incident, kind: NoticeKind) -> str:
    subject = quoted(incident.subject, 100)
    match incident.kind, kind:
        case IncidentKind.LOOP, NoticeKind.CONFIRMED:
            if incident.cause is Cause.OURS:
                return (
                    f"This server delivers mail for {subject} to itself, through its own settings."
                )
            return f"This server delivers mail for {subject} to itself: its MX is this host."
        case IncidentKind.LOOP, NoticeKind.SUSPECTED:
            return f"This server seems to deliver mail for {subject} to itself."
        case IncidentKind.LOOP, NoticeKind.REFUTED:
            return f"It looked as if mail for {subject} looped; DNS says that it does not."
        case IncidentKind.SPIKE, NoticeKind.SUSPECTED:
            return f"{subject} puts off far more of our mail than it used to."
        case IncidentKind.OUTAGE, NoticeKind.SUSPECTED:
            return "Mail to many places is put off at once: look at our network and DNS first."
        case IncidentKind.FORWARDING_LOOP, NoticeKind.SUSPECTED:
            return f"Mail is forwarded in a circle at {subject}: an alias or .forward names itself."
        case _, NoticeKind.CLOSED:
            return "Nothing more of it was seen; the incident is closed."
    return _title(incident)


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %z}"


def _client(origin: Origin, messages: int) -> str:
    ip, host = origin.client_ip, origin.client_host
    name = ip or host or "this host itself"
    where = f"{name} ({plain(host, 80)})" if ip and host and host not in {"unknown", ip} else name
    who = f"{where}, sender {origin.sender}" if origin.sender else where
    return quoted(f"{origin.messages} of {messages} messages from {who}", 300)


def _deed(action: Action) -> str:
    words = {
        ActionState.PLANNED: "nothing",
        ActionState.SKIPPED: "nothing",
        ActionState.RUNNING: f"{action.verb.value} {action.target}, under way",
        ActionState.DONE: f"{action.verb.value} {action.target}",
        ActionState.FAILED: f"{action.verb.value} {action.target} failed",
        ActionState.UNDONE: f"{action.verb.value} {action.target} was taken back",
        ActionState.EXPIRED: f"{action.verb.value} {action.target} has expired",
    }[action.state]
    until = (
        f" until {_stamp(action.expires)}"
        if action.expires and words.startswith(action.verb)
        else ""
    )
    return quoted(f"{words}{until}: {action.why}", 400)


def _reasons(reasons: dict[str, int]) -> str:
    return quoted(", ".join(f"{reason} ({count})" for reason, count in reasons.items()), 400)


def _answer(verdict: Verdict) -> str:
    asked = f" (asked {verdict.resolver})" if verdict.resolver else ""
    return quoted(f"{verdict.outcome.value}: {verdict.why}{asked}", 600)


@lru_cache(maxsize=1)
def _template():  # type: ignore[no-untyped-def]  # noqa: ANN202  # jinja2 is imported when first needed
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  # 20 MB that an idle daemon has not

    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=False)  # noqa: S701  # plain text
    environment.filters.update(
        quoted=quoted, stamp=_stamp, reasons=_reasons, answer=_answer, client=_client, deed=_deed
    )
    return environment.from_string(BODY)
