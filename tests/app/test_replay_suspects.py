"""A loopback exchanger on which nobody listens: the log names no address, only DNS can tell."""

from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.confirm.open import open_zone
from logwatch_mx.model.site import Site

ZONE = Path(__file__).parents[1] / "confirm/data/dns.zone"
# sendmail 8.17.1, the lab's mxv6 log: ::1 refuses, and the line has no address
LINE = (
    "Nov 23 14:42:5{n} mx sm-mta[857{n}]: 6ANEgvVG00857{n}: to=<nicholas@{domain}>, "
    "delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30000, relay=mail.{domain}., dsn=4.4.1, "
    "stat=Deferred: Connection refused by mail.{domain}.\n"
)


def replayed(tmp_path, domain, count, *, resolver=None):
    log = tmp_path / "maillog"
    log.write_text("".join(LINE.format(n=n, domain=domain) for n in range(count)))
    site = Site()
    engine = build_engine(Settings(), site=site, rules=load_all_rules(()))
    replay = Replay(engine, settings=Settings(), site=site, resolver=resolver)
    found = replay.run(open_streams([log], year=2026, zone=UTC)).incidents
    return [(i.kind.value, i.subject, i.state.value, i.verdict.outcome.value) for i in found]


def test_a_loopback_exchanger_that_nobody_answers_on_is_a_confirmed_loop(tmp_path):
    found = replayed(tmp_path, "mxv6.test", 3, resolver=open_zone(ZONE))
    assert found == [("loop", "mxv6.test", "confirmed", "loopback")]


@pytest.mark.parametrize(
    ("domain", "count", "asks"),
    [
        pytest.param("mxv6.test", 2, True, id="two messages are no incident"),
        pytest.param("refuse.test", 3, True, id="another server refuses"),
        pytest.param("mxv6.test", 3, False, id="nobody was asked"),
    ],
)
def test_otherwise_refused_mail_is_no_loop(tmp_path, domain, count, asks):
    resolver = open_zone(ZONE) if asks else None
    assert replayed(tmp_path, domain, count, resolver=resolver) == []
