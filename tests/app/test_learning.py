"""What is usual, learned from old logs before the first line of the watched one."""

from datetime import UTC, datetime, timedelta

import pytest

from logwatch_mx.app.engine_state import EngineState
from logwatch_mx.app.learning import learn
from logwatch_mx.app.memory import Memory, pack_memory, unpack_memory
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site

OLD = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
NEW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def deferrals(at, count, *, gap, domain="busy.test"):
    """So many messages to one domain that are put off, one each *gap* seconds."""
    return [
        f"{(at + timedelta(seconds=n * gap)).isoformat()} mx postfix/smtp[9]: {n:05X}{at.day:02X}BC1:"
        f" to=<u{n % 50}@{domain}>, relay=none, delay=0.3, delays=0.1/0/0.2/0, dsn=4.4.1,"
        f" status=deferred (connect to mx.{domain}[192.0.2.25]:25: Connection timed out)"
        for n in range(count)
    ]


def teach(state, path, lines):
    path.write_text("".join(f"{line}\n" for line in lines))
    said = []
    learn(state.spike, [path], settings=Settings(), site=Site(), zone=UTC, log=said.append)
    return said


def watch(state, lines):
    """Return the subjects that a log of these *lines* raises in an engine of this *state*."""
    engine = build_engine(Settings(), site=Site(), rules=load_all_rules(()), state=state)
    reader = Reader(Stamps(2026, UTC))
    for number, text in enumerate(lines, 1):
        engine.feed(reader.read(Line(text, "maillog", number)))
    engine.finish(engine.state.now)
    return [(i.kind.value, i.subject) for i in engine.incidents()]


HALF_HOUR = deferrals(NEW, 180, gap=10)  # 60 in ten minutes


@pytest.mark.parametrize(
    ("old", "raised"),
    [
        pytest.param([], [("spike", "busy.test")], id="nothing learned"),
        pytest.param(deferrals(OLD, 4320, gap=10), [], id="it has always been like this"),
        pytest.param(deferrals(OLD, 400, gap=100), [("spike", "busy.test")], id="a tenth of it"),
        pytest.param(
            deferrals(OLD, 4320, gap=10, domain="other.test"),
            [("spike", "busy.test")],
            id="another domain",
        ),
    ],
)
def test_what_was_usual_in_an_old_log_is_no_spike_in_a_new_one(tmp_path, old, raised):
    state = EngineState()
    if old:
        teach(state, tmp_path / "old", old)
    # as after a restart
    state = unpack_memory(pack_memory(Memory(engine=state))).engine
    assert watch(state, HALF_HOUR) == raised


def test_a_quiet_past_makes_the_test_sharp_from_the_first_hour_on(tmp_path):
    dozen = deferrals(NEW, 15, gap=10)
    assert watch(EngineState(), dozen) == []
    state = EngineState()
    teach(state, tmp_path / "old", deferrals(OLD, 5, gap=10_000))
    assert watch(state, dozen) == [("spike", "busy.test")]


def test_what_was_learned_is_said_and_a_second_time_nothing_is(tmp_path):
    state = EngineState()
    lines = deferrals(OLD, 4320, gap=10)
    (said,) = teach(state, tmp_path / "old", lines)
    assert said == (
        "learned: 4320 lines, 2026-11-20T00:00:00Z to 2026-11-20T11:59:50Z, deferrals of 1 domain"
    )
    kept = pack_memory(Memory(engine=state))
    (said,) = teach(state, tmp_path / "old", lines)
    assert said.startswith("learned before, nothing is learned again: 4320 lines")
    assert pack_memory(Memory(engine=state)) == kept


def test_a_state_that_observed_a_log_learns_what_is_older(tmp_path):
    state = EngineState()
    watch(state, deferrals(NEW - timedelta(minutes=30), 3, gap=60))
    teach(state, tmp_path / "old", deferrals(OLD, 4320, gap=10) + HALF_HOUR)
    # twelve hours before it began, in place of three days
    assert state.spike.begun == NEW - timedelta(minutes=30) - timedelta(hours=12) + timedelta(
        seconds=10
    )
    assert watch(state, HALF_HOUR) == []


def test_lines_that_were_observed_are_not_learned(tmp_path):
    state = EngineState()
    watch(state, HALF_HOUR[:3])
    before = pack_memory(Memory(engine=state))
    assert teach(state, tmp_path / "old", HALF_HOUR) == [
        "nothing learned: no mail log that is older than what was observed in 1 files"
    ]
    assert pack_memory(Memory(engine=state)) == before


def test_a_log_without_mail_teaches_nothing(tmp_path):
    state = EngineState()
    assert teach(state, tmp_path / "old", ["hello"]) == ["nothing learned: no mail log in 1 files"]


def test_a_spike_in_the_old_log_is_not_learned_as_usual(tmp_path):
    state = EngineState()
    quiet = deferrals(OLD, 5, gap=10_000)
    burst = deferrals(OLD + timedelta(hours=15), 300, gap=2)
    teach(state, tmp_path / "old", quiet + burst)
    assert watch(state, HALF_HOUR) == [("spike", "busy.test")]
