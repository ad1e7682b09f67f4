from ipaddress import ip_address, ip_network

import pytest
from msgspec import structs

from logwatch_mx.config.settings import Dns, MtaSettings, Respond, Settings
from logwatch_mx.model.site import Site
from logwatch_mx.mta.interfaces import is_own_address, own_addresses
from logwatch_mx.mta.site import configured_site, discover_site

FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
           |-- 192.0.2.2
              /32 host LOCAL
"""
IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
fd000000000000000000000000000002 04 40 00 82     eth0
"""


def sets(own):
    """Return *own* without what only tells which setting it came from."""
    return structs.replace(own, lists={}, routes={}, settings={})


@pytest.fixture
def proc_net(tmp_path):
    (tmp_path / "fib_trie").write_text(FIB_TRIE)
    (tmp_path / "if_inet6").write_text(IF_INET6)
    return tmp_path


def test_kernel_lists_the_addresses_of_interfaces(proc_net):
    assert own_addresses(proc_net) == {"192.0.2.2", "fd00::2"}


def test_machine_without_such_lists_has_none(tmp_path):
    assert own_addresses(tmp_path) == set()


def test_every_listed_address_of_this_machine_can_be_bound():
    assert [text for text in own_addresses() if not is_own_address(ip_address(text))] == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("198.51.100.200", False),
        ("224.0.0.1", False),  # Linux lets a socket be bound to it
        ("255.255.255.255", False),  # and to this
        ("240.0.0.1", False),
        ("ff02::1", False),
        ("2001:db8:dead::beef", False),
    ],
)
def test_own_address_is_one_that_can_be_bound(address, expected):
    assert is_own_address(ip_address(address)) is expected


def settings_with(tmp_path, postconf=None, cf=None, flavour="auto", **kwargs):
    program = tmp_path / "postconf"
    if postconf is not None:
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{postconf}\nEND\n")
        program.chmod(0o755)
    path = tmp_path / "sendmail.cf"
    if cf is not None:
        path.write_text(cf)
    mta = MtaSettings(
        postconf=str(program),
        sendmail_cf=path,
        flavour=flavour,
        own_domains=("mine.test",),
        own_addresses=("198.51.100.7", "127.0.0.1", "0.0.0.0"),
    )
    return Settings(
        mta=mta,
        dns=Dns(routable=(ip_network("10.99.0.0/24"),)),
        respond=Respond(protected_domains=("friend.test",)),
        **kwargs,
    )


def discover(settings, proc_net):
    return discover_site(settings, hostname="mx.home.test", proc_net=proc_net)


POSTCONF = """\
myhostname = mx.home.test
mydomain = home.test
mydestination = home.test
relay_domains = inner.test
parent_domain_matches_subdomains = relay_domains
transport_maps = inline:{routed.test=smtp:[10.0.0.1]}
proxy_interfaces = 198.51.100.8"""


def test_settings_mta_and_interfaces_make_the_site(tmp_path, proc_net):
    site, notes = discover(settings_with(tmp_path, POSTCONF), proc_net)
    assert notes == ()
    assert sets(site) == Site(
        domains=frozenset({"mine.test", "home.test", "inner.test"}),
        parents=frozenset({"inner.test"}),
        names=frozenset({"mx.home.test"}),
        addresses=frozenset({"198.51.100.7", "198.51.100.8", "192.0.2.2", "fd00::2"}),
        routable=(ip_network("10.99.0.0/24"),),
        protected=frozenset({"friend.test", "home.test", "routed.test"}),
    )


def test_both_mtas_are_asked(tmp_path, proc_net):
    site, _ = discover(settings_with(tmp_path, POSTCONF, "Cwcw.test\n"), proc_net)
    assert {"cw.test", "home.test"} <= site.domains


def test_flavour_leaves_the_other_alone(tmp_path, proc_net):
    site, _ = discover(settings_with(tmp_path, POSTCONF, "Cwcw.test\n", "sendmail"), proc_net)
    assert site.domains == {"mine.test", "cw.test", "mx.home.test"}


def test_host_without_mta_is_noted(tmp_path, proc_net):
    site, notes = discover(settings_with(tmp_path), proc_net)
    assert site.domains == {"mine.test"}
    assert notes == (
        (
            f"Postfix: {tmp_path}/postconf: not found; sendmail: {tmp_path}/sendmail.cf: not found; "
            "only domains of the configuration are known to be ours"
        ),
    )


def test_flavour_that_is_missing_is_noted(tmp_path, proc_net):
    _, notes = discover(settings_with(tmp_path, cf="", flavour="postfix"), proc_net)
    assert notes == (
        (
            f"Postfix: {tmp_path}/postconf: not found; "
            "only domains of the configuration are known to be ours"
        ),
    )


def test_flavour_none_asks_nobody(tmp_path, proc_net):
    site, notes = discover(settings_with(tmp_path, POSTCONF, flavour="none"), proc_net)
    assert (site.domains, notes) == ({"mine.test"}, ())


def test_mta_that_fails_is_noted_and_the_rest_goes_on(tmp_path, proc_net):
    settings = settings_with(tmp_path, POSTCONF, "Cwcw.test\n")
    (tmp_path / "postconf").write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    site, notes = discover(settings, proc_net)
    assert "cw.test" in site.domains
    assert notes == (
        f"Postfix: {tmp_path}/postconf: failed with 3: broken; its domains are not known",
    )


def test_unreadable_sendmail_cf_is_noted(tmp_path, proc_net):
    settings = settings_with(tmp_path, flavour="sendmail")
    (tmp_path / "sendmail.cf").mkdir()
    _, notes = discover(settings, proc_net)
    assert notes == (
        f"sendmail: {tmp_path}/sendmail.cf: Is a directory; its domains are not known",
    )


def test_replay_elsewhere_knows_what_the_configuration_says(tmp_path):
    assert configured_site(settings_with(tmp_path, POSTCONF)) == Site(
        domains=frozenset({"mine.test"}),
        addresses=frozenset({"198.51.100.7"}),
        routable=(ip_network("10.99.0.0/24"),),
        protected=frozenset({"friend.test"}),
    )


def test_the_setting_that_makes_a_domain_ours_and_its_routes_are_known(tmp_path, proc_net):
    site, _ = discover(settings_with(tmp_path, POSTCONF), proc_net)
    assert site.lists == {"home.test": "mydestination", "inner.test": "relay_domains"}
    assert site.routes == {"routed.test": "smtp:[10.0.0.1]"}
    assert site.settings["proxy_interfaces"] == "198.51.100.8"
