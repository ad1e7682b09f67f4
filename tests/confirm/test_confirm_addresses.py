from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.config.address import (
    canonical,
    endpoint_text,
    parse_address,
    parse_endpoint,
    printed,
)
from logwatch_mx.confirm.addresses import (
    AddressClass,
    address_in_name,
    classify,
    is_localhost,
    special_use,
)
from logwatch_mx.model.site import Site

LOOPBACK, OWN, UNROUTABLE, FOREIGN = AddressClass


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", LOOPBACK),
        ("127.255.255.254", LOOPBACK),
        ("0.0.0.0", LOOPBACK),  # Linux connects to itself
        ("::1", LOOPBACK),
        ("::", LOOPBACK),
        ("::ffff:127.0.0.1", LOOPBACK),
        ("::ffff:127.9.9.9", LOOPBACK),
        ("::ffff:0.0.0.0", LOOPBACK),
        ("0.0.0.1", UNROUTABLE),  # the rest of 0/8
        ("::ffff:0.0.0.1", UNROUTABLE),
        ("::127.0.0.1", UNROUTABLE),  # compatible
        ("64:ff9b::127.0.0.1", UNROUTABLE),  # NAT64
        ("64:ff9b:1::7f00:1", UNROUTABLE),
        ("2002:7f00:1::", UNROUTABLE),  # 6to4
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", UNROUTABLE),  # Teredo
        ("10.99.0.10", UNROUTABLE),
        ("172.15.255.255", FOREIGN),
        ("172.16.0.0", UNROUTABLE),
        ("172.31.255.255", UNROUTABLE),
        ("172.32.0.0", FOREIGN),
        ("192.168.1.1", UNROUTABLE),
        ("100.63.255.255", FOREIGN),
        ("100.64.0.1", UNROUTABLE),
        ("100.128.0.0", FOREIGN),
        ("169.254.1.1", UNROUTABLE),
        ("192.0.0.8", UNROUTABLE),
        ("192.0.2.7", UNROUTABLE),
        ("198.18.0.1", UNROUTABLE),
        ("198.20.0.1", FOREIGN),
        ("198.51.100.1", UNROUTABLE),
        ("203.0.113.1", UNROUTABLE),
        ("224.0.0.1", UNROUTABLE),
        ("240.0.0.1", UNROUTABLE),
        ("255.255.255.255", UNROUTABLE),
        ("fe80::1", UNROUTABLE),
        ("fc00::1", UNROUTABLE),
        ("fd12::1", UNROUTABLE),
        ("fec0::1", UNROUTABLE),
        ("ff02::1", UNROUTABLE),
        ("100::1", UNROUTABLE),
        ("2001:db8::1", UNROUTABLE),
        ("3fff::1", UNROUTABLE),
        ("4000::1", UNROUTABLE),  # nobody was given anything outside 2000::/3
        ("9.9.9.9", FOREIGN),
        ("::ffff:9.9.9.9", FOREIGN),
        ("2620:fe::fe", FOREIGN),
        ("2a00:1450:4001:82a::200e", FOREIGN),
    ],
)
def test_address_has_its_class(address, expected):
    assert classify(ip_address(address), Site()) is expected


def test_site_changes_the_class_of_own_and_routable_addresses_but_not_of_loopback():
    site = Site(
        addresses=frozenset({"10.99.0.10", "9.9.9.9", "127.0.0.9", "2620:fe::fe"}),
        routable=(ip_network("10.99.0.0/24"), ip_network("fd00::/8"), ip_network("127.0.0.0/8")),
    )
    expected = {
        "10.99.0.10": OWN,
        "::ffff:10.99.0.10": OWN,
        "9.9.9.9": OWN,
        "2620:fe::fe": OWN,
        "10.99.0.21": FOREIGN,
        "::ffff:10.99.0.21": FOREIGN,
        "fd00::5": FOREIGN,
        "10.98.0.1": UNROUTABLE,
        "127.0.0.9": LOOPBACK,  # neither list takes loopback away
    }
    assert {text: classify(ip_address(text), site) for text in expected} == expected


@given(st.ip_addresses())
def test_a_special_use_is_named_exactly_for_unroutable_addresses(address):
    found = classify(address, Site())
    if found is not LOOPBACK:
        assert (special_use(address) is not None) == (found is UNROUTABLE)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[127.0.0.1]", "127.0.0.1"),
        ("::1", "::1"),
        ("10.1.2.3", "10.1.2.3"),
        ("127.1", "127.0.0.1"),  # getaddrinfo reads inet_aton's short forms
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("mail.test", None),
        ("127.0.0.1.test", None),
        ("127.0.0.1 x", None),
        ("fe80::1%eth0", None),
        ("face", None),
        ("", None),
    ],
)
def test_an_exchanger_named_by_an_address_is_that_address(host, expected):
    found = address_in_name(host)
    assert found == (None if expected is None else ip_address(expected))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("mail.localhost", True),
        ("notlocalhost", False),
        ("localhost.test", False),
    ],
)
def test_localhost_is_a_top_level_name(host, expected):
    assert is_localhost(host) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::ffff:10.99.0.10", "10.99.0.10"),
        ("::FFFF:0A63:000A", "10.99.0.10"),
        (" 2001:0db8:0:0::1 ", "2001:db8::1"),
        ("::1", "::1"),
    ],
)
def test_one_machine_has_one_spelling(text, expected):
    assert canonical(text) == expected


def test_mapped_address_prints_alike_on_every_python():
    assert printed(parse_address("::ffff:7f00:1")) == "::ffff:127.0.0.1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9.9.9.9", "9.9.9.9:53"),
        ("9.9.9.9:5300", "9.9.9.9:5300"),
        ("::1", "[::1]:53"),
        ("[::1]", "[::1]:53"),
        ("[::1]:5300", "[::1]:5300"),
        ("2620:fe::fe", "[2620:fe::fe]:53"),
    ],
)
def test_endpoint_has_an_address_and_a_port(text, expected):
    assert endpoint_text(*parse_endpoint(text, 53)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dns.test",
        "9.9.9.9:",
        "9.9.9.9:0",
        "9.9.9.9:65536",
        "9.9.9.9:x",
        "[::1]x",
        "[::1]:",
        "[",
        "9.9.9.9:٣",
    ],
)
def test_junk_is_no_endpoint(text):
    with pytest.raises(ValueError, match="expected"):
        parse_endpoint(text, 53)
