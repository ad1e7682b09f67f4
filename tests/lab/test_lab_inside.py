"""The product as its documents install it: on the mail server, as an ordinary user, with defaults.

What it must know of the server it finds out by itself; what it changes takes no root.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from mailworld import joejob
from mailworld.attack import (
    MOST,
    SPINNING,
    arrived,
    attack,
    calm,
    good_mail,
    in_map,
    include_map,
    read_map,
    share_of,
)
from mailworld.inside import FOLDER, USER, Inside
from mailworld.space import wait_for

MAPS = {
    "postfix": ("transport", "transport.lmdb"),
    "sendmail": ("sendmail-route", "sendmail-route.db"),
}


def ready(world, action="pause"):
    """Return the product inside *world*, whose sendmail reads its map already."""
    inside = Inside(world, action=action)
    if world.mta.name == "sendmail":
        include_map(world, inside.map)
    return inside


@pytest.mark.parametrize("action", ["pause", "discard"])
@pytest.mark.parametrize("mta", list(SPINNING))
def test_an_ordinary_user_stops_a_loop_on_the_server_itself(open_world, without, mta, action):
    seconds = 20
    world = open_world(mta, SPINNING[mta])
    inside = ready(world, action)
    with inside:
        read_map(world, inside)
        mails = joejob.together(attack(["seaton.biz"], seconds), good_mail(seconds))
        assert {word[:3] for word in world.send_plan(mails)} == {"250"}
        calm(world, ["seaton.biz"])
        before = without(mta, "seaton.biz") * len(attack(["seaton.biz"], seconds))
        assert share_of(world, "seaton.biz", before, f"inside {action}")["share"] <= MOST
        assert inside.actions("seaton.biz") == [(action, "done")]
        assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(seconds))
        assert inside.command("status").startswith("running")
        assert "seaton.biz" in inside.command("explain", "seaton.biz")
        world.mend_mx("seaton.biz", "93.184.216.28")
        said = inside.command("undo", "--all")
        assert "seaton.biz: " + action + " taken back" in said
        world.send("bob@example.net", "nicholas@seaton.biz", source="10.1.0.51")
        world.mta.flush()
        assert world.settle(120)
        assert any(line.endswith("<bob@example.net> nicholas@seaton.biz") for line in world.kept())
    assert "Traceback" not in inside.told()
    assert "error" not in inside.told().lower()
    # All of it is the user's; others read the map, and nothing else.
    listed = world.run(["find", FOLDER, "-printf", "%u %m %f\\n"]).splitlines()
    assert {line for line in listed if line.split()[1] != "600"} == {
        f"{USER} 755 {USER}",
        *(f"{USER} 644 {name}" for name in MAPS[mta]),
    }
    assert {line.split()[0] for line in listed} == {USER}


@pytest.mark.parametrize("mta", list(SPINNING))
def test_killed_again_and_again_amid_the_attack_it_acts_once_and_goes_on(open_world, without, mta):
    seconds = 20
    world = open_world(mta, SPINNING[mta])
    inside = ready(world)
    with inside:
        read_map(world, inside)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(world.send_plan, attack(["seaton.biz"], seconds))
        # About when it has read the first line, judges, writes the map, saves; and later on.
        for after in (0.3, 0.6, 0.9, 1.2, 2.5):
            inside.__enter__()
            time.sleep(after)
            inside.kill()
        with inside:
            assert {word[:3] for word in sent.result()} == {"250"}
            wait_for(lambda: inside.actions("seaton.biz") == [("pause", "done")], "the pause", 60)
            assert in_map(world, inside) == ["seaton.biz"]
            calm(world, ["seaton.biz"])
            stopped = world.passes("seaton.biz")
            world.send_plan(attack(["seaton.biz"], 5))
            calm(world, ["seaton.biz"])
            assert world.passes("seaton.biz") == stopped
            kept = len(world.queue())
            world.mend_mx("seaton.biz", "93.184.216.28")
            assert "taken back" in inside.command("undo", "seaton.biz")
            assert in_map(world, inside) == []
            world.send("bob@example.net", "cust@oak.example", source="10.1.0.51")
            world.mta.flush()
            assert world.settle(120)
    assert world.queue() == []
    assert sum(line.endswith("nicholas@seaton.biz") for line in world.kept()) == kept >= 25
    before = without(mta, "seaton.biz") * len(attack(["seaton.biz"], seconds))
    # How much is left depends on how quickly this machine starts it five times.
    share_of(world, "seaton.biz", before, "killed five times")
    assert "Traceback" not in inside.told()
