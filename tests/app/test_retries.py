"""Later tries are passed over by their bytes: the engine must say the same of every log."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.app.retries import build_skip
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site

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


def engine_that_counted(template, own=()):
    engine = build_engine(Settings(), site=Site(), rules=load_all_rules(own))
    young = template.format(
        id=WARM, to="u@far.test", delay="1" if template is PF else "00:00:01", said=""
    )
    engine.feed(Reader(Stamps(2026, UTC)).read(Line(young)))
    return engine


def is_passed_over(engine, line):
    data = f"before\n{line}\nbehind\n".encode()
    return build_skip(engine)(data, data.index(b"stat"))


@pytest.mark.parametrize("template", [PF, SM], ids=["postfix", "sendmail"])
def test_a_later_try_of_a_counted_message_is_not_read(template):
    engine = engine_that_counted(template)
    for delay in OLD[template]:
        line = template.format(id=WARM, to="u@far.test", delay=delay, said="")
        assert is_passed_over(engine, line)


@pytest.mark.parametrize("template", [PF, SM], ids=["postfix", "sendmail"])
@pytest.mark.parametrize(
    ("what", "is_read"),
    [
        ({"id": "6ANEJPCm000009"}, True),  # a message that was not counted
        ({"said": "; Connection refused"}, True),  # perhaps a loopback exchanger
        ({"said": "; mail forwarding loop for u@far.test"}, True),  # a rule may ask for it
        ({"to": 'u"> x"@far.test'}, True),  # the grammar says where such an address ends
        ({"said": ", delay=1, dsn=4.0.0, status=deferred ("}, False),  # the reply is no field
    ],
    ids=["new", "refused", "rule", "quoted", "reply"],
)
def test_what_may_be_news_is_read(template, what, is_read):
    fields = {"id": WARM, "to": "u@far.test", "delay": OLD[template][0], "said": "", **what}
    assert is_passed_over(engine_that_counted(template), template.format(**fields)) is not is_read


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
    assert not is_passed_over(engine, line)


FORGED = (
    "u@far.test",
    "a>, relay=x, delay=4000, dsn=4.0.0, status=deferred (<b@far.test",
    "a>, delay=1+00:00:01, xdelay=1, mailer=x, pri=1, dsn=4.0.0, stat=Deferred: <b@far.test",
    'u"> x"@far.test',
    "u@far.test>, orig_to=<x",
    "]: 6ANEJPCm000002: to=<u@far.test",
)


@given(
    template=st.sampled_from([PF, SM]),
    queue_id=st.sampled_from([WARM, "6ANEJPCm000002"]),
    to=st.sampled_from(FORGED),
    index=st.sampled_from([0, 1]),
    said=st.sampled_from(["", *FORGED, "; Connection refused", "]: X: to=<a@b>, delay=1"]),
)
def test_what_is_passed_over_would_leave_no_trace(template, queue_id, to, index, said):
    engine = engine_that_counted(template)
    line = template.format(id=queue_id, to=to, delay=OLD[template][index], said=said)
    before = msgspec.msgpack.encode(engine.state)
    passed_over = is_passed_over(engine, line)
    engine.feed(Reader(Stamps(2026, UTC)).read(Line(line.replace("01:00:00 mx", "01:30:00 mx"))))
    if passed_over:
        assert msgspec.msgpack.encode(engine.state) == before


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
