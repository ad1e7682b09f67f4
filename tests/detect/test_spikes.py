"""Deferral spikes: what counts, the guards, opening and closing."""

from datetime import timedelta

import pytest
from stories.player import Player, play, read

from logwatch_mx.app import book
from logwatch_mx.config.settings import Settings, SpikeSettings
from logwatch_mx.detect import spike
from logwatch_mx.detect.baseline import KEPT_OF_MANY, KEPT_SAMPLES
from logwatch_mx.model.incident import Counts, IncidentState, Signals

D = "far.test"


def minutes(number):
    return timedelta(minutes=number)


def burst(pen, at, count, *, every=1.0, domain=D, cause="refused", people=None, **words):
    """*count* messages to as many *people* at *domain*, put off one after the other."""
    people = people or count
    for n in range(count):
        pen.put_off(at + timedelta(seconds=n * every), f"u{n % people}@{domain}", cause, **words)


def quiet(pen, at, hours):
    """A log that is read for *hours* before anything happens; deferrals elsewhere, now and then."""
    for n in range(int(hours * 4)):
        pen.put_off(at + minutes(15 * n), f"u{n}@other{n}.test", "timeout")


def warm(pen, noon, hours=3):
    quiet(pen, noon - timedelta(hours=hours), hours)


@pytest.mark.parametrize(("count", "opens"), [(25, 0), (40, 1)])
def test_a_cold_start_needs_about_thirty_one(pen, noon, count, opens):
    burst(pen, noon, count)
    assert len(play(pen.log.in_order()).incidents) == opens


@pytest.mark.parametrize(("count", "opens"), [(9, 0), (10, 1)])
def test_a_warm_start_needs_ten_messages(pen, noon, count, opens):
    warm(pen, noon)
    burst(pen, noon, count)
    assert len(play(pen.log.in_order()).incidents) == opens


def test_what_is_usual_is_counted_from_the_log_s_first_line(postfix, noon):
    # three hours in which nothing is put off are as good as three hours of this and that
    postfix.healthy(noon - timedelta(hours=3), "a@isp.test", "b@far.test")
    burst(postfix, noon, 12)
    assert len(play(postfix.log.in_order()).incidents) == 1


def test_the_incident_says_what_was_counted_and_when_it_was_enough(postfix, noon):
    warm(postfix, noon)
    burst(postfix, noon, 25, every=6.0)
    (incident,) = play(postfix.log.in_order()).incidents
    assert incident.id == f"spike/{D}/2026-11-23T12:00:54Z"
    assert incident.opened == noon + timedelta(seconds=54)
    assert (incident.first, incident.last) == (noon, noon + timedelta(seconds=144))
    assert incident.counts == Counts(events=25, messages=25, recipients=25)
    assert incident.signals == Signals(deferral=25)
    assert incident.reasons == {"connection refused": 25}
    assert incident.state is IncidentState.SUSPECTED
    assert len(incident.evidence) == 20


@pytest.mark.parametrize(("people", "opens"), [(1, 0), (2, 0), (3, 1)])
def test_guard_three_recipients(pen, noon, people, opens):
    warm(pen, noon)
    burst(pen, noon, 30, people=people)
    assert len(play(pen.log.in_order()).incidents) == opens


@pytest.mark.parametrize(("count", "opens"), [(49, 0), (50, 1)])
def test_the_ceiling_alarms_even_with_one_recipient(pen, noon, count, opens):
    warm(pen, noon)
    burst(pen, noon, count, people=1)
    assert len(play(pen.log.in_order()).incidents) == opens


def test_the_ceiling_is_a_setting(pen, noon):
    burst(pen, noon, 20, people=1)
    settings = Settings(spike=SpikeSettings(ceiling=20))
    assert len(play(pen.log.in_order(), settings=settings).incidents) == 1


def busy(pen, noon, per_window, hours):
    """A domain that puts off *per_window* messages in ten minutes, as long as anyone remembers."""
    step = 600 / per_window
    for n in range(int(hours * 3600 / step)):
        pen.put_off(
            noon - timedelta(hours=hours) + timedelta(seconds=n * step), f"u{n}@{D}", "policy"
        )


@pytest.mark.parametrize(("count", "opens"), [(200, 0), (330, 1)])
def test_guard_three_times_what_is_usual_above_the_ceiling(postfix, noon, count, opens):
    busy(postfix, noon, 90, 10)  # told at its beginning, taken as normal after six hours
    burst(postfix, noon, count, every=600 / count)
    incidents = [i for i in play(postfix.log.in_order()).incidents if i.opened >= noon]
    assert len(incidents) == opens


def test_guard_retries_of_one_message_count_once(pen, noon):
    warm(pen, noon)
    for n in range(9):
        qid = pen.queue_id()
        for retry in range(20):
            pen.put_off(noon + timedelta(seconds=20 * retry + n), f"u{n}@{D}", "refused", qid=qid)
    assert play(pen.log.in_order()).incidents == ()


@pytest.mark.parametrize(
    ("cause", "delay", "opens"),
    [
        ("refused", 1.0, 1),
        ("refused", 3599.0, 1),
        ("refused", 3601.0, 0),  # old backlog is not news
        ("grey", 1.0, 0),
        ("grey", 1799.0, 0),
        ("grey", 1801.0, 1),  # nobody greylists as long
        ("mailbox", 1.0, 0),
        ("mailbox", 3000.0, 0),
        ("throttled", 1.0, 1),
        ("policy", 1.0, 1),
        ("tls", 1.0, 1),
        ("lost", 1.0, 1),
        ("noroute", 1.0, 1),
    ],
)
def test_guards_greylisting_mailboxes_and_backlog_are_left_out(pen, noon, cause, delay, opens):
    warm(pen, noon)
    burst(pen, noon, 60, cause=cause, delay=delay)
    told = play(pen.log.in_order())
    assert told.subjects == [("spike", D)] * opens


def test_a_greylisted_message_counts_when_it_is_still_put_off_after_half_an_hour(pen, noon):
    warm(pen, noon)
    for n in range(12):
        qid = pen.queue_id()
        for later in (0, 600, 1200, 2000):
            pen.put_off(
                noon + timedelta(seconds=later + n), f"u{n}@{D}", "grey", qid=qid, delay=later + 1.0
            )
    (incident,) = play(pen.log.in_order()).incidents
    assert incident.counts.events == 12
    assert incident.opened > noon + timedelta(seconds=2000)


def test_postfix_own_throttle_is_a_first_deferral_with_its_reason(postfix, noon):
    warm(postfix, noon)
    burst(postfix, noon, 4)
    burst(postfix, noon + minutes(1), 20, suspended=True)
    (incident,) = play(postfix.log.in_order()).incidents
    assert (incident.subject, incident.reasons) == (D, {"connection refused": 24})


def test_guard_our_own_remedy_is_no_news(pen, noon):
    warm(pen, noon)
    for n in range(100):
        pen.paused(noon + timedelta(seconds=n), f"u{n}@{D}")
    assert play(pen.log.in_order()).incidents == ()


@pytest.mark.parametrize(("domains", "subjects"), [(2, []), (3, [("spike", "bighost.test")])])
def test_a_provider_is_told_when_three_of_its_domains_are_put_off(pen, noon, domains, subjects):
    warm(pen, noon)
    for n in range(18):
        pen.put_off(
            noon + timedelta(seconds=n),
            f"u{n}@d{n % domains}.test",
            "throttled",
            host="mx1.bighost.test",
        )
    # of two domains each has nine, of three six: none is a spike of its own
    assert play(pen.log.in_order()).subjects == subjects


def test_a_provider_s_spike_is_one_incident_not_one_for_each_domain(pen, noon):
    warm(pen, noon)
    for n in range(90):
        pen.put_off(
            noon + timedelta(seconds=n), f"u{n}@d{n % 3}.test", "throttled", host="mx1.bighost.test"
        )
    (incident,) = play(pen.log.in_order()).incidents
    assert (incident.subject, incident.counts.events) == ("bighost.test", 90)


def test_one_domain_s_spike_does_not_make_its_provider_one(pen, noon):
    warm(pen, noon)
    burst(pen, noon, 40, domain="d0.test", host="mx1.bighost.test")
    for n in range(1, 4):
        pen.put_off(noon + minutes(3), f"u@d{n}.test", "refused", host="mx1.bighost.test")
    assert play(pen.log.in_order()).subjects == [("spike", "d0.test")]


def test_a_line_with_several_domains_of_a_provider_is_one_message_of_it(sendmail, noon):
    warm(sendmail, noon)
    for n in range(9):
        to = f"a{n}@d0.test>,<a{n}@d1.test>,<a{n}@d2.test"
        sendmail.put_off(noon + timedelta(seconds=n), to, "policy", host="mx1.bighost.test")
    assert play(sendmail.log.in_order()).incidents == ()


def spike_then(postfix, noon, extra):
    warm(postfix, noon)
    burst(postfix, noon, 60, every=5.0)  # over at 12:05
    extra(postfix)
    postfix.healthy(noon + timedelta(hours=2), "a@isp.test", "b@else.test")
    player = Player()
    for event in read(postfix.log.in_order()):
        player.feed(event)
    player.take(player.engine.tick(noon + timedelta(hours=2)))
    return player.finish().incidents


def test_a_spike_closes_when_its_key_was_quiet_for_a_quarter_of_an_hour(postfix, noon):
    (incident,) = spike_then(postfix, noon, lambda pen: None)
    # the window is empty at 12:15, and fifteen minutes later it is over
    assert incident.closed == noon + minutes(30)
    assert incident.last == noon + timedelta(seconds=295)


def test_a_spike_that_flares_up_within_the_quarter_stays_open(postfix, noon):
    def again(pen):
        pen.put_off(noon + minutes(28), f"late@{D}", "refused")

    (incident,) = spike_then(postfix, noon, again)
    assert incident.closed > noon + minutes(50)
    assert incident.counts.events == 61


def test_a_spike_that_comes_back_within_the_hour_keeps_its_id(postfix, noon):
    warm(postfix, noon)
    burst(postfix, noon, 20)
    burst(postfix, noon + minutes(50), 20)
    told = play(postfix.log.in_order())
    (incident,) = told.incidents
    assert [kind.value for kind, _ in told.changes] == ["opened", "closed", "reopened"]
    assert (incident.counts.events, incident.closed, incident.returns) == (40, None, 1)
    assert incident.opened < noon + minutes(1)


def test_after_six_hours_it_is_how_this_domain_is(postfix, noon):
    warm(postfix, noon)
    burst(postfix, noon, 9 * 60, every=60.0)  # one a minute, nine hours long
    told = play(postfix.log.in_order())
    (incident,) = told.incidents
    assert noon + timedelta(hours=6) <= incident.closed <= noon + timedelta(hours=6, minutes=20)
    assert incident.advice == "it has been like this for six hours and is taken as normal now"


def test_the_baseline_is_frozen_while_the_incident_is_open(postfix, noon):
    warm(postfix, noon)
    burst(postfix, noon, 600, every=3.0)  # half an hour, 20 a minute
    player = Player()
    player.play(read(postfix.log.in_order()))
    key = player.engine.state.spike.keys.get(f"domain {D}")
    assert key.frozen < 0.2
    assert key.shape == 0.0


def test_a_spike_soon_after_another_one_was_closed_is_found_as_quickly(postfix, noon):
    warm(postfix, noon)
    burst(postfix, noon, 300, every=2.0)
    burst(postfix, noon + timedelta(hours=3), 11, every=2.0)
    assert len(play(postfix.log.in_order()).incidents) == 2


def test_a_key_whose_incident_found_no_room_is_not_frozen_for_ever(postfix, noon):
    warm(postfix, noon)
    burst(postfix, noon, 20)
    player = Player()
    for event in read(postfix.log.in_order()):
        player.feed(event)
        player.engine.state.cases.clear()
    player.engine.tick(noon + minutes(1))
    assert player.engine.state.spike.keys.get(f"domain {D}").frozen is not None
    player.engine.state.cases.clear()
    player.engine.tick(noon + minutes(2))
    assert player.engine.state.spike.keys.get(f"domain {D}").frozen is None


def test_many_domains_leave_bounded_memory_behind(postfix, noon):
    for n in range(3000):
        postfix.put_off(noon + timedelta(seconds=n / 10), f"u@d{n}.test", "refused")
    player = Player()
    state = player.engine.state.spike
    state.keys.cap = state.seen.cap = state.lines.cap = 100
    told = player.play(read(postfix.log.in_order()))
    assert len(state.keys) <= 200
    assert len(state.seen) <= 200
    assert len(state.lines) <= 200
    # All 3,000 are in the window, and of most nothing is known any more: they are not active.
    assert len(state.active) <= 300
    assert state.keys.forgotten > 2000
    assert told.incidents == ()


def test_while_no_incident_can_open_what_is_kept_one_by_one_is_bounded(postfix, noon, monkeypatch):
    monkeypatch.setattr(spike, "KEPT_IN_ALL", 300)
    monkeypatch.setattr(book, "MAX_CASES", 0)
    for n in range(1500):
        postfix.put_off(noon + timedelta(seconds=n / 30), f"u{n}@d{n % 10}.test", "refused")
    burst(postfix, noon + minutes(1), 500, every=0.1)
    player = Player()
    state = player.engine.state.spike
    for event in read(postfix.log.in_order()):
        player.feed(event)
    key = state.keys.get(f"domain {D}")
    assert (len(key.samples), key.total) == (KEPT_OF_MANY, 500)
    player.engine.tick(noon + timedelta(hours=1))
    assert state.kept == KEPT_SAMPLES


def test_what_is_let_go_of_is_missed_by_no_test(postfix, noon):
    for n in range(600):
        at = noon + minutes(n)
        postfix.put_off(at, f"u@d{n}.test", "refused")
        if n % 120 == 100:
            burst(postfix, at, 15, domain=f"busy{n // 240}.test")
    events = list(read(postfix.log.in_order()))
    told = []
    for lets_go in (True, False):
        player = Player()
        spike = player.engine._spike
        spike.state.keys.cap = 4
        if not lets_go:
            spike._let_go = lambda: None
        told.append([(i.id, i.counts) for i in player.play(events).incidents])
        assert (len(spike.state.active) <= 12) is lets_go
    assert told[0] == told[1]
    assert len(told[0]) > 1


def test_what_was_counted_is_forgotten_when_its_delay_tells_its_age(postfix, noon):
    for n in range(300):
        postfix.put_off(noon + minutes(n), f"u@d{n}.test", "refused")
    player = Player()
    player.play(read(postfix.log.in_order()))
    assert len(player.engine.state.spike.seen) <= 121
