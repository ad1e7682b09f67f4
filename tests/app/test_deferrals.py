"""Usual deferrals are read the short way: the engine must say the same of every log."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from logwatch_mx.app.deferrals import Deferrals
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.detect.case import hashed, keep
from logwatch_mx.detect.domains import domains_of
from logwatch_mx.detect.reasons import host_in
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.deferral import Deferral
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site
from logwatch_mx.sources.block import Block, Cutter

sys.path.insert(0, str(Path(__file__).parent))
from test_sifting import SIEVES, WHOLE, assert_same, replay

PF = (
    "Mar  2 01:00:00 mx postfix/smtp[7]: {id}: to=<{to}>, relay=m.far.test[192.0.2.1]:25,"
    " delay={delay}, delays=0.1/0/1/2, dsn=4.7.1, status=deferred (host m.far.test[192.0.2.1]"
    " said: 451 4.7.1 rate limit{said})"
)
SM = (
    "Mar  2 01:00:00 mx sendmail[7]: {id}: to=<{to}>, delay={delay}, xdelay=00:00:01, mailer=esmtp,"
    " pri=12, relay=m.far.test. [192.0.2.1], dsn=4.7.1, stat=Deferred: 451 4.7.1 rate limit{said}"
)
OLD = {PF: ("400", "4000"), SM: ("00:06:40", "1+00:00:01")}
WARM = "6ANEJPCm000001"


RULES = load_all_rules(())


def engine_that_counted(template, own=()):
    rules = load_all_rules(own) if own else RULES
    engine = build_engine(Settings(), site=Site(), rules=rules)
    young = template.format(
        id=WARM, to="u@far.test", delay="1" if template is PF else "00:00:01", said=""
    )
    engine.feed(Reader(Stamps(2026, UTC)).read(Line(young)))
    return engine


def look_at(engine, line):
    """Return what is made of *line*: a Deferral, how far to pass over it, or None."""
    data = f"before\n{line}\nbehind\n".encode("utf-8", "surrogateescape")
    block = Block("maillog", data, 100, 7)
    deferrals = Deferrals(engine, Stamps(2026, UTC))
    deferrals.open(block, Cutter(block))
    return deferrals.find(data.index(b"stat"))


def is_passed_over(engine, line):
    found = look_at(engine, line)
    behind = len(f"before\n{line}\n".encode("utf-8", "surrogateescape"))
    assert not isinstance(found, int) or found == behind
    return isinstance(found, int)


def read_in_full(line, engine=None):
    number = len("before\n")
    event = Reader(Stamps(2026, UTC)).read(Line(line, "maillog", 8, 100 + number))
    assert engine is None or engine.feed(event) is not None
    return event


@pytest.mark.parametrize("template", [PF, SM], ids=["postfix", "sendmail"])
def test_a_later_try_of_a_counted_message_is_not_read(template):
    engine = engine_that_counted(template)
    for delay in OLD[template]:
        line = template.format(id=WARM, to="u@far.test", delay=delay, said="")
        assert is_passed_over(engine, line)


@pytest.mark.parametrize("template", [PF, SM], ids=["postfix", "sendmail"])
@pytest.mark.parametrize(
    ("what", "made"),
    [
        ({"id": "6ANEJPCm000009"}, Deferral),  # a message that was not counted
        ({"said": "; Connection refused"}, int),
        ({"said": "; mail forwarding loop for u@far.test"}, NoneType),  # a rule may ask for it
        ({"said": "; LOGWATCH-MX"}, NoneType),  # our own remedy, perhaps
        ({"to": 'u"> x"@far.test'}, NoneType),  # the grammar says where such an address ends
        ({"to": "u@far.test>,<v@far.test"}, NoneType),
        ({"said": ", delay=1, dsn=4.0.0, status=deferred ("}, int),  # the reply is no field
        ({"said": " \udce9"}, NoneType),
        ({"said": " caf\u00e9"}, NoneType),
    ],
    ids=["new", "refused", "rule", "own", "quoted", "two", "reply", "no utf-8", "not ascii"],
)
def test_what_may_be_more_than_a_count_is_read_in_full(template, what, made):
    fields = {"id": WARM, "to": "u@far.test", "delay": OLD[template][0], "said": "", **what}
    assert type(look_at(engine_that_counted(template), template.format(**fields))) is made


@pytest.mark.parametrize(
    "line",
    [
        PF.replace("192.0.2.1]:25", "127.0.0.1]:25"),  # a loopback exchanger
        PF.replace("192.0.2.1]:25", "::1]:25"),
        PF.replace("relay=m.far.test[192.0.2.1]:25", "relay=m.far.test[private/lmtp]"),
        PF.replace("/smtp[", "/lmtp["),  # a service of this host, perhaps
        PF.replace("/smtp[", "/local["),
        PF.replace("postfix/smtp[", "cron["),
        PF.replace(
            "relay=m.far.test[192.0.2.1]:25, delay={delay}, delays=0.1/0/1/2, dsn=4.7.1,"
            " status=deferred (host m.far.test[192.0.2.1] said: 451 4.7.1 rate limit",
            "relay=none, delay={delay}, delays=0.1/0/1/2, dsn=4.4.1, status=deferred"
            " (connect to m.far.test[::1]:25: Connection refused",
        ),
        PF.replace(" mx ", " mail.info "),
        PF.replace("dsn=4.7.1", "dsn=5.7.1"),
        PF.replace("status=deferred", "status=SOFTBOUNCE"),
        PF.replace("Mar  2", "Mar 32"),
        SM.replace(" [192.0.2.1]", "").replace("451 4.7.1 rate limit", "Connection refused by m."),
        SM.replace("mailer=esmtp", "mailer=pause"),  # our own remedy
        SM.replace("192.0.2.1", "127.0.0.1"),
        SM.replace("stat=Deferred", "stat=queued"),
    ],
)
def test_what_may_be_a_story_of_its_own_is_read_in_full(line):
    template = SM if "sendmail" in line else PF
    line = line.format(id="6ANEJPCm000009", to="u@far.test", delay=OLD[template][0], said="")
    assert look_at(engine_that_counted(template), line) is None


@pytest.mark.parametrize("template", [PF, SM], ids=["postfix", "sendmail"])
def test_a_rule_of_the_admins_own_sees_every_try(template, tmp_path):
    path = tmp_path / "limits.toml"
    path.write_text(
        'id = "limits"\ntitle = "Many limits"\nseverity = "info"\n'
        'when = "delivery and status is deferred"\nby = "domain"\n'
        'window = "10m"\nthreshold = 3\nreferences = []\n'
    )
    engine = engine_that_counted(template, [path])
    line = template.format(id=WARM, to="u@far.test", delay=OLD[template][0], said="")
    assert look_at(engine, line) is None


@pytest.mark.parametrize("template", [PF, SM], ids=["postfix", "sendmail"])
@pytest.mark.parametrize(
    "text",
    [
        'id = "spike-deferrals"\nenabled = false\n',
        (
            'id = "more"\ntitle = "More"\nseverity = "info"\nkind = "spike"\nspike = true\n'
            'signal = "deferral"\nby = "relay.provider"\nreferences = []\n'
            'when = "delivery and status is deferred and domain is far.test"\n'
        ),
    ],
    ids=["none", "another"],
)
def test_spikes_by_a_rule_of_the_admins_own_are_counted_by_it(template, text, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(text)
    engine = engine_that_counted(template, [path])
    line = template.format(id="6ANEJPCm000009", to="u@far.test", delay=OLD[template][0], said="")
    assert look_at(engine, line) is None


def in_short(event):
    """Return of a delivery what a ``Deferral`` holds."""
    relay = event.relay.host if event.relay else None
    return Deferral(
        event.mta,
        event.time,
        hashed(event.queue_id),
        event.mailer or event.agent,
        event.recipients[0],
        *domains_of(event),
        relay or host_in(event.reply) or "",
        event.delay,
        event.dsn,
        event.reply,
        *astuple(keep(event))[:2],
        keep(event).text,
        event.line.end + 1 if event.line.end else event.line.offset + len(keep(event).text) + 1,
    )


def lines_of_the_corpora():
    places = Path(__file__).parents[1] / "corpora", Path(__file__).parents[2] / "samples"
    for path in sorted(file for place in places for file in place.rglob("*.log")):
        for line in path.read_bytes().decode("utf-8", "surrogateescape").split("\n"):
            if "status=deferred" in line or "stat=Deferred" in line:
                yield line


def test_what_is_read_in_short_is_what_the_grammars_read():
    engine = build_engine(Settings(), site=Site(), rules=load_all_rules(()))
    found = 0
    for line in lines_of_the_corpora():
        short = look_at(engine, line)
        if isinstance(short, Deferral):
            found += 1
            assert short == in_short(read_in_full(line))
    assert found > 50


FORGED = (
    "u@far.test",
    "a>, relay=x, delay=4000, dsn=4.0.0, status=deferred (<b@far.test",
    "a>, delay=1+00:00:01, xdelay=1, mailer=x, pri=1, dsn=4.0.0, stat=Deferred: <b@far.test",
    'u"> x"@far.test',
    "u@far.test>, orig_to=<x",
    "]: 6ANEJPCm000002: to=<u@far.test",
)


@settings(deadline=None)  # an engine is built each time
@given(
    template=st.sampled_from([PF, SM]),
    queue_id=st.sampled_from([WARM, "6ANEJPCm000002"]),
    to=st.sampled_from(FORGED),
    index=st.sampled_from([0, 1]),
    said=st.sampled_from(["", *FORGED, "; Connection refused", "]: X: to=<a@b>, delay=1"]),
)
def test_the_short_way_leaves_the_same_trace(template, queue_id, to, index, said):
    engine, other = engine_that_counted(template), engine_that_counted(template)
    line = template.format(id=queue_id, to=to, delay=OLD[template][index], said=said)
    line = line.replace("01:00:00 mx", "01:30:00 mx")
    before = msgspec.msgpack.encode(engine.state)
    short = look_at(engine, line)
    event = read_in_full(line, other)
    if isinstance(short, int):
        assert msgspec.msgpack.encode(other.state) == before
    elif short is not None:
        assert short == in_short(event)
        engine.feed(short)
        assert msgspec.msgpack.encode(other.state) == msgspec.msgpack.encode(engine.state)


@pytest.mark.parametrize("sieve", SIEVES)
@pytest.mark.parametrize("template", [PF, SM], ids=["postfix", "sendmail"])
def test_a_queue_that_is_tried_again_and_again_says_the_same(tmp_path, template, sieve):
    begin = datetime(2026, 3, 2, 0, 0, 0)  # noqa: DTZ001  # as a log prints it
    log = tmp_path / "mail.log"
    rows = []
    for number in range(240):
        first = begin + timedelta(seconds=2 * number, hours=1)
        for again in range(0, 5400, 600):
            at = first + timedelta(seconds=again)
            delay = again + 1
            shown = f"{delay}" if template is PF else f"{timedelta(seconds=delay)}".rjust(8, "0")
            queue_id = f"6ANEJPCm{number:06}"
            to = f"u{number % 90}@far{number % 2}.test"
            said = "; Connection refused" if number % 50 == 0 else ""
            line = template.format(id=queue_id, to=to, delay=shown, said=said)
            rows.append((at, f"{at:%b} {at.day:2d} {at:%H:%M:%S}{line[15:]}\n"))
    log.write_text("".join(line for _, line in sorted(rows)))
    whole = assert_same([log], sieve, sizes=(WHOLE, 4096))
    assert [i.kind.value for i in whole[0]] == ["spike", "spike"]
    assert replay([log])[0] == whole[0]
