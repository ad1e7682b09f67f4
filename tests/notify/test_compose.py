"""The whole text of each kind of notice, as an operator reads it."""

import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

sys.path.insert(0, str(Path(__file__).parents[1]))

import shown
from shown import FIRST, ID

from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.incident import (
    Cause,
    Counts,
    Evidence,
    Facts,
    IncidentKind,
    IncidentState,
    Origin,
)
from logwatch_mx.model.notice import Notice, NoticeKind
from logwatch_mx.model.verdict import Outcome, Verdict
from logwatch_mx.notify.compose import compose
from logwatch_mx.notify.digest import Due

NOW = datetime(2026, 11, 23, 16, 29, tzinfo=UTC)
LOG = "Nov 23 16:31:44 mx postfix/error[534]: 63DD740D: to=<cust69@elm.example>, status=deferred"


def action(state, verb=Verb.PAUSE, why="", argv=()):
    return Action(
        id=f"{ID}#{verb}",
        incident=ID,
        verb=verb,
        target="seaton.biz",
        state=state,
        why=why,
        at=NOW,
        expires=NOW + timedelta(days=1),
        argv=argv,
    )


OBSERVED = action(ActionState.PLANNED, why="observe mode: would pause mail for seaton.biz")
LOOP = structs.replace(
    shown.LOOP,
    verdict=structs.replace(shown.LOOP.verdict, resolver="9.9.9.9:53"),
    actions=(OBSERVED,),
)
SPIKE = structs.replace(
    shown.SPIKE,
    last=FIRST + timedelta(days=1),
    evidence=(Evidence("maillog", 2507, LOG),),
)
UNPROVED = structs.replace(
    LOOP, state=IncidentState.SUSPECTED, verdict=None, cause=Cause.UNKNOWN, actions=()
)


def text(incident, kind, *more):
    notice = compose(Due(kind, (incident, *more)), NOW)
    assert notice == Notice(
        key=f"{incident.id}#{kind.value}",
        incident=incident.id,
        kind=kind,
        at=NOW,
        title=notice.title,
        body=notice.body,
    )
    return f"{notice.title}\n\n{notice.body}"


def test_a_confirmed_loop_that_is_only_watched():
    assert text(LOOP, NoticeKind.CONFIRMED) == (
        "Mail loop for seaton.biz: confirmed\n"
        "\n"
        "This server delivers mail for seaton.biz to itself: its MX is this host.\n"
        "\n"
        "Done: nothing (observe mode: would pause mail for seaton.biz)\n"
        "When: 2026-11-23 16:27:32 to 16:28:10 +0000\n"
        "Seen: 24 messages, 1176 log lines; one message came back 48 times\n"
        "Why: delivered to ourselves (1152), too many hops (24)\n"
        "From: 192.0.2.7, sender nicholas@seaton.biz: 24 of 24 messages\n"
        "DNS: loopback, every exchanger is this machine itself: mail.seaton.biz 127.0.0.1 is"
        " loopback (asked 9.9.9.9:53)\n"
        "Details: logwatch-mx incidents show loop/seaton.biz/2026-11-23T16:27:32Z"
    )


def test_a_confirmed_loop_that_was_acted_on():
    hooks = (
        action(ActionState.DONE, Verb.COMMAND, "confirmed: /etc/h/ticket", ("/etc/h/ticket", "-x")),
        action(ActionState.RUNNING, Verb.COMMAND, "confirmed: /etc/h/slow", ("/etc/h/slow",)),
        action(ActionState.FAILED, Verb.COMMAND, "confirmed: /etc/h/bad", ("/etc/h/bad",)),
    )
    # Hooks may have been begun first; what was done to mail is told first all the same.
    acted = structs.replace(LOOP, actions=(*hooks, action(ActionState.DONE)))
    told = text(acted, NoticeKind.CONFIRMED).splitlines()
    assert told[0] == "Mail loop for seaton.biz: confirmed, mail paused"
    assert told[4:9] == [
        "Done: mail for seaton.biz waits in the queue until 2026-11-24 16:29 +0000",
        "Hook: ticket ran",
        "Hook: bad failed",
        "Undo: logwatch-mx undo loop/seaton.biz/2026-11-23T16:27:32Z",
        "When: 2026-11-23 16:27:32 to 16:28:10 +0000",
    ]


def test_a_suspected_loop():
    assert text(UNPROVED, NoticeKind.SUSPECTED) == (
        "Mail loop for seaton.biz: suspected\n"
        "\n"
        "This server seems to deliver mail for seaton.biz to itself.\n"
        "\n"
        "Done: nothing (not confirmed)\n"
        "When: 2026-11-23 16:27:32 to 16:28:10 +0000\n"
        "Seen: 24 messages, 1176 log lines; one message came back 48 times\n"
        "Why: delivered to ourselves (1152), too many hops (24)\n"
        "From: 192.0.2.7, sender nicholas@seaton.biz: 24 of 24 messages\n"
        "DNS: no answer yet; log lines alone confirm nothing\n"
        "Details: logwatch-mx incidents show loop/seaton.biz/2026-11-23T16:27:32Z"
    )


def test_a_loop_that_is_over_but_still_paused():
    over = structs.replace(LOOP, closed=NOW, actions=(action(ActionState.DONE),), origin=())
    assert text(over, NoticeKind.CLOSED) == (
        "Mail loop for seaton.biz: over, mail still paused\n"
        "\n"
        "It is over: nothing more of it is in the log.\n"
        "\n"
        "Done: mail for seaton.biz waits in the queue until 2026-11-24 16:29 +0000\n"
        "Undo: logwatch-mx undo loop/seaton.biz/2026-11-23T16:27:32Z\n"
        "When: 2026-11-23 16:27:32 to 16:28:10 +0000\n"
        "Seen: 24 messages, 1176 log lines; one message came back 48 times\n"
        "Why: delivered to ourselves (1152), too many hops (24)\n"
        "DNS: loopback, every exchanger is this machine itself: mail.seaton.biz 127.0.0.1 is"
        " loopback (asked 9.9.9.9:53)\n"
        "Details: logwatch-mx incidents show loop/seaton.biz/2026-11-23T16:27:32Z"
    )


def test_our_own_fault_says_so_with_the_fix():
    verdict = Verdict(
        domain="seaton.biz", outcome=Outcome.SELF, resolver="9.9.9.9:53", why="its MX is ours"
    )
    refused = action(
        ActionState.SKIPPED,
        why="the cause is this site's own configuration; mend that, nothing else is touched",
    )
    ours = structs.replace(LOOP, cause=Cause.OURS, verdict=verdict, actions=(refused,), origin=())
    assert text(ours, NoticeKind.CONFIRMED) == (
        "Mail loop for seaton.biz: confirmed\n"
        "\n"
        "This server delivers mail for seaton.biz to itself, through its own settings.\n"
        "\n"
        "Done: nothing (the cause is this site's own configuration; mend that, nothing else is"
        " touched)\n"
        "When: 2026-11-23 16:27:32 to 16:28:10 +0000\n"
        "Seen: 24 messages, 1176 log lines; one message came back 48 times\n"
        "Why: delivered to ourselves (1152), too many hops (24)\n"
        "DNS: self, its MX is ours (asked 9.9.9.9:53)\n"
        "Cause: our own settings, not theirs\n"
        "Fix: if the domain is ours, add it to mydestination or relay_domains (Postfix) or class w"
        " (sendmail); if not, take this host out of its MX\n"
        "Details: logwatch-mx incidents show loop/seaton.biz/2026-11-23T16:27:32Z"
    )


def test_a_spike_is_over_when_it_is_as_usual():
    over = compose(Due(NoticeKind.CLOSED, (structs.replace(SPIKE, closed=NOW),)), NOW)
    assert over.title == "Deferral spike at elm.example: over"
    assert over.body.startswith("It is over: about as much is put off as usual.\n\nWhen: ")


def test_what_came_back_says_so():
    back = compose(Due(NoticeKind.CONFIRMED, (LOOP,), frozenset({LOOP.id})), NOW)
    assert back.title == "Mail loop for seaton.biz: confirmed again"
    assert back.body.partition("\n")[0].endswith("is this host. It was over, and has come back.")
    spike = compose(Due(NoticeKind.SUSPECTED, (SPIKE,), frozenset({SPIKE.id})), NOW)
    assert spike.title == "Deferral spike at elm.example: again"
    assert spike.key == f"{SPIKE.id}#suspected#20261124T162732+0000"


def test_the_host_is_named_in_the_title_and_beside_the_command():
    told = compose(Due(NoticeKind.CONFIRMED, (LOOP,)), NOW, "mx1.example.org")
    assert told.title == "Mail loop for seaton.biz: confirmed (mx1.example.org)"
    assert told.body.splitlines()[-2:] == [
        "Host: mx1.example.org",
        "Details: logwatch-mx incidents show loop/seaton.biz/2026-11-23T16:27:32Z",
    ]


def test_a_long_title_keeps_its_host():
    # Slack refuses a header of more than 150 characters, and the whole message with it.
    long = structs.replace(LOOP, subject="a" * 99 + ".example", actions=(action(ActionState.DONE),))
    told = compose(Due(NoticeKind.CONFIRMED, (long,)), NOW, "h" * 300)
    assert len(told.title) == 150
    assert told.title.endswith(f"… ({'h' * 60}…)")


def test_a_spike_shows_what_the_other_server_said():
    assert text(SPIKE, NoticeKind.SUSPECTED) == (
        "Deferral spike at elm.example\n"
        "\n"
        "elm.example puts off far more of our mail than usual.\n"
        "\n"
        "Done: nothing (only loops are acted on)\n"
        "When: 2026-11-23 16:27:32 to 2026-11-24 16:27:32 +0000\n"
        "Seen: 70 messages, 99 log lines, 70 recipients\n"
        "Why: connection refused (99)\n"
        "Log: Nov 23 16:31:44 mx postfix/error[534]: 63DD740D: to=‹cust69@elm.example›,"
        " status=deferred\n"
        "Details: logwatch-mx incidents show spike/elm.example/2026-11-23T16:30:55Z"
    )


def test_an_outage_points_at_ourselves():
    outage = structs.replace(
        SPIKE,
        id="outage/outage/2026-11-23T16:30:55Z",
        kind=IncidentKind.OUTAGE,
        subject="outage",
        last=FIRST,
        reasons={"DNS failure": 98, "network unreachable": 1},
        evidence=(),
    )
    assert text(outage, NoticeKind.SUSPECTED) == (
        "Mail to many places is deferred\n"
        "\n"
        "Mail to many places is put off at once: look at our own network and DNS first.\n"
        "\n"
        "Done: nothing (only loops are acted on)\n"
        "When: 2026-11-23 16:27:32 to 16:27:32 +0000\n"
        "Seen: 70 messages, 99 log lines, 70 recipients\n"
        "Why: DNS failure (98), network unreachable (1)\n"
        "Details: logwatch-mx incidents show outage/outage/2026-11-23T16:30:55Z"
    )


def test_a_rule_names_itself():
    rule = structs.replace(
        SPIKE,
        id="rule/192.0.2.9/2026-11-23T16:30:55Z",
        kind=IncidentKind.RULE,
        rule="sasl-failures",
        subject="192.0.2.9",
        last=FIRST,
        counts=Counts(events=22, messages=1),
        reasons={},
        advice="it is like this every day",
    )
    assert text(rule, NoticeKind.SUSPECTED) == (
        "sasl-failures: 192.0.2.9\n"
        "\n"
        "The rule sasl-failures found 192.0.2.9.\n"
        "\n"
        "Done: nothing (only loops are acted on)\n"
        "When: 2026-11-23 16:27:32 to 16:27:32 +0000\n"
        "Seen: 1 message, 22 log lines\n"
        "Log: Nov 23 16:31:44 mx postfix/error[534]: 63DD740D: to=‹cust69@elm.example›,"
        " status=deferred\n"
        "Note: it is like this every day\n"
        "Details: logwatch-mx incidents show rule/192.0.2.9/2026-11-23T16:30:55Z"
    )


def test_a_storm_is_one_list_with_what_is_in_force():
    paused = structs.replace(LOOP, actions=(action(ActionState.DONE),))
    many = [
        structs.replace(
            LOOP, subject=f"d{n}.example", counts=Counts(events=n, messages=1), actions=()
        )
        for n in range(1, 23)
    ]
    assert text(paused, NoticeKind.CONFIRMED, *many) == (
        "23 mail incidents confirmed\n"
        "\n"
        "Many at once, so they are told together.\n"
        "\n"
        "Mail loop for seaton.biz: 1176 lines since 16:27, pause in force\n"
        "Mail loop for d1.example: 1 line since 16:27\n"
        + "".join(f"Mail loop for d{n}.example: {n} lines since 16:27\n" for n in range(2, 20))
        + "and 3 more\n"
        "\n"
        "Undo everything: logwatch-mx undo --all\n"
        "Details: logwatch-mx incidents list"
    )


def test_a_storm_of_spikes_is_not_called_suspected():
    notice = text(SPIKE, NoticeKind.SUSPECTED, structs.replace(SPIKE, subject="oak.example"))
    assert notice.splitlines() == [
        "2 mail incidents",
        "",
        "Many at once, so they are told together.",
        "",
        "Deferral spike at elm.example: 99 lines since 16:27",
        "Deferral spike at oak.example: 99 lines since 16:27",
        "",
        "Details: logwatch-mx incidents list",
    ]


def headline(incident, kind):
    return compose(Due(kind, (incident,)), NOW).body.partition("\n")[0]


def partial():
    verdict = structs.replace(LOOP.verdict, outcome=Outcome.PARTIAL)
    return structs.replace(LOOP, verdict=verdict)


@pytest.mark.parametrize(
    ("incident", "kind", "expected"),
    [
        (
            partial(),
            NoticeKind.CONFIRMED,
            "This server delivers mail for seaton.biz to itself: one of its MX is this host.",
        ),
        (
            LOOP,
            NoticeKind.REFUTED,
            "It looked as if mail for seaton.biz looped; DNS says that it does not.",
        ),
        (
            structs.replace(SPIKE, kind=IncidentKind.FORWARDING_LOOP, subject="bob@example.net"),
            NoticeKind.SUSPECTED,
            "Mail is forwarded in a circle at bob@example.net: an alias or .forward leads back.",
        ),
    ],
)
def test_the_first_sentence_says_what_is_the_matter(incident, kind, expected):
    assert headline(incident, kind) == expected


@pytest.mark.parametrize(
    ("state", "verb", "told"),
    [
        (ActionState.RUNNING, Verb.PAUSE, "Done: pause of mail for seaton.biz is under way"),
        (
            ActionState.DONE,
            Verb.DISCARD,
            "Done: mail for seaton.biz is thrown away until 2026-11-24 16:29 +0000",
        ),
        (
            ActionState.DONE,
            Verb.REJECT,
            "Done: mail for seaton.biz is rejected until 2026-11-24 16:29 +0000",
        ),
        (ActionState.FAILED, Verb.PAUSE, "FAILED: pause of mail for seaton.biz (why)"),
        (ActionState.UNDONE, Verb.PAUSE, "Done: pause of mail for seaton.biz, taken back"),
        (ActionState.EXPIRED, Verb.PAUSE, "Done: pause of mail for seaton.biz, has expired"),
        (ActionState.SKIPPED, Verb.PAUSE, "Done: nothing (why)"),
    ],
)
def test_what_was_done_is_told_by_how_it_ended(state, verb, told):
    one = structs.replace(LOOP, actions=(action(state, verb, "why"),))
    body = compose(Due(NoticeKind.CONFIRMED, (one,)), NOW).body
    assert [line for line in body.splitlines() if line.startswith(("Done", "FAILED"))] == [told]
    in_force = state in {ActionState.RUNNING, ActionState.DONE}
    assert ("\nUndo: " in body) is in_force


def test_a_hook_in_observe_mode_is_told_as_not_run():
    planned = action(ActionState.PLANNED, Verb.COMMAND, "observe mode: would run /etc/h/ticket")
    one = structs.replace(LOOP, actions=(planned, OBSERVED))
    assert compose(Due(NoticeKind.CONFIRMED, (one,)), NOW).body.splitlines()[2:4] == [
        "Done: nothing (observe mode: would pause mail for seaton.biz)",
        "Hook: not run (observe mode: would run /etc/h/ticket)",
    ]


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (Origin(client_ip=None, messages=2), "From: this host itself: 2 of 24 messages"),
        (
            Origin(client_ip="192.0.2.1", client_host="a.example", messages=3),
            "From: 192.0.2.1 (a.example): 3 of 24 messages",
        ),
        (
            Origin(client_ip="192.0.2.1", client_host="192.0.2.1", sender="", messages=3),
            "From: 192.0.2.1: 3 of 24 messages",
        ),
    ],
)
def test_where_it_came_from(origin, told):
    body = compose(Due(NoticeKind.CONFIRMED, (structs.replace(LOOP, origin=(origin,)),)), NOW).body
    assert [line for line in body.splitlines() if line.startswith("From")] == [told]


def test_log_lines_of_a_loop_without_reasons_are_told_all_the_same():
    body = compose(Due(NoticeKind.CONFIRMED, (structs.replace(LOOP, reasons={}),)), NOW).body
    assert "Why:" not in body


def test_a_verdict_without_a_sentence_is_its_outcome():
    bare = Verdict(domain="seaton.biz", outcome=Outcome.NO_SUCH_DOMAIN)
    body = compose(Due(NoticeKind.REFUTED, (structs.replace(LOOP, verdict=bare),)), NOW).body
    assert "\nDNS: no such domain\n" in body


def test_advice_of_our_own_fault_is_the_fix():
    ours = structs.replace(LOOP, cause=Cause.OURS, advice="set proxy_interfaces", actions=())
    body = compose(Due(NoticeKind.CONFIRMED, (ours,)), NOW).body
    assert "\nCause: our own settings, not theirs\nFix: set proxy_interfaces\n" in body


def test_stamps_keep_the_zone_of_the_log():
    berlin = timezone(timedelta(hours=1))
    one = structs.replace(
        LOOP, first=LOOP.first.astimezone(berlin), last=LOOP.last.astimezone(berlin)
    )
    body = compose(Due(NoticeKind.CONFIRMED, (one,)), NOW).body
    assert body.splitlines()[3] == "When: 2026-11-23 17:27:32 to 17:28:10 +0100"


def test_a_command_with_a_hostile_subject_is_one_word_for_the_shell():
    bad = structs.replace(LOOP, id="rule/'; rm -rf ~; '\n$(x)/2026", actions=())
    last = compose(Due(NoticeKind.CONFIRMED, (bad,)), NOW).body.splitlines()[-1]
    assert last == (
        "Details: logwatch-mx incidents show 'rule/'\"'\"'; rm -rf ~; '\"'\"' $(x)/2026'"
    )


HOSTILE = "\x1b[31m<!channel>\r\nBcc: x@y\n@everyone \u202e<b>`\udce9\x00" + "A" * 1_000_000


@pytest.mark.parametrize("kind", IncidentKind)
@pytest.mark.parametrize(
    "notice", [k for k in NoticeKind if k.value not in {"test", "health", "heartbeat"}]
)
def test_hostile_text_anywhere_stays_on_its_line(kind, notice):
    verdict = Verdict(domain=HOSTILE, outcome=Outcome.LOOPBACK, resolver=HOSTILE, why=HOSTILE)
    deeds = (
        structs.replace(action(ActionState.DONE, why=HOSTILE), target=HOSTILE),
        action(ActionState.FAILED, Verb.COMMAND, HOSTILE, (HOSTILE,)),
    )
    bad = structs.replace(
        LOOP,
        id=HOSTILE,
        kind=kind,
        subject=HOSTILE,
        rule=HOSTILE,
        reasons={HOSTILE: 1},
        verdict=verdict,
        advice=HOSTILE,
        origin=(Origin(client_ip=HOSTILE, client_host=HOSTILE, sender=HOSTILE, messages=1),),
        actions=deeds,
        evidence=(Evidence(HOSTILE, 1, HOSTILE),),
    )
    for group in ((bad,), (bad, bad)):
        told = compose(Due(notice, group), NOW)
        assert told.title.isprintable()
        assert all(line.isprintable() for line in told.body.split("\n"))
        assert not set("<>`") & set(told.title + told.body)
        assert "@everyone" not in told.title + told.body
        assert "Bcc" not in [line.partition(":")[0] for line in told.body.split("\n")]
        assert len(told.body) < 4000  # Slack cuts at 4000 characters


@settings(deadline=None)
@given(st.text(), st.sampled_from(list(IncidentKind)))
def test_any_subject_makes_a_notice_of_few_lines(subject, kind):
    one = structs.replace(LOOP, kind=kind, subject=subject, rule=subject)
    notice = compose(Due(NoticeKind.SUSPECTED, (one,)), NOW)
    assert notice.title.isprintable()
    assert len(notice.body.splitlines()) <= 13


def test_a_notice_says_what_to_do_and_one_that_is_closed_does_not():
    spike = structs.replace(
        SPIKE,
        advice="elm.example limits what it takes",
        steps=("who sends: logwatch-mx queue elm.example", "QUEUE_GROUP(`slow', `R=1')dnl", "wait"),
    )
    told = compose(Due(NoticeKind.SUSPECTED, (spike,)), NOW).body
    assert (
        "\nNote: elm.example limits what it takes"
        "\nDo: who sends: logwatch-mx queue elm.example"
        "\nDo: wait"
        "\nDo: see the details, where there are more lines to paste\n"
    ) in told
    closed = structs.replace(spike, closed=NOW)
    assert "Do:" not in compose(Due(NoticeKind.CLOSED, (closed,)), NOW).body


def test_an_outage_of_one_domain_is_not_told_as_one_of_many_places():
    outage = structs.replace(SPIKE, kind=IncidentKind.OUTAGE, subject="outage")
    many = structs.replace(outage, facts=Facts(domains={"a.test": 9, "b.test": 8}))
    one = structs.replace(outage, facts=Facts(domains={"a.test": 17}))
    told = [compose(Due(NoticeKind.SUSPECTED, (i,)), NOW) for i in (many, one)]
    assert told[0].title.startswith("Mail to many places is deferred")
    assert told[1].title.startswith("No way to a.test")
    assert told[1].body.startswith("Mail for a.test is put off: no name or no way")
