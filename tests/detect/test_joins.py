"""Verdict lines that name no recipient, joined to the delivery line they belong to."""

import pytest
from stories.player import play

D = "loop.test"
SYSERR = "{q}: SYSERR(root): mail.loop.test. config error: mail loops back to me (MX problem?)"
TO = (
    "{q}: to=<u@{d}>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30000,"
    " relay=mail.{d}. [127.0.0.1], dsn=5.3.5, stat=Local configuration error"
)


def syslog(second, host, pid, text):
    minute, second = divmod(second, 60)
    return f"Nov 23 12:{minute:02d}:{second:02d} {host} sm-mta[{pid}]: {text}"


def story(n, *, pids=(7, 7), hosts=("mx", "mx"), gap=0, domain=D, parent=""):
    q = f"6ANE{n:04d}{n:06d}"
    return [
        syslog(n * 2, hosts[0], pids[0] + n, SYSERR.format(q=parent or q)),
        syslog(n * 2 + gap, hosts[1], pids[1] + n, TO.format(q=q, d=domain)),
    ]


def stories(count=3, **words):
    return [line for n in range(count) for line in story(n, **words)]


def test_sendmail_s_verdict_belongs_to_the_next_delivery_of_its_process():
    told = play(stories())
    assert told.subjects == [("loop", D)]
    (incident,) = told.incidents
    assert (incident.counts.events, incident.counts.messages) == (6, 3)
    assert incident.reasons == {"mail loops back to myself": 3}


def test_the_verdict_s_queue_id_may_be_the_parent_s():
    assert play(stories(parent="6ANEparent000001")).subjects == [("loop", D)]


def test_a_delivery_of_another_process_is_not_meant():
    assert play(stories(pids=(7, 1007))).subjects == []


def test_one_verdict_belongs_to_one_delivery():
    lines = story(0)
    lines += [syslog(5 + n, "mx", 7, TO.format(q=f"6ANEmore{n:06d}", d=D)) for n in range(5)]
    assert play(lines).subjects == []


def test_a_verdict_waits_as_long_as_the_window():
    slow = [line for n in range(3) for line in (story(n)[0],)]
    slow += [syslog(600 + n * 2, "mx", 7 + n, TO.format(q=f"6ANEslow{n:06d}", d=D)) for n in range(3)]  # fmt: skip
    assert play(slow).subjects == [("loop", D)]
    late = slow[:3] + [syslog(611 + n * 2, "mx", 7 + n, TO.format(q=f"6ANElate{n:06d}", d=D)) for n in range(3)]  # fmt: skip
    assert play(late).subjects == []


def test_one_machine_may_log_under_several_names():
    # The relay is the server that the verdict names.
    assert play(stories(hosts=("mx", "mx.home.test"))).subjects == [("loop", D)]


def test_merged_hosts_with_the_same_pids_are_told_apart():
    lines = []
    for n in range(4):
        verdict, own = story(n)
        lines += [
            verdict,
            syslog(n * 2, "other", 7 + n, TO.format(q=f"6ANEelse{n:06d}", d="innocent.test")),
            own,
        ]
    assert play(lines).subjects == [("loop", D)]


@pytest.mark.parametrize(("domain", "opens"), [(D, 1), ("other.test", 0)])
def test_a_verdict_that_names_a_domain_joins_that_domain_alone(domain, opens):
    lines = []
    for n in range(3):
        q = f"6ANE{n:04d}{n:06d}"
        lines += [
            syslog(
                n, "mx", 7 + n, f"{q}: SYSERR(root): MX list for {D}. points back to mx.home.test"
            ),
            syslog(n, "mx", 7 + n, TO.format(q=q, d=domain)),
        ]
    assert len(play(lines).incidents) == opens


def test_mail_that_the_second_exchanger_took_is_still_called_looping():
    # sendmail, partial MX: the verdict is logged, then MX 20 takes the message
    sent = TO.replace("[127.0.0.1]", "[192.0.2.28]").replace("mail.{d}", "backup.{d}")
    sent = sent.replace("dsn=5.3.5, stat=Local configuration error", "dsn=2.0.0, stat=Sent (ok)")
    lines = []
    for n in range(3):
        q = f"6ANE{n:04d}{n:06d}"
        lines += [syslog(n, "mx", 7 + n, SYSERR.format(q=q)), syslog(n, "mx", 7 + n, sent.format(q=q, d=D))]  # fmt: skip
    assert play(lines).subjects == [("loop", D)]


def test_greetings_of_postfix_name_neither_message_nor_domain(postfix, noon):
    for n in range(3):
        postfix.greets_itself(noon, f"u{n}@{D}")
    (incident,) = play(postfix.log.in_order()).incidents
    # greeting, HELO and delivery of three messages
    assert incident.counts.events == 9
    assert incident.reasons == {"greeted by our own hostname": 3}


def test_merged_hosts_of_postfix_with_the_same_pids_are_told_apart(postfix, noon):
    lines = []
    for n in range(4):
        postfix.log.lines.clear()
        postfix.greets_itself(noon, f"u{n}@{D}")
        greeted, again, own = postfix.log.in_order()
        pid = greeted.partition("[")[2].partition("]")[0]
        stamp = postfix.stamp(noon)
        other = (
            f"{stamp} other postfix/smtp[{pid}]: 0B1C2{n:06d}: to=<u{n}@innocent.test>,"
            " relay=mx.innocent.test[192.0.2.9]:25, delay=0.1, delays=0/0/0/0, dsn=2.0.0,"
            " status=sent (250 2.0.0 Ok: queued as 4F00BA7)"
        )
        lines += [greeted, again, other, own]
    assert play(lines).subjects == [("loop", D)]


def test_a_verdict_about_a_domain_waits_for_a_delivery_to_it_past_others():
    points = "{q}: SYSERR(root): MX list for loop.test. points back to mx.home.test"
    lines = [
        syslog(n * 3 + step, "mx", 7, text.format(q=f"6ANE{n:04d}{n:06d}", d=domain))
        for n in range(3)
        for step, (text, domain) in enumerate([(points, D), (TO, "other.test"), (TO, D)])
    ]
    (incident,) = play(lines).incidents
    assert (incident.subject, incident.counts.messages) == (D, 3)
