"""The case: an incident as it grows."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import msgpack

from logwatch_mx.detect.case import KEPT_TEXT, Case, case_name, incident_id, keep, plain
from logwatch_mx.model.event import Client, Other
from logwatch_mx.model.incident import (
    Cause,
    Counts,
    Evidence,
    Facts,
    IncidentKind,
    Origin,
    SignalKind,
)
from logwatch_mx.model.line import Line
from logwatch_mx.model.trail import Trail
from logwatch_mx.model.verdict import Outcome, Verdict

T = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUBJECT = "loop.test"


def case(**words):
    made = {"kind": IncidentKind.LOOP, "subject": SUBJECT, "rule": "loop", "opened": T}
    made |= {"first": T, "last": T, "id": incident_id(made["kind"], SUBJECT, T)} | words
    return Case(**made)


def trail(queue_id, ip="192.0.2.7", **words):
    client = Client(host="unknown", ip=ip) if ip else None
    return Trail(
        **{"subject": SUBJECT, "queue_id": queue_id, "found": True, "client": client, **words}
    )


def test_a_message_counts_once_and_can_be_taken_back():
    one = case()
    assert one.add_message("A", 3) is True
    assert one.add_message("A", 7) is False
    assert one.add_message("B") is True
    one.forget_message("B")
    one.forget_message("never seen")
    assert (one.messages, one.max_hops) == (1, 7)


def test_recipients_count_once_whatever_their_case():
    one = case()
    for address in ("a@x.test", "A@X.test", "b@x.test"):
        one.add_recipient(address)
    assert one.recipients == 2


def test_a_message_taken_back_takes_its_origin_along():
    one = case()
    for key in ("A", "B"):
        one.add_message(key)
        one.add_origin(trail(key), T)
    one.add_message("C")
    one.add_origin(trail("C", "192.0.2.8"), T)
    one.forget_message("B")
    one.forget_message("C")
    assert one.incident().origin == (
        Origin(client_ip="192.0.2.7", client_host="unknown", messages=1),
    )


def test_who_sent_a_later_pass_of_another_message_is_not_counted():
    one = case()
    one.add_message("A")
    one.forget_message("A")
    one.add_origin(trail("A"), T)
    assert (one.incident().origin, one.incident().facts.senders) == ((), 0)


def test_an_unknown_origin_is_asked_about_once_more_a_second_later():
    one = case()
    for key in ("A", "B"):
        one.add_message(key)
        one.add_origin(trail(key, found=False), T)
    one.forget_message("B")
    assert one.ask_again(T) == []
    assert one.ask_again(T + timedelta(seconds=1)) == ["A"]
    one.add_origin(trail("A", found=False, again=True), T + timedelta(seconds=1))
    assert one.ask_again(T + timedelta(hours=1)) == []


def test_facts_are_of_both_when_trouble_comes_back():
    one, later = case(), case()
    for key, sender, which in (
        ("A", "a@x.test", one),
        ("B", "b@x.test", later),
        ("C", "a@x.test", later),
    ):
        which.add_message(key)
        which.add_origin(trail(key, sender=sender, growth=182 if which is later else None), T)
        which.facts.add_domain("d.test")
    for second in (0, 1, 61, 62, 63):
        later.add_line(T + timedelta(seconds=second), None)
    one.absorb(later)
    assert one.incident().facts == Facts(senders=2, busiest=3, growth=182, domains={"d.test": 3})


def test_origins_are_sorted_by_messages_and_say_when():
    one = case()
    for n, (ip, hour) in enumerate([("192.0.2.8", 3), ("192.0.2.7", 1), ("192.0.2.7", 2)]):
        one.add_message(f"Q{n}")
        one.add_origin(trail(f"Q{n}", ip, arrived=T + timedelta(hours=hour), sender="s@x.test"), T)
    one.add_message("L")
    one.add_origin(trail("L", None), T)
    one.add_origin(trail("U", "192.0.2.9", found=False), T)
    assert one.incident().origin == (
        Origin(
            client_ip="192.0.2.7",
            client_host="unknown",
            sender="s@x.test",
            messages=2,
            first=T + timedelta(hours=1),
            last=T + timedelta(hours=2),
        ),
        Origin(client_ip=None, messages=1),
        Origin(
            client_ip="192.0.2.8",
            client_host="unknown",
            sender="s@x.test",
            messages=1,
            first=T + timedelta(hours=3),
            last=T + timedelta(hours=3),
        ),
    )


def test_what_is_kept_of_reasons_and_origins_is_bounded():
    one = case()
    for n in range(1000):
        one.add_reason(f"reason {n}")
        one.add_message(f"Q{n}")
        one.add_origin(trail(f"Q{n}", f"192.0.2.{n}"), T)
    assert (len(one.reasons), len(one.origins)) == (20, 200)


def test_reasons_come_in_the_order_of_their_count():
    one = case()
    for reason in ("b", "a", "c", "c"):
        one.add_reason(reason)
    assert list(one.incident().reasons.items()) == [("c", 2), ("a", 1), ("b", 1)]


@pytest.mark.parametrize("lines", [0, 1, 10, 11, 20, 21, 100])
def test_evidence_is_ten_lines_of_either_end(lines):
    one = case()
    for n in range(lines):
        one.add_line(T, keep(Other(line=Line(f"line {n}", "log", n))))
    shown = [*range(lines)] if lines <= 20 else [*range(10), *range(lines - 10, lines)]
    assert one.incident().evidence == tuple(Evidence("log", n, f"line {n}") for n in shown)
    assert one.incident().counts == Counts(events=lines)


def test_evidence_of_any_bytes_comes_back_and_is_bounded():
    line = Line("\udcff" * 3000, "log\udce9", 7)
    kept = keep(Other(line=line))
    back = msgpack.decode(msgpack.encode(kept), type=type(kept))
    assert back.evidence == Evidence("log\udce9", 7, "\udcff" * KEPT_TEXT)


@pytest.mark.parametrize(
    ("text", "shown"), [("a", "a"), ("ü", "ü"), ("a\udce9b", "a\\udce9b"), ("", "")]
)
def test_plain_text_can_be_packed(text, shown):
    assert plain(text) == shown


def test_trouble_that_came_back_is_added_up():
    one, later = case(closed=T), case(last=T + timedelta(hours=1))
    one.add_recipient("a@x.test")
    for n, each in enumerate((one, later)):
        each.add_line(T, keep(Other(line=Line(f"line {n}", "log", n))))
        each.add_message(f"A{n}", n)
        each.add_signal(SignalKind.DEFERRAL)
        each.add_reason("refused")
        each.add_recipient(f"u{n}@x.test")
    one.absorb(later)
    incident = one.incident()
    assert incident.counts == Counts(events=2, messages=2, recipients=3, max_hops=1)
    assert (incident.signals.deferral, incident.reasons) == (2, {"refused": 2})
    assert (incident.closed, incident.last) == (None, T + timedelta(hours=1))
    assert [e.line for e in incident.evidence] == [0, 1]


@pytest.mark.parametrize(
    ("own", "outcome", "cause"),
    [
        (True, None, Cause.OURS),
        (True, Outcome.LOOPBACK, Cause.OURS),
        (False, Outcome.SELF, Cause.OURS),
        (False, Outcome.LOOPBACK, Cause.THEIRS),
        (False, Outcome.PARTIAL, Cause.THEIRS),
        (False, Outcome.HEALTHY, Cause.UNKNOWN),
        (False, None, Cause.UNKNOWN),
    ],
)
def test_whose_fault_it_is(own, outcome, cause):
    verdict = Verdict(domain=SUBJECT, outcome=outcome) if outcome else None
    assert case(own=own, verdict=verdict).incident().cause is cause


def test_ids_are_in_utc_whatever_the_zone():
    berlin = datetime.fromisoformat("2026-11-23T13:00:00+01:00")
    assert incident_id(IncidentKind.LOOP, "a.test", berlin) == "loop/a.test/2026-11-23T12:00:00Z"


def test_incidents_of_rules_are_kept_apart_by_rule():
    assert case_name(IncidentKind.RULE, "r", "s") == "rule/r/s"
    assert case_name(IncidentKind.LOOP, "loop", "s") == "loop/s"
