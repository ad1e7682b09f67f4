"""Live and replay say the same, however the log grows and wherever the daemon is restarted.

The daemon's own reading, state and restart, without its clock and without DNS: all that a log
alone decides (`id kind subject opened first last counts signals reasons cause origin`, evidence).
"""

import random
import re
from datetime import UTC, datetime

import pytest
from stories.tales import LOOPS, SPIKES, quiet_days

from logwatch_mx.app.inlet import Inlet
from logwatch_mx.app.live import Live
from logwatch_mx.app.memory import Memory, unpack_memory
from logwatch_mx.app.needles import static_needles
from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings, Source
from logwatch_mx.model.site import Site
from logwatch_mx.sources.sieve import build_sieve
from logwatch_mx.state.store import Store

RULES = load_all_rules(())
SITE = Site(domains=frozenset({"home.test"}))
EVERY = 100
LATER = datetime(2099, 1, 1, tzinfo=UTC)
_STAMP = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d")


def facts(incident):
    return (
        incident.id, incident.kind, incident.subject, incident.opened, incident.first, incident.last,
        incident.closed, incident.counts, incident.signals, incident.reasons, incident.cause,
        incident.origin, incident.facts, incident.advice, incident.steps,
        tuple(line.text for line in incident.evidence),
    )  # fmt: skip


def stamp(text):
    return datetime.strptime(f"2026 {text[:15]} +0000", "%Y %b %d %H:%M:%S %z")


def written(story, limit):
    """Return the story's log with the year and the zone in its stamps, at most *limit* lines."""
    lines = [
        f"{stamp(text).isoformat()}{text[15:]}" if _STAMP.match(text) else text
        for text in story.lines
    ]
    if len(lines) > limit:
        at = min(story.expected.values(), default=None)
        first = 0
        if at is not None:
            moment = at.isoformat()[:19]
            first = next((n for n, text in enumerate(lines) if text >= moment), 0)
        begin = max(0, min(first - limit // 3, len(lines) - limit))
        lines = lines[begin : begin + limit]
    return "".join(f"{text}\n" for text in lines).encode("utf-8", "surrogateescape")


def replayed(path):
    engine = build_engine(Settings(), site=SITE, rules=RULES)
    sieve = build_sieve(static_needles(RULES, SITE))
    run = Replay(engine, settings=Settings(), site=SITE, sieve=sieve)
    result = run.run(open_streams([path], year=None, zone=UTC))
    return [facts(incident) for incident in result.incidents]


class Grown:
    """A log that grows under a daemon that can be restarted; its store is a real one."""

    def __init__(self, folder):
        self.log = folder / "maillog"
        self.log.touch()
        self.source = Source(files=(str(self.log),))
        self.store = Store.open(folder / "state.db")
        self.troubles = []
        self.begin()

    def begin(self):
        saved = self.store.load_engine()
        memory = Memory() if saved is None else unpack_memory(saved)
        self.live = Live(
            inlet=Inlet(self.source, self.store.load_checkpoints(), from_start=True),
            engine=build_engine(Settings(), site=SITE, rules=RULES, state=memory.engine),
            memory=memory,
            store=self.store,
            zone=UTC,
            log=self.hear,
            alive=lambda _state: None,
            clock=lambda _zone: LATER,
        )

    def hear(self, text):
        if not re.match(r"\w+/.*: (opened|reopened|closed|judged), ", text):
            self.troubles.append(text)

    def append(self, data):
        with self.log.open("ab") as file:
            file.write(data)
        while True:
            self.live._read()
            # Minutes pass with the lines, whatever they say: no replay knows of it.
            self.live._pass_time()
            if not self.live._is_behind:
                return

    def restart(self):
        self.live._save()
        self.live.inlet.close()
        self.begin()

    def end(self, last):
        """Evaluate once more at the last stamp, as a replay does, and return what is remembered."""
        live = self.live
        live._follow(live.engine.finish(last), None)
        live._save()
        live.inlet.close()
        found = [facts(i) for i in self.store.incidents()]
        self.store.close()
        assert (self.troubles, live.failed) == ([], 0)
        return found


def pieces(data, rng):
    """Yield *data* cut anywhere, also within lines, in pieces of any size."""
    place = 0
    while place < len(data):
        size = rng.choice((1, 7, 80, 300, 4096, 30_000))
        yield data[place : place + size]
        place += size


def lines_at_once(data, count):
    lines = data.splitlines(keepends=True)
    for first in range(0, len(lines), count):
        yield b"".join(lines[first : first + count])


def compare(tale, seed, tmp_path, limit):
    story = tale(seed)
    data = written(story, limit)
    path = tmp_path / "old" / "maillog"
    path.parent.mkdir()
    path.write_bytes(data)
    expected = replayed(path)
    last = max(datetime.fromisoformat(line[:25].decode()) for line in data.splitlines())
    folder = tmp_path / "restarted"
    folder.mkdir()
    grown = Grown(folder)
    for some in lines_at_once(data, EVERY):
        grown.append(some)
        grown.restart()
    assert grown.end(last) == expected
    folder = tmp_path / "cut"
    folder.mkdir()
    grown = Grown(folder)
    rng = random.Random(seed)
    for number, piece in enumerate(pieces(data, rng), 1):
        grown.append(piece)
        if number % 50 == 0:
            grown.restart()
    assert grown.end(last) == expected
    return story, expected


@pytest.mark.parametrize("tale", [*LOOPS, *SPIKES], ids=lambda tale: tale.__name__)
def test_live_is_replay_in_a_part_of_every_story(tale, tmp_path):
    compare(tale, 2001, tmp_path, limit=600)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", [2001, 2002, 2003])
@pytest.mark.parametrize("tale", [*LOOPS, *SPIKES, quiet_days], ids=lambda tale: tale.__name__)
def test_live_is_replay_in_every_story(tale, seed, tmp_path):
    story, found = compare(tale, seed, tmp_path, limit=1_000_000)
    assert set(story.expected) <= {(kind, subject) for _, kind, subject, *_ in found}
