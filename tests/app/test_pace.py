"""The daemon's time goes on with every line, also on a busy server where no line matters."""

from datetime import UTC, datetime, timedelta

import pytest
from stories.hand import START, qid, rounds, smtp

from logwatch_mx.app.inlet import Inlet
from logwatch_mx.app.live import Live
from logwatch_mx.app.memory import Memory
from logwatch_mx.app.pace import Pace
from logwatch_mx.app.reading import LiveStream, Place
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings, Source
from logwatch_mx.model.site import Site
from logwatch_mx.sources.block import Block
from logwatch_mx.state.store import Store

NOON = START.replace(tzinfo=UTC)
TODAY = NOON + timedelta(days=1)


class Busy:
    """A daemon whose log is never silent: each look finds lines of healthy mail."""

    def __init__(self, folder):
        self.log = folder / "maillog"
        self.log.touch()
        self.store = Store.open(folder / "state.db")
        self.heard = []
        memory = Memory()
        self.live = Live(
            inlet=Inlet(Source(files=(str(self.log),)), {}, from_start=True),
            engine=build_engine(
                Settings(), site=Site(), rules=load_all_rules(()), state=memory.engine
            ),
            memory=memory,
            store=self.store,
            zone=UTC,
            log=self.heard.append,
            alive=lambda _state: None,
            clock=lambda _zone: TODAY,
        )

    def append(self, lines):
        with self.log.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
        self.live._read()
        self.live._pass_time()

    def healthy(self, since, until):
        for at in range(since, until):
            self.append(
                [smtp(at, qid(900_000 + at), "u@far.test", "mail.far.test[198.51.100.9]:25")]
            )


@pytest.fixture
def busy(tmp_path):
    one = Busy(tmp_path)
    yield one
    one.live.inlet.close()
    one.store.close()


def test_an_incident_closes_although_healthy_lines_never_cease(busy):
    busy.append(rounds(4, 1, "mail.loop.test[127.0.0.1]:25"))
    busy.healthy(10, 3500)
    (loop,) = busy.live.engine.incidents()
    assert loop.closed is None
    busy.healthy(3600, 3700)
    (loop,) = busy.live.engine.incidents()
    assert loop.closed == NOON + timedelta(hours=1, seconds=3)
    assert any("closed" in text for text in busy.heard)


def test_a_spike_is_told_although_only_healthy_lines_follow(busy):
    busy.append(
        smtp(
            n, qid(n), f"u{n}@down.test", "none", status="deferred", dsn="4.4.1",
            said="connect to mail.down.test[198.51.100.9]:25: Connection refused",
        )
        for n in range(55)
    )  # fmt: skip
    assert busy.live.engine.incidents() == ()
    busy.healthy(56, 75)
    assert [i.subject for i in busy.live.engine.incidents()] == ["down.test"]


def place(text):
    stream = LiveStream("maillog", zone=UTC)
    return Place(stream, Block("maillog", f"{text}\n".encode(), 0, 1))


def pace(text="", now=NOON):
    one = Pace(UTC, 100.0, lambda _zone: TODAY)
    if text:
        one.note(place(text), 100.0, now)
    return one


@pytest.mark.parametrize(
    ("text", "at", "is_silent", "reached"),
    [
        # what comes late by seconds is not yet late
        ("Nov 23 14:05:09 mx dovecot: x", 100.0, False, 4),
        ("Nov 23 14:05:10 mx dovecot: x", 100.0, False, 5),
        # silence: two seconds later than by the clock
        ("Nov 23 14:05:09 mx dovecot: x", 101.9, True, 4),
        ("Nov 23 14:05:09 mx dovecot: x", 152.9, True, 5),
        ("Nov 23 14:05:09 mx dovecot: x", 153.0, True, 6),
        ("Nov 23 14:05:09 mx dovecot: x", 153.0, False, 4),
        # no stamp, or one that cannot be
        ("no stamp at all", 100.0, False, None),
        ("2026-11-23T13:00:00+00:00 mx dovecot: x", 100.0, False, None),
        ("2999-11-23T14:05:10+00:00 mx dovecot: x", 100.0, False, 24 * 60 - 1),
        # before a line was read, by the clock from where the engine stands
        ("", 161.9, True, None),
        ("", 162.0, True, 1),
        ("", 300.0, False, None),
    ],
)
def test_how_far_the_log_has_come(text, at, is_silent, reached):
    minute = None if reached is None else NOON + timedelta(minutes=reached)
    assert pace(text).reached(at, NOON, is_silent=is_silent) == minute


def test_a_minute_passes_once():
    one = pace("Nov 23 14:05:10 mx dovecot: x")
    assert one.reached(100.0, NOON, is_silent=False) == NOON + timedelta(minutes=5)
    assert one.reached(100.0, NOON + timedelta(minutes=5), is_silent=False) is None


def test_the_zone_of_the_stamps_makes_no_difference():
    one = pace("2026-11-23T19:35:10+05:30 mx dovecot: x")
    assert one.reached(100.0, NOON, is_silent=False) == datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
