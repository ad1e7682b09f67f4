"""What is forgotten depends on its age, not on how often somebody looked meanwhile."""

from datetime import timedelta

import pytest
from stories.hand import qid, smtp
from stories.player import Player, read

from logwatch_mx.detect import loop
from logwatch_mx.detect.window import BESIDES

HERE = "mail.loop.test[127.0.0.1]:25"


def told(hours, *, minutely):
    """Return the incidents of a loop through a second daemon that waits for so many *hours*."""
    later = int(hours * 3600)
    lines = [
        smtp(0, qid(1), "n@loop.test", HERE, after=qid(2)),
        smtp(later, qid(2), "n@loop.test", "inner.test[192.0.2.9]:25", after=qid(3)),
        smtp(later + 1, qid(3), "n@loop.test", HERE, after=qid(4)),
        smtp(later + 2, qid(4), "n@loop.test", HERE, after=qid(5)),
    ]
    player = Player()
    for event in read(lines):
        while minutely and player.last is not None and player.last < event.time:
            player.last += timedelta(minutes=1)
            player.take(player.engine.tick(min(player.last, event.time)))
        player.feed(event)
    return player.finish().subjects


@pytest.mark.parametrize("minutely", [False, True])
@pytest.mark.parametrize(("hours", "loops"), [(1.9, [("loop", "loop.test")]), (2.1, [])])
def test_a_message_is_followed_for_two_hours_in_silence_too(hours, loops, minutely):
    assert told(hours, minutely=minutely) == loops


def test_evidence_below_the_threshold_is_bounded_for_all_domains_together(monkeypatch):
    monkeypatch.setattr(loop, "KEPT_WEIGHT", 50_000)
    lines = [
        smtp(n, qid(n * 2), f"n@d{n % 50}.test", HERE, after=qid(n * 2 + 1)) for n in range(2000)
    ]
    player = Player()
    for event in read(lines):
        player.feed(event)
    pending = player.engine.state.loop.pending
    kept = [k.text for _, one in pending.items() for h in one.hints for k in h.evidence]
    assert 20 < len(kept) < 2 * 50_000 / BESIDES
    assert pending.forgotten > 0
