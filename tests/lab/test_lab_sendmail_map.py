"""The daemon's own sendmail map on a real sendmail: pause, refuse, throw away, and take back."""

import os
import time
from datetime import UTC, datetime

import pytest

from logwatch_mx.errors import EffectError
from logwatch_mx.model.action import Verb
from logwatch_mx.respond.prevent_sendmail import sendmail_m4
from logwatch_mx.respond.route import Entry
from logwatch_mx.respond.sendmail import SendmailMap

INCLUDE = "include(`/etc/mail/logwatch-mx.m4')dnl\n"
ALICE = 1000


def entry(domain, verb=Verb.PAUSE):
    incident = f"loop/{domain}/2026-11-23T14:29:10Z"
    until = datetime(2026, 11, 24, tzinfo=UTC)
    return Entry(
        domain=domain, verb=verb, incident=incident, action=f"{incident}#{verb}#1", until=until
    )


@pytest.fixture
def with_map(sendmail):
    """Return ``(world, routes)``: the map lives in a folder of an ordinary user's."""

    def start(variant="default", prevention=""):
        world = sendmail(variant)
        folder = world.home / "lib"
        folder.mkdir()
        os.chown(folder, ALICE, ALICE)
        path = folder / "sendmail-route"
        routes = SendmailMap(
            path,
            makemap=str(world.program("makemap")),
            sendmail=str(world.program("sendmail")),
        )
        # The map alone is on trial: the static prevention would stop the loop by itself.
        m4 = sendmail_m4("discard", path).partition("define(`confLOOPMX'")
        route_only = m4[0] + (m4[1] + m4[2]).partition("divert(-1)\nifdef(`confLOOPMX'")[0]
        world.write("/etc/mail/logwatch-mx.m4", route_only)
        return world, routes

    return start


def install(world):
    world.mta.write_cf(INCLUDE)
    world.mta.reload()


def own_mail(world, recipient):
    return world.send("bob@example.net", recipient, source="10.1.0.51", helo="pc1")


def test_a_map_that_sendmail_does_not_read_is_told_and_promises_nothing(with_map):
    _, routes = with_map()
    with pytest.raises(EffectError, match="install what `prevent sendmail` prints"):
        routes.mend()
    with pytest.raises(EffectError, match="install what `prevent sendmail` prints"):
        routes.set(entry("seaton.biz"))
    assert routes.entries() == {}


def test_pausing_stops_a_spin_and_keeps_the_mail(with_map):
    world, routes = with_map("spinning")
    install(world)
    routes.mend()
    spam = ("nicholas@seaton.biz", "nosuch@inner.example.net")
    for _ in range(4):
        world.send(*spam, source="192.0.2.7", helo="friend")
    end = time.monotonic() + 10
    while world.passes("seaton.biz") < 20 and time.monotonic() < end:
        time.sleep(0.02)
    routes.set(entry("seaton.biz"))
    at_once = world.passes("seaton.biz")
    world.settle(30)
    stopped = world.passes("seaton.biz")
    # What had been routed before it was in force still arrives: a few for each of the four.
    assert at_once >= 20
    assert stopped - at_once < 20
    assert stopped < 400
    assert len(world.queue()) == 4
    # Mail that begins now does not make one pass, and mail from the domain is still taken.
    own_mail(world, "user@seaton.biz")
    world.send("nicholas@seaton.biz", "carol@example.net")
    world.settle(20)
    assert world.passes("seaton.biz") == stopped
    assert world.mailbox("carol") == 1
    assert len(world.queue()) == 5


def test_taking_a_pause_back_lets_the_mail_flow(with_map):
    world, routes = with_map()
    install(world)
    routes.mend()
    routes.set(entry("oak.example"))
    routes.set(entry("isp.example"))
    assert own_mail(world, "cust@oak.example").startswith("250")
    assert own_mail(world, "cust@birch.example").startswith("250")
    world.send("tom@isp.example", "nosuch@inner.example.net")  # a bounce, kept as well
    world.settle(20)
    assert world.kept() == ["93.184.216.22 <bob@example.net> cust@birch.example"]
    assert len(world.queue()) == 2
    paused = [line for line in world.log() if "mailer=pause" in line]
    assert "stat=Deferred: Connection refused by [127.0.0.1]" in paused[0]
    assert routes.unset("oak.example")
    assert routes.unset("isp.example")
    world.mta.flush()
    world.settle()
    assert world.kept()[1:] in (
        ["93.184.216.21 <bob@example.net> cust@oak.example", "93.184.216.27 <> tom@isp.example"],
        ["93.184.216.27 <> tom@isp.example", "93.184.216.21 <bob@example.net> cust@oak.example"],
    )
    assert world.queue() == []


def test_refused_and_discarded_mail_leaves_no_bounce_behind(with_map):
    world, routes = with_map()
    install(world)
    routes.mend()
    routes.set(entry("oak.example", Verb.REJECT))
    routes.set(entry("isp.example", Verb.DISCARD))
    assert own_mail(world, "cust@oak.example") == (
        "554 5.4.6 mail for this domain would loop, refused by logwatch-mx"
    )
    assert own_mail(world, "cust@sub.oak.example").startswith("250")
    assert own_mail(world, "cust@isp.example").startswith("250")
    for forged in ("x@oak.example", "x@isp.example"):
        world.send(forged, "nosuch@inner.example.net", source="192.0.2.7")
    world.settle()
    discarded = [line for line in world.log() if "mailer=loopdiscard" in line]
    assert sorted(line.partition("to=<")[2].partition(">")[0] for line in discarded) == [
        "cust@isp.example",
        "x@isp.example",
        "x@oak.example",
    ]
    # What root makes by hand stays the daemon's.
    assert routes.path.with_name("sendmail-route.db").stat().st_uid == ALICE
    assert world.mailbox("alice") == 0
