"""Who began a loop, as far as the log tells: a client, this host itself, or nobody known."""

from datetime import UTC
from itertools import chain

import pytest

from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.incident import Facts
from logwatch_mx.model.site import Site

HEAD = "Mar  2 00:10:00 mx postfix/"
CLIENT = f"{HEAD}smtpd[1]: A0000001: client=spam.example[192.0.2.7]\n"
PICKUP = f"{HEAD}pickup[1]: A0000001: uid=1000 from=<alice>\n"
CLEANUP = f"{HEAD}cleanup[2]: A0000001: message-id=<1@mx>\n"
QMGR = f"{HEAD}qmgr[3]: A0000001: from=<nicholas@d.test>, size=300, nrcpt=1 (queue active)\n"
NOTICE = f"{HEAD}bounce[4]: A0000001: sender non-delivery notification: A0000002\n"
PASSES = (
    f"{HEAD}cleanup[2]: A0000002: message-id=<2@mx>\n"
    f"{HEAD}qmgr[3]: A0000002: from=<>, size=2300, nrcpt=1 (queue active)\n"
) + "".join(
    f"Mar  2 00:10:01 mx postfix/smtp[5]: A000000{n}: to=<nicholas@d.test>,"
    " relay=mail.d.test[127.0.0.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0,"
    f" status=sent (250 2.0.0 Ok: queued as A000000{n + 1})\n"
    for n in range(2, 6)
)


@pytest.mark.parametrize(
    ("before", "origins"),
    [
        pytest.param(
            CLIENT + CLEANUP + QMGR + NOTICE, [("192.0.2.7", "nicholas@d.test")], id="a client"
        ),
        pytest.param(
            PICKUP + CLEANUP + QMGR + NOTICE, [(None, "nicholas@d.test")], id="this host itself"
        ),
        # qmgr names the sender again at every try, long after the message came in.
        pytest.param(QMGR + NOTICE, [], id="the arrival is in an older log"),
        pytest.param("", [], id="a notice, but not of what"),
    ],
)
def test_an_origin_is_told_when_the_arrival_is_in_the_log(tmp_path, before, origins):
    path = tmp_path / "maillog"
    path.write_text(before + PASSES)
    site = Site()
    engine = build_engine(Settings(), site=site, rules=load_all_rules(()))
    run = Replay(engine, settings=Settings(), site=site, resolver=None)
    (loop,) = run.run(open_streams([path], year=2026, zone=UTC)).incidents
    assert [(origin.client_ip, origin.sender) for origin in loop.origin] == origins


def incidents(path, text):
    path.write_text(text)
    site = Site()
    engine = build_engine(Settings(), site=site, rules=load_all_rules(()))
    run = Replay(engine, settings=Settings(), site=site, resolver=None)
    return run.run(open_streams([path], year=2026, zone=UTC)).incidents


def joe_job(messages):
    """So many bounces, one a second; each spins three times within its second."""
    for n in range(messages):
        head = f"Mar  2 00:10:{n:02} mx postfix/"
        ids = [f"A{n:02}0000{k}" for k in range(6)]
        yield [
            f"{head}smtpd[1]: {ids[0]}: client=spam.example[192.0.2.7]\n",
            f"{head}qmgr[3]: {ids[0]}: from=<u{n % 3}@d.test>, size=300, nrcpt=1 (queue active)\n",
            f"{head}bounce[4]: {ids[0]}: sender non-delivery notification: {ids[1]}\n",
        ] + [
            line
            for k in range(1, 5)
            for line in (
                f"{head}qmgr[3]: {ids[k]}: from=<>, size={2000 + 182 * k}, nrcpt=1 (queue active)\n",
                f"{head}smtp[5]: {ids[k]}: to=<n@d.test>, relay=mail.d.test[127.0.0.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {ids[k + 1]})\n",
            )
        ]


def test_senders_pace_and_growth_are_told_beside_the_origin(tmp_path):
    (loop,) = incidents(tmp_path / "maillog", "".join(chain.from_iterable(joe_job(9))))
    assert loop.facts == Facts(senders=3, busiest=36, growth=182)
    assert [(o.client_ip, o.messages) for o in loop.origin] == [("192.0.2.7", 9)]


@pytest.mark.parametrize("order", [sorted, reversed], ids=["sorted", "backwards"])
def test_the_order_within_a_second_hides_no_origin_but_that_of_the_last(tmp_path, order):
    """Tools that merge logs sort their lines: then bounce(8) and smtp(8) come before smtpd(8)."""
    lines = [line for second in joe_job(9) for line in order(second)]
    (loop,) = incidents(tmp_path / "maillog", "".join(lines))
    assert loop.counts.messages == 9
    assert [(o.client_ip, o.messages) for o in loop.origin] == [("192.0.2.7", 8)]


def test_what_is_in_no_log_is_asked_about_twice_and_no_more(tmp_path):
    lines = [line for second in joe_job(9) for line in second if "smtpd" not in line]
    (loop,) = incidents(tmp_path / "maillog", "".join(lines))
    assert (loop.counts.messages, loop.origin, loop.facts.senders) == (9, (), 0)


LOCAL = "Mar  2 00:09:00 mx postfix/local[8]: B0000001: to=<ann@d.test>, relay=local, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (delivered to mailbox)\n"
SM_LOCAL = "Mar  2 00:09:00 mx sm-mta[8]: 6ANEmuLT021139: to=<ann@d.test>, delay=00:00:00, xdelay=00:00:00, mailer=local, pri=30000, dsn=2.0.0, stat=Sent\n"


@pytest.mark.parametrize(
    ("before", "cause"),
    [
        pytest.param(LOCAL, "ours", id="into a mailbox"),
        pytest.param(LOCAL.replace("local[8]", "lmtp[8]"), "ours", id="by LMTP"),
        pytest.param(SM_LOCAL, "ours", id="by sendmail"),
        pytest.param(LOCAL.replace("=sent", "=bounced"), "unknown", id="it was refused"),
        pytest.param(LOCAL.replace("local[8]", "smtp[8]"), "unknown", id="it was sent on"),
        pytest.param(LOCAL.replace("@d.test", "@d.test.far"), "unknown", id="another domain"),
        pytest.param(LOCAL.replace("ann@d.test", "ann@x.test>, orig_to=<ann@d.test"), "unknown", id="forwarded"),
        pytest.param(SM_LOCAL.replace("mailer=local", "mailer=loopdiscard"), "unknown", id="our own remedy"),
        pytest.param("", "unknown", id="nothing"),
    ],
)  # fmt: skip
def test_a_loop_of_a_domain_whose_mail_is_delivered_here_is_ours(tmp_path, before, cause):
    (loop,) = incidents(tmp_path / "maillog", before + PASSES)
    assert (loop.cause.value, bool(loop.advice)) == (cause, cause == "ours")


def test_what_is_delivered_here_only_later_changes_nothing(tmp_path):
    (loop,) = incidents(tmp_path / "maillog", PASSES + LOCAL.replace("00:09", "00:11"))
    assert loop.cause.value == "unknown"
