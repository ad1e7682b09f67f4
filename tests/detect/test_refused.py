"""Loopback exchangers that nobody answers on: only DNS tells them from servers that are down."""

from datetime import timedelta

import pytest
from stories.player import Player, play, read

from logwatch_mx.detect.refused import is_refused
from logwatch_mx.model.incident import Cause, Counts, IncidentState, Signals
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome, Verdict

D = "dead.test"
LOOPBACK = {D: Outcome.LOOPBACK}


def refuse(pen, noon, messages, *, every=60.0, retries=0):
    for n in range(messages):
        at = noon + timedelta(seconds=every * n)
        qid = pen.put_off(at, f"u{n}@{D}", "refused", address="127.0.0.1")
        for retry in range(1, retries + 1):
            later = at + timedelta(minutes=10 * retry)
            pen.put_off(
                later, f"u{n}@{D}", "refused", qid=qid, address="127.0.0.1", delay=600.0 * retry
            )


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        # real lines of Postfix 3.7.11 and sendmail 8.17.1
        ("Nov 23 14:22:47 mx postfix/smtp[10760]: CAA58232BF8: to=<nicholas@mxv6.test>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect to mail.mxv6.test[::1]:25: Connection refused)", True),
        ("Nov 23 14:42:57 mx sm-mta[8578]: 6ANEgvVG008578: to=<nicholas@mxv6.test>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30000, relay=mail.mxv6.test., dsn=4.4.1, stat=Deferred: Connection refused by mail.mxv6.test.", True),
        ("Nov 23 14:38:02 mx sm-mta[4321]: 6ANEc2aB004321: to=<a@refuse.test>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30000, relay=mail.refuse.test. [10.99.0.22], dsn=4.4.1, stat=Deferred: Connection refused by mail.refuse.test.", False),
        ("Nov 23 14:33:20 mx postfix/smtp[1]: CAA58232BF8: to=<a@refuse.test>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect to mail.refuse.test[10.99.0.22]:25: Connection refused)", False),
        ("Nov 23 14:33:20 mx postfix/smtp[1]: CAA58232BF8: to=<a@b.test>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect to 127.0.0.1[127.0.0.1]:10024: Connection refused)", False),
        ("Nov 23 14:33:20 mx postfix/smtp[1]: CAA58232BF8: to=<a@b.test>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect to 127.0.0.1[127.0.0.1]:25: Connection refused)", False),
        ("Nov 23 14:33:20 mx postfix/smtp[1]: CAA58232BF8: to=<a@b.test>, relay=b[192.0.2.1]:25, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (host b[192.0.2.1] said: 450 connect to b[127.0.0.1]:25: Connection refused)", False),
    ],
)  # fmt: skip
def test_a_refusal_that_may_be_loopback(text, refused):
    (event,) = read([text])
    assert is_refused(event) is refused


@pytest.mark.parametrize(("messages", "suspects"), [(1, []), (2, []), (3, [D]), (30, [D])])
def test_the_third_message_makes_a_suspect_and_dns_an_incident(pen, noon, messages, suspects):
    refuse(pen, noon, messages, every=20.0)
    told = play(pen.log.in_order(), zone=LOOPBACK)
    assert told.suspects == suspects
    loops = [i for i in told.incidents if i.kind.value == "loop"]
    assert [i.subject for i in loops] == suspects
    if loops:
        assert loops[0].id == f"loop/{D}/2026-11-23T12:00:40Z"
        assert loops[0].counts == Counts(events=messages, messages=messages, recipients=messages)
        assert loops[0].signals == Signals(deferral=messages)
        assert (loops[0].state, loops[0].cause) == (IncidentState.CONFIRMED, Cause.THEIRS)


def test_retries_of_two_messages_are_two_messages(pen, noon):
    refuse(pen, noon, 2, retries=9)
    assert play(pen.log.in_order(), zone=LOOPBACK).suspects == []


def test_messages_must_come_within_the_window(pen, noon):
    refuse(pen, noon, 6, every=301.0)
    assert play(pen.log.in_order(), zone=LOOPBACK).suspects == []


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.LOOPBACK])
def test_nothing_but_loopback_makes_it_an_incident(pen, noon, outcome):
    refuse(pen, noon, 6)
    told = play(pen.log.in_order(), zone={D: outcome})
    assert (told.suspects, told.incidents) == ([D], ())


def test_it_does_not_matter_how_long_the_answer_takes(pen, noon):
    refuse(pen, noon, 8, retries=2)
    lines = pen.log.in_order()
    at_once = play(lines, zone=LOOPBACK)
    slow = Player()
    for event in read(lines):
        slow.feed(event)
    slow.take(slow.engine.judge(Verdict(domain=D, outcome=Outcome.LOOPBACK)))
    assert slow.finish().incidents == at_once.incidents


def test_a_suspect_survives_a_restart(pen, noon):
    refuse(pen, noon, 8, retries=2)
    lines = pen.log.in_order()
    assert play(lines, zone=LOOPBACK, restart=1) == play(lines, zone=LOOPBACK)


def test_a_suspect_is_asked_about_again_after_an_hour(pen, noon):
    refuse(pen, noon, 100, every=120.0)
    assert play(pen.log.in_order()).suspects == [D] * 4


def test_our_own_domain_is_our_fault(pen, noon):
    refuse(pen, noon, 4)
    told = play(pen.log.in_order(), zone=LOOPBACK, site=Site(domains=frozenset({D})))
    assert [i.cause for i in told.incidents] == [Cause.OURS]


def test_a_loop_that_is_open_needs_no_suspicion(pen, noon):
    pen.spin(noon, f"n@{D}", passes=5)
    refuse(pen, noon + timedelta(minutes=1), 5)
    told = play(pen.log.in_order(), zone=LOOPBACK)
    assert told.suspects == []
    assert [(i.signals.self_delivery, i.signals.deferral) for i in told.incidents] == [(5, 0)]
