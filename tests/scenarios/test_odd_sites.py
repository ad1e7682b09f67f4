"""Sites that are set up in other ways, labelled by hand: what loops is told, what does not is not.

Each story is the shape of real lines (Postfix 3.7.11, sendmail 8.17.1) under other names and ports.
"""

import pytest
from stories.hand import qid, refusals, rounds, sid, sm, smtp, spins, stamp, through
from stories.player import play

from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome

SITE = Site(domains=frozenset({"home.test"}), names=frozenset({"mx.home.test"}))


def submitted(relay, tag):
    """Forty messages that *tag* hands to the daemon at *relay*, which sends them on."""
    return [
        line
        for n in range(40)
        for line in (
            sm(n, sid(3 * n), f"u{n}@far.test", relay, after=sid(3 * n + 1), mailer="relay", tag=tag),
            sm(n, sid(3 * n + 1), f"<u{n}@far.test>", "mail.far.test. [198.51.100.9]"),
        )
    ]  # fmt: skip


HEALTHY = [
    ("amavis, reinjected on 10025", list(through(40, "127.0.0.1[127.0.0.1]:10024"))),
    ("three filters one behind the other", list(through(40, "127.0.0.1[127.0.0.1]:10024", "127.0.0.1[127.0.0.1]:10027", "localhost[::1]:10030"))),
    ("rspamd proxy on 11332", list(through(40, "localhost[127.0.0.1]:11332"))),
    ("clamsmtp and dspam by name", list(through(40, "localhost[127.0.0.1]:10026", "dspam.localhost[127.0.0.1]:2424"))),
    ("a filter on port 25 of another loopback address", list(through(40, "filter.home.test[127.0.0.2]:25"))),
    ("two proxies on port 25", list(through(40, "localhost[127.0.0.1]:25", "filter.home.test[127.0.0.2]:25"))),
    ("LMTP on loopback", list(through(40, "lmtp 127.0.0.1[127.0.0.1]:24"))),
    ("LMTP on loopback, port 25", list(through(40, "lmtp 127.0.0.1[127.0.0.1]:25", "lmtp 127.0.0.1[127.0.0.1]:25", "lmtp 127.0.0.1[127.0.0.1]:25"))),
    ("a relayhost behind a tunnel", list(through(40, out="127.0.0.1[127.0.0.1]:2525"))),
    ("a relayhost behind a tunnel on port 25", list(through(40, out="127.0.0.1[127.0.0.1]:25"))),
    ("two instances, handed over on port 25", list(through(40, "mx-out.home.test[203.0.113.10]:25"))),
    ("sendmail's submission", submitted("[127.0.0.1] [127.0.0.1]", "sendmail")),
    ("sendmail's submission to localhost by name", submitted("localhost. [127.0.0.1]", "sm-msp-queue")),
    ("mimedefang and a mailertable filter", [
        line
        for n in range(40)
        for line in (
            sm(n, sid(4 * n), f"<u{n}@far.test>", "[localhost] [127.0.0.1]", after=sid(4 * n + 1), mailer="smtp"),
            sm(n, sid(4 * n + 1), f"<u{n}@far.test>", "filter. [127.0.0.1]", after=sid(4 * n + 2)),
            sm(n, sid(4 * n + 2), f"<u{n}@far.test>", "mail.far.test. [198.51.100.9]"),
        )
    ]),
    ("cyrus and procmail", [
        line
        for n in range(40)
        for line in (
            sm(n, sid(2 * n), f"<u{n}@home.test>", "localhost", mailer="cyrusv2"),
            sm(n, sid(2 * n + 1), f"<v{n}@home.test>", "local", mailer="local"),
        )
    ]),
    ("mailman: a pipe, then one message to many, by way of localhost", [
        line
        for n in range(20)
        for line in (
            smtp(n * 5, qid(2 * n), "list@home.test", "mailman", agent="pipe", said="delivered via mailman service"),
            f"{stamp(n * 5)} mx postfix/smtpd[77]: {qid(2 * n + 1)}: client=localhost[127.0.0.1]",
            *(smtp(n * 5 + 1, qid(2 * n + 1), f"m{k}@far.test", "mail.far.test[198.51.100.9]:25") for k in range(30)),
        )
    ]),
    ("fetchmail", [
        line
        for n in range(40)
        for line in (
            f"{stamp(n)} mx postfix/smtpd[77]: {qid(n)}: client=localhost[127.0.0.1]",
            smtp(n, qid(n), "bob@home.test", "local", agent="local", said="delivered to mailbox"),
        )
    ]),
    ("a forward with SRS", [
        line
        for n in range(40)
        for line in (
            f"{stamp(n)} mx postfix/qmgr[70]: {qid(n)}: from=<SRS0=a1b2=AA=isp.test=u{n}@home.test>, size=900, nrcpt=1 (queue active)",
            smtp(n, qid(n), "bob@provider.test>, orig_to=<bob@home.test", "mx.provider.test[198.51.100.7]:25"),
        )
    ]),
    ("a probe of an address that loops is no mail", [
        smtp(n, qid(n), f"u{n}@loop.test", "none", said="mail for loop.test loops back to myself", status="undeliverable", dsn="5.4.6")
        for n in range(9)
    ]),
    ("refused twice in each ten minutes", refusals(40, 301)),
    ("a message that is put off again and again because it loops", [
        smtp(n * 60, qid(1), "u@loop.test", "none", said="mail for loop.test loops back to myself", status="deferred", dsn="4.4.6")
        for n in range(30)
    ]),
    ("a remote server calls it a loop", refusals(9, 1, said="host mx.loop.test[198.51.100.9] said: 554 5.4.6 mail for {d} loops back to myself (in reply to RCPT TO command)")),
    ("a filter that calls it looping", refusals(9, 1, relay="127.0.0.1[127.0.0.1]:10027", said="host 127.0.0.1[127.0.0.1] said: 554 5.4.0 Error: too many hops (in reply to end of DATA command)")),
    ("what a subject says", refusals(9, 1, said="host mx.loop.test[198.51.100.9] said: 550 SYSERR(root): mail.loop.test. config error: mail loops back to me (MX problem?) (in reply to end of DATA command)")),
]  # fmt: skip

LOOPS = [
    ("a pass every nine minutes", rounds(5, 540, "mail.loop.test[127.0.0.1]:25"), "loop.test"),
    ("a pass every fifty minutes", rounds(5, 3000, "mail.loop.test[127.0.0.1]:25"), "loop.test"),
    ("sendmail, a pass every nine minutes", spins(5, 540, "mail.loop.test. [127.0.0.1]"), "loop.test"),
    ("the daemon is called sendmail", spins(5, 1, "mail.loop.test. [127.0.0.1]", tag="sendmail"), "loop.test"),
    ("by an own name for the address ::1", spins(5, 1, "mail.loop.test. [IPv6:0:0:0:0:0:0:0:1]"), "loop.test"),
    ("a cloned transport", [line.replace("postfix/smtp", "postfix-out/slow/smtp") for line in rounds(5, 1, "mail.loop.test[127.0.0.1]:25")], "loop.test"),
    ("a subdomain", rounds(5, 1, "mail.loop.test[127.0.0.1]:25", to="n@a.b.loop.test"), "a.b.loop.test"),
    ("a domain in Unicode", rounds(5, 1, "mail.loop.test[127.0.0.1]:25", to="n@bücher.test"), "xn--bcher-kva.test"),
    ("two recipients in one line of sendmail's", spins(5, 1, "mail.loop.test. [127.0.0.1]", to="<a@loop.test>,<b@loop.test>"), "loop.test"),
    ("mapped, and with a filter between the passes", [
        line
        for n in range(4)
        for line in (
            smtp(n * 2, qid(2 * n), "n@loop.test", "127.0.0.1[127.0.0.1]:10024", said=f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {qid(2 * n + 1)}"),
            smtp(n * 2 + 1, qid(2 * n + 1), "n@loop.test", "mail.loop.test[::ffff:127.0.0.1]:25", after=qid(2 * n + 2)),
        )
    ], "loop.test"),
    ("behind a proxy that answers for the next one", [
        smtp(n, qid(n), "n@loop.test", "mail.loop.test[127.0.0.1]:25", said=f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {qid(n + 1)}")
        for n in range(5)
    ], "loop.test"),
    ("a pass every five hours", rounds(3, 5 * 3600, "mail.loop.test[127.0.0.1]:25"), "loop.test"),
    ("an address of another case at each pass", [
        smtp(n, qid(n), to, "MAIL.Loop.Test[127.0.0.1]:25", after=qid(n + 1))
        for n, to in enumerate(("N@LOOP.Test", "n@loop.test", "n@Loop.test.", "n@loop.TEST"))
    ], "loop.test"),
    ("a domain in Unicode at one pass and encoded at the next", [
        smtp(n, qid(n), to, "mail.loop.test[127.0.0.1]:25", after=qid(n + 1))
        for n, to in enumerate(("n@bücher.test", "n@xn--bcher-kva.test", "n@bücher.test"))
    ], "xn--bcher-kva.test"),
    ("by 0.0.0.0", rounds(3, 1, "mail.loop.test[0.0.0.0]:25"), "loop.test"),
    ("by ::", rounds(3, 1, "mail.loop.test[::]:25"), "loop.test"),
    ("mapped, in hexadecimal", rounds(3, 1, "mail.loop.test[::ffff:7f00:1]:25"), "loop.test"),
    ("sendmail, mapped", spins(3, 1, "mail.loop.test. [IPv6:::ffff:127.0.0.1]"), "loop.test"),
    ("sendmail, an MX called localhost", spins(3, 1, "localhost. [127.0.0.1]"), "loop.test"),
    ("three different messages refused within ten minutes", refusals(3, 299), "loop.test"),
    ("put off in place of bounced", [line.replace("bounced", "deferred") for line in refusals(3, 10)], "loop.test"),
]  # fmt: skip


def hops(number, via, domain):
    return [
        f"{stamp(5 * n)} mx sm-mta[{7000 + n}]: {sid(n)}: SYSERR(root): Too many hops 26 (25 max):"
        f" from <a@b.test> via {via}, to <u{n}@{domain}>"
        for n in range(number)
    ]


def aliases(number, text):
    tag = "postfix/cleanup" if "virtual" in text else "sm-mta"
    return [f"{stamp(5 * n)} mx {tag}[{7000 + n}]: {text.format(sid(n))}" for n in range(number)]


BROKEN = "{}: aliasing/forwarding loop broken: /etc/aliases (11 aliases deep; 10 max)"
UNREASONABLE = (
    "warning: {}: unreasonable virtual_alias_maps map expansion size for b@home.test"
    " -- message not accepted, try again later"
)
CIRCLES = [
    ("a mailbox here and one elsewhere forward to each other", hops(3, "mail.far.test", "home.test"), [("forwarding_loop", "home.test")]),
    ("twice is nothing", hops(2, "mail.far.test", "home.test"), []),
    ("this host brings it round", hops(3, "localhost", "home.test"), [("loop", "home.test")]),
    ("this host brings it round, by its own name", hops(3, "mx.home.test", "home.test"), [("loop", "home.test")]),
    ("mail for others that another host brings round", hops(3, "mail.far.test", "loop.test"), [("loop", "loop.test")]),
    ("sendmail's aliases lead to each other", aliases(3, BROKEN), [("forwarding_loop", "mx")]),
    ("Postfix's virtual aliases lead to each other", aliases(3, UNREASONABLE), [("forwarding_loop", "mx")]),
    ("an alias that is broken twice", aliases(2, BROKEN), []),
]  # fmt: skip


def said(lines, **words):
    told = play(lines, site=SITE, **words)
    return told.subjects


@pytest.mark.parametrize(("name", "lines"), HEALTHY, ids=[name for name, _ in HEALTHY])
def test_no_loop(name, lines):
    assert said(lines) == []


@pytest.mark.parametrize(("name", "lines", "domain"), LOOPS, ids=[name for name, *_ in LOOPS])
def test_a_loop(name, lines, domain):
    assert said(lines, zone={domain: Outcome.LOOPBACK}) == [("loop", domain)]


@pytest.mark.parametrize(("name", "lines", "told"), CIRCLES, ids=[name for name, *_ in CIRCLES])
def test_what_goes_round_by_aliases_and_forwards(name, lines, told):
    assert said(lines) == told


@pytest.mark.parametrize(("text", "step"), [(BROKEN, "sendmail -bv"), (UNREASONABLE, "postmap -q")])
def test_an_alias_loop_is_advised_in_the_words_of_its_mta(text, step):
    (circle,) = play(aliases(3, text), site=SITE).incidents
    assert any(line.startswith(step) for line in circle.steps)


def test_a_content_filter_that_is_down_is_one_spike_of_its_address():
    lines = [
        smtp(
            n, qid(n), f"u@d{n}.test", "none", status="deferred", dsn="4.4.1",
            said="connect to 127.0.0.1[127.0.0.1]:10024: Connection refused",
        )
        for n in range(60)
    ]  # fmt: skip
    assert said(lines) == [("spike", "127.0.0.1")]
