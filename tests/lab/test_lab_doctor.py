"""What doctor says of real, running configurations, and that its fixes mend them."""

import pytest

from logwatch_mx.config.settings import Settings
from logwatch_mx.mta.doctor import examine
from logwatch_mx.mta.host import Host, PostfixConf
from logwatch_mx.mta.mastercf import read_mastercf
from logwatch_mx.mta.permission import Who

DOMAIN = "mx127.test"
WHO = Who(name="root", uid=0, groups=frozenset())


def look(world):
    return {finding.key: finding for finding in find(world)}


def find(world):
    conf = PostfixConf(world.run(["postconf", "-x"]), read_mastercf(world.run(["postconf", "-M"])))
    host = Host(postfix=conf, who=WHO, on_this_host=False, listens=frozenset({"127.0.0.1"}))
    return examine(host, Settings())


def apply(world, finding):
    world.run(["sh", "-c", finding.fix])


@pytest.mark.parametrize(
    ("key", "passes"),
    [
        ("loopback-not-own", 0),
        # The name is noticed at the first greeting.
        ("other-name", 0),
    ],
)
def test_fix_of_a_root_cause_stops_the_loop(postfix, key, passes):
    world = postfix("spinning")
    found = look(world)
    assert {"loopback-not-own", "other-name"} <= set(found)
    for finding in find(world):
        # There are three servers with another name, and each is told of.
        if finding.key == key:
            apply(world, finding)
    assert key not in look(world)
    world.submit("bob@example.net", f"user@{DOMAIN}")
    world.settle()
    assert world.passes(DOMAIN) == passes


def test_spinning_postfix_spins_before_it_is_mended(postfix):
    world = postfix("spinning")
    world.submit("bob@example.net", f"user@{DOMAIN}")
    world.settle()
    assert world.passes(DOMAIN) > 10


def test_fix_for_relayed_domains_refuses_who_does_not_exist(postfix):
    world = postfix("default")
    apply(world, look(world)["relay-recipients"])
    assert "relay-recipients" not in look(world)
    said = world.send("x@isp.example", "nosuchuser@inner.example.net")
    assert said.startswith(("450", "550")), said
    world.settle(seconds=10)
    assert world.send("x@isp.example", "nosuchuser@inner.example.net").startswith("550")
    # Own users still send to everybody, unprobed.
    out = world.send("bob@example.net", "someone@oak.example", source="10.1.0.51", helo="pc1")
    assert out.startswith("250")


def test_stock_postfix_of_a_gateway_has_this_fault_alone(postfix):
    found = look(postfix("default"))
    assert [key for key, f in found.items() if f.severity != "note"] == ["relay-recipients"]


@pytest.mark.parametrize(("variant", "expected"), [("default", []), ("spinning", ["flag-k"])])
def test_real_sendmail(sendmail, variant, expected):
    world = sendmail(variant)
    host = Host(
        cfs={"/etc/mail/sendmail.cf": world.run(["cat", "/etc/mail/sendmail.cf"])},
        hostname="mx.example.net",
        who=WHO,
        on_this_host=False,
    )
    found = [f.key for f in examine(host, Settings()) if f.severity != "note"]
    assert found == expected
