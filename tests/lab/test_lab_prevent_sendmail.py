"""What `prevent sendmail` prints, installed as its head says, on a server that spins without it."""

import pytest
from mailworld.attack import KINDS, arrived, attack, good_mail
from mailworld.joejob import together

from logwatch_mx.respond.prevent_sendmail import action_in_cf, missing_in_cf, sendmail_m4

INCLUDE = "include(`/etc/mail/logwatch-mx.m4')dnl\n"
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
GOES_ON = (
    "good.test",
    "partial.test",
    "nullmx.test",
    "ownip.test",
    "ownname.test",
    "oak.example",
    "rfc1918.test",
    "nosuch.test",
    "servfail.test",
)


def install(world, action, more=""):
    world.write("/etc/mail/logwatch-mx.m4", sendmail_m4(action))
    world.mta.write_cf(more + INCLUDE)
    world.mta.reload()


def joe_job(world, domain):
    return world.send(
        f"nicholas@{domain}", "nosuch@inner.example.net", source="192.0.2.7", helo="friend"
    )


def own_mail(world, recipient):
    return world.send("bob@example.net", recipient, source="10.1.0.51", helo="pc1")


def test_each_kind_of_domain_is_judged_as_it_should_be(sendmail):
    world = sendmail()
    install(world, "discard")
    verdicts = dict(
        zip(
            LOOPS + GOES_ON,
            world.mta.resolve(*(f"user@{domain}" for domain in LOOPS + GOES_ON)),
            strict=True,
        )
    )
    assert {domain: verdicts[domain].split()[1] for domain in verdicts} == {
        **dict.fromkeys(LOOPS, "loopdiscard"),
        **dict.fromkeys(GOES_ON, "esmtp"),
    }


def test_what_the_admin_routes_relays_or_spares_by_hand_is_left_alone(sendmail):
    world = sendmail()
    inner = world.read("/etc/mail/mailertable")
    world.mta.map("mailertable", f"{inner}mx127.test\tesmtp:[93.184.216.21]\n")
    access = world.read("/etc/mail/access")
    world.mta.map("access", f"{access}To:mxzero.test\tRELAY\n")
    world.write("/etc/mail/relay-domains", "mxv6.test\n")
    world.write("/etc/mail/loopmx-spare", "twomx.test\n")
    install(world, "discard")
    routed = world.mta.resolve(
        "user@mx127.test",
        "user@mxzero.test",
        "user@sub.mxv6.test",
        "user@mxv6.test",
        "user@twomx.test",
        "user@[93.184.216.21]",
        "user@mx127b.test",
    )
    assert [line.split()[1] for line in routed] == [*["esmtp"] * 6, "loopdiscard"]
    assert "$@ [ 93 . 184 . 216 . 21 ]" in routed[0]


@pytest.mark.parametrize("action", [pytest.param("discard", marks=pytest.mark.smoke), "reject"])
def test_no_bounce_and_no_mail_of_ours_loops(sendmail, action):
    world = sendmail("spinning")
    joe_job(world, "mx127.test")
    world.settle()
    before = world.passes("mx127.test")
    assert before == 100
    install(world, action)
    mark, letters = len(world.log()), world.mailbox("alice")
    for domain in LOOPS:
        assert joe_job(world, domain).startswith("250")
        world.submit("alice@example.net", f"user@{domain}")
    world.settle()
    assert {domain: world.passes(domain) for domain in LOOPS} == {
        **dict.fromkeys(LOOPS, 0),
        "mx127.test": before,
    }
    bounces = [line for line in world.log() if "to=<nicholas@" in line and "loopdiscard" in line]
    assert len(bounces) == len(LOOPS)
    # A double bounce would be one mail to postmaster for each spam.
    told = [line for line in world.log()[mark:] if "to postmaster" in line or "notify" in line]
    assert told == []
    # Only mail that was refused tells its sender, alice; what was thrown away tells nobody.
    assert world.mailbox("alice") - letters == (len(LOOPS) if action == "reject" else 0)


@pytest.mark.parametrize("mode", ["background", "queueonly"])
def test_two_hundred_spams_of_a_joe_job_make_no_pass(sendmail, mode):
    world = sendmail("spinning")
    # By default the one who takes a mail delivers its bounce; queueonly leaves it to a queue run.
    install(world, "discard", f"define(`confDELIVERY_MODE', `{mode}')dnl\n")
    said = world.send_plan(together(attack(("seaton.biz", *KINDS), 40), good_mail(12)))
    assert {word[:3] for word in said} == {"250"}
    assert world.settle(120)
    assert world.queue() == []
    assert [world.passes(domain) for domain in ("seaton.biz", *KINDS)] == [0] * 8
    gone = [line for line in world.log() if "mailer=loopdiscard" in line and "stat=Sent" in line]
    assert len(gone) == 200
    assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(12))
    assert world.mailbox("alice") == 0


def test_healthy_mail_partial_mx_and_our_own_domains_are_delivered_as_before(sendmail):
    world = sendmail()
    own = world.read("/etc/mail/local-host-names")
    world.write("/etc/mail/local-host-names", f"{own}ownlo.test\n")
    install(world, "discard")
    world.send("user@isp.example", "alice@inner.example.net")
    world.send("user@isp.example", "bob@ownlo.test")
    world.send("joe@mx127.test", "carol@example.net")
    for recipient in ("cust@oak.example", "cust@partial.test", "cust@good.test"):
        world.send("bob@example.net", recipient, source="10.1.0.51", helo="pc1")
    world.send("tom@isp.example", "nosuch@inner.example.net", source="192.0.2.7")
    both = ["x@mx127.test", "y@oak.example", "carol@example.net"]
    world.send("bob@example.net", both, source="10.1.0.51", helo="pc1")
    assert world.settle()
    assert sorted(line.split(maxsplit=1)[1] for line in world.kept()) == [
        "<> tom@isp.example",
        "<bob@example.net> cust@good.test",
        "<bob@example.net> cust@oak.example",
        "<bob@example.net> cust@partial.test",
        "<bob@example.net> y@oak.example",
        "<user@isp.example> alice@inner.example.net",
    ]
    assert [world.mailbox("bob"), world.mailbox("carol")] == [1, 2]


def test_a_filter_hands_mail_back_as_before(sendmail):
    world = sendmail("filter")
    install(world, "discard")
    world.send("user@isp.example", "alice@inner.example.net")
    world.send("bob@example.net", "cust@oak.example", source="10.1.0.51", helo="pc1")
    world.send("tom@isp.example", "nosuch@inner.example.net", source="192.0.2.7")
    assert world.settle()
    assert sorted(world.kept()) == [
        "10.1.0.30 <user@isp.example> alice@inner.example.net",
        "93.184.216.21 <bob@example.net> cust@oak.example",
        "93.184.216.27 <> tom@isp.example",
    ]
    assert sum("mailer=amavis" in line for line in world.log()) == 3


def test_mail_to_a_null_mx_is_bounced_as_before(sendmail):
    world = sendmail()
    own_mail(world, "x@nullmx.test")
    world.settle()
    install(world, "discard")
    own_mail(world, "x@nullmx.test")
    world.settle()
    told = [line.partition("dsn=")[2] for line in world.log() if "to=<x@nullmx.test>" in line]
    assert len(told) == 2
    assert told[0] == told[1]
    assert world.mailbox("bob") == 2


def test_the_check_tells_a_cf_that_has_it_from_one_that_has_not(sendmail):
    world = sendmail()
    stock = world.read("/etc/mail/sendmail.cf")
    assert len(missing_in_cf(stock)) > 50
    assert action_in_cf(stock) is None
    for action in ("discard", "reject"):
        install(world, action)
        cf = world.read("/etc/mail/sendmail.cf")
        assert missing_in_cf(cf) == []
        assert action_in_cf(cf) == action
