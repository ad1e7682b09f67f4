"""The daemon's own transport map on a real Postfix: pause, refuse, throw away, and take back."""

import os

import pytest

from logwatch_mx.model.action import Verb
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.route import Entry

ALICE = 1000


def entry(domain, verb=Verb.PAUSE):
    incident = f"loop/{domain}/2026-11-23T14:29:10Z"
    return Entry(domain=domain, verb=verb, incident=incident, action=f"{incident}#{verb}#1")


@pytest.fixture
def with_map(postfix):
    """Return ``(world, routes)``: the map lives in a folder of an ordinary user's."""

    def start(variant="default"):
        world = postfix(variant)
        folder = world.home / "lib"
        folder.mkdir()
        os.chown(folder, ALICE, ALICE)
        routes = PostfixMap(folder / "transport", postmap=str(world.program("postmap")))
        routes.mend()
        maps = f"lmdb:{routes.path}, texthash:/etc/postfix/transport"
        world.mta.set({"transport_maps": maps})
        world.mta.reload()
        return world, routes

    return start


def own_mail(world, recipient):
    return world.send("bob@example.net", recipient, source="10.1.0.51", helo="pc1")


def spam(world):
    world.send("nicholas@seaton.biz", "nosuch@inner.example.net", source="192.0.2.7", helo="friend")


def test_a_pause_keeps_the_next_bounces_and_takes_mail_from_the_domain(with_map):
    world, routes = with_map("spinning")
    spam(world)
    world.settle()
    before = world.passes("seaton.biz")
    assert before == 48  # one bounce is over in 0.2 s: it is the next ones that a pause protects
    routes.set(entry("seaton.biz"))
    for _ in range(3):
        spam(world)
    world.submit("alice@example.net", "user@seaton.biz")
    assert world.send("nicholas@seaton.biz", "carol@example.net").startswith("250")
    world.settle(20)
    assert world.passes("seaton.biz") == before
    assert world.mailbox("carol") == 1
    paused = [line for line in world.log() if "paused by logwatch-mx" in line]
    assert {line.partition("status=")[2].partition(" (")[0] for line in paused} == {"deferred"}
    assert len(world.queue()) == 4


def test_taking_a_pause_back_lets_the_mail_flow(with_map):
    world, routes = with_map()
    routes.set(entry("oak.example"))
    # smtpd asks the same map: a client is told to come back, and keeps the mail itself.
    assert own_mail(world, "cust@oak.example").startswith("450 4.4.6 <cust@oak.example>: Recipient")
    world.submit("alice@example.net", "cust@oak.example")
    assert own_mail(world, "cust@birch.example").startswith("250")
    world.settle(12)
    assert world.kept() == ["93.184.216.22 <bob@example.net> cust@birch.example"]
    assert len(world.queue()) == 1
    assert routes.unset("oak.example")
    # qmgr remembers the route of the last address it asked for, for 30 s (resolve_clnt): on a
    # server without any other mail the pause would last that much longer.
    own_mail(world, "cust@cedar.example")
    world.mta.flush()
    assert world.settle()
    assert sorted(world.kept()[1:]) == [
        "93.184.216.21 <alice@example.net> cust@oak.example",
        "93.184.216.23 <bob@example.net> cust@cedar.example",
    ]
    assert world.queue() == []


def test_refused_and_discarded_mail_is_gone_and_healthy_mail_arrives(with_map):
    world, routes = with_map("spinning")
    routes.set(entry("mx127.test", Verb.REJECT))
    routes.set(entry("mx127b.test", Verb.DISCARD))
    for forged in ("x@mx127.test", "x@mx127b.test"):
        world.send(forged, "nosuch@inner.example.net", source="192.0.2.7")
    own_mail(world, "cust@oak.example")
    assert world.settle()
    assert [world.passes("mx127.test"), world.passes("mx127b.test")] == [0, 0]
    assert world.queue() == []
    assert world.kept() == ["93.184.216.21 <bob@example.net> cust@oak.example"]
