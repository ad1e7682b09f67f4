"""Lines that the logger dropped: told in the incident that was open, whoever reads the log."""

from datetime import UTC, datetime

import pytest

from logwatch_mx.app.needles import static_needles
from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.event import Gap
from logwatch_mx.model.line import Line
from logwatch_mx.model.notice import NoticeKind
from logwatch_mx.model.site import Site
from logwatch_mx.notify.compose import compose
from logwatch_mx.notify.digest import Due
from logwatch_mx.report.rows import rows

HEAD = "Mar  2 00:10:"


def passes(second):
    return "".join(
        f"{HEAD}{second:02} mx postfix/smtp[5]: A{second:02}000{n}: to=<nicholas@d.test>,"
        " relay=mail.d.test[127.0.0.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0,"
        f" status=sent (250 2.0.0 Ok: queued as A{second:02}000{n + 1})\n"
        for n in range(8)
    )


GAPS = {
    "rsyslogd: imuxsock lost 123 messages from pid 456 due to rate-limiting": 123,
    (
        "rsyslogd: imuxsock[pid: 12, name: /usr/sbin/smtpd] from <postfix/smtpd:postfix.service>:"
        " 17 messages lost due to rate-limiting (500 allowed within 5 seconds)"
    ): 17,
    "systemd-journald[1]: Suppressed 1234 messages from /system.slice/postfix.service": 1234,
    "systemd-journald[1]: Forwarding to syslog missed 3 messages.": 3,
    "postfix/smtp[5]: last message repeated 4 times": 0,
}


def incidents(path, text, *, sieve):
    path.write_text(text)
    site, rules = Site(), load_all_rules(())
    engine = build_engine(Settings(), site=site, rules=rules)
    engine.needles = static_needles(rules, site) if sieve else None
    run = Replay(engine, settings=Settings(), site=site, resolver=None)
    return run.run(open_streams([path], year=2026, zone=UTC)).incidents


@pytest.mark.parametrize("sieve", [True, False], ids=["sifted", "every line"])
@pytest.mark.parametrize(("said", "lost"), GAPS.items())
def test_what_the_logger_lost_while_a_loop_was_open_is_told_in_it(tmp_path, said, lost, sieve):
    line = f"{HEAD}20 mx {said}\n"
    (loop,) = incidents(tmp_path / "maillog", passes(10) + line * 2 + passes(30), sieve=sieve)
    assert loop.facts.lost == 2 * lost


def test_what_was_lost_before_the_loop_opened_is_not_of_it(tmp_path):
    line = f"{HEAD}05 mx {next(iter(GAPS))}\n"
    (loop,) = incidents(tmp_path / "maillog", line + passes(10), sieve=True)
    assert loop.facts.lost == 0


def test_a_part_of_the_log_that_was_gone_is_told_in_what_is_open(tmp_path):
    path = tmp_path / "maillog"
    path.write_text(passes(10))
    site, rules = Site(), load_all_rules(())
    engine = build_engine(Settings(), site=site, rules=rules)
    gone = Gap(line=Line(""), count=0, unread=True)
    engine.feed(gone)
    Replay(engine, settings=Settings(), site=site, resolver=None).run(
        open_streams([path], year=2026, zone=UTC)
    )
    engine.feed(gone)
    (loop,) = engine.incidents()
    assert (loop.facts.lost, loop.facts.gone) == (0, 1)
    said = "1 part of the log meanwhile, before it was read"
    assert dict(rows(loop))["gone"] == f"{said}: there may have been more"
    notice = compose(Due(NoticeKind.SUSPECTED, (loop,)), datetime.now(UTC), "mx")
    assert f"Lost: {said}, so there may have been more" in notice.body.splitlines()


def test_reports_and_notices_say_that_there_was_more(tmp_path):
    line = f"{HEAD}20 mx {next(iter(GAPS))}\n"
    (loop,) = incidents(tmp_path / "maillog", passes(10) + line, sieve=True)
    assert dict(rows(loop))["lost"] == "the logger dropped 123 lines meanwhile: there was more"
    notice = compose(Due(NoticeKind.SUSPECTED, (loop,)), datetime.now(UTC), "mx")
    assert "Lost: 123 lines by the logger meanwhile, so there was more" in notice.body.splitlines()


def test_a_rule_may_ask_for_what_the_logger_lost(tmp_path):
    (tmp_path / "lost.toml").write_text(
        'id = "lost"\ntitle = "The logger drops lines"\nwhen = "gap and not repeated and count > 100"\n'
        'by = "host"\nwindow = "10m"\nthreshold = 2\n'
    )
    log = tmp_path / "maillog"
    log.write_text(
        "".join(
            f"{HEAD}{second:02} mx rsyslogd: imuxsock lost {lost} messages from pid 4 due to"
            " rate-limiting\n"
            for second, lost in enumerate((123, 99, 456))
        )
    )
    engine = build_engine(Settings(), site=Site(), rules=load_all_rules([tmp_path / "lost.toml"]))
    run = Replay(engine, settings=Settings(), site=Site(), resolver=None)
    (found,) = run.run(open_streams([log], year=2026, zone=UTC)).incidents
    assert (found.subject, found.counts.events) == ("mx", 2)
