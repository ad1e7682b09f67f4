"""The daemon when DNS is dead, filtered, disagreeing or poisoned: it does nothing and says why.

While one of two resolvers is dead the other is enough for a pause, after a minute.
The loop spins in every story, so that the log alone gives every reason to act.
"""

import pytest
from mailworld import places
from mailworld.attack import SPINNING, attack, in_map, read_map, watched
from mailworld.daemon import Daemon
from mailworld.space import wait_for
from mailworld.world import mail

LOOP = "seaton.biz"
GOOD = "oak.example"
#: Nobody listens there: the question is refused at once.
NOBODY = "127.0.0.1:9"


def dead(world):
    return [NOBODY, NOBODY.replace("9", "10")]


def mute(world):
    return [world.resolver("mute"), world.resolver("mute")]


def filtered(world):
    return [world.resolver("filtered"), world.resolver("filtered")]


def disagreeing(world):
    healthy = world.zone_with(LOOP, f"{LOOP} MX 10 mail.good.test")
    return [world.resolver(), world.resolver(zone=healthy)]


def one_of_two_filtered(world):
    return [world.resolver(), world.resolver("filtered")]


#: What each pair of resolvers makes of the loop, in the words of ``incidents show``.
STORIES = {
    dead: "DNS has not confirmed the loop: unanswered",
    mute: "DNS has not confirmed the loop: unanswered",
    filtered: "DNS has not confirmed the loop: filtered",
    disagreeing: "the resolvers disagree",
    one_of_two_filtered: "DNS has not confirmed the loop: filtered",
}


def reasons(daemon, domain):
    """Return what is said of *domain*: each action's state and why."""
    found = [one for one in daemon.incidents() if one["subject"] == domain]
    return [(a["state"], a["why"]) for one in found for a in one["actions"]]


@pytest.mark.parametrize("mta", list(SPINNING))
def test_without_two_agreeing_answers_nothing_is_done_and_the_reason_is_told(open_world, mta):
    world = open_world(mta, SPINNING[mta])
    daemon = watched(world)  # the same map for all
    said = {}
    for number, story in enumerate(STORIES):
        daemon = Daemon(world, name=story.__name__, resolvers=story(world))
        with daemon:
            if not number:
                read_map(world, daemon)
            world.send_plan(attack([LOOP], 1))
            wait_for(lambda daemon=daemon: reasons(daemon, LOOP), f"{story.__name__}: a reason", 60)
            assert world.settle(60)
            assert in_map(world, daemon) == []
            said[story] = reasons(daemon, LOOP)
            shown = daemon.command("incidents", "show", LOOP)
            assert STORIES[story] in " ".join(shown.split()), shown
    assert said == {story: [("skipped", why)] for story, why in STORIES.items()}
    # The same evidence with two that agree: nothing but DNS had been in the way.
    with Daemon(world, name="agreeing") as daemon:
        world.send_plan(attack([LOOP], 1))
        wait_for(lambda: daemon.actions(LOOP) == [("pause", "done")], "the pause", 60)
        assert in_map(world, daemon) == [LOOP]


TWICE = "DNS says twice that mail for it comes back to this host"
ALONE = "a resolver gives no answer, and no mail is refused or lost on the other's word alone"


@pytest.mark.parametrize(
    ("mta", "action", "expected"),
    [
        ("postfix", "pause", ("done", TWICE)),
        ("sendmail", "pause", ("done", TWICE)),
        ("postfix", "discard", ("skipped", ALONE)),
    ],
)
def test_while_one_of_two_is_dead_a_loop_is_paused_after_a_minute_and_nothing_is_lost(
    open_world, mta, action, expected
):
    world = open_world(mta, SPINNING[mta])
    daemon = watched(world, action=action, resolvers=[world.resolver(), NOBODY])
    with daemon:
        read_map(world, daemon)
        world.send_plan(attack([LOOP], 1))
        waits = ("skipped", "waits for the second confirmation: a resolver gives no answer")
        wait_for(lambda: reasons(daemon, LOOP) == [waits], "the first reason", 50)
        wait_for(lambda: reasons(daemon, LOOP) == [expected], "the second", 150)
        assert in_map(world, daemon) == ([LOOP] if action == "pause" else [])
        assert world.settle(60) or action == "pause"
        before = world.passes(LOOP)
        world.send_plan(attack([LOOP], 1))
        world.settle(20)
        assert (world.passes(LOOP) == before) is (action == "pause")


@pytest.mark.parametrize("mta", list(SPINNING))
def test_one_poisoned_resolver_of_two_does_not_harm_a_good_domain(open_world, mta):
    world = open_world(mta, SPINNING[mta])
    right = world.resolver(zone=(world.home / "dns.zone").read_text())
    # A blocklist, as the MTA itself and our first resolver see it; 0.0.0.0 is this host.
    world.mend_mx(GOOD, "0.0.0.0")
    daemon = watched(world, resolvers=[world.resolver(), right])
    with daemon:
        read_map(world, daemon)
        for n in range(4):
            world.send("bob@example.net", f"cust{n}@{GOOD}", source=places.OFFICE[0])
        wait_for(lambda: reasons(daemon, GOOD), "a reason", 60)
        assert world.settle(60)
        assert reasons(daemon, GOOD) == [("skipped", "the resolvers disagree")]
        assert in_map(world, daemon) == []
        # The list is mended: the next mail arrives, nothing of ours is in its way.
        world.mend_mx(GOOD, "93.184.216.21")
        world.send_plan([mail("bob@example.net", f"late@{GOOD}", source=places.OFFICE[0])])
        assert world.settle(60)
        assert [line for line in world.kept() if line.endswith(f"late@{GOOD}")] == [
            f"93.184.216.21 <bob@example.net> late@{GOOD}"
        ]
