"""Rules and conditions in English."""

from datetime import timedelta

import pytest

from logwatch_mx.model.incident import IncidentKind, SignalKind
from logwatch_mx.model.rule import Rule, Severity
from logwatch_mx.rulebook.condition import compile_condition
from logwatch_mx.rulebook.fields import FIELDS, Type
from logwatch_mx.rulebook.sentence import _FLAGS, explain, spell_duration


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("delivery", "a delivery attempt"),
        ("not delivery", "any line but a delivery attempt"),
        (
            "delivery and relay is loopback and not (domain is own)",
            (
                "a delivery attempt where the relay is loopback"
                " and the recipient's domain is not one of our own"
            ),
        ),
        ("auth and not ok", "an authentication where it failed"),
        ("relay.port > 25", "a line where the relay's port is more than 25"),
        ("not relay.port > 25", "a line where the relay's port is not more than 25"),
        ("relay", "a line where the relay is given"),
        ("not relay exists", "a line where the relay is not given"),
        ("client.ip in 10.0.0.0/8", "a line where the client's address is in 10.0.0.0/8"),
        ("dsn in {4.2.2, 5.2.2}", "a line where the DSN code is one of 4.2.2, 5.2.2"),
        (
            'reject or delivery and reply contains "x y"',
            'either a refused client, or a delivery attempt where the reply contains "x y"',
        ),
        (
            "delivery and not (relay is self or mailer is relay)",
            (
                "a delivery attempt where not (the relay is this site itself"
                " (loopback or one of our own) or the mailer is relay)"
            ),
        ),
        (
            "ok and not delivery and client.ip exists",
            (
                "a line where it succeeded, the line is not a delivery attempt"
                " and the client's address is given"
            ),
        ),
        ('queue_id is "own"', "a line where the queue id is own"),
    ],
)
def test_a_condition_is_said(text, sentence):
    assert compile_condition(text).sentence() == sentence


def said(**values):
    rule = Rule(id="r", title="t", when="auth and not ok", **values)
    return explain(rule, compile_condition(rule.when).tree)


def test_a_counting_rule_is_said_in_one_sentence():
    assert said(by="client.ip", threshold=20) == (
        "An incident (warning) for the client's address is raised when 20 lines are seen within"
        " 10 minutes: an authentication where it failed."
    )
    assert said(by="sender", count="client.ip", severity=Severity.INFO, respond=("command",)) == (
        "An incident (info) for the sender is raised when 3 different values of the client's"
        " address are seen within 10 minutes: an authentication where it failed; then command."
    )
    assert "when one line is seen within" in said(threshold=1)
    assert said(kind=IncidentKind.FORWARDING_LOOP).startswith(
        "A forwarding loop (warning) for the recipient's domain is raised when 3 lines"
    )


def test_a_loop_and_a_spike_rule_say_what_they_hand_over():
    assert said(kind=IncidentKind.LOOP, signal=SignalKind.SELF_DELIVERY).startswith(
        "Evidence (self delivery) of a loop of the recipient's domain (warning) is an auth"
    )
    assert said(kind=IncidentKind.SPIKE, spike=True, by="relay.provider").startswith(
        "The spike test, kept for each relay's provider (warning), counts an auth"
    )


def test_a_rule_that_is_switched_off_says_so():
    assert said(enabled=False).startswith("Switched off: an incident (warning)")


def test_every_flag_has_its_words():
    assert set(_FLAGS) == {path for path, field in FIELDS.items() if field.type is Type.FLAG}


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=10), "10 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(days=1, minutes=90), "1 day 1 hour 30 minutes"),
        (timedelta(milliseconds=5), "0 seconds"),
    ],
)
def test_a_duration_is_said(span, words):
    assert spell_duration(span) == words
