"""The loop as two real MTAs spin it, and as they refuse it when they are left as they come."""

import pytest

SPAM = ("nicholas@seaton.biz", "nosuch@inner.example.net")
FROM_SPAMMER = {"source": "192.0.2.7", "helo": "friend"}


@pytest.mark.smoke
@pytest.mark.parametrize(("mta", "passes"), [("postfix", 48), ("sendmail", 100)])
def test_one_forged_mail_makes_its_bounce_spin_to_the_hop_limit(open_world, mta, passes):
    world = open_world(mta, "spinning")
    assert world.send(*SPAM, **FROM_SPAMMER).startswith("250")
    assert world.settle()
    assert world.passes("seaton.biz") == passes
    assert any("192.0.2.7]" in line for line in world.log())
    assert any("opcount exceeded" in line or "Too many hops" in line for line in world.log())
    assert world.kept() == []


@pytest.mark.parametrize(
    ("mta", "said"),
    [
        ("postfix", "status=bounced (mail for seaton.biz loops back to myself)"),
        ("sendmail", "mail.seaton.biz. config error: mail loops back to me (MX problem?)"),
    ],
)
def test_an_mta_as_it_comes_says_that_the_mail_loops_and_does_not_spin(open_world, mta, said):
    world = open_world(mta)
    world.send(*SPAM, **FROM_SPAMMER)
    assert world.settle()
    assert world.passes("seaton.biz") == 0
    assert sum(said in line for line in world.log()) == 1


@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
@pytest.mark.parametrize("variant", ["default", "filter"])
def test_healthy_mail_arrives(open_world, mta, variant):
    world = open_world(mta, variant)
    world.send("user@isp.example", "alice@inner.example.net")
    world.send("bob@example.net", "cust@oak.example", source="10.1.0.51", helo="pc1")
    assert world.settle()
    assert sorted(world.kept()) == [
        "10.1.0.30 <user@isp.example> alice@inner.example.net",
        "93.184.216.21 <bob@example.net> cust@oak.example",
    ]
    assert world.queue() == []


def test_both_logs_say_the_same_with_other_stamps(postfix):
    world = postfix()
    world.send("user@isp.example", "alice@example.net")
    assert world.settle()
    old = world.log_path("3164").read_text().splitlines()
    new = world.log_path("3339").read_text().splitlines()
    assert [line.split(maxsplit=3)[3] for line in old] == [
        line.split(maxsplit=1)[1] for line in new
    ]
    assert len(old) > 5
