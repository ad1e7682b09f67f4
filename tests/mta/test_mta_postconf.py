from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from logwatch_mx.mta.own import Own
from logwatch_mx.mta.postconf import read_postconf, run_postconf
from logwatch_mx.mta.table import UnreadableTableError, read_table

LAB = Path(__file__).parent / "data" / "postfix.main.cf"


def sets(own):
    """Return *own* without what only tells which setting it came from."""
    return structs.replace(own, lists={}, routes={}, settings={}, unread=frozenset())


def test_main_cf_says_what_is_local(tmp_path):
    (tmp_path / "mailname").write_text("home.test\n")
    (tmp_path / "transport").write_text("inner.test smtp:[10.99.0.30]\n")
    text = LAB.read_text() + "myorigin = /etc/mailname\n"
    text = text.replace("/etc/postfix/", f"{tmp_path}/").replace(
        "/etc/mailname", f"{tmp_path}/mailname"
    )
    assert sets(read_postconf(text)) == Own(
        domains=frozenset(
            {"mx.home.test", "home.test", "localhost.home.test", "localhost", "inner.test"}
        ),
        names=frozenset({"mx.home.test"}),
        addresses=frozenset({"10.99.0.10"}),
        routed=frozenset({"inner.test"}),
        origins=frozenset({"home.test"}),
    )


@pytest.fixture
def table(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_lists_hold_names_files_and_tables(table):
    local = table("local", "# comment\none.test\n  two.test three.test\n\n")
    virtual = table("virtual", "virt.test anything\nuser@not.test someone\nUPPER.test\tx\n")
    own = read_postconf(
        f"mydestination = $myhostname, Localhost.$mydomain {local}, !excluded.test [10.0.0.1]\n"
        "myhostname = mx.home.test\n"
        "mydomain = home.test\n"
        f"virtual_alias_maps = hash:{virtual}\n"
        "virtual_alias_domains = $virtual_alias_maps\n"
        "virtual_mailbox_domains = inline:{ { box.test = x } { box2.test = y } }\n"
    )
    assert sets(own) == Own(
        domains=frozenset(
            {
                "mx.home.test",
                "localhost.home.test",
                "one.test",
                "two.test",
                "three.test",
                "virt.test",
                "upper.test",
                "box.test",
                "box2.test",
            }
        ),
        names=frozenset({"mx.home.test"}),
        origins=frozenset({"home.test"}),
    )


@pytest.mark.parametrize(
    ("matching", "parents"),
    [
        ("debug_peer_list,relay_domains", {"inner.test", "dot.test"}),
        ("", {"dot.test"}),
    ],
)
def test_relay_domains_may_mean_subdomains_too(matching, parents):
    own = read_postconf(
        f"relay_domains = inner.test .dot.test\nparent_domain_matches_subdomains = {matching}\n"
    )
    assert (own.domains, own.parents) == (frozenset({"inner.test"}), frozenset(parents))


def test_interfaces_and_nat_give_addresses():
    own = read_postconf(
        "inet_interfaces = 10.99.0.10, [2001:db8::1] loopback-only mx.home.test\n"
        "proxy_interfaces = ::ffff:198.51.100.7\n"
    )
    assert sets(own) == Own(
        addresses=frozenset({"10.99.0.10", "2001:db8::1", "198.51.100.7"}),
        notes=("Postfix inet_interfaces: mx.home.test is no address and was not looked up",),
    )


def test_only_routes_with_a_next_hop_take_the_mx_away(table):
    routes = table(
        "transport",
        "inner.test smtp:[10.99.0.30]\n"
        ".sub.test relay:hub.test:25\n"
        "slow.test slow:\n"  # a transport alone: the MX of the domain is still used
        "normal.test :\n"
        "user@one.test smtp:[10.0.0.1]\n"
        "gone.test error:5.1.1 no such place\n",
    )
    ours = table("ours", "loop.test retry:4.4.6 paused\n")
    own = read_postconf(f"transport_maps = hash:{routes}, lmdb:{ours}\n", [ours])
    assert sets(own) == Own(routed=frozenset({"inner.test", "sub.test", "gone.test"}))


def test_routes_for_all_mail_are_noted(table):
    routes = table("transport", "* smtp:[10.0.0.1]\n")
    own = read_postconf(f"transport_maps = texthash:{routes}\nrelayhost = [hub.test]:587\n")
    assert own.notes == (
        f"Postfix transport_maps: texthash:{routes} routes all mail; no MX is used",
        "Postfix relayhost: mail for others goes to [hub.test]:587; their MX is not used",
    )


def test_tables_that_ask_a_server_are_noted():
    own = read_postconf(
        "virtual_mailbox_domains = proxy:mysql:/etc/postfix/d.cf\nrelay_domains = /nowhere\n"
    )
    assert sets(own) == Own(
        notes=(
            (
                "Postfix virtual_mailbox_domains: mysql:/etc/postfix/d.cf: tables of this kind are not "
                "read; what it holds is not known to be ours"
            ),
            "Postfix relay_domains: /nowhere: No such file or directory; what it holds is not known to be ours",
        )
    )


def test_origin_may_be_in_a_file(table):
    name = table("mailname", "home.test\n")
    assert read_postconf(f"myorigin = {name}\n").origins == frozenset({"home.test"})


def test_value_of_main_cf_goes_on_on_the_next_line():
    own = read_postconf("mydestination = a.test,\n  b.test\n")
    assert own.domains == {"a.test", "b.test"}


def test_origin_and_routes_that_cannot_be_read_are_noted(table):
    large = table("large", "x" * ((8 << 20) + 1))
    own = read_postconf(f"myorigin = /nowhere\ntransport_maps = ldap:/x, hash:{large}\n")
    assert own.notes == (
        "Postfix myorigin: /nowhere: No such file or directory",
        "Postfix transport_maps: ldap:/x: tables of this kind are not read; its routes are not known",
        f"Postfix transport_maps: {large}: larger than 8 MiB; its routes are not known",
    )


def test_circle_of_references_ends():
    assert read_postconf("a = $b\nb = ${a}\nmydestination = $a x.test\n").domains == {"x.test"}


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    own = read_postconf("mydestination = " + text)
    assert all(note.isprintable() for note in own.notes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("inline:{a=b, C=d}", {"a": "b", "c": "d"}),
        ("proxy:inline:{a=b}", {"a": "b"}),
        ("inline:{ x = 1, {y = error:5.1.1 no such place} }", {"y": "error:5.1.1 no such place"}),
    ],
)
def test_inline_table_is_read(name, expected):
    assert expected.items() <= read_table(name).items()


@pytest.mark.parametrize("name", ["pcre:/x", "hash:relative", "", "/x", "static:x"])
def test_other_tables_are_not_read(name):
    with pytest.raises(UnreadableTableError):
        read_table(name)


@pytest.fixture
def program(tmp_path):
    def write(text):
        path = tmp_path / "postconf"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    return write


def test_postconf_is_run_with_expansion(program):
    assert run_postconf(program('echo "$1"')) == "-x\n"


def test_old_postconf_is_run_without(program):
    assert run_postconf(program('[ "$1" = -x ] && exit 1; echo plain')) == "plain\n"


def test_failing_postconf_says_why(program):
    path = program("echo fatal: open /etc/postfix/main.cf >&2; exit 1")
    with pytest.raises(OSError, match=r"failed with 1: fatal: open /etc/postfix/main\.cf"):
        run_postconf(path)


def test_hanging_postconf_has_a_deadline(program):
    with pytest.raises(TimeoutError, match=r"no answer within 0\.1 s"):
        run_postconf(program("exec sleep 60"), timedelta(milliseconds=100))


def test_missing_postconf_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="not found"):
        run_postconf(str(tmp_path / "postconf"))


def test_lists_that_cannot_be_read_are_known_by_name():
    own = read_postconf(
        "mydestination = home.test, ldap:/etc/x.cf\nvirtual_alias_domains = regexp:/etc/y\n"
        "transport_maps = mysql:/etc/z\n"
    )
    assert own.unread == {"mydestination: ldap:/etc/x.cf", "virtual_alias_domains: regexp:/etc/y"}
