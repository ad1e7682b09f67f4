from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from logwatch_mx.config.settings import Dns, LoopSettings, Respond, Settings
from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.deed import Confirmation, Deed
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import (
    Cause,
    Incident,
    IncidentKind,
    IncidentState,
    Signals,
)
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome, Verdict
from logwatch_mx.respond.plan import Why, plan

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
ID = "loop/seaton.biz/2026-11-23T14:29:10Z"
SITE = Site(domains=frozenset({"home.test"}), names=frozenset({"mx.home.test"}))
LDAP = "virtual_mailbox_domains: ldap:/etc/postfix/domains.cf"
UNREAD = Site(unread=frozenset({LDAP}))
ACT = Settings(mode="act", respond=Respond(protected_domains=("partner.example",)))
change = msgspec.structs.replace


def incident(subject="seaton.biz", outcome=Outcome.LOOPBACK, **fields):
    return change(
        Incident(
            id=f"loop/{subject}/2026-11-23T14:29:10Z",
            kind=IncidentKind.LOOP,
            subject=subject,
            state=IncidentState.CONFIRMED,
            opened=NOW - timedelta(seconds=50),
            first=NOW - timedelta(seconds=55),
            last=NOW - timedelta(seconds=1),
            signals=Signals(self_delivery=40),
            verdict=Verdict(domain=subject, outcome=outcome, resolver="9.9.9.9:53"),
            cause=Cause.THEIRS,
        ),
        **fields,
    )


def answers(domain="seaton.biz", outcome=Outcome.LOOPBACK):
    return tuple(
        Confirmation(domain=domain, resolver=resolver, outcome=outcome, at=NOW)
        for resolver in ("9.9.9.9:53", "1.1.1.1:53")
    )


def alone():
    """One resolver says it twice, a minute apart."""
    (last, _) = answers()
    return change(last, at=NOW - timedelta(seconds=60)), last


def with_second(action):
    return change(with_action(action), dns=Dns(second_opinion=("1.1.1.1",)))


def decide(case, settings=ACT, **inputs):
    given = {
        "site": SITE,
        "now": NOW,
        "confirmations": answers(case.subject),
        "mta": Mta.POSTFIX,
    }
    return plan(case, settings=settings, **{**given, **inputs})


def deed(
    target="seaton.biz", verb=Verb.PAUSE, state=ActionState.DONE, *, ago=0, ended=None, **more
):
    return Deed(
        action=Action(
            id=f"loop/{target}/then#{verb}",
            incident=more.get("incident", f"loop/{target}/then"),
            verb=verb,
            target=target,
            state=state,
            why="",
            at=NOW - timedelta(seconds=ago),
        ),
        ended=None if ended is None else NOW - timedelta(seconds=ended),
    )


def with_action(action, mode="act", **limits):
    return Settings(mode=mode, loop=LoopSettings(action=action), respond=Respond(**limits))


def test_a_loop_that_nobody_objects_to_is_acted_on():
    assert decide(incident()) == (
        Action(
            id=f"{ID}#pause",
            incident=ID,
            verb=Verb.PAUSE,
            target="seaton.biz",
            state=ActionState.RUNNING,
            why="DNS says twice that mail for it comes back to this host",
            at=NOW,
            expires=NOW + timedelta(hours=24),
        ),
    )


@pytest.mark.parametrize(
    ("outcome", "site"),
    [
        (Outcome.LOOPBACK, UNREAD),  # nobody's own domain has its MX on 127.0.0.1
        (Outcome.SELF, SITE),
        (Outcome.PARTIAL, SITE),
    ],
)
def test_a_strangers_loop_is_acted_on_by_what_it_is(outcome, site):
    (action,) = decide(incident(outcome=outcome), site=site)
    assert action.state is ActionState.RUNNING


@pytest.mark.parametrize("verb", ["pause", "reject", "discard"])
def test_observe_mode_says_what_would_be_done(verb):
    assert decide(incident(), with_action(verb, mode="observe")) == (
        Action(
            id=f"{ID}#{verb}",
            incident=ID,
            verb=Verb(verb),
            target="seaton.biz",
            state=ActionState.PLANNED,
            why=f"observe mode: would {verb} mail for seaton.biz",
            at=NOW,
            expires=NOW + timedelta(hours=24),
        ),
    )


def test_a_replay_needs_no_mail_server_to_say_what_would_be_done():
    (action,) = decide(incident(), Settings(), mta=None)
    assert action.state is ActionState.PLANNED


REFUSALS = [
    (incident(kind=IncidentKind.SPIKE), {}, f"{Why.NOT_A_LOOP}: this is a spike"),
    (
        incident(kind=IncidentKind.FORWARDING_LOOP),
        {},
        f"{Why.NOT_A_LOOP}: this is a forwarding_loop",
    ),
    (incident(kind=IncidentKind.RULE), {}, f"{Why.NOT_A_LOOP}: this is a rule"),
    (incident(), {"settings": with_action("none")}, Why.NO_ACTION),
    (incident(closed=NOW), {}, Why.OVER),
    (incident(cause=Cause.OURS), {}, Why.OURS),
    (incident("seaton.biz discard:"), {}, Why.NOT_A_NAME),
    (incident("*"), {}, Why.NOT_A_NAME),
    (incident("bücher.example"), {}, Why.NOT_A_NAME),
    (incident("home.test"), {}, f"{Why.OWN}: home.test"),
    (incident("lists.home.test"), {}, f"{Why.OWN}: home.test"),
    (incident("partner.example"), {}, f"{Why.PROTECTED}: partner.example"),
    (
        incident(),
        {"site": Site(protected=frozenset({"seaton.biz"}))},
        f"{Why.PROTECTED}: seaton.biz",
    ),
    (incident("gmail.com"), {}, f"{Why.PROVIDER}: gmail.com"),
    (incident("uk.yahoo.co.uk"), {}, f"{Why.PROVIDER}: yahoo.co.uk"),
    (incident(), {"ignored": frozenset({"seaton.biz"})}, Why.IGNORED),
    # A list of own domains in LDAP: who has our address as MX may be one of ours.
    (incident(outcome=Outcome.SELF), {"site": UNREAD}, f"{Why.UNSURE}: {LDAP}"),
    (incident(outcome=Outcome.PARTIAL), {"site": UNREAD}, f"{Why.UNSURE}: {LDAP}"),
    (
        incident(state=IncidentState.REFUTED, outcome=Outcome.HEALTHY),
        {},
        f"{Why.REFUTED}: healthy",
    ),
    (
        incident(state=IncidentState.SUSPECTED, outcome=Outcome.FILTERED),
        {},
        f"{Why.UNPROVEN}: filtered",
    ),
    (
        incident(state=IncidentState.SUSPECTED, verdict=None),
        {},
        f"{Why.UNPROVEN}: not_asked",
    ),
    # confirmed in name only: by a rule, without a verdict that is a loop
    (incident(outcome=Outcome.UNROUTABLE), {}, f"{Why.UNPROVEN}: unroutable"),
    # the verdict is about another domain
    (
        incident(verdict=Verdict(domain="b.example", outcome=Outcome.LOOPBACK)),
        {},
        f"{Why.UNPROVEN}: loopback",
    ),
    (incident(), {"confirmations": answers()[:1]}, Why.SECOND),
    (incident(), {"confirmations": ()}, Why.SECOND),
    # One of two is dead: the other is asked again, and then it is enough for a pause alone.
    (
        incident(state=IncidentState.SUSPECTED, outcome=Outcome.UNANSWERED),
        {"confirmations": answers()[:1]},
        f"{Why.SECOND}: a resolver gives no answer",
    ),
    (incident(), {"confirmations": alone(), "settings": with_second("reject")}, Why.ALONE),
    (incident(), {"confirmations": alone(), "settings": with_second("discard")}, Why.ALONE),
    # ... unless one said meanwhile what the daemon does not take for silence
    (
        incident(state=IncidentState.SUSPECTED, outcome=Outcome.FILTERED),
        {"confirmations": alone()},
        f"{Why.UNPROVEN}: filtered",
    ),
    (
        incident(state=IncidentState.SUSPECTED, outcome=Outcome.UNANSWERED),
        {"confirmations": ()},
        f"{Why.UNPROVEN}: unanswered",
    ),
    (
        incident(),
        {
            "confirmations": (
                *answers(),
                Confirmation(
                    domain="seaton.biz", resolver="8.8.8.8:53", outcome=Outcome.HEALTHY, at=NOW
                ),
            )
        },
        Why.AGAINST,
    ),
    # Together they prove nothing; that they contradict each other is the reason an operator needs.
    (
        incident(outcome=Outcome.FILTERED, state=IncidentState.SUSPECTED),
        {"confirmations": (*answers()[:1], *answers(outcome=Outcome.HEALTHY)[1:])},
        Why.AGAINST,
    ),
    (incident(outcome=Outcome.PARTIAL), {"settings": with_action("reject")}, Why.PARTIAL),
    (incident(outcome=Outcome.PARTIAL), {"settings": with_action("discard")}, Why.PARTIAL),
    # the second resolver alone sees the good exchanger
    (
        incident(),
        {
            "settings": with_action("discard"),
            "confirmations": (*answers()[:1], *answers(outcome=Outcome.PARTIAL)[1:]),
        },
        Why.PARTIAL,
    ),
    (incident(outcome=Outcome.PARTIAL, signals=Signals(mta_verdict=9)), {}, Why.QUIET),
    (
        incident(outcome=Outcome.PARTIAL, last=NOW - timedelta(minutes=10, seconds=1)),
        {},
        Why.QUIET,
    ),
    (
        incident(),
        {"past": (deed(ago=90000),)},
        f"{Why.DONE}: pause, loop/seaton.biz/then#pause",
    ),
    (
        incident(),
        {"past": (deed(state=ActionState.RUNNING),), "settings": with_action("discard")},
        f"{Why.DONE}: pause, loop/seaton.biz/then#pause",
    ),
    # counted from when it was taken back, not from when it was done
    (
        incident(),
        {"past": (deed(state=ActionState.UNDONE, ago=80000, ended=3599),)},
        f"{Why.COOLING}: loop/seaton.biz/then#pause",
    ),
    (
        incident(),
        {"past": (deed(state=ActionState.FAILED, ago=301, ended=299),)},
        f"{Why.FAILED}: loop/seaton.biz/then#pause",
    ),
    (
        incident(),
        {
            "settings": with_action("discard", max_domains_per_hour=2),
            "past": (deed("a.example", Verb.DISCARD), deed("b.example", Verb.REJECT, ago=3599)),
        },
        f"{Why.TOO_MANY}: 2 for discard and reject",
    ),
    (
        incident(),
        {
            "settings": with_action("pause", max_pauses_per_hour=1),
            "past": (deed("a.example", state=ActionState.UNDONE),),
        },
        f"{Why.TOO_MANY}: 1 for pause",
    ),
    (
        incident(),
        {
            "settings": with_action("pause", mode="observe", max_pauses_per_hour=1),
            "past": (deed("a.example", state=ActionState.PLANNED),),
        },
        f"{Why.TOO_MANY}: 1 for pause",
    ),
    (incident(), {"mta": None}, f"{Why.NO_MAP}: no mail server was found"),
    (incident(), {"mta": Mta.SENDMAIL}, f"{Why.NO_MAP}: sendmail"),
]


@pytest.mark.parametrize(("case", "inputs", "why"), REFUSALS, ids=[row[2][:60] for row in REFUSALS])
def test_the_first_objection_is_the_reason(case, inputs, why):
    (action,) = decide(case, **inputs)
    assert (action.state, action.why, action.expires) == (ActionState.SKIPPED, why, None)
    assert action.target == case.subject


@pytest.mark.parametrize(
    ("case", "inputs"),
    [row[:2] for row in REFUSALS[:-2]],
    ids=[row[2][:60] for row in REFUSALS[:-2]],
)
def test_observe_mode_has_the_same_objections(case, inputs):
    observing = change(inputs.get("settings", ACT), mode="observe")
    assert decide(case, **{**inputs, "settings": observing}) == decide(case, **inputs)


ALLOWED = [
    (incident(), {"confirmations": alone()}),
    (incident(), {"confirmations": alone(), "settings": with_second("pause")}),
    (incident(), {"confirmations": alone(), "settings": with_action("discard")}),
    (incident(), {"settings": with_second("discard")}),
    (incident(outcome=Outcome.PARTIAL), {}),
    (incident(outcome=Outcome.SELF), {}),
    (incident(cause=Cause.UNKNOWN), {}),
    (incident("nothome.test"), {}),
    # an expired action may be renewed at once
    (incident(), {"past": (deed(state=ActionState.EXPIRED, ended=1),)}),
    (incident(), {"past": (deed(state=ActionState.UNDONE, ended=3600),)}),
    (incident(), {"past": (deed(state=ActionState.FAILED, ended=300),)}),
    # what was only planned or skipped is no deed
    (incident(), {"past": (deed(state=ActionState.PLANNED), deed(state=ActionState.SKIPPED))}),
    (incident(), {"past": (deed("other.example"),)}),
    (incident(), {"past": (deed(verb=Verb.COMMAND),)}),  # a hook for it is no entry in a map
    # a failed try took no place in the hour, and pauses and discards are counted apart
    (
        incident(),
        {
            "settings": with_action("pause", max_pauses_per_hour=1),
            "past": (
                deed("a.example", state=ActionState.FAILED),
                deed("b.example", Verb.DISCARD),
                deed("c.example", ago=3600),
            ),
        },
    ),
    (incident(), {"mta": Mta.SENDMAIL, "maps": frozenset({Mta.SENDMAIL})}),
]


@pytest.mark.parametrize(("case", "inputs"), ALLOWED)
def test_what_is_no_objection(case, inputs):
    (action,) = decide(case, **inputs)
    assert (action.state, action.why) == (ActionState.RUNNING, Why.ACT)


def test_a_repeated_action_has_its_number():
    past = (
        deed(state=ActionState.UNDONE, ended=7200, incident=ID),
        deed(state=ActionState.EXPIRED, ended=7200, incident=ID),
        deed(state=ActionState.SKIPPED, incident=ID),
    )
    assert decide(incident(), past=past)[0].id == f"{ID}#pause#3"


def test_each_reason_has_a_case_of_its_own():
    told = {why for *_, why in REFUSALS}
    missing = {why for why in Why if not any(text.startswith(why) for text in told)}
    assert missing == {Why.ACT, Why.OBSERVE}  # no objections
