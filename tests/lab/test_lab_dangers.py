"""What has harmed servers before, done on purpose: a half good MX, a lost map, a map nobody may read."""

import pytest
from mailworld import places
from mailworld.attack import (
    INCLUDE,
    SPINNING,
    attack,
    calm,
    in_map,
    include_map,
    live,
    read_map,
    watched,
)
from mailworld.inside import Inside
from mailworld.space import wait_for

from logwatch_mx.model.action import Verb
from logwatch_mx.respond.prevent_sendmail import sendmail_m4
from logwatch_mx.respond.route import Entry
from logwatch_mx.respond.sendmail import SendmailMap

PARTIAL = "partial.test"


def reasons(daemon, domain):
    found = [one for one in daemon.incidents() if one["subject"] == domain]
    return [(a["verb"], a["state"], a["why"]) for one in found for a in one["actions"]]


@pytest.mark.parametrize(
    ("action", "expected", "mapped"),
    [
        (
            "discard",
            ("skipped", "some of its mail exchangers are good, so no mail is refused or lost"),
            [],
        ),
        ("pause", ("done", "DNS says twice that mail for it comes back to this host"), [PARTIAL]),
    ],
)
@pytest.mark.parametrize("mta", list(SPINNING))
def test_a_half_good_mx_is_paused_at_most(open_world, mta, action, expected, mapped):
    world = open_world(mta, SPINNING[mta])
    # On the server itself: where a list of own domains cannot be read, such a domain may be ours.
    daemon = Inside(world, action=action)
    if mta == "sendmail":
        include_map(world, daemon.map)
    with daemon:
        read_map(world, daemon)
        world.send_plan(attack([PARTIAL], 3))
        wait_for(lambda: (action, *expected) in reasons(daemon, PARTIAL), "what is done", 60)
        calm(world, [PARTIAL], quiet=4)
        assert reasons(daemon, PARTIAL) == [(action, *expected)]
        assert in_map(world, daemon) == mapped


def test_a_lost_postfix_map_puts_all_mail_off_and_the_next_start_makes_it_again(postfix):
    world = postfix()
    daemon = watched(world)
    with daemon:
        read_map(world, daemon)
    table = daemon.map.with_name("transport.lmdb")
    assert world.send("bob@example.net", "one@oak.example", source=places.OFFICE[0])[:3] == "250"
    for lost in (table, daemon.map):
        lost.unlink()
    world.mta.reload()
    # The danger is real: it is all mail, not that of one domain.
    said = world.send("bob@example.net", "two@oak.example", source=places.OFFICE[0])
    assert said.startswith("451 4.3.0"), said
    with daemon:
        assert table.exists()
        world.mta.reload()
        said = world.send("bob@example.net", "three@oak.example", source=places.OFFICE[0])
        assert said.startswith("250")
    assert world.settle()
    assert [line.split()[-1] for line in world.kept()] == ["one@oak.example", "three@oak.example"]


def test_a_map_that_sendmail_would_ignore_for_its_mode_is_made_readable(sendmail):
    world = sendmail()
    folder = world.home / "lib"
    folder.mkdir()
    path = folder / "sendmail-route"
    routes = SendmailMap(
        path, makemap=str(world.program("makemap")), sendmail=str(world.program("sendmail"))
    )
    world.write("/etc/mail/logwatch-mx.m4", sendmail_m4("discard", path))
    world.mta.write_cf(INCLUDE)
    world.mta.reload()
    routes.mend()
    incident = "loop/oak.example/2026-11-23T14:29:10Z"
    entry = Entry(
        domain="oak.example", verb=Verb.PAUSE, incident=incident, action=f"{incident}#pause#1"
    )
    table = folder / "sendmail-route.db"
    for harm in (0o640, 0o600, 0o666):
        table.chmod(harm)
        routes.set(entry)
        assert table.stat().st_mode & 0o777 == 0o644
        said = world.run(["sendmail-mta", "-bt"], stdin="/map lwmx oak.example\n")
        assert "returns paused" in said
        assert routes.unset("oak.example")
    # Nobody's words but the MTA's: what is set is what it does.
    routes.set(entry)
    assert world.send("bob@example.net", "cust@oak.example", source=places.OFFICE[0])[:3] == "250"
    world.settle(20)
    assert (world.kept(), len(world.queue())) == ([], 1)


@pytest.mark.parametrize("mta", list(SPINNING))
def test_a_name_that_only_ends_alike_is_not_touched(open_world, mta):
    world = open_world(mta, SPINNING[mta])
    daemon = watched(world)
    with daemon:
        read_map(world, daemon)
        world.send_plan(attack(["seaton.biz"], 2))
        wait_for(lambda: live(world, daemon, "seaton.biz"), "the pause", 60)
        zone = world.zone_with(
            "notseaton.biz",
            "notseaton.biz MX 1 mail.oak.example",
            "sub.seaton.biz MX 1 mail.oak.example",
            "seaton.biz.oak.example MX 1 mail.oak.example",
        )
        world.change_zone(zone + "\nmail.oak.example A 93.184.216.21\n")
        near = ("x@notseaton.biz", "x@sub.seaton.biz", "x@seaton.biz.oak.example")
        for recipient in near:
            world.send("bob@example.net", recipient, source=places.OFFICE[0])
        wait_for(
            lambda: set(near) <= {line.split()[-1] for line in world.kept()}, "mail of others", 60
        )
