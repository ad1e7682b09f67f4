"""Stories at the limits of the test: from cold, and over a key that is busy anyway."""

from datetime import timedelta

from stories.desk import SPIKE_CAUSES, Desk

from logwatch_mx.detect.tail import P_SPIKE, least_count


def cold_spike(seed):
    """A log that begins in the middle of trouble: nothing is known of what is usual."""
    desk = Desk("spike from cold", seed)
    cause = desk.rng.choice(SPIKE_CAUSES)
    gap = 60 / desk.rng.uniform(8, 60)
    for n in range(int(1800 / gap)):
        desk.pen.put_off(
            desk.start + timedelta(seconds=n * gap * desk.rng.uniform(0.98, 1.02)),
            f"u{n}@sick.test",
            cause,
        )
        if n % 5 == 0:
            desk.pen.healthy(
                desk.start + timedelta(seconds=n * gap), "a@isp.test", f"u{n}@far.test"
            )
    # From cold it takes 31 messages.
    desk.expect("spike", "sick.test", desk.start + timedelta(seconds=31 * gap))
    return desk.story()


def busy_spike(seed):
    """A key that always puts off a lot, and now much more; another one twice as much, no more."""
    desk = Desk("spike over a busy key", seed)
    usual, factor = desk.rng.uniform(2, 6), desk.rng.uniform(4.5, 8)
    begun = desk.start + timedelta(hours=12)
    busy(desk, "busy.test", usual, factor, begun)
    busy(desk, "restless.test", usual, 1.8, begun)
    expected = 10 * usual
    limit = max(3 * expected, least_count(expected, 12.0, P_SPIKE))
    minutes = (limit - expected) / (usual * (factor - 1))
    desk.expect("spike", "busy.test", begun + timedelta(minutes=minutes))
    return desk.story()


def busy(desk, domain, usual, factor, begun):
    """Write *usual* deferrals a minute, *factor* times as many from *begun* on.

    They become as many within six hours: a key that is busy when the log begins is another story.
    """
    at, n = desk.start, 0
    while at < begun + timedelta(minutes=30):
        grown = min(1.0, (at - desk.start) / timedelta(hours=6) + 0.1)
        rate = usual * grown if at < begun else usual * factor
        at += timedelta(seconds=desk.rng.expovariate(rate / 60))
        n += 1
        desk.pen.put_off(at, f"u{n % 300}@{domain}", "throttled")
