"""What `prevent postfix` prints, run as it stands on a server that spins without it."""

import pytest

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


def install(world, *spare):
    world.write("/root/loopmx.sh", postfix_script(spare))
    return world.run(["sh", "/root/loopmx.sh"])


def lacks(world):
    tables = {}
    for name in TABLES:
        text = world.run(["sh", "-c", f"cat /etc/postfix/{name} 2>/dev/null || :"])
        tables[name] = text
    return missing_in_postfix(world.run(["postconf", "-n"]), tables)


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


def test_a_filter_hands_mail_back_as_before(postfix):
    world = postfix("filter")
    install(world)
    world.send("user@isp.example", "alice@inner.example.net")
    own_mail(world, "cust@oak.example")
    assert world.settle()
    assert sorted(world.kept()) == [
        "10.1.0.30 <user@isp.example> alice@inner.example.net",
        "93.184.216.21 <bob@example.net> cust@oak.example",
    ]


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
