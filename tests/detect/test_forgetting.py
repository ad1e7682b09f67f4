"""What is forgotten depends on its age, not on how often somebody looked meanwhile."""

from datetime import timedelta

import pytest
from stories.hand import qid, smtp
from stories.player import Player, read

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
