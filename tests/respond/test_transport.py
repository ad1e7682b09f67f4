from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.detect.reasons import is_own_remedy
from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.deed import OWN_MARK
from logwatch_mx.model.event import Delivery, Mta, Status
from logwatch_mx.model.line import Line
from logwatch_mx.respond import transport
from logwatch_mx.respond.map_text import MapText, is_id
from logwatch_mx.respond.route import Entry, entry_of

UNTIL = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


def entry(domain="seaton.biz", verb=Verb.PAUSE, until=UNTIL):
    incident = f"loop/{domain}/2026-11-23T14:29:10Z"
    return Entry(
        domain=domain, verb=verb, incident=incident, action=f"{incident}#{verb}", until=until
    )


def test_the_map_reads_well():
    text = transport.render([entry(), entry("b.example", Verb.DISCARD, None)])
    assert text.splitlines()[3:] == [
        (
            "# discard until unknown incident loop/b.example/2026-11-23T14:29:10Z"
            " action loop/b.example/2026-11-23T14:29:10Z#discard"
        ),
        (
            "b.example\tdiscard:mail for this domain is discarded by logwatch-mx"
            " (loop/b.example/2026-11-23T14:29:10Z)"
        ),
        (
            "# pause until 2026-11-24T14:30:00+00:00 incident loop/seaton.biz/2026-11-23T14:29:10Z"
            " action loop/seaton.biz/2026-11-23T14:29:10Z#pause"
        ),
        (
            "seaton.biz\tretry:4.4.6 mail for this domain is paused by logwatch-mx"
            " (loop/seaton.biz/2026-11-23T14:29:10Z)"
        ),
    ]


def test_an_action_becomes_its_entry():
    incident = "loop/seaton.biz/2026-11-23T14:29:10Z"
    action = Action(
        id=f"{incident}#pause",
        incident=incident,
        verb=Verb.PAUSE,
        target="seaton.biz",
        state=ActionState.RUNNING,
        why="",
        expires=UNTIL,
    )
    assert entry_of(action) == entry()


VERBS = st.sampled_from([Verb.PAUSE, Verb.REJECT, Verb.DISCARD])
DOMAINS = st.from_regex(r"[a-z0-9]{1,9}\.(example|biz)", fullmatch=True)
ENTRIES = st.builds(entry, DOMAINS, VERBS, st.sampled_from([UNTIL, None]))


@given(st.lists(ENTRIES, unique_by=lambda one: one.domain))
def test_what_was_written_is_read(entries):
    read = transport.parse(transport.render(entries))
    assert read == MapText(entries={one.domain: one for one in entries}, untouched=True)


@given(st.lists(ENTRIES, min_size=1, max_size=3, unique_by=lambda one: one.domain), st.data())
def test_any_other_byte_is_another_hand(entries, data):
    text = transport.render(entries)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda letter: letter != text[place]))
    assert not transport.parse(text[:place] + other + text[place + 1 :]).untouched
    assert not transport.parse(text[:place] + text[place + 1 :]).untouched


@given(st.text())
def test_any_text_is_read_without_complaint(text):
    assert transport.parse(text).entries == {}


def test_a_whole_entry_more_or_less_is_another_hand():
    both = transport.render([entry(), entry("b.example")]).splitlines(keepends=True)
    assert not transport.parse("".join(both[:3] + both[5:])).untouched
    one = transport.render([entry()]).splitlines(keepends=True)
    assert not transport.parse("".join(one + both[3:5])).untouched
    assert not transport.parse("").untouched


@pytest.mark.parametrize(
    ("foreign", "left"),
    [
        ("partner.example smtp:[192.0.2.1]\n", "partner.example smtp:[192.0.2.1]\n"),
        ("# my note\n", "# my note\n"),
        ("last line without an end", "last line without an end"),
        ("b.example\terror:5.1.1 mine\n", "b.example\terror:5.1.1 mine\n"),
    ],
)
def test_our_lines_can_be_taken_out_from_among_those_of_others(foreign, left):
    head = "".join(transport.render([entry()]).splitlines(keepends=True)[:3])
    text = transport.render([entry()]) + foreign
    assert transport.without(text, "seaton.biz") == head + left
    assert transport.without(text, "b.example") == text


@pytest.mark.parametrize(
    ("verb", "agent", "status"),
    [
        (Verb.PAUSE, "error", Status.DEFERRED),
        (Verb.REJECT, "error", Status.BOUNCED),
        (Verb.DISCARD, "discard", Status.SENT),
    ],
)
def test_what_postfix_logs_of_our_remedy_is_no_new_evidence(verb, agent, status):
    said = transport.route_of(entry(verb=verb)).partition(":")[2]
    delivery = Delivery(
        line=Line(""),
        mta=Mta.POSTFIX,
        agent=agent,
        recipients=("x@seaton.biz",),
        status=status,
        reply=said,
    )
    assert is_own_remedy(delivery)


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.REJECT, Verb.DISCARD])
def test_our_words_are_known_again(verb):
    route = transport.route_of(entry(verb=verb))
    assert OWN_MARK in route
    assert transport.is_ours(route)
    assert transport.entry_from("seaton.biz", route) == entry(verb=verb, until=None)


@pytest.mark.parametrize(
    "route",
    [
        "smtp:[192.0.2.1]",
        "error:5.4.6 by logwatch-mx",
        "discard:mail for this domain is discarded by logwatch-mx (a b)",
        "",
    ],
)
def test_what_is_not_in_our_words_is_no_entry(route):
    assert transport.entry_from("seaton.biz", route) is None


@pytest.mark.parametrize("text", ["", "a b", "a\nb", "(x)", "é", "a" * 401, "\x1b[31m"])
def test_an_id_that_is_not_plain_stays_out_of_the_map(text):
    assert not is_id(text)
