"""When a loop is an incident, and when it is none: lines of both MTAs through the shipped rules."""

import itertools
from datetime import timedelta

import pytest
from stories.player import Player, play, read

from logwatch_mx.config.settings import LoopSettings, Settings
from logwatch_mx.model.change import ChangeKind
from logwatch_mx.model.incident import Cause, Counts, IncidentState, Signals
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome, Verdict

D = "loop.test"
OWN = Site(domains=frozenset({"home.test"}), addresses=frozenset({"203.0.113.10"}))


def minutes(number):
    return timedelta(minutes=number)


@pytest.mark.parametrize(("passes", "opens"), [(1, 0), (2, 0), (3, 1), (4, 1)])
def test_the_third_pass_of_one_message_opens(pen, noon, passes, opens):
    pen.spin(noon, f"n@{D}", passes=passes)
    assert play(pen.log.in_order()).subjects == [("loop", D)] * opens


def test_the_threshold_of_passes_is_a_setting(pen, noon):
    pen.spin(noon, f"n@{D}", passes=4)
    settings = Settings(loop=LoopSettings(passes=5))
    assert play(pen.log.in_order(), settings=settings).subjects == []


def test_passes_of_one_message_have_no_window(pen, noon):
    pen.spin(noon, f"n@{D}", passes=4, gap=1800.0)
    (incident,) = play(pen.log.in_order()).incidents
    assert (incident.counts.max_hops, incident.counts.messages) == (4, 1)


def test_passes_of_many_messages_are_no_loop(pen, noon):
    # a proxy on port 25 takes every message once
    for n in range(200):
        pen.proxied(noon + timedelta(seconds=n), "a@isp.test", f"u{n}@far.test")
    assert play(pen.log.in_order()).subjects == []


def test_two_passes_each_by_many_messages_are_no_loop(pen, noon):
    for n in range(50):
        pen.spin(noon + timedelta(seconds=n), f"u{n}@{D}", passes=2)
    assert play(pen.log.in_order()).subjects == []


def test_links_that_come_after_what_they_link_to_change_no_number(pen, noon):
    pen.spin(noon, f"n@{D}", passes=12, late=True)
    (late,) = play(pen.log.in_order()).incidents
    assert late.counts == Counts(events=12, messages=1, recipients=1, max_hops=12)
    assert late.signals == Signals(self_delivery=12, reentry=11)


@pytest.mark.parametrize(("messages", "opens"), [(1, 0), (2, 0), (3, 1)])
@pytest.mark.parametrize("how", ["refuses_itself", "greets_itself"])
def test_the_third_message_that_the_mta_calls_looping_opens(pen, noon, messages, opens, how):
    for n in range(messages):
        getattr(pen, how)(noon + minutes(n), f"u{n}@{D}")
    told = play(pen.log.in_order())
    assert told.subjects == [("loop", D)] * opens
    if opens:
        (incident,) = told.incidents
        assert incident.counts.messages == incident.signals.mta_verdict == messages
        assert incident.opened == noon + minutes(2)


@pytest.mark.parametrize(
    ("last", "opens"),
    [(minutes(10), 1), (minutes(10) + timedelta(seconds=1), 0), (minutes(60), 0)],
)
def test_three_messages_must_come_within_the_window(pen, noon, last, opens):
    for n, after in enumerate((minutes(0), minutes(5), last)):
        pen.refuses_itself(noon + after, f"u{n}@{D}")
    assert len(play(pen.log.in_order()).incidents) == opens


def test_one_message_s_retries_are_one_message(postfix, noon):
    qid = postfix.queue_id()
    for n in range(6):
        postfix._deliver(
            noon + minutes(n), qid, f"u@{D}", "none", "4.4.6", "deferred",
            f"mail for {D} loops back to myself", delay=60.0 * n,
        )  # fmt: skip
    assert play(postfix.log.in_order()).subjects == []


def test_messages_to_different_domains_do_not_add_up(pen, noon):
    for n in range(6):
        pen.refuses_itself(noon, f"u@d{n}.test")
    assert play(pen.log.in_order()).subjects == []


def test_two_daemons_that_relay_to_each_other_are_one_chain(sendmail, noon):
    # Every other hop goes to a configured address, [203.0.113.10] [203.0.113.10]: no pass, no break.
    sendmail.spin_dual(noon, f"n@{D}", rounds=50)
    (incident,) = play(sendmail.log.in_order()).incidents
    assert incident.counts == Counts(events=50, messages=1, recipients=1, max_hops=50)
    assert incident.signals == Signals(self_delivery=50, reentry=49)


def test_one_message_to_two_domains_of_which_one_loops(postfix, noon):
    ids = [postfix.queue_id() for _ in range(6)]
    relay = "mail.{}[127.0.0.1]:25"
    for one, after in itertools.pairwise(ids):
        postfix._deliver(noon, one, f"u@{D}", relay.format(D), "2.0.0", "sent", f"250 2.0.0 Ok: queued as {after}")  # fmt: skip
    # The same message's other recipient came through a proxy, once.
    other = postfix.queue_id()
    postfix._deliver(noon, ids[0], "u@proxied.test", relay.format("proxied.test"), "2.0.0", "sent", f"250 2.0.0 Ok: queued as {other}")  # fmt: skip
    assert play(postfix.log.in_order()).subjects == [("loop", D)]


def test_sendmail_names_all_domains_of_one_exchanger_on_one_line(sendmail, noon):
    for n in range(3):
        qid, pid = sendmail.queue_id(), sendmail.pid()
        sendmail.put(
            noon, "sm-mta", pid,
            f"{qid}: SYSERR(root): mail.host.test. config error: mail loops back to me (MX problem?)",
        )  # fmt: skip
        sendmail._deliver(
            noon, qid, f"<u{n}@one.test>,<u{n}@two.test>", "mail.host.test. [127.0.0.1]", "5.3.5",
            "Local configuration error", pid=pid,
        )  # fmt: skip
    told = play(sendmail.log.in_order())
    assert told.subjects == [("loop", "one.test"), ("loop", "two.test")]


def test_mail_for_our_own_domain_that_loops_is_our_fault(pen, noon):
    pen.spin(noon, "n@home.test", passes=4)
    pen.spin(noon, "n@theirs.test", passes=4)
    told = play(
        pen.log.in_order(),
        site=OWN,
        zone={"home.test": Outcome.LOOPBACK, "theirs.test": Outcome.LOOPBACK},
    )
    assert {i.subject: i.cause for i in told.incidents} == {
        "home.test": Cause.OURS,
        "theirs.test": Cause.THEIRS,
    }


def test_an_own_address_is_self_only_where_it_is_known(postfix, noon):
    postfix.spin(noon, f"n@{D}", passes=4, address="203.0.113.10")
    lines = postfix.log.in_order()
    assert play(lines).subjects == []
    assert play(lines, site=OWN).subjects == [("loop", D)]


@pytest.mark.parametrize(
    ("outcome", "state", "cause"),
    [
        (Outcome.LOOPBACK, IncidentState.CONFIRMED, Cause.THEIRS),
        (Outcome.PARTIAL, IncidentState.CONFIRMED, Cause.THEIRS),
        (Outcome.SELF, IncidentState.CONFIRMED, Cause.OURS),
        (Outcome.HEALTHY, IncidentState.REFUTED, Cause.UNKNOWN),
        (Outcome.NULL_MX, IncidentState.REFUTED, Cause.UNKNOWN),
        (Outcome.NO_SUCH_DOMAIN, IncidentState.REFUTED, Cause.UNKNOWN),
        (Outcome.UNROUTABLE, IncidentState.REFUTED, Cause.UNKNOWN),
        (Outcome.FILTERED, IncidentState.SUSPECTED, Cause.UNKNOWN),
        (Outcome.UNANSWERED, IncidentState.SUSPECTED, Cause.UNKNOWN),
        (Outcome.NOT_ASKED, IncidentState.SUSPECTED, Cause.UNKNOWN),
    ],
)
def test_dns_decides_what_is_believed_and_changes_nothing_else(
    postfix, noon, outcome, state, cause
):
    postfix.spin(noon, f"n@{D}", passes=5)
    lines = postfix.log.in_order()
    (without,) = play(lines).incidents
    (judged,) = play(lines, zone={D: outcome}).incidents
    assert (judged.state, judged.cause) == (state, cause)
    assert (judged.id, judged.counts, judged.evidence) == (
        without.id,
        without.counts,
        without.evidence,
    )


@pytest.mark.parametrize("silent", [Outcome.UNANSWERED, Outcome.FILTERED, Outcome.NOT_ASKED])
def test_no_answer_takes_nothing_back(postfix, noon, silent):
    postfix.spin(noon, f"n@{D}", passes=5)
    player = Player(zone={D: Outcome.LOOPBACK})
    player.play(read(postfix.log.in_order()))
    assert player.engine.judge(Verdict(domain=D, outcome=silent)).changes == []
    assert player.engine.incidents()[0].state is IncidentState.CONFIRMED
    player.engine.judge(Verdict(domain=D, outcome=Outcome.HEALTHY))
    assert player.engine.incidents()[0].state is IncidentState.REFUTED


def test_a_verdict_about_nothing_that_is_open_is_no_change(postfix):
    assert Player().engine.judge(Verdict(domain=D, outcome=Outcome.LOOPBACK)).changes == []


@pytest.mark.parametrize(
    ("silence", "kinds", "incidents"),
    [
        (minutes(59), ["opened"], 1),
        (minutes(61), ["opened", "closed", "reopened"], 1),
        # one pass is enough to come back, an hour after the close: 60 + 60 minutes
        (minutes(119), ["opened", "closed", "reopened"], 1),
        (minutes(122), ["opened", "closed", "opened"], 2),
    ],
)
def test_a_loop_closes_after_an_hour_and_comes_back_under_its_id(
    postfix, noon, silence, kinds, incidents
):
    postfix.spin(noon, f"n@{D}", passes=5)
    postfix.spin(noon + silence, f"n@{D}", passes=5)
    told = play(postfix.log.in_order())
    assert [kind.value for kind, _ in told.changes] == kinds
    assert len(told.incidents) == incidents
    if incidents == 1:
        assert told.incidents[0].counts.messages == 2
        assert told.incidents[0].closed is None
    assert [i.returns for i in told.incidents] == [kinds.count("reopened")] * incidents


def test_a_closed_loop_says_when_its_hour_was_over(postfix, noon):
    postfix.spin(noon, f"n@{D}", passes=5, gap=1.0)
    postfix.healthy(noon + timedelta(hours=3), "a@isp.test", "b@far.test")
    player = Player()
    for event in read(postfix.log.in_order()):
        player.feed(event)
    player.take(player.engine.tick(noon + timedelta(hours=3)))
    told = player.finish()
    (incident,) = told.incidents
    assert incident.last == noon + timedelta(seconds=5)
    assert incident.closed == incident.last + minutes(60)
    assert told.changes[-1] == (ChangeKind.CLOSED, incident.id)


def test_our_own_remedy_is_no_evidence(pen, noon):
    for n in range(100):
        pen.paused(noon + timedelta(seconds=n), f"u{n}@{D}")
    assert play(pen.log.in_order()).subjects == []


def test_a_queue_id_used_again_does_not_lengthen_a_chain(postfix, noon):
    # One pass a message through a proxy, and on; the second message got the id that the first one
    # left with, hours later, and so did the third: three passes in a row, of three messages.
    ids = ["0A1B2000001", "0A1B2000002", "0A1B2000003", "0A1B2000004"]
    for n, (one, after) in enumerate(itertools.pairwise(ids)):
        postfix._deliver(
            noon + timedelta(hours=2 * n), one, f"u{n}@{D}", "proxy.test[127.0.0.1]:25", "2.0.0",
            "sent", f"250 2.0.0 Ok: queued as {after}", delay=0.2,
        )  # fmt: skip
        postfix._deliver(
            noon + timedelta(hours=2 * n, seconds=1), after, f"u{n}@{D}", "mx.test[192.0.2.9]:25",
            "2.0.0", "sent", "250 2.0.0 Ok: queued as 4F00BA7", delay=0.2,
        )  # fmt: skip
    assert play(postfix.log.in_order()).subjects == []


def test_the_id_of_an_incident_comes_from_the_log_alone(postfix, noon):
    postfix.spin(noon, f"n@{D}", passes=5, gap=1.0)
    (incident,) = play(postfix.log.in_order()).incidents
    assert incident.id == f"loop/{D}/2026-11-23T12:00:03Z"
    assert incident.opened == noon + timedelta(seconds=3)
    assert incident.first == noon + timedelta(seconds=1)


def test_evidence_is_the_first_ten_lines_and_the_last_ten(postfix, noon):
    postfix.spin(noon, f"n@{D}", passes=48)
    lines = postfix.log.in_order()
    (incident,) = play(lines).incidents
    assert [e.text for e in incident.evidence] == [*lines[:10], *lines[-10:]]
    assert [e.line for e in incident.evidence] == [*range(1, 11), *range(40, 50)]


def test_bytes_that_are_no_utf_8_go_through_a_restart_and_come_back(postfix, noon):
    postfix.spin(noon, "n\udce9@loop\udcff.test", passes=5)
    lines = postfix.log.in_order()
    told = play(lines, restart=1)
    assert told == play(lines)
    (incident,) = told.incidents
    assert incident.subject == "loop\\udcff.test"
    assert incident.evidence[0].text == lines[0]


def test_filters_on_other_ports_are_no_pass_however_many_there_are(postfix, noon):
    # by name, as transport smtp:[localhost]:10024 prints them
    ids = [postfix.queue_id() for _ in range(6)]
    for n, (one, after) in enumerate(itertools.pairwise(ids)):
        postfix._deliver(
            noon, one, f"u@{D}", f"localhost[127.0.0.1]:{10024 + n}", "2.0.0", "sent",
            f"250 2.0.0 Ok: queued as {after}",
        )  # fmt: skip
    assert play(postfix.log.in_order()).subjects == []


def test_configured_hops_of_sendmail_are_no_pass_however_many_there_are(sendmail, noon):
    ids = [sendmail.queue_id() for _ in range(6)]
    for one, after in itertools.pairwise(ids):
        sendmail._deliver(
            noon, one, f"<u@{D}>", "[127.0.0.1] [127.0.0.1]", "2.0.0",
            f"Sent ({after} Message accepted for delivery)", mailer="amavis",
        )  # fmt: skip
    assert play(sendmail.log.in_order()).subjects == []


def test_what_the_submission_hands_to_its_daemon_is_no_pass(sendmail, noon):
    ids = [sendmail.queue_id() for _ in range(6)]
    for one, after in itertools.pairwise(ids):
        sendmail._deliver(
            noon, one, f"<u@{D}>", "localhost.home.test. [127.0.0.1]", "2.0.0",
            f"Sent ({after} Message accepted for delivery)", mailer="relay", tag="sendmail",
        )  # fmt: skip
    assert play(sendmail.log.in_order()).subjects == []
