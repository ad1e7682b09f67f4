"""Recipient domains."""

import pytest

from logwatch_mx.detect.domains import domain_of, domains_of, is_own
from logwatch_mx.model.event import Delivery, MtaVerdict, Other, Reject, Said, Status
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site

LINE = Line("x")


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("a@Example.TEST", "example.test"),
        ("a@example.test.", "example.test"),
        ('"odd@local"@example.test', "example.test"),
        ("root", None),
        ("a@", None),
        ("", None),
        ("/dev/null", None),
        ("a@bücher.test", "xn--bcher-kva.test"),
        ("a@BÜCHER.test", "xn--bcher-kva.test"),
        # IDNA refuses it; it can be told about
        ("a@foo bü.test", "foo bü.test"),
        ("a@[192.0.2.1]", "[192.0.2.1]"),
        # bytes that are no UTF-8 are written out: what is remembered must be packed
        ("a@\udce9.test", "\\udce9.test"),
        ("a@" + "x" * 5000, "x" * 255),
        ("a@" + "ü" * 5000, "ü" * 255),
    ],
)
def test_the_domain_of_an_address(address, domain):
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    ("event", "domains"),
    [
        (Delivery(line=LINE, status=Status.SENT, recipients=("a@b.test",)), ("b.test",)),
        (Delivery(line=LINE, status=Status.SENT), (None,)),
        (
            Delivery(
                line=LINE, status=Status.SENT, recipients=("a@b.test", "c@B.test", "d@e.test", "f")
            ),
            ("b.test", "e.test", None),
        ),
        (MtaVerdict(line=LINE, verdict=Said.SELF_MX, domain="B.test."), ("b.test",)),
        (MtaVerdict(line=LINE, verdict=Said.SELF_MX), (None,)),
        (Reject(line=LINE, recipient="a@b.test"), ("b.test",)),
        (Reject(line=LINE), (None,)),
        (Other(line=LINE), (None,)),
    ],
)
def test_the_domains_that_an_event_names(event, domains):
    assert domains_of(event) == domains


@pytest.mark.parametrize(
    ("domain", "own"),
    [
        ("home.test", True),
        ("mx.home.test", True),
        ("sub.relay.test", True),
        ("relay.test", True),
        ("sub.home.test", False),
        ("notrelay.test", False),
        ("test", False),
    ],
)
def test_own_domains_are_exact_but_for_subdomains_of_relayed_ones(domain, own):
    site = Site(
        domains=frozenset({"home.test"}),
        names=frozenset({"mx.home.test"}),
        parents=frozenset({"relay.test"}),
    )
    assert is_own(domain, site) is own
