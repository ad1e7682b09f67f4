"""What got through tells a busy site's usual deferrals from a spike, when nothing else is known."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
POSTFIX = "{at} mx postfix/smtp[77]: {id:010X}: to=<u{n}@{domain}>, relay={relay}, delay=1, "
SENT = POSTFIX + "delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)\n"
BUSY = POSTFIX + "delays=0/0/1/0, dsn=4.3.2, status=deferred (host {relay} said: 421 4.3.2 busy)\n"
LOST = (
    "{at} mx postfix/smtp[77]: {id:010X}: to=<u{n}@{domain}>, relay=none, delay=1, "
    "delays=0/0/1/0, dsn=4.4.3, status=deferred (Host or domain name not found. "
    "Name service error for name={domain} type=MX: Host not found, try again)\n"
)
SENDMAIL = (
    "{at} mx sm-mta[77]: 6A{id:012d}: to=<u{n}@{domain}>, delay=00:00:01, xdelay=00:00:01, "
    "mailer=esmtp, pri=30000, relay={name}. [198.51.100.7], dsn={dsn}, stat={stat}\n"
)
SM_SENT = SENDMAIL.replace("{dsn}", "2.0.0").replace("{stat}", "Sent (ok)")
SM_BUSY = SENDMAIL.replace("{dsn}", "4.3.2").replace("{stat}", "Deferred: 421 4.3.2 busy")


def story(*parts, minutes=9):
    """Return a log: each part is (shape, how many, domains), spread evenly over *minutes*."""
    lines = []
    for shape, count, domains in parts:
        for n in range(count):
            at = BEGIN + timedelta(minutes=minutes) * n / count
            domain = domains[n % len(domains)]
            name = f"mx.{domain}"
            fields = {"at": at.isoformat(), "id": len(lines), "n": n, "domain": domain}
            text = shape.format(**fields, relay=f"{name}[198.51.100.7]:25", name=name)
            lines.append((at, len(lines), text))
    return "".join(text for _, _, text in sorted(lines))


def found(path):
    engine = build_engine(Settings(), site=Site(), rules=load_all_rules(()))
    replay = Replay(engine, settings=Settings(), site=Site())
    incidents = replay.run(open_streams([path], year=2026, zone=UTC)).incidents
    return [(i.kind.value, i.subject) for i in incidents]


ONE = ["busy.example"]
MANY = [f"d{n}.example" for n in range(40)]
STORIES = [
    pytest.param([(BUSY, 60, ONE), (SENT, 300, ONE)], [], id="usual: five of six get through"),
    pytest.param([(BUSY, 60, ONE), (SENT, 30, ONE)], [("spike", ONE[0])], id="most is put off"),
    pytest.param(
        [(BUSY, 60, ONE), (SENT, 300, MANY)], [("spike", ONE[0])], id="others do not count"
    ),
    pytest.param([(LOST, 60, MANY), (SENT, 900, MANY)], [], id="some domains are always dead"),
    pytest.param(
        [(LOST, 60, MANY), (SENT, 9, MANY)], [("outage", "outage")], id="our resolver is dead"
    ),
    pytest.param([(SM_BUSY, 60, ONE), (SM_SENT, 300, ONE)], [], id="usual, sendmail"),
    pytest.param([(SM_BUSY, 60, ONE), (SM_SENT, 9, ONE)], [("spike", ONE[0])], id="sendmail"),
]


@pytest.mark.parametrize(("parts", "expected"), STORIES)
def test_a_cold_log_is_judged_by_what_got_through(tmp_path, parts, expected):
    path = tmp_path / "maillog"
    path.write_text(story(*parts))
    assert found(path) == expected


def test_the_share_is_found_in_a_packed_log_too(tmp_path):
    path = tmp_path / "maillog.1.gz"
    path.write_bytes(gzip.compress(story((BUSY, 60, ONE), (SENT, 300, ONE)).encode()))
    assert found(path) == []


def test_what_was_usual_is_the_baseline_of_the_next_spike(tmp_path):
    path = tmp_path / "maillog"
    quiet = story((BUSY, 60, ONE), (SENT, 300, ONE))
    later = [BUSY.format(
        at=(BEGIN + timedelta(minutes=20, seconds=n)).isoformat(), id=10_000 + n, n=n,
        domain=ONE[0], relay="mx.busy.example[198.51.100.7]:25",
    ) for n in range(400)]  # fmt: skip
    path.write_text(quiet + "".join(later))
    assert found(path) == [("spike", ONE[0])]
