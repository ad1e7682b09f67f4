"""What is advised about spikes and outages: every reason has its own, and nothing is repeated that a shell could run."""

import pytest

from logwatch_mx.detect import reasons
from logwatch_mx.detect.advice import advise, advise_circle
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import IncidentKind

SPIKE, OUTAGE = IncidentKind.SPIKE, IncidentKind.OUTAGE
SLOW_POSTFIX = (
    "send slower, one message every five seconds to each of these domains:",
    "postconf -Me 'slow/unix=slow unix - - n - 2 smtp'",
    "postconf -e 'slow_destination_rate_delay = 5s'",
    "echo 'a.test slow:' | tee -a /etc/postfix/transport",
    "echo 'b.test slow:' | tee -a /etc/postfix/transport",
    "postmap /etc/postfix/transport",
    'postconf -e "transport_maps = $(postconf -h transport_maps), $(postconf -h default_database_type):/etc/postfix/transport"',
    "postfix reload",
)
SLOW_SENDMAIL = (
    "send slower: a queue of their own with one runner, in sendmail.mc:",
    "QUEUE_GROUP(`slow', `P=/var/spool/mqueue/slow, R=1, I=10m')dnl",
    "FEATURE(`access_db')dnl   (once, before other features)",
    "FEATURE(`queuegroup')dnl",
    "then: mkdir -m 700 /var/spool/mqueue/slow, and in /etc/mail/access:",
    "QGRP:a.test slow",
    "QGRP:b.test slow",
    "then: make -C /etc/mail, and restart sendmail",
)
REASONS = [
    *(reason for reason, *_ in reasons._WORDS),
    *reasons._EXACT.values(),
    reasons.REMOTE,
    reasons.LOCAL,
    "throttled by Gmail (4.7.28)",
    "throttled by Gmail (4.7.0)",
    "Gmail wants proof of the sender (4.7.26)",
    "throttled by Yahoo (TSS04)",
    "throttled by Yahoo (TS03)",
    "greylisted by Yahoo (GL01)",
    "throttled by Microsoft (S775)",
    "throttled by Microsoft (S3114)",
    "throttled by Microsoft (S844)",
    "throttled by Microsoft (RP-001)",
    "throttled by Microsoft (4.7.650)",
]


@pytest.mark.parametrize("mta", Mta)
@pytest.mark.parametrize("reason", sorted(set(REASONS)))
def test_every_reason_has_a_sentence_and_steps_that_begin_with_what_costs_least(reason, mta):
    told = advise(SPIKE, "far.test", reason, ("a.test", "b.test"), mta)
    assert told.sentence
    assert any(step.startswith(("wait", "hold")) for step in told.steps)
    other = "QUEUE_GROUP" if mta is Mta.POSTFIX else "postconf"
    assert other not in "\n".join(told.steps)


@pytest.mark.parametrize(
    ("mta", "slow"), [(Mta.POSTFIX, SLOW_POSTFIX), (Mta.SENDMAIL, SLOW_SENDMAIL)]
)
def test_who_is_throttled_learns_who_sends_how_to_slow_down_to_wait_and_to_hold(mta, slow):
    told = advise(SPIKE, "google.com", "throttled by Gmail (4.7.28)", ("a.test", "b.test"), mta)
    assert told.steps == (
        "Gmail 4.7.28: an unusual rate of mail from this address",
        "see https://support.google.com/mail/answer/81126",
        "who sends: logwatch-mx queue a.test",
        *slow,
        "wait: the queue tries again for days, nothing is lost",
        "hold: logwatch-mx queue a.test --hold   (and later --release)",
    )


@pytest.mark.parametrize(
    ("reason", "note"),
    [
        ("throttled by Gmail (4.7.0)", "Gmail 4.7.0"),
        ("Gmail wants proof of the sender (4.7.26)", "Gmail 4.7.2x-4.7.4x"),
        ("throttled by Yahoo (TSS04)", "Yahoo TSS0x/TS0x"),
        ("throttled by Yahoo (TS03)", "Yahoo TS03"),
        ("greylisted by Yahoo (GL01)", "Yahoo GL01"),
        ("throttled by Microsoft (S775)", "Microsoft: limited by the reputation"),
        ("throttled by Microsoft (RP-001)", "Microsoft RP-00x"),
    ],
)
def test_a_provider_s_code_is_explained_and_its_page_is_named(reason, note):
    steps = advise(SPIKE, "x.test", reason, ("x.test",), Mta.POSTFIX).steps
    assert steps[0].startswith(note)
    assert steps[1].startswith("see https://")


@pytest.mark.parametrize("mta", Mta)
@pytest.mark.parametrize(
    ("reason", "domains", "says"),
    [
        ("DNS failure", ("a.test",), "all of it is for a.test, whose name servers do not answer"),
        ("DNS failure", ("a.test", "b.test"), "names are not found: look at this host's resolver"),
        ("network unreachable", ("a.test", "b.test"), "this host has no way out"),
        ("connection timed out", ("a.test", "b.test"), "many servers put mail off at once"),
    ],
)
def test_an_outage_says_where_to_look_first(reason, domains, says, mta):
    told = advise(OUTAGE, "outage", reason, domains, mta)
    assert told.sentence.startswith(says)
    assert any(step.startswith("wait") for step in told.steps)


def test_a_dead_filter_of_our_own_is_not_theirs_to_mend():
    told = advise(SPIKE, "127.0.0.1", "connection refused", ("a.test",), Mta.POSTFIX)
    assert told.sentence.startswith("a filter, proxy or delivery agent of this host's own")


@pytest.mark.parametrize("mta", Mta)
def test_a_forwarding_loop_is_followed_from_address_to_address(mta):
    told = advise_circle("home.test", mta)
    assert "no MX has to do with it" in told.sentence
    assert any("NAME@home.test" in step for step in told.steps)


@pytest.mark.parametrize("mta", Mta)
@pytest.mark.parametrize(
    "name", ["a.test'; rm -rf ~ #", "$(reboot)", "`id`", "a\nb", "-x", "ä.test", ""]
)
def test_a_hostile_name_is_not_repeated_where_it_would_be_pasted(name, mta):
    told = [advise(SPIKE, "s.test", r, (name,), mta) for r in REASONS]
    told += [advise(OUTAGE, "outage", r, (name,), mta) for r in REASONS]
    told.append(advise_circle(name, mta))
    steps = [step for one in told for step in one.steps]
    assert [s for s in steps if name and f" {name} " in f" {s} "] == []
    assert any("THE-DOMAIN" in step for step in steps)
