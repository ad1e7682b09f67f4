"""The full reader is the oracle: reading only the hits must say the same of every log."""

import gzip
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from logwatch_mx.app.needles import static_needles
from logwatch_mx.app.reading import Stream, open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.confirm.open import open_zone
from logwatch_mx.model.site import Site
from logwatch_mx.sources.archive import read_blocks
from logwatch_mx.sources.sieve import FindSieve, HyperSieve

DATA = Path(__file__).parents[1] / "scenarios" / "data"
SAMPLES = Path(__file__).parents[2] / "samples" / "maillog"
LOGS = [*sorted(DATA.glob("*/*.log")), *sorted(SAMPLES.glob("*.log"))]
ZONE = DATA / "dns.zone"
WHOLE = 1 << 20

try:
    import hyperscan
except ImportError:
    hyperscan = None

SIEVES = [
    FindSieve,
    pytest.param(
        HyperSieve, marks=pytest.mark.skipif(hyperscan is None, reason="hyperscan not installed")
    ),
]


class Cut(Stream):
    """A stream that is read in blocks of another size."""

    size = WHOLE

    def blocks(self, progress=None):
        for path in self.paths:
            for block in read_blocks(path, self.size, losses=self.losses, progress=progress):
                self.history.feed(block)
                yield block


def replay(paths, sieve=None, *, size=WHOLE, site=None, rules=None, zone=UTC, year=2026, dns=None):
    site = site or Site()
    rules = load_all_rules(()) if rules is None else rules
    engine = build_engine(Settings(), site=site, rules=rules)
    needles = static_needles(rules, site)
    run = Replay(
        engine,
        settings=Settings(),
        site=site,
        resolver=None if dns is None else open_zone(dns),
        sieve=None if sieve is None or needles is None else sieve(needles),
    )
    streams = open_streams(paths, year=year, zone=zone)
    cut = tuple(Cut(stream.paths, year=year, zone=zone) for stream in streams)
    for stream in cut:
        stream.size = size
    result = run.run(cut)
    for stream in (*streams, *cut):
        stream.history.close()
    tally = result.tally
    return result.incidents, tally.lines, tally.first, tally.last, result.skipped


def assert_same(paths, sieve, *, sizes=(WHOLE,), **options):
    whole = replay(paths, **options)
    for size in sizes:
        assert replay(paths, sieve, size=size, **options) == whole
    return whole


@pytest.mark.parametrize("sieve", SIEVES)
@pytest.mark.parametrize("path", LOGS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_the_hits_say_what_the_whole_log_says(path, sieve):
    assert_same([path], sieve)
    assert_same([path], sieve, dns=path.with_name("dns.zone") if path.parent == SAMPLES else ZONE)


@pytest.mark.parametrize("size", [150, 1000, 4096, 30_000, 1 << 17])
@pytest.mark.parametrize("sieve", SIEVES)
@pytest.mark.parametrize("name", ["postfix-seaton", "sendmail-seaton", "postfix-spike"])
def test_whatever_the_size_of_blocks(name, sieve, size, tmp_path):
    lines = (SAMPLES / f"{name}.log").read_bytes().splitlines(keepends=True)
    log = tmp_path / "maillog"
    log.write_bytes(b"".join(lines[: 1200 if size < 1000 else None]))
    assert_same([log], sieve, sizes=(size,))


@pytest.mark.parametrize("sieve", SIEVES)
def test_several_logs_rotated_and_packed_ones(sieve, tmp_path):
    for name in ("postfix-seaton", "sendmail-seaton", "postfix-healthy"):
        lines = (SAMPLES / f"{name}.log").read_bytes().splitlines(keepends=True)
        half = len(lines) // 2
        (tmp_path / f"{name}.1.gz").write_bytes(gzip.compress(b"".join(lines[:half])))
        (tmp_path / name).write_bytes(b"".join(lines[half:]))
    incidents, *_ = assert_same([tmp_path], sieve, sizes=(5000, WHOLE))
    assert {i.subject for i in incidents} == {"seaton.biz"}


@pytest.mark.parametrize("sieve", SIEVES)
def test_one_log_dealt_out_to_two(sieve, tmp_path):
    # Passes of one message stand in both: what is followed goes from one to the other.
    lines = (DATA / "postfix" / "mx127.spinning.log").read_bytes().splitlines(keepends=True)
    (tmp_path / "a").write_bytes(b"".join(lines[::2]))
    (tmp_path / "b").write_bytes(b"".join(lines[1::2]))
    assert_same([tmp_path], sieve, sizes=(3000, WHOLE))


PASSES = """\
Nov 23 14:00:0{n} mx postfix/smtp[70{n}]: 8A{n}0232BD1: to=<a@{domain}>, relay={relay}, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 8A{m}0232BD1)
Nov 23 14:00:0{n} mx postfix/qmgr[9]: 8A{n}0232BD1: removed
Nov 23 14:00:0{m} mx postfix/cleanup[9]: 8A{m}0232BD1: message-id=<x@y>
"""
SENDMAIL = """\
Nov 23 14:00:0{n} mx sm-mta[70{n}]: 6ANEJPCm00000{n}: to=<a@{domain}>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay={relay}, dsn=2.0.0, stat=Sent (6ANEJPCm00000{m} Message accepted for delivery)
Nov 23 14:00:0{m} mx sm-mta[8]: 6ANEJPCm00000{m}: from=<>, size=1, class=0, nrcpts=1, relay=localhost [127.0.0.1]
"""


def story(shape, relay, domain="seaton.biz"):
    return "".join(shape.format(n=n, m=n + 1, relay=relay, domain=domain) for n in range(1, 6))


@pytest.mark.parametrize("sieve", SIEVES)
@pytest.mark.parametrize(
    ("shape", "relay", "found"),
    [
        (PASSES, "mail.seaton.biz[127.0.0.1]:25", 5),
        (PASSES, "mail.seaton.biz[127.3.2.1]:25", 5),
        (PASSES, "mail.seaton.biz[0.0.0.0]:25", 5),
        (PASSES, "mail.seaton.biz[::1]:25", 5),
        (PASSES, "mail.seaton.biz[::ffff:127.0.0.1]:25", 5),
        (PASSES, "mail.seaton.biz[0:0:0:0:0:0:0:1]:25", 5),
        (PASSES, "localhost[127.0.0.1]:25", 5),
        (PASSES, "LocalHost[198.51.100.3]:25", 0),
        (PASSES, "mx.localhost[198.51.100.3]:25", 0),
        (PASSES, "mail.seaton.biz[198.51.100.7]:25", 5),
        (PASSES, "mail.seaton.biz[2001:db8::7]:25", 5),
        (PASSES, "MX.home.example[198.51.100.9]:25", 5),
        (PASSES, "mail.seaton.biz[198.51.100.70]:25", 0),
        (PASSES, "mail.seaton.biz[127.0.0.1]:10024", 0),
        (SENDMAIL, "mail.seaton.biz. [127.0.0.1]", 5),
        (SENDMAIL, "mail.seaton.biz. [IPv6:::1]", 5),
        (SENDMAIL, "mail.seaton.biz. [IPv6:0:0:0:0:0:0:0:1]", 5),
        (SENDMAIL, "mail.seaton.biz. [IPv6:2001:db8:0:0:0:0:0:7]", 5),
        (SENDMAIL, "mail.seaton.biz. [198.51.100.7]", 5),
        (SENDMAIL, "mx.home.example. [198.51.100.9]", 5),
        (SENDMAIL, "localhost. [127.0.0.1]", 5),
        (SENDMAIL, "[127.0.0.1] [127.0.0.1]", 0),
    ],
)
def test_every_form_of_ourselves_is_a_hit(shape, relay, found, sieve, tmp_path):
    site = Site(
        addresses=frozenset({"198.51.100.7", "2001:db8::7"}), names=frozenset({"mx.home.example"})
    )
    log = tmp_path / "maillog"
    log.write_text(story(shape, relay))
    incidents, *_ = assert_same([log], sieve, sizes=(200, WHOLE), site=site)
    assert [i.counts.max_hops for i in incidents] == ([found] if found else [])


TWO_DAEMONS = "".join(
    f"Nov 23 14:00:{n:02} mx {tag}[7]: {PREFIX}{n:02}: to=<a@Seaton.BIZ>, relay={relay}, delay=0.1,"
    f" dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {PREFIX}{n + 1:02})\n"
    for PREFIX in ("8A00232BD",)
    for n, tag, relay in (
        (n, "postfix/smtp", "mail.seaton.biz[127.0.0.1]:25")
        if n % 2
        else (n, "postfix-out/smtp", "10.0.0.5[10.0.0.5]:10025")
        for n in range(1, 12)
    )
)


@pytest.mark.parametrize("sieve", SIEVES)
def test_a_chain_through_a_second_daemon_is_followed(sieve, tmp_path):
    log = tmp_path / "maillog"
    log.write_text(TWO_DAEMONS)
    incidents, *_ = assert_same([log], sieve, sizes=(100, 1000, WHOLE))
    assert [(i.subject, i.counts.max_hops) for i in incidents] == [("seaton.biz", 6)]


VERDICTS = "".join(
    f"Nov 23 15:00:0{n} mx sm-mta[50{n}]: 6ANEJPCm00000{n}: SYSERR(root): part.test. config error:"
    " mail loops back to me (MX problem?)\n"
    f"Nov 23 15:00:0{n} mx sm-mta[60{n}]: 6ANEJPCm10000{n}: to=<b@far.test>, delay=00:00:01,"
    " mailer=esmtp, pri=1, relay=far.test. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)\n"
    f"Nov 23 15:00:0{n} mx sm-mta[50{n}]: 6ANEJPCm00000{n}: to=<a@part.test>, delay=00:00:01,"
    " mailer=esmtp, pri=1, relay=part.test., dsn=5.3.5, stat=Local configuration error\n"
    for n in range(1, 6)
)
OWN_NAME = "".join(
    f"Nov 23 16:00:0{n} mx postfix/smtp[50{n}]: warning: host mx.own.test[198.51.100.7]:25 greeted"
    " me with my own hostname mx.home.test\n"
    f"Nov 23 16:00:0{n} mx postfix/smtp[50{n}]: 8A{n}0232BD9: to=<a@own.test>, relay=none,"
    " delay=0.1, dsn=5.4.6, status=bounced (mail for own.test loops back to myself)\n"
    for n in range(1, 6)
)


@pytest.mark.parametrize("sieve", SIEVES)
def test_the_delivery_line_that_a_verdict_waits_for_is_read(sieve, tmp_path):
    log = tmp_path / "maillog"
    log.write_text(VERDICTS + OWN_NAME)
    incidents, *_ = assert_same([log], sieve, sizes=(100, WHOLE))
    assert [i.subject for i in incidents] == ["part.test", "own.test"]


RULE = """
id = "{id}"
title = "t"
when = '{when}'
window = "1d"
threshold = 2
by = "queue_id"
"""


@pytest.mark.parametrize("sieve", SIEVES)
@pytest.mark.parametrize(
    ("when", "is_sifted"),
    [
        ('message and message_id contains "@Example"', True),
        ('delivery and reply contains "4@#!7"', True),
        ("removed", False),
        ("delivery and status is sent", False),
    ],
)
def test_rules_of_the_admins_own(when, is_sifted, sieve, tmp_path):
    (tmp_path / "own.toml").write_text(RULE.format(id="own-rule", when=when))
    rules = load_all_rules((tmp_path / "own.toml",))
    assert (static_needles(rules, Site()) is not None) is is_sifted
    assert_same([SAMPLES / "postfix-seaton.log"], sieve, rules=rules)


@pytest.mark.parametrize("sieve", SIEVES)
def test_a_shipped_rule_that_was_replaced_brings_its_own_literals(sieve, tmp_path):
    (tmp_path / "own.toml").write_text(
        'id = "loop-self-delivery"\ntitle = "t"\nkind = "loop"\nsignal = "self_delivery"\n'
        """when = 'delivery and reply contains "2.0.0 Ok:"'\n"""
    )
    rules = load_all_rules((tmp_path / "own.toml",))
    assert_same([SAMPLES / "postfix-seaton.log"], sieve, rules=rules)


@pytest.mark.parametrize("sieve", SIEVES)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n\n", id="blank lines"),
        pytest.param(b"Nov 23 14:00:00 mx cron[1]: x\n", id="no mail log"),
        pytest.param(b"no stamp\nstat=Deferred relay=[127.0.0.1]:25, \n", id="no log"),
        pytest.param(story(PASSES, "m[127.0.0.1]:25").encode()[:-40], id="torn"),
        pytest.param(b"\0\0\0" + story(PASSES, "m.t[127.0.0.1]:25").encode(), id="a hole"),
        pytest.param(
            story(PASSES, "m.t[127.0.0.1]:25").replace("\n", "\r\n").encode(), id="from Windows"
        ),
        pytest.param(
            b"".join(
                b'{"MESSAGE":%s,"SYSLOG_IDENTIFIER":"postfix/smtp","SYSLOG_PID":"7",'
                b'"_HOSTNAME":"mx","__REALTIME_TIMESTAMP":"17%d"}\n'
                % (str(list(line.partition("]: ")[2].encode())).encode(), 10**13 + n * 10**6)
                for n, line in enumerate(story(PASSES, "m.t[127.0.0.1]:25").splitlines())
            ),
            id="the journal's numbers",
        ),
    ],
)
def test_odd_logs(text, sieve, tmp_path):
    log = tmp_path / "maillog"
    log.write_bytes(text)
    assert_same([log], sieve, sizes=(64, WHOLE))


DEFERRED = (
    "{stamp} mx postfix/smtp[70]: 8A{n:08X}: to=<u{n}@d.test>, relay=none, delay=1, dsn=4.4.1,"
    " status=deferred (connect to d.test[192.0.2.1]:25: Connection refused)\n"
)
QUIET = "{stamp} mx postfix/qmgr[7]: 8A{n:08X}: removed\n"


@pytest.mark.parametrize("sieve", SIEVES)
def test_years_pass_in_a_quiet_log(sieve, tmp_path):
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun")
    months += ("Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    lines = []
    for n in range(60):
        stamp = f"{months[n % 12]} {1 + n % 28:2} 10:00:00"
        lines.append((DEFERRED if n % 10 == 0 else QUIET).format(stamp=stamp, n=n))
    log = tmp_path / "maillog"
    log.write_text("".join(lines))
    *_, first, last, _ = assert_same([log], sieve, sizes=(300, WHOLE), year=2019)
    assert (first.year, last.year) == (2019, 2023)


@pytest.mark.parametrize("sieve", SIEVES)
def test_the_hour_that_comes_twice(sieve, tmp_path):
    clock = [(2, m) for m in range(0, 60, 2)] * 2 + [(3, m) for m in range(0, 60, 2)]
    lines = [
        (DEFERRED if n > 25 else QUIET).format(stamp=f"Oct 25 {h:02}:{m:02}:00", n=n)
        for n, (h, m) in enumerate(clock)
    ]
    log = tmp_path / "maillog"
    log.write_text("".join(lines))
    *_, first, last, _ = assert_same(
        [log], sieve, sizes=(300, WHOLE), zone=ZoneInfo("Europe/Berlin")
    )
    assert (last - first).total_seconds() == 2 * 3600 + 58 * 60


@pytest.mark.parametrize("sieve", SIEVES)
def test_a_tag_without_a_blank_behind_it_hides_no_queue_id(tmp_path, sieve):
    # Every other pass goes through a filter on another host: only its queue id leads there.
    relays = ("m.loop.test[127.0.0.1]:25", "f[10.0.0.5]:10025")
    log = tmp_path / "mail.log"
    log.write_text(
        "".join(
            f"Nov 23 10:00:0{step} mx postfix/smtp[7]:8A000{step}: to=<u@loop.test>,"
            f" relay={relays[step % 2]}, delay=1, dsn=2.0.0,"
            f" status=sent (250 2.0.0 Ok: queued as 8A000{step + 1})\n"
            for step in range(8)
        )
    )
    whole = assert_same([log], sieve)
    assert [(i.subject, i.counts.max_hops) for i in whole[0]] == [("loop.test", 4)]
