"""Deferrals as servers word them, labelled by hand: which are a spike, and of what."""

import pytest
from stories.hand import qid, sid, sm, smtp
from stories.player import play

from logwatch_mx.model.site import Site

SITE = Site(domains=frozenset({"home.test"}), names=frozenset({"mx.home.test"}))
SAID = "host mx.far.test[198.51.100.9] said: "
RCPT = " (in reply to RCPT TO command)"


def postfix(said, dsn="4.7.1", to="u{}@far.test", delay="0.1", **words):
    """Sixty messages within two minutes that are put off like this."""
    words = {"relay": "mx.far.test[198.51.100.9]:25", **words}
    return [
        smtp(
            n * 2, qid(5000 + n), to.format(n), said=said, status="deferred", dsn=dsn, **words
        ).replace("delay=0.1,", f"delay={delay},")
        for n in range(60)
    ]


def sendmail(stat, dsn="4.7.1"):
    return [
        sm(
            n * 2,
            sid(5000 + n),
            f"<u{n}@far.test>",
            "mx.far.test. [198.51.100.9]",
            stat=stat,
            dsn=dsn,
        )
        for n in range(60)
    ]


NO_NEWS = {
    "milter-greylist": postfix(SAID + "451 4.7.1 Greylisting in action, please come back later" + RCPT),
    "milter-greylist, two lines": postfix(SAID + "451-4.7.1 Greylisting in action, please come back in 00:04:59 451 4.7.1 x" + RCPT),
    "postgrey": postfix(SAID + "450 4.2.0 <u@far.test>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/far.test.html" + RCPT, "4.2.0"),
    "in five minutes": postfix(SAID + "451 4.7.1 <u@far.test>: Recipient address rejected: Please try again in 5 minutes" + RCPT),
    "without an enhanced code": postfix(SAID + "451 Temporary local problem - please try later" + RCPT, "4.0.0"),
    "please retry": postfix(SAID + "450 4.2.0 <u@far.test>: Recipient address rejected: Service is unavailable, please retry" + RCPT, "4.2.0"),
    "sendmail, greylisted": sendmail("Deferred: 451 4.7.1 Greylisting in action, please come back in 00:05:00"),
    "sendmail, later": sendmail("Deferred: 451 4.7.1 Please try again later (TEMPFAIL)"),
    "Gmail, a full mailbox": postfix(SAID + "452-4.2.2 The recipient's inbox is out of storage space. 452 4.2.2 x - gsmtp" + RCPT, "4.2.2"),
    "a full mailbox in other words": postfix(SAID + "452 Mailbox size limit exceeded" + RCPT, "4.0.0"),
    "Postfix verifies the address first": postfix(SAID + "450 4.1.1 <u@far.test>: Recipient address rejected: unverified address: Address verification in progress" + RCPT, "4.1.1"),
    "Dovecot, a full mailbox": postfix("host mx.home.test[/run/dovecot/lmtp] said: 452 4.2.2 <u> Quota exceeded (mailbox for user is full) (in reply to end of DATA command)", "4.2.2", agent="lmtp", relay="mx.home.test[/run/dovecot/lmtp]"),
    "old backlog": postfix("connect to mx.far.test[198.51.100.9]:25: Connection timed out", "4.4.1", delay="7000", relay="none"),
}  # fmt: skip

SPIKES = {
    "a full server": (postfix(SAID + "452 4.3.1 Insufficient system resources (UsedDiskSpace[C]) (in reply to MAIL FROM command)", "4.3.1"), "far.test", "no space on the server"),
    "a full server, sendmail": (sendmail("Deferred: 452 4.3.1 Insufficient system storage", "4.3.1"), "far.test", "no space on the server"),
    "Microsoft is busy": (postfix(SAID + "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77714) [BL0GCC02FT014.eop.protection.outlook.com]" + RCPT, "4.7.500"), "far.test", "throttled by Microsoft (S77714)"),
    "Yahoo greets with it": (postfix("host mta5.far.test[198.51.100.9] refused to talk to me: 421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", "4.7.0"), "far.test", "throttled by Yahoo (TSS04)"),
    "Gmail": (postfix(SAID + "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating 421-4.7.28 from your IP address. 421 4.7.28 a1-x.50 - gsmtp (in reply to end of DATA command)", "4.7.28"), "far.test", "throttled by Gmail (4.7.28)"),
    "our mailbox server is down": (postfix("connect to mx.home.test[private/dovecot-lmtp]: Connection refused", "4.4.1", agent="lmtp", relay="none", to="u{}@home.test"), "home.test", "a service of this host does not answer"),
    "our mailbox server's socket is gone": (postfix("connect to mx.home.test[private/dovecot-lmtp]: No such file or directory", "4.4.1", agent="lmtp", relay="none", to="u{}@home.test"), "home.test", "a service of this host does not answer"),
    "our filter is down, and all mail is for one domain": (postfix("connect to 127.0.0.1[127.0.0.1]:10024: Connection refused", "4.4.1", relay="none", to="u{}@home.test"), "home.test", "a service of this host does not answer"),
    "our submission's MTA is down": (sendmail("Deferred: Connection refused by [127.0.0.1]", "4.0.0"), "far.test", "a service of this host does not answer"),
    "Exchange Online's tenant has a full queue": (postfix(SAID + "450 4.7.3 Organization queue quota exceeded. (in reply to end of DATA command)", "4.7.3"), "far.test", "throttled"),
    "our delivery program fails": (postfix("temporary failure. Command output: disk full", "4.3.0", agent="pipe", relay="dovecot", to="u{}@home.test"), "home.test", "local delivery failed"),
    "sendmail, no words": (sendmail("Deferred", "4.0.0"), "far.test", "deferred by the remote server"),
    "sendmail, TLS": (sendmail("Deferred: 403 4.7.0 TLS handshake failed.", "4.7.0"), "far.test", "TLS trouble"),
}  # fmt: skip


def everywhere(host, said, dsn, relay=None):
    """Sixty messages to twenty domains that one provider's servers, or our next hop, put off."""
    return [
        smtp(
            n * 2, qid(5000 + n), f"u{n}@cust{n % 20}.test", relay or f"{host.format(n % 9)}[198.51.100.9]:25",
            said=said.format(h=host.format(n % 9)), status="deferred", dsn=dsn,
        )
        for n in range(60)
    ]  # fmt: skip


SAYS = "host {h}[198.51.100.9] said: "
PROVIDERS = {
    "Microsoft's customers": (everywhere("cust{}-com.mail.protection.outlook.com", SAYS + "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)" + RCPT, "4.7.500"), ("spike", "outlook.com")),
    "Microsoft's new names": (everywhere("cust{}-com.k-v1.mx.microsoft", SAYS + "451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. (S775)" + RCPT, "4.7.651"), ("spike", "mx.microsoft")),
    "Workspace": (everywhere("alt{}.aspmx.l.google.com", SAYS + "421-4.7.28 Gmail has detected an unusual rate of mail 421 4.7.28 x - gsmtp" + RCPT, "4.7.28"), ("spike", "google.com")),
    "Yahoo greets so": (everywhere("mta{}.am0.yahoodns.net", "host {h}[198.51.100.9] refused to talk to me: 421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", "4.7.0"), ("spike", "yahoodns.net")),
    "the smarthost is down": (everywhere("smtp.isp.test", "connect to {h}[198.51.100.3]:25: Connection refused", "4.4.1", "none"), ("spike", "isp.test")),
    "the smarthost, an address": (everywhere("198.51.100.3", "connect to {h}[198.51.100.3]:25: Connection refused", "4.4.1", "none"), ("spike", "198.51.100.3")),
    "the smarthost's name is not found": (everywhere("smtp.isp.test", "unable to look up host {h}: Temporary failure in name resolution", "4.4.3", "none"), ("outage", "outage")),
}  # fmt: skip


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_many_domains_share_is_one_incident(name):
    lines, told = PROVIDERS[name]
    assert play(lines, site=SITE).subjects == [told]


@pytest.mark.parametrize("name", NO_NEWS)
def test_what_is_no_news_raises_nothing(name):
    assert play(NO_NEWS[name], site=SITE).subjects == []


@pytest.mark.parametrize("name", SPIKES)
def test_a_spike_is_told_with_its_reason(name):
    lines, subject, reason = SPIKES[name]
    (spike,) = play(lines, site=SITE).incidents
    assert (spike.kind.value, spike.subject, list(spike.reasons)) == ("spike", subject, [reason])
    assert spike.advice
    assert spike.steps


@pytest.mark.parametrize(
    "name", [name for name in SPIKES if SPIKES[name][2].startswith("a service")]
)
def test_what_is_down_on_this_host_is_not_theirs_to_mend(name):
    (spike,) = play(SPIKES[name][0], site=SITE).incidents
    assert spike.advice.startswith("a filter, proxy or delivery agent of this host's own")
    assert "theirs" not in " ".join((spike.advice, *spike.steps))


def test_a_domain_whose_names_are_not_found_is_an_outage_that_names_it():
    said = "Host or domain name not found. Name service error for name=far.test type=MX: Host not found, try again"
    (outage,) = play(postfix(said, "4.4.3", relay="none"), site=SITE).incidents
    assert (outage.kind.value, outage.facts.domains) == ("outage", {"far.test": 60})
    assert outage.advice.startswith("all of it is for far.test, whose name servers do not answer")
