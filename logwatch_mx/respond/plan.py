"""The one gate: may something be done about this incident, and if not, why not.

An incident, the settings, the past and the time come in; actions go out, and nothing else happens.
The state of an action tells what to do with it:

- ``running``: every guard agrees and the mode is ``act``. Write it down, then do it.
- ``planned``: every guard agrees, but we only watch; ``why`` says what would be done.
- ``skipped``: one guard objects; ``why`` is the first objection.

The mode is looked at here and nowhere else. A replay or a dry run hands in settings whose mode is
``observe``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from logwatch_mx.config.settings import Settings
from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.deed import Confirmation, Deed
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import Cause, Incident, IncidentKind, IncidentState
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import LOOPS, Outcome
from logwatch_mx.respond import guard
from logwatch_mx.respond.guard import Proof

#: A map that could not be written is tried again after this long, not after the whole cooldown.
RETRY_AFTER = timedelta(minutes=5)

#: The verbs that are an entry in the MTA's map: one at a time for a domain.
ROUTING = frozenset({Verb.PAUSE, Verb.REJECT, Verb.DISCARD})
#: Of these, the ones that lose mail or send it to forged senders.
LOSING = frozenset({Verb.REJECT, Verb.DISCARD})
#: The states of an action that is in force.
IN_FORCE = frozenset({ActionState.RUNNING, ActionState.DONE})

_HOUR = timedelta(hours=1)
#: An MX of this host's own, alone or beside others (a backup of ours elsewhere).
_PERHAPS_OURS = frozenset({Outcome.SELF, Outcome.PARTIAL})


class Why(StrEnum):
    """Why an action was taken or not; shown to the operator as it stands."""

    ACT = "DNS says twice that mail for it comes back to this host"
    OBSERVE = "observe mode"
    NO_ACTION = 'nothing is to be done about loops ([loop] action = "none")'
    NOT_A_LOOP = "only mail loops are acted on"
    OVER = "the incident is over"
    OURS = "the cause is this site's own configuration; mend that, nothing else is touched"
    NOT_A_NAME = "the subject is no domain name that may stand in a map"
    OWN = "the domain is this site's own"
    UNSURE = "its MX is this host, and it may be in a list of own domains that cannot be read"
    PROTECTED = "the domain is protected by [respond] protected_domains"
    PROVIDER = "the domain belongs to a big mail provider"
    IGNORED = "the operator said to ignore the domain"
    REFUTED = "DNS says that it is no loop"
    UNPROVEN = "DNS has not confirmed the loop"
    AGAINST = "the resolvers disagree"
    SECOND = "waits for the second confirmation"
    ALONE = "a resolver gives no answer, and no mail is refused or lost on the other's word alone"
    PARTIAL = "some of its mail exchangers are good, so no mail is refused or lost"
    QUIET = "some of its mail exchangers are good, and no self-delivery is being logged"
    DONE = "already in force"
    COOLING = "acted on it less than the cooldown ago"
    FAILED = "the last try failed less than five minutes ago"
    TOO_MANY = "as many domains as an hour may have were acted on"
    NO_MAP = "no map of this host's mail server can be changed from here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that a guard may look at."""

    incident: Incident
    verb: Verb
    settings: Settings
    site: Site
    now: datetime
    past: tuple[Deed, ...]
    confirmations: tuple[Confirmation, ...]
    mta: Mta | None
    ignored: frozenset[str]
    maps: frozenset[Mta]


#: The reason, and what in this case it is about (may be empty).
Refusal = tuple[Why, str]
Guard = Callable[[Case], Refusal | None]


def plan(
    incident: Incident,
    *,
    settings: Settings,
    site: Site,
    now: datetime,
    past: tuple[Deed, ...] = (),
    confirmations: tuple[Confirmation, ...] = (),
    mta: Mta | None = None,
    ignored: frozenset[str] = frozenset(),
    maps: frozenset[Mta] = frozenset({Mta.POSTFIX}),
) -> tuple[Action, ...]:
    """Return what is to be done about *incident*, or why nothing is.

    *past* holds at least the actions of the last hour or cooldown, and all that are in force, of
    every incident; *confirmations* the answers about its domain; *maps* the mail servers whose map
    can be changed, *mta* the one of this host. All times share one clock.
    """
    wanted = settings.loop.action
    case = Case(
        incident=incident,
        verb=Verb.PAUSE if wanted == "none" else Verb(wanted),
        settings=settings,
        site=site,
        now=now,
        past=past,
        confirmations=confirmations,
        mta=mta,
        ignored=ignored,
        maps=maps,
    )
    for objects in GUARDS:
        if refusal := objects(case):
            why, detail = refusal
            return (_action(case, ActionState.SKIPPED, f"{why}: {detail}" if detail else why),)
    if settings.mode != "act":
        would = f"{Why.OBSERVE}: would {case.verb} mail for {incident.subject}"
        return (_action(case, ActionState.PLANNED, would),)
    return (_action(case, ActionState.RUNNING, Why.ACT),)


def never_touched(domain: str, site: Site, settings: Settings) -> Refusal | None:
    """Return why nothing may ever be done to *domain*, whatever DNS says; None when it may."""
    if name := guard.own_name(domain, site):
        return Why.OWN, name
    if name := guard.protector(domain, site.protected.union(settings.respond.protected_domains)):
        return Why.PROTECTED, name
    if name := guard.provider(domain):
        return Why.PROVIDER, name
    return None


def is_enough(proved: Proof, verb: Verb, settings: Settings) -> bool:
    """Say whether *verb* may be done, or go on, when this much is *proved*.

    Where a second opinion is configured, the resolver that still answers may be the poisoned one,
    and the silent one the one that would object. A pause waits that out, and ends when the other
    objects; mail that was refused or thrown away does not come back.
    """
    if proved is Proof.ALONE:
        return verb not in LOSING or not settings.dns.second_opinion
    return proved is Proof.TWICE


def _action(case: Case, state: ActionState, why: str) -> Action:
    stem = f"{case.incident.id}#{case.verb}"
    earlier = sum(
        deed.action.incident == case.incident.id and deed.action.verb is case.verb
        for deed in case.past
        if deed.action.state not in {ActionState.PLANNED, ActionState.SKIPPED}
    )
    return Action(
        id=f"{stem}#{earlier + 1}" if earlier else stem,
        incident=case.incident.id,
        verb=case.verb,
        target=case.incident.subject,
        state=state,
        why=str(why),
        at=case.now,
        expires=None if state is ActionState.SKIPPED else case.now + case.settings.respond.expiry,
    )


def _is_wanted(case: Case) -> Refusal | None:
    if case.incident.kind is not IncidentKind.LOOP:
        return Why.NOT_A_LOOP, f"this is a {case.incident.kind}"
    if case.settings.loop.action == "none":
        return Why.NO_ACTION, ""
    return (Why.OVER, "") if case.incident.closed is not None else None


def _is_theirs(case: Case) -> Refusal | None:
    domain = case.incident.subject
    if case.incident.cause is Cause.OURS:
        return Why.OURS, ""
    if not guard.is_domain(domain):
        return Why.NOT_A_NAME, ""
    if refusal := never_touched(domain, case.site, case.settings):
        return refusal
    if domain in case.ignored:
        return Why.IGNORED, ""
    verdict = case.incident.verdict
    # Strangers have loopback there; who has this host's own address may be a customer of ours.
    if case.site.unread and verdict is not None and verdict.outcome in _PERHAPS_OURS:
        return Why.UNSURE, min(case.site.unread)
    return None


def _is_proved(case: Case) -> Refusal | None:
    incident = case.incident
    outcome = incident.verdict.outcome if incident.verdict else Outcome.NOT_ASKED
    if incident.state is IncidentState.REFUTED:
        return Why.REFUTED, outcome
    proved = guard.proof(case.confirmations, incident.subject, case.now)
    if proved is Proof.AGAINST:
        return Why.AGAINST, ""
    # One resolver is silent and the other has spoken once: it will be asked again.
    if proved is Proof.ONCE and outcome is Outcome.UNANSWERED:
        return Why.SECOND, "a resolver gives no answer"
    if (
        incident.state is not IncidentState.CONFIRMED
        or incident.verdict is None
        or incident.verdict.domain != incident.subject
        or outcome not in LOOPS
    ):
        return Why.UNPROVEN, outcome
    if is_enough(proved, case.verb, case.settings):
        return None
    return (Why.ALONE if proved is Proof.ALONE else Why.SECOND), ""


def _is_whole(case: Case) -> Refusal | None:
    incident = case.incident
    if not (
        (incident.verdict and incident.verdict.outcome is Outcome.PARTIAL)
        or guard.partly(case.confirmations, incident.subject, case.now)
    ):
        return None
    if case.verb in LOSING:
        return Why.PARTIAL, ""
    # sendmail logs the loop at the bad exchanger and then delivers to the good one: only mail that
    # was really seen to come back is worth a pause.
    live = incident.signals.self_delivery and case.now - incident.last <= case.settings.loop.window
    return None if live else (Why.QUIET, "")


def _is_first(case: Case) -> Refusal | None:
    for deed in case.past:
        action = deed.action
        if action.target != case.incident.subject or action.verb not in ROUTING:
            continue
        since = case.now - (deed.ended or action.at or case.now)
        match action.state:
            case ActionState.RUNNING | ActionState.DONE:
                return Why.DONE, f"{action.verb}, {action.id}"
            case ActionState.FAILED if since < RETRY_AFTER:
                return Why.FAILED, action.id
            # An expired action is no objection of anybody's: it may be renewed at once.
            case ActionState.UNDONE if since < case.settings.respond.cooldown:
                return Why.COOLING, action.id
    return None


def _is_within_limits(case: Case) -> Refusal | None:
    respond = case.settings.respond
    alike = LOSING if case.verb in LOSING else frozenset({Verb.PAUSE})
    limit = respond.max_domains_per_hour if case.verb in LOSING else respond.max_pauses_per_hour
    counted = IN_FORCE | {ActionState.UNDONE, ActionState.EXPIRED}
    if case.settings.mode != "act":  # what would be done counts for what else would be
        counted |= {ActionState.PLANNED}
    recent = {
        deed.action.target
        for deed in case.past
        if deed.action.verb in alike
        and deed.action.state in counted
        and deed.action.at is not None
        and case.now - deed.action.at < _HOUR
    }
    if len(recent - {case.incident.subject}) >= limit:
        return Why.TOO_MANY, f"{limit} for {' and '.join(sorted(alike))}"
    return None


def _is_possible(case: Case) -> Refusal | None:
    # A replay on another machine still says what the server would have done.
    if case.settings.mode != "act" or (case.mta is not None and case.mta in case.maps):
        return None
    return Why.NO_MAP, case.mta or "no mail server was found"


#: In the order in which an operator wants to hear of them: whose it is before whether it is proved,
#: both before what was done already.
GUARDS: tuple[Guard, ...] = (
    _is_wanted,
    _is_theirs,
    _is_proved,
    _is_whole,
    _is_first,
    _is_within_limits,
    _is_possible,
)
