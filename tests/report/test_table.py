import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rich.console import Console

from logwatch_mx.model.action import ActionState, Verb
from logwatch_mx.model.incident import (
    Cause,
    Counts,
    Incident,
    IncidentKind,
    IncidentState,
    Origin,
)
from logwatch_mx.model.verdict import Outcome
from logwatch_mx.report.rows import clean, duration, rows, short, span, state, title
from logwatch_mx.report.table import print_incidents, print_input, print_stats

PIPED = """\
MAIL LOOP  seaton.biz  confirmed
  when      2026-11-23 16:27:32 to 16:28:10 +00:00, alarm at 16:27:32
  what      24 messages in 1,176 log lines; one of them came back 48 times
  reasons   delivered to ourselves (1,152), too many hops (24)
  origin    192.0.2.7, sender nicholas@seaton.biz: 24 of 24 messages
  DNS       loopback: every exchanger is this machine itself: mail.seaton.biz
            127.0.0.1 is loopback (asked zone:dns.zone)
  cause     the domain's own DNS
  action    observe mode: would pause mail for seaton.biz
  id        loop/seaton.biz/2026-11-23T16:27:32Z
  evidence
    maillog:597
      Nov 23 16:27:32 mx postfix/smtp[349]: F0ACC240: to=<nicholas@seaton.biz>, relay=\
mail.seaton.biz[127.0.0.1]:25, delay=0.02, delays=0/0/0.02/0, dsn=2.0.0, status=sent \
(250 2.0.0 Ok: queued as 017AC242)
    maillog:7356
      Nov 23 16:28:10 mx postfix/smtp[453]: 68EBC7A9: too many hops

DEFERRAL SPIKE  elm.example  open
  when      2026-11-23 16:27:32 to 16:28:56 +00:00, alarm at 16:30:32
  what      70 messages to 70 recipients put off within 1 min 24 s (99 lines)
  reasons   connection refused (99)
  id        spike/elm.example/2026-11-23T16:30:55Z
  evidence
    maillog:952
      the only line
"""
ON_SCREEN = """\
      Nov 23 16:27:32 mx postfix/smtp[349]: F0ACC240: to=<nicholas@seaton.biz>,
      relay=mail.seaton.biz[127.0.0.1]:25, delay=0.02, delays=0/0/0.02/0,
      dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 017AC242)
"""


def console(width=80, *, terminal=False):
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=terminal,
        color_system=None,
        highlight=False,
        legacy_windows=False,
    )


def printed(incidents, **options):
    to = console(**options)
    print_incidents(to, incidents)
    return to.file.getvalue()


def test_a_pipe_gets_whole_log_lines_and_no_padding(loop, spike):
    assert printed([loop, spike]) == PIPED


def test_a_terminal_gets_log_lines_wrapped_under_their_place(loop):
    shown = printed([loop], terminal=True)
    assert ON_SCREEN in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


@pytest.mark.parametrize("width", [20, 40, 80, 120, 500])
@pytest.mark.parametrize("terminal", [True, False])
def test_no_line_ends_in_blanks_at_any_width(loop, spike, width, terminal):
    lines = printed([loop, spike], width=width, terminal=terminal).splitlines()
    assert [line for line in lines if line != line.rstrip()] == []


def test_nothing_found_is_said_in_one_line():
    assert printed([]) == "No incident: no mail loop and no deferral spike in these lines.\n"
    assert printed([], width=20).count("\n") == 1


@pytest.mark.parametrize("terminal", [True, False])
def test_hostile_text_reaches_no_terminal(poisoned, terminal):
    shown = printed([poisoned], terminal=terminal)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert len(shown) < 20_000
    shown.encode()


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_text_prints_and_stays_printable(subject, text):
    now = datetime(2026, 11, 23, tzinfo=UTC)
    one = Incident(
        id=subject,
        kind=IncidentKind.RULE,
        subject=subject,
        opened=now,
        first=now,
        last=now,
        reasons={text: 1},
        advice=text,
    )
    shown = printed([one], terminal=True)
    assert all(line.isprintable() for line in shown.split("\n"))


def test_what_was_read_stands_first():
    to = console()
    at = datetime(2026, 11, 23, 16, 26, 51, tzinfo=UTC)
    print_input(to, ["a", "b\x1b", "c", "d"], 7811, at, at + timedelta(days=1))
    assert to.file.getvalue() == (
        "a, b�, c …\n7,811 lines, 2026-11-23 16:26:51 to 2026-11-24 16:26:51 +00:00\n\n"
    )
    to = console()
    print_input(to, ["-"], 0, None, None)
    assert to.file.getvalue() == "-\n0 lines\n\n"


def test_figures_of_the_whole_log_are_sorted_by_size():
    to = console()
    print_stats(
        to,
        {
            "kinds": {"delivery": 2, "message": 12_345},
            "deliveries": {},
            "domains": {"b.example": 1, "a.example": 1, "\x1b": 7},
            "domains_forgotten": 3,
        },
    )
    assert to.file.getvalue() == (
        "\nLines by kind\n     12,345  message\n          2  delivery\n"
        "\nDeliveries by status\n       none\n"
        "\nRecipient domains\n          7  �\n          1  a.example\n          1  b.example\n"
        "          3  domains forgotten for want of room\n"
    )


def row(incident, label):
    found, seen = [], ""
    for name, text in rows(incident):
        seen = name or seen
        if seen == label:
            found.append(text)
    return found


@pytest.mark.parametrize(
    ("state_", "verb", "text"),
    [
        (
            ActionState.PLANNED,
            Verb.PAUSE,
            "observe mode: would pause mail for seaton.biz",
        ),
        (
            ActionState.SKIPPED,
            Verb.PAUSE,
            "none: observe mode: would pause mail for seaton.biz",
        ),
        (
            ActionState.DONE,
            Verb.DISCARD,
            (
                "discard seaton.biz: done until 2026-11-24 16:28 +00:00"
                " (observe mode: would pause mail for seaton.biz)"
            ),
        ),
        (
            ActionState.FAILED,
            Verb.COMMAND,
            "/h/ticket seaton.biz: failed (observe mode: would pause mail for seaton.biz)",
        ),
    ],
)
def test_an_action_is_told_by_how_it_stands(loop, state_, verb, text):
    argv = ("/h/ticket", "-x") if verb is Verb.COMMAND else ()
    one = structs.replace(loop.actions[0], state=state_, verb=verb, argv=argv)
    assert row(structs.replace(loop, actions=(one,)), "action") == [text]


def test_origins_beyond_three_are_counted(loop):
    many = tuple(
        Origin(client_ip=f"192.0.2.{n}", client_host=f"h{n}.example", messages=n) for n in range(5)
    )
    assert row(structs.replace(loop, origin=many), "origin") == [
        "192.0.2.0 (h0.example): 0 of 24 messages",
        "192.0.2.1 (h1.example): 1 of 24 messages",
        "192.0.2.2 (h2.example): 2 of 24 messages",
        "and 2 more",
    ]


def test_mail_written_here_has_no_client(loop):
    here = (Origin(client_ip=None, messages=2),)
    assert row(structs.replace(loop, origin=here), "origin") == [
        "this host itself: 2 of 24 messages"
    ]


def test_a_loop_without_an_answer_says_what_that_means(loop, spike):
    unasked = structs.replace(loop, verdict=None, cause=Cause.UNKNOWN)
    assert row(unasked, "DNS") == ["not asked; log lines alone confirm nothing"]
    assert row(unasked, "cause") == []
    assert row(spike, "DNS") == []
    gone = structs.replace(loop.verdict, outcome=Outcome.NO_SUCH_DOMAIN, resolver=None, why="")
    assert row(structs.replace(loop, verdict=gone), "DNS") == ["no such domain"]


def test_our_own_fault_and_advice_are_told(loop):
    ours = structs.replace(loop, cause=Cause.OURS, advice="mend it")
    assert row(ours, "cause") == ["this site's own configuration"]
    assert row(ours, "advice") == ["mend it"]


@pytest.mark.parametrize(
    ("kind", "counts", "text"),
    [
        (IncidentKind.LOOP, Counts(events=2, messages=1, max_hops=1), "1 message in 2 log lines"),
        (IncidentKind.RULE, Counts(events=1, messages=0), "0 messages in 1 log line"),
        (
            IncidentKind.OUTAGE,
            Counts(events=1, messages=1, recipients=1),
            "1 message to 1 recipient put off within 38 s (1 line)",
        ),
    ],
)
def test_numbers_are_said_in_words(loop, kind, counts, text):
    assert row(structs.replace(loop, kind=kind, counts=counts), "what") == [text]


@pytest.mark.parametrize(
    ("kind", "believed", "closed", "word"),
    [
        (IncidentKind.LOOP, IncidentState.CONFIRMED, False, "confirmed"),
        (IncidentKind.LOOP, IncidentState.REFUTED, True, "refuted, over"),
        (IncidentKind.SPIKE, IncidentState.SUSPECTED, False, "open"),
        (IncidentKind.RULE, IncidentState.SUSPECTED, True, "over"),
    ],
)
def test_only_loops_are_believed_or_not(loop, kind, believed, closed, word):
    one = structs.replace(loop, kind=kind, state=believed, closed=loop.last if closed else None)
    assert state(one) == word


def test_a_closed_incident_says_when(loop):
    one = structs.replace(loop, closed=loop.last + timedelta(days=1))
    assert row(one, "when") == [
        "2026-11-23 16:27:32 to 16:28:10 +00:00, alarm at 16:27:32, closed at 2026-11-24 16:28:10"
    ]


def test_a_rule_is_named_in_the_title(loop):
    assert title(structs.replace(loop, kind=IncidentKind.RULE, rule="sasl")) == "RULE sasl"
    assert title(structs.replace(loop, kind=IncidentKind.RULE, rule="")) == "RULE"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "a second"),
        (1, "1 s"),
        (60, "1 min"),
        (84, "1 min 24 s"),
        (3600, "1 h"),
        (3601, "1 h"),
        (5040, "1 h 24 min"),
        (90_000, "1 d 1 h"),
        (86_400 * 400, "400 d"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds, text):
    assert duration(timedelta(seconds=seconds)) == text


def test_a_span_without_a_zone_shows_none():
    at = datetime(2026, 11, 23, 16, 0, 0, 999)  # noqa: DTZ001  # a stamp may lack its zone
    assert span(at, at) == "2026-11-23 16:00:00 to 16:00:00"


@pytest.mark.parametrize(
    ("text", "shown"), [(None, ""), ("a\x1bb", "a�b"), ("x" * 500, "x" * 400), ("\udce9", "�")]
)
def test_clean_text_steers_nothing(text, shown):
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("abc", "abc"), ("abcd", "ab…"), ("x" * 10_000_000, "xx…")]
)
def test_short_text_says_that_it_was_cut(text, shown):
    assert short(text, 3) == shown
