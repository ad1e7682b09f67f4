"""A loop of our own making: the setting that is wrong, from what the MTA says and what the log shows."""

from pathlib import Path

import pytest
from stories.player import play

from logwatch_mx.detect.ours import blame
from logwatch_mx.model.event import Mta
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome
from logwatch_mx.mta.postconf import read_postconf
from logwatch_mx.mta.sendmailcf import read_sendmailcf

LOGS = Path(__file__).parents[1] / "scenarios" / "data"
MAIN_CF = """\
myhostname = mx.home.test
mydestination = $myhostname, local.test
relay_domains = relay.test
virtual_alias_domains = alias.test
virtual_mailbox_domains = mailbox.test
virtual_transport = lmtp:[127.0.0.1]:25
inet_interfaces = 10.99.0.10
proxy_interfaces = 192.0.2.1
relayhost = [smart.home.test]:587
transport_maps = inline:{routed.test=smtp:[10.99.0.10], slow.test=slow:}
"""
SENDMAIL_CF = """\
Dwmx
Dmhome.test
Djmx.home.test
DSrelay:smart.home.test
Cwlocal.test
CRrelay.test
C{VirtHost}virtual.test
O DontExpandCnames=True
Mesmtp, P=[IPC], F=mDFMuXak, S=EnvFromSMTP, A=TCP $h
"""


def site(own):
    return Site(
        domains=own.domains, parents=own.parents, names=own.names, lists=own.lists,
        routes=own.routes, settings=own.settings, addresses=frozenset({"10.99.0.10"}),
    )  # fmt: skip


POSTFIX = site(read_postconf(MAIN_CF))
SENDMAIL = site(read_sendmailcf(SENDMAIL_CF, "mx.home.test"))


def told(domain, mta, *, known=None, routed=False, spins=False, texts=()):
    ours = known if known is not None else {Mta.POSTFIX: POSTFIX, Mta.SENDMAIL: SENDMAIL}[mta]
    return blame(domain, routed=routed, mta=mta, spins=spins, texts=texts, site=ours)


@pytest.mark.parametrize(
    ("mta", "domain", "routed", "says", "step"),
    [
        (Mta.POSTFIX, "routed.test", False, "transport_maps sends mail for routed.test to smtp:[10.99.0.10]", "see: postmap -q routed.test $(postconf -h transport_maps)"),
        (Mta.POSTFIX, "relay.test", False, "relay_domains holds relay.test, so its MX is used", "echo 'relay.test smtp:[inner.example]' | tee -a /etc/postfix/transport"),
        (Mta.POSTFIX, "sub.relay.test", False, "the MX of sub.relay.test is this host, but it is in none", "postconf -e 'relay_domains = relay.test, sub.relay.test'"),
        (Mta.POSTFIX, "alias.test", False, "virtual_alias_domains holds alias.test", "see where: postmap -q NAME@alias.test $(postconf -h virtual_alias_maps)"),
        (Mta.POSTFIX, "mailbox.test", False, "virtual_mailbox_domains holds mailbox.test, but virtual_transport (lmtp:[127.0.0.1]:25) sends", "see: postconf virtual_transport fallback_transport local_transport transport_maps"),
        (Mta.POSTFIX, "local.test", False, "mydestination holds local.test, but mailbox_transport sends", "see: postconf mailbox_transport fallback_transport local_transport transport_maps"),
        (Mta.POSTFIX, "new.test", False, "the MX of new.test is this host, but it is in none of mydestination, relay_domains,", "postconf -e 'mydestination = mx.home.test, local.test, new.test'"),
        (Mta.POSTFIX, "smart.home.test", True, "relayhost sends all mail to smart.home.test, which is this host itself", "postconf -e 'relayhost ='   (or the server that shall send for this one)"),
        (Mta.POSTFIX, "10.99.0.10", True, "relayhost or transport_maps names 10.99.0.10 as a next hop", "see: postconf relayhost transport_maps default_transport relay_transport"),
        (Mta.SENDMAIL, "relay.test", False, "relay-domains (class R) holds relay.test", "echo 'relay.test esmtp:[inner.example]' | tee -a /etc/mail/mailertable"),
        (Mta.SENDMAIL, "virtual.test", False, "class VirtHost holds virtual.test, but class w does not", "echo 'virtual.test' | tee -a /etc/mail/local-host-names"),
        (Mta.SENDMAIL, "local.test", False, "class w holds local.test, yet its mail is sent on", "see what becomes of an address: echo '3,0 user@local.test' | sendmail -bt"),
        (Mta.SENDMAIL, "new.test", False, "the MX of new.test is this host, but it is neither in class w", "echo 'new.test' | tee -a /etc/mail/relay-domains"),
        (Mta.SENDMAIL, "new.test", False, "the MX of new.test", "DontExpandCnames is set: where new.test is only a CNAME of this host, class w must hold the alias itself"),
        (Mta.SENDMAIL, "smart.home.test", True, "SMART_HOST sends all mail to smart.home.test", "make -C /etc/mail, and restart sendmail"),
        (Mta.SENDMAIL, "inner.home.test", True, "SMART_HOST or mailertable names inner.home.test", "see: grep -n inner.home.test /etc/mail/mailertable /etc/mail/sendmail.mc"),
    ],
)  # fmt: skip
def test_the_setting_that_is_wrong_is_told(mta, domain, routed, says, step):
    found = told(domain, mta, routed=routed)
    assert found.sentence.startswith(says)
    assert step in found.steps


def test_a_mailertable_that_leads_back_is_named():
    known = Site(routes={"routed.test": "esmtp:[10.99.0.10]"})
    found = told("routed.test", Mta.SENDMAIL, known=known)
    assert found.sentence.startswith("mailertable sends mail for routed.test to esmtp:[10.99.0.10]")


PASS = (
    "postfix/smtp[1]: A: to=<n@new.test>, relay=mail.new.test[{}]:25, delay=0, status=sent (250 Ok)"
)


@pytest.mark.parametrize(
    ("address", "step"),
    [
        ("127.0.0.1", "postconf -e 'proxy_interfaces = 192.0.2.1, 127.0.0.1'"),
        ("203.0.113.10", "postconf -e 'proxy_interfaces = 192.0.2.1, 203.0.113.10'"),
        # known as its own: then it went by another name there
        ("10.99.0.10", "Postfix talked to itself at 10.99.0.10 under another name: one myhostname for all smtpd services on port 25 (postconf -P '*/*/myhostname')"),
        ("192.0.2.1", "Postfix talked to itself at 192.0.2.1 under another name: one myhostname for all smtpd services on port 25 (postconf -P '*/*/myhostname')"),
    ],
)  # fmt: skip
def test_an_address_at_which_postfix_talks_to_itself_becomes_its_own(address, step):
    found = told("new.test", Mta.POSTFIX, spins=True, texts=(PASS.format(address),))
    assert step in found.steps


def test_a_greeting_by_our_own_name_tells_of_an_address_as_well():
    texts = (
        "warning: host mail.new.test[127.0.0.2]:25 greeted me with my own hostname mx",
        PASS.format("127.0.0.2"),
    )
    assert "postconf -e 'proxy_interfaces = 127.0.0.2'" in told(
        "new.test", Mta.POSTFIX, known=Site(), texts=texts
    ).steps  # fmt: skip


@pytest.mark.parametrize(
    ("known", "says"),
    [(SENDMAIL, "take the flag k from esmtp"), (Site(), "no mailer may have the flag k")],
)
def test_sendmail_that_takes_its_own_mail_in_again_lacks_its_check(known, says):
    found = told("new.test", Mta.SENDMAIL, known=known, spins=True)
    assert any(says in step for step in found.steps)


def test_what_is_not_known_of_the_mta_is_said_so():
    for mta in Mta:
        assert "as far as is known here" in told("new.test", mta, known=Site()).sentence
        assert "as far as is known here" not in told("new.test", mta).sentence


@pytest.mark.parametrize("mta", Mta)
@pytest.mark.parametrize("name", ["x'; reboot #", "$(id).test", "ä.test"])
def test_a_hostile_domain_is_not_repeated_where_it_would_be_pasted(mta, name):
    for routed in (False, True):
        assert not any(name in step for step in told(name, mta, routed=routed).steps)


LAB = [
    ("postfix/mx127.spinning", "mx127.test", "postconf -e 'proxy_interfaces = 192.0.2.1, 127.0.0.1'"),
    ("postfix/mxv6.spinning", None, ""),
    ("sendmail/mx127.spinning", "mx127.test", "make -C /etc/mail, and restart sendmail"),
    ("sendmail/mixed-joejob", "mx127.test", "echo 'mx127.test' | tee -a /etc/mail/local-host-names"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "domain", "step"), LAB, ids=[name for name, *_ in LAB])
def test_logs_of_the_lab_are_told_with_the_fix_when_the_address_is_ours(name, domain, step):
    lines = (LOGS / f"{name}.log").read_text().splitlines()
    known = POSTFIX if name.startswith("postfix") else SENDMAIL
    incidents = play(lines, site=known, zone={domain: Outcome.SELF}).incidents
    loops = {i.subject: i for i in incidents if i.kind.value == "loop"}
    assert list(loops) == ([domain] if domain else [])
    if domain:
        assert loops[domain].cause.value == "ours"
        assert loops[domain].advice.startswith(f"the MX of {domain} is this host")
        assert step in loops[domain].steps


def test_a_stranger_s_loop_is_told_how_to_prevent_it(postfix, noon):
    postfix.spin(noon, "n@theirs.test")
    (loop,) = play(postfix.log.in_order(), zone={"theirs.test": Outcome.LOOPBACK}).incidents
    assert (loop.cause.value, loop.advice) == ("theirs", "")
    assert loop.steps[0].endswith("logwatch-mx doctor")


REFUSED = "Nov 23 14:43:{:02} mx postfix/smtp[9438]: DB38D232C{:02}: to=<u@d{}.test>, relay=none, delay=0, delays=0/0/0/0, dsn=5.4.6, status={} (mail for {} loops back to myself)"
SMART = (
    "Nov 23 14:48:{n:02} mx sm-mta[211{n:02}]: 6ANEmuLT0211{n:02}: SYSERR(root): smart.home.test. config error: mail loops back to me (MX problem?)",
    "Nov 23 14:48:{n:02} mx sm-mta[211{n:02}]: 6ANEmuLT0211{n:02}: to=<u@d{n}.test>, delay=00:00:00, xdelay=00:00:00, mailer=relay, pri=30000, relay=smart.home.test. [203.0.113.10], dsn=5.3.5, stat=Local configuration error",
)


@pytest.mark.parametrize(
    ("hop", "subject"),
    [
        ("[smart.home.test]:587", "smart.home.test"),
        ("[smart.home.test]", "smart.home.test"),
        ("smart.home.test", "smart.home.test"),
        ("[203.0.113.10]:25", "203.0.113.10"),
        ("[IPv6:2001:db8::1]", "2001:db8::1"),
    ],
)
def test_a_relayhost_that_is_this_host_is_one_loop_of_ours_not_one_of_each_recipient(hop, subject):
    lines = [REFUSED.format(n, n, n, "bounced", hop) for n in range(9)]
    (loop,) = play(lines, zone={subject: Outcome.HEALTHY}).incidents
    assert (loop.subject, loop.cause.value, loop.state.value) == (subject, "ours", "suspected")
    assert (loop.counts.messages, loop.counts.recipients) == (9, 9)
    assert f"names {subject} as a next hop" in loop.advice


def test_a_smart_host_that_is_this_host_is_one_loop_of_ours():
    lines = [text.format(n=n) for n in range(9) for text in SMART]
    (loop,) = play(lines, site=SENDMAIL).incidents
    assert (loop.subject, loop.cause.value) == ("smart.home.test", "ours")
    assert loop.advice.startswith("SMART_HOST sends all mail to smart.home.test")
