"""What `prevent postfix` prints, run as it stands on a server that spins without it."""

from collections import Counter

import pytest
from mailworld.attack import KINDS, arrived, attack, good_mail
from mailworld.joejob import together

from logwatch_mx.respond.prevent_postfix import missing_in_postfix, postfix_script

LOOPS = (
    "seaton.biz",
    "mx127.test",
    "mx127b.test",
    "mxzero.test",
    "mxv6.test",
    "mxmapped.test",
    "mxcname.test",
    "mxlocalhost.test",
    "implicit.test",
    "twomx.test",
)
TABLES = ("loopmx.cidr", "loopmx_from", "loopmx_to")


def install(world, *spare, recipients=True):
    world.write("/root/loopmx.sh", postfix_script(spare, recipients=recipients))
    return world.run(["sh", "/root/loopmx.sh"])


def lacks(world, **more):
    tables = {}
    for name in TABLES:
        text = world.run(["sh", "-c", f"cat /etc/postfix/{name} 2>/dev/null || :"])
        tables[name] = text
    return missing_in_postfix(world.run(["postconf", "-n"]), tables, **more)


def joe_job(world, domain):
    return world.send(
        f"nicholas@{domain}", "nosuch@inner.example.net", source="192.0.2.7", helo="friend"
    )


def own_mail(world, recipient):
    return world.send("bob@example.net", recipient, source="10.1.0.51", helo="pc1")


@pytest.mark.smoke
def test_the_joe_job_is_refused_and_mail_of_ours_does_not_spin(postfix):
    world = postfix("spinning")
    assert joe_job(world, "mx127.test").startswith("250")
    world.settle()
    before = world.passes("mx127.test")
    assert before == 48
    assert "warning" not in install(world)
    said = "550 5.4.6 <nicholas@{0}>: Sender address rejected: mail would loop: MX of the domain is a loopback address"
    assert {d: joe_job(world, d) for d in LOOPS} == {d: said.format(d) for d in LOOPS}
    assert {own_mail(world, f"user@{domain}")[:9] for domain in LOOPS} == {"550 5.4.6"}
    for domain in LOOPS:
        world.submit("alice@example.net", f"user@{domain}")
    world.settle()
    assert {domain: world.passes(domain) for domain in LOOPS} == {
        **dict.fromkeys(LOOPS, 0),
        "mx127.test": before,
    }


def test_healthy_null_mx_and_our_own_domains_are_taken_as_before(postfix):
    world = postfix()
    world.mta.set({"mydestination": "$myhostname, example.net, localhost, ownlo.test"})
    install(world, "partial.test")
    words = [
        world.send("user@isp.example", "bob@ownlo.test"),
        world.send("bob@ownlo.test", "alice@inner.example.net"),
        world.send("", "alice@inner.example.net"),
        world.send("user@nullmx.test", "carol@example.net"),
        world.send("user@nosuch.test", "carol@example.net"),
        world.send("user@servfail.test", "carol@example.net"),
        world.send("user@ownname.test", "carol@example.net"),
        own_mail(world, "cust@oak.example"),
        own_mail(world, "cust@partial.test"),
        own_mail(world, "cust@good.test"),
        world.send("tom@isp.example", "nosuch@inner.example.net", source="192.0.2.7"),
    ]
    assert {word[:3] for word in words} == {"250"}
    assert world.settle()
    assert sorted(line.split(maxsplit=1)[1] for line in world.kept()) == [
        "<> alice@inner.example.net",
        "<> tom@isp.example",
        "<bob@example.net> cust@good.test",
        "<bob@example.net> cust@oak.example",
        "<bob@ownlo.test> alice@inner.example.net",
    ]
    assert [world.mailbox("bob"), world.mailbox("carol")] == [2, 4]


def test_a_partial_mx_is_refused_unless_it_is_spared(postfix):
    world = postfix()
    install(world)
    assert own_mail(world, "cust@partial.test").startswith("550 5.4.6")
    install(world, "partial.test")
    assert own_mail(world, "cust@partial.test").startswith("250")


def deliver(world, name):
    """Send mail to a partial domain, submit some, have some bounce to it; return what arrived."""
    words = [
        own_mail(world, f"{name}@partial.test"),
        world.send(f"{name}@oak.example", "nosuch@inner.example.net", source="192.0.2.7"),
        own_mail(world, f"{name}@birch.example"),
        world.send("user@nullmx.test", "carol@example.net"),
        world.send("user@isp.example", "bob@ownlo.test"),
    ]
    assert {word[:3] for word in words} == {"250"}, words
    world.submit("alice@example.net", f"{name}2@partial.test")
    assert world.settle()
    return sorted(line for line in world.kept() if f" {name}" in line)


def test_without_the_recipient_check_mail_to_a_partial_mx_is_delivered_as_before(postfix):
    # Without loopback among its addresses, and nobody at 127.0.0.1, Postfix goes on to the good MX.
    world = postfix()
    own = "$myhostname, example.net, localhost, ownlo.test"
    world.mta.set({"inet_interfaces": "93.184.216.10", "mydestination": own})
    world.mta.stop()
    world.mta.start()
    world.wait_for_port()
    before = deliver(world, "ann")
    assert before == [
        "93.184.216.21 <> ann@oak.example",
        "93.184.216.22 <bob@example.net> ann@birch.example",
        "93.184.216.28 <alice@example.net> ann2@partial.test",
        "93.184.216.28 <bob@example.net> ann@partial.test",
    ]
    assert "warning" not in install(world, recipients=False)
    assert lacks(world, recipients=False) == []
    assert deliver(world, "eve") == [line.replace("ann", "eve") for line in before]
    assert {joe_job(world, domain)[:9] for domain in LOOPS} == {"550 5.4.6"}
    # What it still refuses, as its head says.
    assert joe_job(world, "partial.test").startswith("550 5.4.6")
    assert "mail FROM a domain with a good MX besides" in world.read("/root/loopmx.sh")
    # The whole prevention would refuse it, and is not mixed with the other one.
    install(world)
    assert own_mail(world, "cust@partial.test").startswith("550 5.4.6")
    with pytest.raises(RuntimeError, match="take regexp:/etc/postfix/loopmx_to out"):
        install(world, recipients=False)


@pytest.mark.parametrize("recipients", [True, False])
def test_two_hundred_spams_of_a_joe_job_make_no_pass(postfix, recipients):
    world = postfix("spinning")
    install(world, recipients=recipients)
    said = world.send_plan(together(attack(("seaton.biz", *KINDS), 40), good_mail(12)))
    assert Counter(word[:9] for word in said) == {"550 5.4.6": 200, "250 2.0.0": 24}
    assert world.settle()
    assert [world.passes(domain) for domain in ("seaton.biz", *KINDS)] == [0] * 8
    assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(12))


def test_a_filter_hands_mail_back_as_before(postfix):
    world = postfix("filter")
    install(world)
    world.send("user@isp.example", "alice@inner.example.net")
    own_mail(world, "cust@oak.example")
    world.send("tom@isp.example", "nosuch@inner.example.net", source="192.0.2.7")
    assert world.settle()
    assert sorted(world.kept()) == [
        "10.1.0.30 <user@isp.example> alice@inner.example.net",
        "93.184.216.21 <bob@example.net> cust@oak.example",
        "93.184.216.27 <> tom@isp.example",
    ]


def test_mail_to_a_null_mx_is_bounced_as_before(postfix):
    world = postfix()
    own_mail(world, "x@nullmx.test")
    world.settle()
    install(world)
    own_mail(world, "x@nullmx.test")
    world.settle()
    told = [line.partition("dsn=")[2] for line in world.log() if "to=<x@nullmx.test>" in line]
    assert len(told) == 2
    assert told[0] == told[1]
    assert world.mailbox("bob") == 2


def test_running_it_twice_changes_nothing_and_the_check_sees_it(postfix):
    world = postfix("spinning")
    world.mta.set({"smtpd_recipient_restrictions": "permit_mynetworks, reject_unauth_destination"})
    assert [lack.where for lack in lacks(world)] == [
        "smtpd_restriction_classes",
        "loopmx_check_from",
        "loopmx_check_to",
        "smtpd_sender_restrictions",
        "smtpd_recipient_restrictions",
        "loopmx.cidr",
        "loopmx_from",
        "loopmx_to",
    ]
    install(world)
    assert lacks(world) == []
    once = world.run(["postconf", "-n"])
    assert "/loopmx_to, permit_mynetworks, reject_unauth_destination" in once
    install(world)
    assert world.run(["postconf", "-n"]) == once
