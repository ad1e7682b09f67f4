from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.grammar.fields import client_of, host_name, valid_ip
from logwatch_mx.model.event import Client


@pytest.mark.parametrize(
    ("text", "ip"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("127.1", None),
        ("127.0.0.01", None),
        ("127.0.0.1.1", None),
        ("256.0.0.1", None),
        ("unknown", None),
        ("1.2.3.4\0", None),
        ("1.2.3.\udcff", None),
        ("١.2.3.4", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_stays_as_printed_and_what_looks_like_one_is_none(text, ip):
    assert valid_ip(text) == ip


@given(st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4}){2,4}", fullmatch=True))
def test_the_quick_check_agrees_with_the_library(text):
    try:
        ip_address(text)
    except ValueError:
        assert valid_ip(text) is None
    else:
        assert valid_ip(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [("MX.Example.COM.", "mx.example.com"), ("mx", "mx"), (".", None), ("", ""), (None, None)],
)
def test_a_host_is_lower_case_without_a_dot(text, name):
    assert host_name(text) == name


@pytest.mark.parametrize(
    ("tokens", "client"),
    [
        ({}, None),
        ({"client_host": "MX.test.", "client_ip": "192.0.2.1"}, Client("mx.test", "192.0.2.1")),
        ({"client_host": "unknown", "client_ip": "unknown"}, Client("unknown", None)),
        ({"client_ip": "::1"}, Client(None, "::1")),
    ],
)
def test_a_client_is_what_the_line_says(tokens, client):
    assert client_of(tokens) == client
