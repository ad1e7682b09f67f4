"""Conditions: what they match, what they can match, and where a wrong one is wrong."""

import pytest

from logwatch_mx.errors import ConfigError
from logwatch_mx.model.event import (
    Auth,
    Client,
    Delivery,
    Foreign,
    Gap,
    Message,
    Mta,
    MtaVerdict,
    Other,
    Reject,
    Relay,
    Said,
    Status,
    Unparsed,
)
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.condition import compile_condition

SITE = Site(
    domains=frozenset({"home.test", "xn--bcher-kva.example"}),
    names=frozenset({"mx.home.test"}),
    addresses=frozenset({"10.99.0.10", "2001:db8::10"}),
    protected=frozenset({"partner.test"}),
)
LINE = Line("Nov 23 14:19:11 mx postfix/smtp[4256]: 10EB3232BB4: to=<nicholas@mx127.test>")
SENT = Delivery(
    line=LINE,
    host="mx",
    program="postfix/smtp",
    agent="smtp",
    pid=4256,
    mta=Mta.POSTFIX,
    queue_id="10EB3232BB4",
    recipients=("nicholas@mx127.test",),
    relay=Relay("mail.mx127.test", "127.0.0.1", 25),
    status=Status.SENT,
    dsn="2.0.0",
    delay=5400.0,
    reply="250 2.0.0 Ok: queued as 2E969232BD2",
    next_queue_id="2E969232BD2",
)
BOUNCED = Delivery(
    line=LINE,
    agent="smtp",
    mta=Mta.POSTFIX,
    recipients=("Bob@Far.test", "eve@near.test"),
    status=Status.BOUNCED,
    dsn="5.4.6",
    reply="mail for Far.test LOOPS back to myself",
)
AUTH = Auth(line=LINE, client=Client("unknown", "::ffff:203.0.113.10"), method="LOGIN", ok=False)
VERDICT = MtaVerdict(
    line=LINE, verdict=Said.SELF_MX, domain="mx127.test", mx_host="mail.mx127.test"
)
MESSAGE = Message(
    line=LINE, sender="a@Far.test", size=2048, nrcpt=3, client=Client("h", "10.1.2.3")
)


def matches(text, event, domain=None, site=SITE):
    return compile_condition(text).matches(event, domain, site)


@pytest.mark.parametrize(
    ("text", "event", "expected"),
    [
        ("delivery", SENT, True),
        ("bounce", SENT, False),
        ("not bounce", SENT, True),
        ("verdict", VERDICT, True),  # the kind
        ("verdict is self_mx", VERDICT, True),  # the field
        ("verdict is too_many_hops", VERDICT, False),
        ("status is sent", SENT, True),
        ("status == sent", SENT, True),
        ("status != sent", SENT, False),
        ("status is not sent", BOUNCED, True),
        ("status is SENT", SENT, True),
        ("status in {bounced, deferred}", BOUNCED, True),
        ("status not in {bounced, deferred}", BOUNCED, False),
        ("relay", SENT, True),
        ("relay", BOUNCED, False),
        ("relay exists", BOUNCED, False),
        ("relay.port is 25", SENT, True),
        ("relay.port < 25", SENT, False),
        ("relay.port <= 25", SENT, True),
        ("relay.port > 24", SENT, True),
        ("relay.port >= 26", SENT, False),
        ("relay.port in {25, 587}", SENT, True),
        ("relay.port in 25", SENT, True),
        ("delay > 1h", SENT, True),
        ("delay > 2h", SENT, False),
        ("delay is 5400", SENT, True),
        ("size >= 2k", MESSAGE, True),
        ("size > 2k", MESSAGE, False),
        ("nrcpt is 3", MESSAGE, True),
        ("pid is 4256", SENT, True),
        ("auth and not ok", AUTH, True),
        ("ok", AUTH, False),
        ('method is "login"', AUTH, True),
        ("client.ip is 203.0.113.10", AUTH, True),  # a mapped address is its IPv4 address
        ("client.ip in 203.0.113.0/24", AUTH, True),
        ("client.ip in {198.51.100.0/24, 2001:db8::/32}", AUTH, False),
        ("client.ip is not 203.0.113.10", SENT, True),  # no client is no such client
        ("client", MESSAGE, True),
        ('reply contains "loops BACK to"', BOUNCED, True),
        ('reply contains "loops"', SENT, False),
        ('reply not contains "loops"', SENT, True),
        ('reply starts with "mail for"', BOUNCED, True),
        ('reply ends with "MYSELF"', BOUNCED, True),
        ("reply matches /LOOPS? back/", BOUNCED, True),
        ("reply matches /loops? back/", BOUNCED, False),
        ("reply matches /loops? back/i", BOUNCED, True),
        ("reply matches /^mail.*myself$/", BOUNCED, True),
        ("dsn in {5.4.6, 4.4.6}", BOUNCED, True),
        ("next_queue_id is 2E969232BD2", SENT, True),
        ("mailer is not relay", SENT, True),  # Postfix has no mailer
        ("mailer exists", SENT, False),
        ('line contains "postfix/smtp"', SENT, True),
        ("agent is smtp and mta is postfix and host is mx", SENT, True),
        ('program is "postfix/smtp"', SENT, True),
        ("sender.domain is far.test", MESSAGE, True),
        ("sender is a@far.test", MESSAGE, True),
        ('text contains "strange"', Unparsed(line=LINE, text="a strange line"), True),
        ("repeated and count > 3", Gap(line=LINE, count=4, repeated=True), True),
        ("foreign or other", Foreign(line=LINE), True),
        ("other", Other(line=LINE), True),
        ("mx_host is mail.mx127.test", VERDICT, True),
        ("domain is mx127.test", VERDICT, True),
        # not binds tighter than and, and tighter than or
        ("not delivery and bounce or delivery", SENT, True),
        ("delivery or delivery and bounce", SENT, True),
        ("(delivery or bounce) and bounce", SENT, False),
        ("not (delivery and bounce)", SENT, True),
        ("not not delivery", SENT, True),
        ("delivery\n  and\tstatus is sent\n", SENT, True),
    ],
)
def test_matches(text, event, expected):
    assert matches(text, event) is expected


@pytest.mark.parametrize(
    ("relay", "loopback", "own"),
    [
        (Relay("mail.d.test", "127.0.0.1", 25), True, False),
        (Relay("mail.d.test", "127.255.3.4", 25), True, False),
        (Relay("mail.d.test", "0.0.0.0", 25), True, False),
        (Relay("mail.d.test", "::1", 25), True, False),
        (Relay("mail.d.test", "::", 25), True, False),
        (Relay("mail.d.test", "::ffff:127.0.0.1", 25), True, False),
        (Relay("mail.d.test", "::ffff:0.0.0.0", 25), True, False),
        (Relay("mail.d.test", "IPv6:0:0:0:0:0:0:0:1"), True, False),  # as sendmail prints it
        (Relay("localhost", None), True, False),
        (Relay("a.LOCALHOST", None), True, False),
        (Relay("[127.0.0.1]", None), True, False),
        (Relay("notlocalhost", None), False, False),
        (Relay("localhost.test", "192.0.2.1"), False, False),
        # Anybody may call a host of his so; where the address is known, it decides.
        (Relay("mx.localhost", "198.51.100.3", 25), False, False),
        (Relay("mx.home.test", "198.51.100.3", 25), False, True),
        (Relay("mail.d.test", "0.0.0.1"), False, False),  # the rest of 0/8 goes nowhere
        (Relay("mail.d.test", "128.0.0.1"), False, False),
        (Relay("mail.d.test", "10.99.0.10"), False, True),
        (Relay("mail.d.test", "::ffff:10.99.0.10"), False, True),
        (Relay("mail.d.test", "2001:DB8:0::10"), False, True),
        (Relay("MX.home.test", None), False, True),
        (Relay("mail.d.test", "no address"), False, False),
        (Relay(None, None), False, False),
        (None, False, False),
    ],
)
def test_a_relay_is_loopback_or_own_whatever_its_spelling(relay, loopback, own):
    event = Delivery(line=LINE, status=Status.SENT, relay=relay)
    assert matches("relay is loopback", event) is loopback
    assert matches("relay is own", event) is own
    assert matches("relay is self", event) is (loopback or own)
    assert matches("relay is not self", event) is not (loopback or own)


@pytest.mark.parametrize(
    ("domain", "own"),
    [
        ("home.test", True),
        ("HOME.test.", True),
        ("bücher.example", True),
        ("xn--bcher-kva.example", True),
        ("a.home.test", False),  # a subdomain is another domain
        ("home.test.evil.test", False),
        ("", False),
        ("..", False),
        ("a..home.test", False),
        ("home.test\x00", False),
        ("\udcff.test", False),
        ("x" * 70 + ".test", False),
        (None, False),
    ],
)
def test_a_domain_is_own_only_when_it_is_a_domain_of_ours(domain, own):
    event = Delivery(line=LINE, status=Status.SENT, recipients=())
    assert matches("domain is own", event, domain) is own
    assert matches("domain is not own", event, domain) is not own


def test_an_illegal_domain_is_not_own_even_when_the_site_lists_it():
    event = Delivery(line=LINE, status=Status.SENT)
    site = Site(domains=frozenset({"", "a..b"}))
    assert not matches("domain is own", event, "", site)
    assert not matches("domain is own", event, "a..b", site)


@pytest.mark.parametrize(
    ("domain", "own"),
    [("a.b.relay.test", True), ("a.relay.test", True), ("arelay.test", False), ("test", False)],
)
def test_subdomains_are_own_where_the_site_says_so(domain, own):
    site = Site(domains=frozenset({"relay.test"}), parents=frozenset({"relay.test"}))
    assert matches("domain is own", SENT, domain, site) is own


def test_a_protected_domain_is_known():
    assert matches("domain is protected", SENT, "Partner.test")
    assert matches("sender.domain is not protected", MESSAGE)


@pytest.mark.parametrize(
    ("host", "ip", "literal"),
    [
        ("127.0.0.1", "127.0.0.1", True),  # Postfix: relay=127.0.0.1[127.0.0.1]:10024
        ("[127.0.0.1]", "127.0.0.1", True),  # sendmail: relay=[127.0.0.1] [127.0.0.1]
        ("::1", "0:0:0:0:0:0:0:1", True),
        ("mail.mx127.test", "127.0.0.1", False),
        ("127.0.0.2", "127.0.0.1", False),  # an MX named like an address, and resolved
        (None, "127.0.0.1", False),
    ],
)
def test_a_relay_that_was_configured_as_an_address_is_literal(host, ip, literal):
    event = Delivery(line=LINE, status=Status.SENT, relay=Relay(host, ip, 25))
    assert matches("relay.literal", event) is literal


def test_a_recipient_is_one_at_the_domain_asked_about():
    assert matches("recipient is bob@far.test", BOUNCED, "far.test")
    assert not matches("recipient is bob@far.test", BOUNCED, "near.test")
    assert matches("recipient is eve@near.test", BOUNCED, "near.test")
    assert matches("recipient is bob@far.test", BOUNCED)  # no domain asked: any of them
    assert matches('recipient ends with "far.test"', Reject(line=LINE, recipient="x@far.test"))


def test_a_word_in_quotes_is_never_a_class():
    named = Delivery(line=LINE, status=Status.SENT, relay=Relay("own", None))
    assert matches('relay.host is "own"', named)
    assert not matches("relay.host is own", named)


def test_text_is_compared_without_ascii_case_and_no_more():
    # The Kelvin sign lowers to "k": a byte sieve for b"kay" would never see such a line.
    event = Unparsed(line=LINE, text="\u212aay")
    assert not matches('text contains "kay"', event)
    assert not matches("text matches /kay/i", event)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("delivery", {"delivery"}),
        ("delivery or bounce", {"delivery", "bounce"}),
        ("relay is self", {"delivery"}),
        ("relay.port is not 25", None),  # no relay has no port
        ("not (relay is self or client exists)", None),
        ("not delivery and not (bounce or removed) and not other", "rest"),
        ("client.ip is 10.0.0.1", {"message", "reject", "auth"}),
        ("delivery and client.ip is not 10.0.0.1", {"delivery"}),
        ('line contains "x"', None),
        ("domain is own", None),
        ("verdict is self_mx or delivery", {"verdict", "delivery"}),
    ],
)
def test_kinds_are_those_that_can_match(text, kinds):
    found = compile_condition(text).kinds
    if kinds == "rest":
        assert found == {
            *("message", "reject", "verdict", "auth", "gap", "unparsed", "foreign", "malformed")
        }
    else:
        assert found == (None if kinds is None else frozenset(kinds))


@pytest.mark.parametrize(
    ("text", "literals", "folded"),
    [
        ('reply contains "Loops Back"', (), ("loops back",)),
        ('reply contains "5.4.6 -"', ("5.4.6 -",), ("5.4.6 -",)),  # no letters, no case
        ("dsn in {5.4.6, 4.4.6}", ("4.4.6", "5.4.6"), ("4.4.6", "5.4.6")),
        ('delivery and reply contains "abcd" and status is sent', (), ("abcd",)),
        ('reply contains "abcd" and reply contains "abcdefgh"', (), ("abcdefgh",)),
        ('reply contains "abcd" or line contains "wxyz"', (), ("abcd", "wxyz")),
        ('reply contains "abcd" or status is sent', (), ()),  # the second says nothing
        ('not reply contains "abcd"', (), ()),
        ('not (delivery or not reply contains "abcd")', (), ("abcd",)),
        ('reply contains "abc"', (), ()),  # too short to save anything
        ('reply contains "größe"', (), ()),  # more than ASCII has case
        ('reply contains "a\tb cd"', (), ()),  # rsyslog writes #011 for it
        ("reply matches /abcdef/", (), ()),
        ("relay.host is self", (), ()),
        ("relay.host is mail.far.test", (), ("mail.far.test",)),
        ("relay.ip is 192.0.2.1", (), ()),  # an address has many spellings
        ("domain is far.test", (), ()),  # may come from another line, or be written in Unicode
        ("status is sent", (), ()),  # our word, not the log's
        ("size is 1234", (), ()),
    ],
)
def test_literals_are_given_only_where_every_matching_line_has_one(text, literals, folded):
    condition = compile_condition(text)
    assert (condition.literals, condition.folded) == (literals, folded)


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 1, "the condition is empty"),
        ("  \n ", 1, "the condition is empty"),
        ("delivery and", 13, "expected a kind of event"),
        ("and delivery", 1, "expected a kind of event"),
        ("delivry", 1, "did you mean 'delivery'?"),
        ("delivery and  relai is self", 15, "did you mean 'relay'?"),
        ("relay iz self", 7, "expected an operator"),
        ("relay is", 9, "expected a value, found the end"),
        ("relay is foo", 10, "relay is one of loopback, own, self"),
        ('relay is "x"', 10, "relay is a host with its address"),
        ("client in 10.0.0.0/8", 11, "in is not for it; or ask client.host or client.ip"),
        ("status is snt", 11, "status is one of bounced"),
        ("status in {sent, snt}", 18, "status is one of bounced"),
        ("status in {sent snt}", 17, 'expected "," or "}"'),
        ("status in {sent", 16, 'expected "," or "}"'),
        ("status in {}", 12, "expected a value"),
        ("(delivery", 10, '"and", "or" or ")"'),
        ("delivery)", 9, "expected an operator"),
        ("delivery bounce", 10, "expected an operator"),
        ("reply contains abc", 16, 'expected a text in quotes ("...")'),
        ('reply contains "abc', 16, "this text is not closed"),
        ('reply contains ""', 16, "this is always true"),
        ("reply matches /abc", 15, "this pattern is empty or not closed"),
        ("reply matches //", 15, "this pattern is empty or not closed"),
        ("reply matches abc", 15, "expected a pattern"),
        ("reply matches /a(b/", 19, "the pattern ends too early"),
        ("reply matches /a[z-a]/", 17, "bad character range"),
        ("reply matches /ab**/", 19, "not expected in a pattern"),
        ('reply starts "a"', 14, 'expected "with"'),
        ("reply > 5", 9, "reply is a text: > is for numbers"),
        ("relay.port is smtp", 15, "expected a number"),
        ("relay.port > 1h", 14, "expected a number"),
        ("delay > 1y", 9, "expected a number, with one of s, m, h, d, w"),
        ('relay.port contains "2"', 21, "relay.port is a number: contains is not for it"),
        ("relay.ip is 10.0.0.0/8", 13, 'a network is asked with "in"'),
        ("relay.ip in 10.0.0.1/8", 13, "has host bits set"),
        ("relay.ip is mail.test", 13, "expected an IP address"),
        ("relay.ip in {10.0.0.0/99}", 14, "expected a network"),
        ("ok is yes", 7, "ok is a yes or no"),
        ("dsn", 4, "compare it, or ask if it exists"),
        ("x" * 5000, 4001, "a condition has at most 4000 characters"),
        ("(" * 50 + "delivery" + ")" * 50, 13, "more than 12 of these within each other"),
        ("not " * 50 + "delivery", 49, "more than 12 of these within each other"),
        ("reject and mailer is esmtp", 1, "no event can match this"),
        ("delivery and not delivery", 1, "no event can match this"),
        ("is", 1, "expected a kind of event"),
        ("status is and", 11, "expected a value, found 'and'"),
    ],
)
def test_a_wrong_condition_is_told_with_its_column(text, column, said):
    with pytest.raises(ConfigError) as caught:
        compile_condition(text, 'rules/x.toml: rule "x": when')
    head, _shown, caret = str(caught.value).split("\n")
    assert head.startswith('rules/x.toml: rule "x": when: ')
    assert f"column {column}: " in head
    assert said in head
    assert caret.strip() == "^"


def test_the_caret_stands_under_the_fault():
    with pytest.raises(ConfigError) as caught:
        compile_condition("delivery\nand relay is foo\nand ok", "x.toml")
    assert str(caught.value) == (
        "x.toml: line 2, column 14: relay is one of loopback, own, self; or ask relay.host or relay.ip\n"
        "    and relay is foo\n"
        "                 ^"
    )


def test_a_long_line_is_shown_around_the_fault():
    text = " or ".join(["delivery"] * 100) + " or nonsense"
    with pytest.raises(ConfigError) as caught:
        compile_condition(text)
    _head, shown, caret = str(caught.value).split("\n")
    assert len(shown) <= 100
    assert shown[caret.index("^") :] == "nonsense"


def test_nothing_of_a_hostile_condition_reaches_the_terminal():
    with pytest.raises(ConfigError) as caught:
        compile_condition("delivery \x1b[2J\x07 and \u202e")
    assert not [c for c in str(caught.value) if not c.isprintable() and c != "\n"]
