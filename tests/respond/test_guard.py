from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.model.deed import Confirmation
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import Outcome
from logwatch_mx.respond import guard
from logwatch_mx.respond.guard import Proof

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
SITE = Site(
    domains=frozenset({"home.test", "lists.firm.example"}),
    parents=frozenset({"dot.test"}),
    names=frozenset({"mx.corp.example"}),
)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("seaton.biz", True),
        ("xn--bcher-kva.example", True),
        ("3com.com", True),  # RFC 1123: a digit may come first
        ("a." + "b" * 63 + ".example", True),
        ("a." + "b" * 64 + ".example", False),
        (".".join(["abcdefg"] * 32), False),  # 255 characters
        ("bücher.example", False),
        ("Seaton.biz", False),  # lowered at the edge, or not ours to believe
        ("seaton.biz.", False),
        (".seaton.biz", False),  # a pattern of transport(5), no name
        ("*", False),  # would catch all mail
        ("localhost", False),
        ("127.0.0.1", False),
        ("[127.0.0.1]", False),
        ("user@seaton.biz", False),
        ("-x.example", False),
        ("x-.example", False),
        ("a_b.example", False),
        ("seaton.biz discard:", False),
        ("seaton.biz\n* discard:", False),
        ("seaton.biz\n", False),
        ("", False),
        ("seaton.\udc80biz", False),
        ("seaton.b\u0131z", False),  # dotless i
    ],
)
def test_only_plain_names_are_domains(text, known):
    assert guard.is_domain(text) is known


@given(st.text(max_size=80))
def test_whatever_passes_as_a_domain_is_one_word_of_letters_digits_dots_and_hyphens(text):
    if guard.is_domain(text):
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("home.test", "home.test"),
        ("sub.home.test", "home.test"),
        ("nothome.test", None),
        ("mx.corp.example", "mx.corp.example"),
        (
            "corp.example",
            "mx.corp.example",
        ),  # the host's own parent: a line missing in mydestination
        ("orp.example", None),
        ("firm.example", "lists.firm.example"),
        ("a.firm.example", None),
        # "relay_domains = .dot.test": its subdomains alone are listed
        ("dot.test", "dot.test"),
        ("a.b.dot.test", "dot.test"),
        ("adot.test", None),
        ("other.example", None),
    ],
)
def test_own_names_cover_what_is_below_them_and_the_host_its_parents(domain, name):
    assert guard.own_name(domain, SITE) == name


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("partner.example", "partner.example"),
        ("a.partner.example", "partner.example"),
        ("notpartner.example", None),
    ],
)
def test_protected_domains_cover_their_subdomains(domain, name):
    assert guard.protector(domain, ["Partner.example."]) == name


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("gmail.com", "gmail.com"),
        ("googlemail.com", "googlemail.com"),
        ("outlook.com", "outlook.com"),
        ("contoso.onmicrosoft.com", "onmicrosoft.com"),
        ("yahoo.co.uk", "yahoo.co.uk"),
        ("mail.yahoo.co.jp", "yahoo.co.jp"),
        ("yahoo.com", "yahoo.com"),
        ("gmx.net", "gmx.net"),
        ("gmx.de", "gmx.de"),
        ("hotmail.fr", "hotmail.fr"),
        ("web.de", "web.de"),
        ("icloud.com", "icloud.com"),
        ("yahoo.seaton.biz", None),  # a label that anybody may choose
        ("yahoo.github.io", None),  # and so may a customer of a private suffix
        ("notgmail.com", None),
        ("gmail.com.seaton.biz", None),
        ("seaton.biz", None),
    ],
)
def test_big_providers_are_known_by_their_registrable_domain(domain, name):
    assert guard.provider(domain) == name


def heard(outcome, *, resolver="9.9.9.9:53", ago=0, domain="seaton.biz"):
    return Confirmation(
        domain=domain, resolver=resolver, outcome=outcome, at=NOW - timedelta(seconds=ago)
    )


@pytest.mark.parametrize(
    ("answers", "proved"),
    [
        ((), Proof.NONE),
        ((heard(Outcome.LOOPBACK),), Proof.ONCE),
        ((heard(Outcome.LOOPBACK), heard(Outcome.LOOPBACK, ago=59)), Proof.ONCE),
        ((heard(Outcome.LOOPBACK), heard(Outcome.LOOPBACK, ago=60)), Proof.ALONE),
        ((heard(Outcome.SELF), heard(Outcome.PARTIAL, resolver="1.1.1.1:53")), Proof.TWICE),
        ((heard(Outcome.LOOPBACK), heard(Outcome.LOOPBACK, ago=3601)), Proof.ONCE),  # too old
        (
            (heard(Outcome.LOOPBACK), heard(Outcome.LOOPBACK, ago=90, domain="b.example")),
            Proof.ONCE,
        ),
        ((heard(Outcome.FILTERED), heard(Outcome.UNANSWERED, resolver="b")), Proof.NONE),
        # a filter says nothing against one that speaks twice, and nothing for it
        (
            (
                heard(Outcome.LOOPBACK),
                heard(Outcome.LOOPBACK, ago=61),
                heard(Outcome.FILTERED, resolver="b"),
            ),
            Proof.ALONE,
        ),
        # a blocklist answers 127.0.0.1 for a good name: the other resolver wins
        (
            (
                heard(Outcome.LOOPBACK),
                heard(Outcome.LOOPBACK, ago=61),
                heard(Outcome.HEALTHY, resolver="b", ago=30),
            ),
            Proof.AGAINST,
        ),
        # mended in between: what was heard before does not count any more
        (
            (
                heard(Outcome.LOOPBACK),
                heard(Outcome.HEALTHY, ago=30),
                heard(Outcome.LOOPBACK, ago=120),
            ),
            Proof.ONCE,
        ),
        ((heard(Outcome.HEALTHY), heard(Outcome.LOOPBACK, ago=120)), Proof.AGAINST),
    ],
)
def test_proof_needs_two_answers_that_nobody_contradicts(answers, proved):
    assert guard.proof(answers, "seaton.biz", NOW) is proved
    assert guard.proof(answers[::-1], "seaton.biz", NOW) is proved  # in whatever order they come


def test_one_partial_answer_makes_the_loop_partial_while_it_is_fresh():
    answers = (heard(Outcome.LOOPBACK), heard(Outcome.PARTIAL, ago=3599))
    assert guard.partly(answers, "seaton.biz", NOW)
    assert not guard.partly(answers, "seaton.biz", NOW + timedelta(seconds=2))
    assert not guard.partly(answers, "b.example", NOW)
