"""Write the words of a notice, to be read on a phone, by somebody who was asleep.

What, and what was done about it, first: that decides whether one gets up. Then how to undo it,
since when, how many, why we believe it, what to do, where to read on. One fact a line, no columns
(phones have no fixed width), nothing that the reader cannot use.
"""

import shlex
from datetime import datetime

from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.incident import Cause, Incident, IncidentKind, Origin
from logwatch_mx.model.notice import Notice, NoticeKind
from logwatch_mx.model.verdict import Outcome
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
#: What is done to mail while an action is in force.
DEEDS = {
    Verb.PAUSE: "mail for {} waits in the queue",
    Verb.REJECT: "mail for {} is rejected",
    Verb.DISCARD: "mail for {} is thrown away",
    Verb.HOLD: "queued mail for {} is held",
    Verb.RELEASE: "held mail for {} is released",
}
#: The same in a title, which is all that a locked phone shows.
FORCE = {Verb.PAUSE: "paused", Verb.REJECT: "rejected", Verb.DISCARD: "discarded"}
#: Slack takes no longer one.
TITLE = 150
#: A storm's notice names this many incidents: more does not fit on a phone.
NAMED = 20
#: So many origins and actions are told; the rest is in the details.
ORIGINS = 3
ACTIONS = 5
#: Lines of what to do: a slow transport has seven.
STEPS = 14
_IN_FORCE = frozenset({ActionState.RUNNING, ActionState.DONE})


def compose(due: Due, at: datetime, host: str = "") -> Notice:
    """Return the notice for *due* on *host*.

    Every text that came from the log or DNS is made harmless.
    """
    first = due.incidents[0]
    if len(due.incidents) > 1:
        title, lines = _compose_many(due)
    else:
        title, lines = _compose_one(first, due.kind, again=first.id in due.again)
    if host:
        where = f" ({quoted(host, 60)})"
        room = TITLE - len(where)
        title = f"{title if len(title) <= room else f'{title[: room - 1]}…'}{where}"
        lines.insert(len(lines) - 1, f"Host: {quoted(host, 100)}")
    return Notice(
        key=due.key, incident=first.id, kind=due.kind, at=at, title=title, body="\n".join(lines)
    )


def _compose_one(incident: Incident, kind: NoticeKind, *, again: bool) -> tuple[str, list[str]]:
    back = " It was over, and has come back." if again and kind is not NoticeKind.CLOSED else ""
    lines = [f"{_headline(incident, kind)}{back}", "", *_deeds(incident, kind)]
    if _routed(incident):
        lines.append(f"Undo: logwatch-mx undo {_word(incident.id)}")
    lines += [f"When: {_span(incident)}", f"Seen: {_numbers(incident)}"]
    if lost := incident.facts.lost:
        lines.append(f"Lost: {_count(lost, 'line')} by the logger meanwhile, so there was more")
    if gone := incident.facts.gone:
        lines.append(
            f"Lost: {_count(gone, 'part')} of the log meanwhile, before it was read,"
            " so there may have been more"
        )
    if incident.reasons:
        told = ", ".join(f"{reason} ({count})" for reason, count in incident.reasons.items())
        lines.append(f"Why: {quoted(told)}")
    lines += [f"From: {_origin(o, incident)}" for o in incident.origin[:ORIGINS]]
    lines += [f"DNS: {text}" for text in _answer(incident)]
    if incident.kind is not IncidentKind.LOOP and kind is NoticeKind.SUSPECTED:
        lines += [f"Log: {quoted(line.text)}" for line in incident.evidence[-1:]]
    lines += _fix(incident)
    lines.append(f"Details: logwatch-mx incidents show {_word(incident.id)}")
    return _headed(incident, kind, again=again), lines


def _headed(incident: Incident, kind: NoticeKind, *, again: bool) -> str:
    """Return the title: what it is, how sure, and what is in force."""
    # Only loops are confirmed by anybody: of the others "suspected" would say doubt where is none.
    certain = incident.kind is not IncidentKind.LOOP and kind is NoticeKind.SUSPECTED
    word = "" if certain else WORDS[kind]
    words = [f"{word} again".strip() if again else word] if word or again else []
    still = "still " if kind is NoticeKind.CLOSED else ""
    words += [f"mail {still}{FORCE[a.verb]}" for a in _routed(incident)[-1:] if a.verb in FORCE]
    return ": ".join([_title(incident), ", ".join(words)]) if words else _title(incident)


def _compose_many(due: Due) -> tuple[str, list[str]]:
    count = len(due.incidents)
    lines = ["Many at once, so they are told together.", ""]
    for incident in due.incidents[:NAMED]:
        force = _routed(incident)
        lines.append(
            f"{_title(incident)}{' again' if incident.id in due.again else ''}:"
            f" {_count(incident.counts.events, 'line')}"
            f" since {incident.first:%H:%M}{f', {force[-1].verb} in force' if force else ''}"
        )
    if count > NAMED:
        lines.append(f"and {count - NAMED} more")
    lines.append("")
    if any(_routed(incident) for incident in due.incidents):
        lines.append("Undo everything: logwatch-mx undo --all")
    lines.append("Details: logwatch-mx incidents list")
    certain = all(i.kind is not IncidentKind.LOOP for i in due.incidents)
    word = "" if certain and due.kind is NoticeKind.SUSPECTED else f" {WORDS[due.kind]}"
    return f"{count} mail incidents{word}", lines


def _title(incident: Incident) -> str:
    if incident.kind is IncidentKind.OUTAGE and len(incident.facts.domains) == 1:
        # Failures of DNS and of the network share one key: these are all of one domain.
        return f"No way to {quoted(next(iter(incident.facts.domains)), 100)}"
    return TITLES[incident.kind].format(
        subject=quoted(incident.subject, 100), rule=quoted(incident.rule, 60)
    )


def _headline(incident: Incident, kind: NoticeKind) -> str:
    subject = quoted(incident.subject, 100)
    if kind is NoticeKind.CLOSED:
        if incident.kind in {IncidentKind.SPIKE, IncidentKind.OUTAGE}:
            return "It is over: about as much is put off as usual."
        return "It is over: nothing more of it is in the log."
    match incident.kind:
        case IncidentKind.LOOP:
            return _loop_headline(incident, kind, subject)
        case IncidentKind.FORWARDING_LOOP:
            return f"Mail is forwarded in a circle at {subject}: an alias or .forward leads back."
        case IncidentKind.SPIKE:
            return f"{subject} puts off far more of our mail than usual."
        case IncidentKind.OUTAGE if len(incident.facts.domains) == 1:
            domain = quoted(next(iter(incident.facts.domains)), 100)
            return f"Mail for {domain} is put off: no name or no way to it is found."
        case IncidentKind.OUTAGE:
            return "Mail to many places is put off at once: look at our own network and DNS first."
        case IncidentKind.RULE:
            return f"The rule {quoted(incident.rule, 60)} found {subject}."


def _loop_headline(incident: Incident, kind: NoticeKind, subject: str) -> str:
    if kind is NoticeKind.REFUTED:
        return f"It looked as if mail for {subject} looped; DNS says that it does not."
    if kind is NoticeKind.SUSPECTED:
        return f"This server seems to deliver mail for {subject} to itself."
    if incident.cause is Cause.OURS:
        return f"This server delivers mail for {subject} to itself, through its own settings."
    outcome = incident.verdict.outcome if incident.verdict else Outcome.NOT_ASKED
    which = "one of its MX is" if outcome is Outcome.PARTIAL else "its MX is"
    return f"This server delivers mail for {subject} to itself: {which} this host."


def _span(incident: Incident) -> str:
    first, last = incident.first, incident.last
    begin = f"{first:%Y-%m-%d %H:%M:%S}"
    end = f"{last:%H:%M:%S}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{begin} to {end} {_offset(last)}"


def _offset(at: datetime) -> str:
    return f"{at:%z}" or "(zone unknown)"


def _numbers(incident: Incident) -> str:
    counts = incident.counts
    seen = f"{_count(counts.messages, 'message')}, {_count(counts.events, 'log line')}"
    match incident.kind:
        case IncidentKind.LOOP if counts.max_hops > 1:
            return f"{seen}; one message came back {counts.max_hops} times"
        case IncidentKind.SPIKE | IncidentKind.OUTAGE:
            return f"{seen}, {_count(counts.recipients, 'recipient')}"
    return seen


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _origin(origin: Origin, incident: Incident) -> str:
    ip, host = origin.client_ip, origin.client_host
    client = ip or host or "this host itself"
    if ip and host and host not in {"unknown", ip}:
        client = f"{client} ({host})"
    sender = f", sender {origin.sender}" if origin.sender else ""
    return quoted(f"{client}{sender}: {origin.messages} of {incident.counts.messages} messages")


def _answer(incident: Incident) -> list[str]:
    verdict = incident.verdict
    if verdict is None or verdict.outcome is Outcome.NOT_ASKED:
        waits = incident.kind is IncidentKind.LOOP and incident.closed is None
        return ["no answer yet; log lines alone confirm nothing"] if waits else []
    why = f", {verdict.why}" if verdict.why else ""
    asked = f" (asked {verdict.resolver})" if verdict.resolver else ""
    return [quoted(f"{verdict.outcome.value.replace('_', ' ')}{why}{asked}", 400)]


def _fix(incident: Incident) -> list[str]:
    lines = []
    if incident.cause is Cause.OURS:
        lines.append("Cause: our own settings, not theirs")
        if not incident.advice:
            lines.append(
                "Fix: if the domain is ours, add it to mydestination or relay_domains (Postfix) or"
                " class w (sendmail); if not, take this host out of its MX"
            )
    if incident.advice:
        lines.append(f"{'Fix' if lines else 'Note'}: {quoted(incident.advice)}")
    # Once is enough: who reads that it is over needs to do nothing.
    if incident.closed is None:
        # What look-alikes would change cannot be pasted from here.
        told = [step for step in incident.steps if quoted(step) == plain(step)][:STEPS]
        lines += [f"Do: {plain(step)}" for step in told]
        if len(incident.steps) > len(told):
            lines.append("Do: see the details, where there are more lines to paste")
    return lines


def _deeds(incident: Incident, kind: NoticeKind) -> list[str]:
    routing = [a for a in incident.actions if a.verb is not Verb.COMMAND]
    lines = [_deed(action) for action in routing[-ACTIONS:]]
    if not routing and kind not in {NoticeKind.CLOSED, NoticeKind.REFUTED}:
        loop = incident.kind is IncidentKind.LOOP
        lines.append(f"Done: nothing ({'not confirmed' if loop else 'only loops are acted on'})")
    hooks = [a for a in incident.actions if a.verb is Verb.COMMAND]
    # A hook that is under way has nothing to tell; how it ended is in the details.
    told = [a for a in hooks if a.state is not ActionState.RUNNING]
    return [*lines, *(f"Hook: {_hook(action)}" for action in told[-ACTIONS:])]


def _deed(action: Action) -> str:
    target = quoted(action.target, 100)
    verb, why = action.verb.value, quoted(action.why)
    match action.state:
        case ActionState.PLANNED | ActionState.SKIPPED:
            return f"Done: nothing ({why})"
        case ActionState.RUNNING:
            return f"Done: {verb} of mail for {target} is under way"
        case ActionState.DONE:
            until = f" until {action.expires:%Y-%m-%d %H:%M %z}" if action.expires else ""
            return f"Done: {DEEDS[action.verb].format(target)}{until}"
        case ActionState.FAILED:
            return f"FAILED: {verb} of mail for {target} ({why})"
        case ActionState.UNDONE:
            return f"Done: {verb} of mail for {target}, taken back"
        case ActionState.EXPIRED:
            return f"Done: {verb} of mail for {target}, has expired"


def _hook(action: Action) -> str:
    if action.state in {ActionState.PLANNED, ActionState.SKIPPED}:
        return quoted(f"not run ({action.why})")
    program = action.argv[0].rpartition("/")[2] if action.argv else action.why
    return quoted(f"{program} {'ran' if action.state is ActionState.DONE else action.state.value}")


def _routed(incident: Incident) -> list[Action]:
    """Return the actions that are in force in the mail server."""
    return [a for a in incident.actions if a.verb is not Verb.COMMAND and a.state in _IN_FORCE]


def _word(text: str) -> str:
    """Return *text* as one word for a shell: a rule's subject may be any text of the log."""
    return shlex.quote(quoted(text, 200))
