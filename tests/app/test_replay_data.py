"""What replay makes of the logs of real servers, with the zone that they asked."""

from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.confirm.open import open_zone
from logwatch_mx.model.site import Site

DATA = Path(__file__).parents[1] / "scenarios" / "data"
SAMPLES = Path(__file__).parents[2] / "samples" / "maillog"
EXPECTED = {
    "postfix/mx127.spinning": [("loop", "mx127.test", "confirmed", "loopback", 2, 48)],
    "postfix/partial.spinning": [("loop", "partial.test", "confirmed", "partial", 2, 48)],
    "sendmail/mx127.spinning": [("loop", "mx127.test", "confirmed", "loopback", 2, 100)],
    "sendmail/partial2.spinning": [("loop", "partial2.test", "confirmed", "partial", 2, 100)],
    "sendmail/mixed-joejob": [("loop", "mx127.test", "confirmed", "loopback", 8, 0)],
}
LOGS = [f"{path.parent.name}/{path.stem}" for path in sorted(DATA.glob("*/*.log"))]


def replay(path, zone):
    site = Site()
    engine = build_engine(Settings(), site=site, rules=load_all_rules(()))
    run = Replay(engine, settings=Settings(), site=site, resolver=open_zone(zone))
    found = run.run(open_streams([path], year=2026, zone=UTC)).incidents
    return [
        (
            i.kind.value,
            i.subject,
            i.state.value,
            i.verdict.outcome.value if i.verdict else None,
            i.counts.messages,
            i.counts.max_hops,
        )
        for i in found
    ]


@pytest.mark.parametrize("name", LOGS)
def test_replay_finds_what_happened_and_nothing_else(name):
    assert replay(DATA / f"{name}.log", DATA / "dns.zone") == EXPECTED.get(name, [])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("postfix-seaton", [("loop", "seaton.biz", "confirmed", "loopback", 24, 48)]),
        ("sendmail-seaton", [("loop", "seaton.biz", "confirmed", "loopback", 20, 100)]),
        ("postfix-spike", [("spike", "elm.example", "suspected", None, 70, 0)]),
        ("sendmail-spike", [("spike", "elm.example", "suspected", None, 70, 0)]),
        ("postfix-filter", []),
        ("postfix-healthy", []),
        ("sendmail-healthy", []),
    ],
)
def test_replay_of_the_samples(name, found):
    assert replay(SAMPLES / f"{name}.log", SAMPLES / "dns.zone") == found
