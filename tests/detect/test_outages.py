"""One outage is one incident, and a spike is none."""

import random
from datetime import timedelta

import pytest
from stories.player import play

from logwatch_mx.model.incident import IncidentKind

PLACES = [f"d{n}.test" for n in range(40)]


def seconds(number):
    return timedelta(seconds=number)


def warm(pen, noon, hours=3, rate=4):
    """This and that is put off, *rate* messages an hour at as many places."""
    for n in range(hours * rate):
        at = noon - timedelta(hours=hours) + timedelta(hours=n / rate)
        pen.put_off(at, f"w{n}@w{n}.test", ("timeout", "refused", "policy")[n % 3])


def everywhere(pen, at, count, cause, *, every=2.0, seed=1):
    """Mail to many places, to a few of them most, is put off."""
    rng = random.Random(seed)
    weights = [1 / (n + 1) for n in range(len(PLACES))]
    for n in range(count):
        domain = rng.choices(PLACES, weights)[0]
        pen.put_off(at + seconds(n * every), f"u{n}@{domain}", cause)


@pytest.mark.parametrize("cause", ["dns", "unreachable"])
def test_dns_failures_and_an_unreachable_network_share_one_key(pen, noon, cause):
    warm(pen, noon)
    everywhere(pen, noon, 60, cause)
    (incident,) = play(pen.log.in_order()).incidents
    assert (incident.kind, incident.subject) == (IncidentKind.OUTAGE, "outage")
    assert incident.counts.events == 60
    assert incident.id.startswith("outage/outage/2026-11-23T12:00:")


@pytest.mark.parametrize("cause", ["timeout", "refused", "lost"])
@pytest.mark.parametrize("seed", range(5))
def test_when_no_server_is_reached_it_is_one_outage(pen, noon, cause, seed):
    warm(pen, noon)
    everywhere(pen, noon, 400, cause, seed=seed)
    told = play(pen.log.in_order())
    assert told.subjects == [("outage", "outage")]
    assert told.incidents[0].counts.events >= 390


@pytest.mark.parametrize("seed", range(5))
def test_four_providers_at_once_are_one_outage_whatever_they_say(pen, noon, seed):
    warm(pen, noon)
    rng = random.Random(seed)
    for n in range(160):
        pen.put_off(noon + seconds(n / 4), f"u{n}@big{rng.randrange(4)}.test", "policy")
    assert play(pen.log.in_order()).subjects == [("outage", "outage")]


def test_four_providers_at_once_amid_many_others_are_four_spikes(pen, noon):
    warm(pen, noon)
    for n in range(10):
        pen.put_off(noon + seconds(n), f"u{n}@other{n}.test", "policy")
    for n in range(60):
        pen.put_off(noon + seconds(n / 4), f"u{n}@big{n % 4}.test", "policy")
    assert play(pen.log.in_order()).subjects == [("spike", f"big{n}.test") for n in range(4)]


def test_two_providers_at_once_are_two_spikes(pen, noon):
    warm(pen, noon)
    for n in range(100):
        pen.put_off(noon + seconds(n), f"u{n}@big{n % 2}.test", "throttled")
    assert play(pen.log.in_order()).subjects == [("spike", "big0.test"), ("spike", "big1.test")]


def test_a_spike_amid_the_usual_noise_is_a_spike(pen, noon):
    warm(pen, noon, rate=60)
    for n in range(60):
        pen.put_off(noon + seconds(n * 3), f"u{n}@far.test", "timeout")
        if n % 12 == 0:
            pen.put_off(noon + seconds(n * 3), f"u{n}@noise{n}.test", "timeout")
    assert play(pen.log.in_order()).subjects == [("spike", "far.test")]


def test_a_mailing_that_one_provider_throttles_is_its_spike(pen, noon):
    # dead domains of the list time out, but what tripped is a server that answers
    warm(pen, noon)
    for n in range(60):
        pen.put_off(noon + seconds(n), f"u{n}@far.test", "throttled")
        if n % 4 == 0:
            pen.put_off(noon + seconds(n), f"u{n}@dead{n}.test", "timeout")
    assert play(pen.log.in_order()).subjects == [("spike", "far.test")]


def test_an_outage_swallows_what_comes_while_it_is_open(pen, noon):
    warm(pen, noon)
    everywhere(pen, noon, 300, "unreachable")
    for n in range(60):
        pen.put_off(noon + seconds(120 + n), f"v{n}@far.test", "throttled")
    told = play(pen.log.in_order())
    assert told.subjects == [("outage", "outage")]
    assert told.incidents[0].reasons == {
        "network unreachable": 300,
        "throttled by Gmail (4.7.28)": 60,
    }


def test_an_outage_comes_down_to_what_is_usual_of_all(pen, noon):
    # sixty an hour at sixty places are usual here: they do not hold it open
    warm(pen, noon, rate=60)
    everywhere(pen, noon, 300, "unreachable", every=1.0)
    for n in range(180):
        pen.put_off(noon + timedelta(minutes=n), f"x{n}@x{n}.test", "timeout")
    (incident,) = play(pen.log.in_order()).incidents
    assert incident.closed is not None
    assert incident.closed < noon + timedelta(minutes=45)


def test_the_queue_that_is_flushed_after_an_outage_is_no_news(postfix, noon):
    warm(postfix, noon)
    ids = []
    rng = random.Random(3)
    for n in range(300):
        to = f"u{n}@{rng.choice(PLACES)}"
        ids.append((postfix.put_off(noon + seconds(n * 6), to, "unreachable"), to))
    # an hour and a half later everything is tried at once, and half of it is throttled
    later = noon + timedelta(minutes=95)
    for n, (qid, to) in enumerate(ids):
        postfix.put_off(later + seconds(n / 10), to, "throttled", qid=qid, delay=5700.0 - n * 6)
    assert play(postfix.log.in_order()).subjects == [("outage", "outage")]


def test_an_outage_leaves_no_domain_s_baseline_behind(pen, noon):
    warm(pen, noon)
    everywhere(pen, noon, 900, "timeout")
    # two hours after it, a true spike of the busiest domain is found as on a quiet day
    for n in range(11):
        pen.put_off(noon + timedelta(hours=3, seconds=n), f"z{n}@d0.test", "policy")
    assert play(pen.log.in_order()).subjects == [("outage", "outage"), ("spike", "d0.test")]
