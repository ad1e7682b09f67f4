"""Configurations in, findings out; each finding has a configuration about which it is silent."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.config.settings import (
    LoopSettings,
    MtaSettings,
    NotifyTarget,
    Respond,
    Settings,
    Source,
    StateSettings,
)
from logwatch_mx.mta.doctor import examine
from logwatch_mx.mta.finding import Severity
from logwatch_mx.mta.host import Host, PostfixConf
from logwatch_mx.mta.mastercf import read_mastercf
from logwatch_mx.mta.permission import Node, Nodes, Who

DATA = Path(__file__).parent / "data" / "doctor"
DAEMON = Who(name="logwatch-mx", uid=990, groups=frozenset({990, 4}))
ACT = Settings(mode="act")


def postfix(text, master="", **more):
    services = read_mastercf(master) if master else ()
    return Host(postfix=PostfixConf(text, services), who=DAEMON, on_this_host=False, **more)


def sendmail(*texts, **more):
    cfs = {f"/etc/mail/{number}.cf": text for number, text in enumerate(texts)}
    return Host(cfs=cfs, hostname="mx.home.test", who=DAEMON, on_this_host=False, **more)


def found(host, settings=None):
    """Return key and severity of the findings, without the notes that prevention is not there."""
    findings = examine(host, settings or Settings())
    return [(f.key, f.severity.value) for f in findings if f.key != "no-prevention"]


def fix_of(host, key, settings=None):
    return next(f.fix for f in examine(host, settings or Settings()) if f.key == key)


# Real configurations


@pytest.mark.parametrize(
    ("main", "master", "expected"),
    [
        # It spins: all three conditions, and a gateway that learns of unknown users too late.
        (
            "spinning", "spinning",
            [("loopback-not-own", "danger"), ("other-name", "danger"), ("relay-recipients", "danger")],
        ),
        # The two fixes that stopped it, with everything else as it was.
        ("proxy-interfaces", "spinning", [("other-name", "danger"), ("relay-recipients", "danger")]),
        ("inet-interfaces", "spinning", [("other-name", "danger"), ("relay-recipients", "danger")]),
        # The same listener under our own name does not spin: without the feeder it only may.
        ("spinning", "default", [("relay-recipients", "danger"), ("loopback-not-own", "warning")]),
        ("default", "default", [("relay-recipients", "danger")]),
        # A content filter on 10024 and back on 10025 is no fault.
        ("filter", "filter", [("relay-recipients", "danger")]),
        ("localrcpt", "default", [("relay-recipients", "danger"), ("local-recipients", "danger")]),
    ],
)  # fmt: skip
def test_real_postfix(main, master, expected):
    text = (DATA / f"{main}.main.cf").read_text()
    host = postfix(
        text, (DATA / f"{master}.master.cf").read_text(), listens=frozenset({"10.99.0.10"})
    )
    assert found(host) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["default"], []),
        (["default", "submit"], []),  # the submission program is no second daemon
        (["k"], [("flag-k", "danger")]),
        (["default", "rx"], [("two-names", "danger")]),
        (
            ["promisc"],
            [("open-networks", "danger"), ("luser-relay", "warning"), ("loopback-not-own", "note")],
        ),
    ],
)
def test_real_sendmail(names, expected):
    assert found(sendmail(*((DATA / f"{name}.cf").read_text() for name in names))) == expected


# Postfix, one line after the other

QUIET = "inet_interfaces = all\nmyhostname = mx.home.test\nmydestination = home.test\n"
LOCAL_25 = "127.0.0.1:smtp inet n - y - - smtpd\n"
NAMED_25 = "{host}smtp inet n - y - - smtpd\n  -o myhostname={name}\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("inet_interfaces = 10.0.0.1", [("loopback-not-own", "danger")]),
        ("inet_interfaces = 10.0.0.1, [::1]", []),
        ("inet_interfaces = 10.0.0.1 localhost", []),
        ("inet_interfaces = loopback-only", []),
        ("inet_interfaces = 10.0.0.1\nproxy_interfaces = 127.0.0.1", []),
        ("inet_interfaces = 10.0.0.1\nproxy_interfaces = 192.0.2.1", [("loopback-not-own", "danger")]),
        ("relay_domains = a.test", [("relay-recipients", "danger")]),
        ("relay_domains = home.test", []),  # local too, and checked as local
        ("relay_domains = $mydestination", []),
        ("relay_domains = a.test\nrelay_recipient_maps = hash:/x", []),
        (
            "relay_domains = a.test\nrelay_recipient_maps = static:all",
            [("relay-recipients", "danger")],
        ),
        (
            "relay_domains = a.test\nsmtpd_recipient_restrictions = reject_unverified_recipient",
            [],
        ),
        # As plain postconf prints the default; -x has decided it.
        (
            "compatibility_level = 3.6\nrelay_domains = ${{$compatibility_level} <level {2} ? {$mydestination} : {}}",
            [],
        ),
        ("local_recipient_maps =", [("local-recipients", "danger")]),
        ("local_recipient_maps =\nmydestination =", []),  # a pure relay
        ("local_recipient_maps = unix:passwd.byname", []),
        ("smtpd_reject_unlisted_recipient = no", [("unlisted-recipients", "danger")]),
        ("smtpd_reject_unlisted_recipient = yes", []),
        (
            "receive_override_options = no_header_body_checks, no_unknown_recipient_checks",
            [("unlisted-recipients", "danger")],
        ),
        ("receive_override_options = no_address_mappings", []),
        ("luser_relay = hub@a.test", [("luser-relay", "warning")]),
        (
            "luser_relay = hub@a.test\nlocal_recipient_maps =",
            [("local-recipients", "danger"), ("luser-relay", "danger")],
        ),
        ("luser_relay =", []),
        ("mynetworks = 0.0.0.0/0", [("open-networks", "danger")]),
        ("mynetworks = 127.0.0.0/8, [::]/0", [("open-networks", "danger")]),
        ("mynetworks = 0.0.0.0/1", [("open-networks", "danger")]),
        ("mynetworks = static:all", [("open-networks", "danger")]),
        ("mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128 10.0.0.0/8 192.168.0.0/16", []),
        ("mynetworks = !10.0.0.1, 10.0.0.0/8 hash:/x", []),
        ("mynetworks_style = class", [("open-networks", "danger")]),
        ("mynetworks_style = class\nmynetworks = 127.0.0.0/8", []),
        ("mynetworks_style = subnet", []),
        ("multi_instance_directories = /etc/postfix-out", [("more-instances", "note")]),
        ("multi_instance_directories =", []),
    ],
)  # fmt: skip
def test_lines_of_main_cf(line, expected):
    assert found(postfix(f"{QUIET}{line}\n")) == expected


@pytest.mark.parametrize(
    ("master", "expected"),
    [
        (LOCAL_25, []),
        (NAMED_25.format(host="127.0.0.1:", name="filter.home.test"), [("other-name", "danger")]),
        (NAMED_25.format(host="localhost:", name="filter.home.test"), [("other-name", "danger")]),
        (NAMED_25.format(host="", name="filter.home.test"), [("other-name", "danger")]),
        (NAMED_25.format(host="10.0.0.1:", name="other.home.test"), [("other-name", "warning")]),
        (NAMED_25.format(host="", name="MX.home.test"), []),  # names have no case
        ("smtp inet n - y - - smtpd -o { myhostname = x.test }\n", [("other-name", "danger")]),
        # The way back from a filter may have any name: no MX leads to its port.
        ("127.0.0.1:10025 inet n - y - - smtpd -o myhostname=filter.home.test\n", []),
        ("smtp unix - - y - - smtp -o myhostname=out.home.test\n", []),  # the client
        (
            "smtp inet n - y - - smtpd -o receive_override_options=no_unknown_recipient_checks\n",
            [("unlisted-recipients", "danger")],
        ),
        (
            "127.0.0.1:10025 inet n - y - - smtpd -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks\n",
            [],
        ),
        ("# smtp inet n - y - - smtpd -o myhostname=x.test\n\nshort line\n", []),
    ],
)
def test_lines_of_master_cf(master, expected):
    assert found(postfix(QUIET, master)) == expected


@pytest.mark.parametrize(
    ("listens", "severity"),
    [
        (frozenset({"127.0.0.1"}), "danger"),
        (frozenset({"0.0.0.0"}), "danger"),
        (frozenset({"::"}), "danger"),
        (frozenset({"10.0.0.1"}), "warning"),
        (frozenset(), "warning"),
        (None, "danger"),  # not known
    ],
)
def test_a_missing_loopback_is_worse_where_somebody_listens(listens, severity):
    host = postfix("inet_interfaces = 10.0.0.1\n", listens=listens)
    assert found(host) == [("loopback-not-own", severity)]


def test_fix_keeps_what_is_there():
    host = postfix("inet_interfaces = 10.0.0.1\nproxy_interfaces = 192.0.2.1 192.0.2.2\n")
    assert fix_of(host, "loopback-not-own") == (
        "postconf -e 'proxy_interfaces = 192.0.2.1, 192.0.2.2, 127.0.0.1'\npostfix reload"
    )
    host = postfix(
        f"{QUIET}relay_domains = a.test\n"
        "smtpd_recipient_restrictions = check_policy_service unix:p, permit_mynetworks, permit\n"
    )
    assert (
        "'smtpd_recipient_restrictions = check_policy_service, unix:p, permit_mynetworks,"
        " permit_sasl_authenticated, reject_unauth_destination, reject_unverified_recipient'"
    ) in fix_of(host, "relay-recipients")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("@a.test hub@elsewhere.test\n", [("catch-all", "warning")]),
        ("@a.test @home.test\n", [("catch-all", "warning")]),  # maps unknown users one to one
        ("@a.test alice@home.test\n", []),  # a mailbox here: nothing is refused later
        ("@a.test alice\n", []),
        ("bob@a.test hub@elsewhere.test\n", []),
        ("a.test anything\n", []),
    ],
)
def test_catch_all_that_leaves_this_host(tmp_path, table, expected):
    (tmp_path / "virtual").write_text(table)
    assert found(postfix(f"{QUIET}virtual_alias_maps = hash:{tmp_path}/virtual\n")) == expected


def test_table_that_cannot_be_read_is_said():
    assert found(postfix(f"{QUIET}virtual_alias_maps = ldap:/etc/x\n")) == [
        ("table-not-read", "note")
    ]


def test_networks_may_stand_in_a_file(tmp_path):
    (tmp_path / "nets").write_text("127.0.0.0/8 OK\n0.0.0.0/0 OK\n")
    text = f"{QUIET}mynetworks = cidr:{tmp_path}/nets, {tmp_path}/missing\n"
    assert found(postfix(text)) == [("open-networks", "danger")]


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("198.51.100.0/24", []),  # documentation: no public network
        ("8.8.8.0/24", [("open-networks", "warning")]),  # somebody else's
        ("8.8.8.8", []),  # one host: a partner
        ("9.9.9.0/24", []),  # our own
    ],
)
def test_public_networks_of_others(network, expected):
    host = postfix(f"{QUIET}mynetworks = {network}\n", addresses=frozenset({"9.9.9.9"}))
    assert found(host) == expected


@pytest.mark.parametrize(
    ("text", "addresses", "settings", "expected"),
    [
        ("", {"10.0.0.1"}, Settings(), [("behind-nat", "note")]),
        ("", {"10.0.0.1", "9.9.9.9"}, Settings(), []),
        ("proxy_interfaces = 9.9.9.9", {"10.0.0.1"}, Settings(), []),
        ("", {"10.0.0.1"}, Settings(mta=MtaSettings(own_addresses=("9.9.9.9",))), []),
        ("", set(), Settings(), []),
    ],
)
def test_host_behind_nat(text, addresses, settings, expected):
    assert found(postfix(f"{QUIET}{text}\n", addresses=frozenset(addresses)), settings) == expected


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("", False),
        ("loopmx_check_from = check_sender_mx_access cidr:/etc/postfix/loopmx.cidr", True),
    ],
)
def test_prevention_is_proposed_once(text, silent):
    keys = [f.key for f in examine(postfix(f"{QUIET}{text}\n"), Settings())]
    assert (keys == []) is silent


# Our map

MAP = "/var/lib/logwatch-mx/transport"


def nodes(path, mode=0o100644, *, uid=990, gid=990, fault=None, above=0o040755, acl=False):
    """A path whose directories have the mode *above*; *fault*: it is not there."""
    way = [Node(path="/", mode=above, uid=0, gid=0)]
    way.append(Node(path=str(Path(path).parent), mode=above, uid=uid, gid=gid, acl=acl))
    if fault is None:
        way.append(Node(path=path, mode=mode, uid=uid, gid=gid, acl=acl))
    return {path: Nodes(path=path, way=tuple(way), fault=fault)}


THERE = nodes(f"{MAP}.lmdb")
GONE = nodes(f"{MAP}.lmdb", fault="No such file or directory")


@pytest.mark.parametrize(
    ("transport_maps", "seen", "settings", "expected"),
    [
        (f"lmdb:{MAP}, hash:/x", THERE, ACT, []),
        (f"proxy:lmdb:{MAP}", THERE, ACT, []),
        (f"lmdb:{MAP}", GONE, ACT, [("map-missing", "danger")]),
        # 451 for all mail, whatever the daemon is told to do.
        (f"lmdb:{MAP}", GONE, Settings(), [("map-missing", "danger")]),
        (f"lmdb:{MAP}", nodes(f"{MAP}.lmdb", 0o100640), ACT, [("map-unreadable", "danger")]),
        (f"lmdb:{MAP}", nodes(f"{MAP}.lmdb", above=0o040700), ACT, [("map-unreadable", "danger")]),
        (f"hash:{MAP}", nodes(f"{MAP}.db"), ACT, []),
        (f"cdb:{MAP}", nodes(f"{MAP}.cdb", fault="gone"), ACT, [("map-missing", "danger")]),
        (f"texthash:{MAP}", nodes(MAP), ACT, [("map-type", "warning")]),
        ("hash:/etc/postfix/transport", THERE, ACT, [("map-not-named", "warning")]),
        ("hash:/etc/postfix/transport", THERE, Settings(), []),
        ("", THERE, Settings(mode="act", loop=LoopSettings(action="none")), []),
        ("", {}, ACT, [("map-not-named", "warning")]),
    ],
)
def test_map_that_main_cf_names(transport_maps, seen, settings, expected):
    host = Host(
        postfix=PostfixConf(f"{QUIET}transport_maps = {transport_maps}\n", ()),
        nodes=seen,
        who=DAEMON,
        programs=frozenset({"postmap"}),
        logs={"/var/log/maillog": ("/var/log/maillog",)},
    )
    assert found(host, settings) == expected


def test_fix_for_a_map_that_is_not_named_looks_for_it_first():
    host = postfix(f"{QUIET}transport_maps = hash:/x\n")
    assert fix_of(host, "map-not-named", ACT) == (
        f"ls -l {MAP}.lmdb && postconf -e 'transport_maps = lmdb:{MAP}, hash:/x' && postfix reload"
    )


def test_an_entry_that_would_catch_subdomains_is_told():
    conf = f"{QUIET}transport_maps = lmdb:{MAP}\nparent_domain_matches_subdomains = "
    told = postfix(f"{conf}debug_peer_list, transport_maps\n")
    assert found(told, ACT) == [("map-subdomains", "warning")]
    assert "parent_domain_matches_subdomains = debug_peer_list'" in fix_of(
        told, "map-subdomains", ACT
    )
    assert found(postfix(f"{conf}debug_peer_list, relay_domains\n"), ACT) == []


NOT_NAMED = ("map-not-named", "warning")


@pytest.mark.parametrize(
    ("types", "expected", "kind"),
    [
        (frozenset({"hash", "lmdb"}), [NOT_NAMED], "lmdb"),
        (frozenset({"hash", "cdb"}), [NOT_NAMED, ("no-lmdb", "note")], "cdb"),
        (frozenset({"hash"}), [NOT_NAMED, ("no-lmdb", "note")], "hash"),
        (frozenset({"cidr"}), [NOT_NAMED, ("no-lmdb", "warning")], "lmdb"),
        (None, [NOT_NAMED], "lmdb"),
    ],
)
def test_postfix_without_lmdb(types, expected, kind):
    host = postfix(QUIET, table_types=types)
    assert sorted(found(host, ACT)) == expected
    assert f"'transport_maps = {kind}:{MAP}'" in fix_of(host, "map-not-named", ACT)


@pytest.mark.parametrize(
    ("kind", "helper", "settings", "expected"),
    [
        ("hash", "no helper there", ACT, [("map-no-reload", "warning")]),
        ("hash", "no helper there", Settings(), []),
        ("hash", None, ACT, []),
        ("lmdb", "no helper there", ACT, []),
    ],
)
def test_a_table_that_needs_a_reload_needs_the_helper(kind, helper, settings, expected):
    conf = f"{QUIET}transport_maps = {kind}:{MAP}\n"
    assert sorted(found(postfix(conf, helper=helper), settings)) == expected


ROUTE = "/var/lib/logwatch-mx/sendmail-route"
WITH_MAP = f"Djmx.home.test\nKlwmx hash -o -t {ROUTE}\n"


@pytest.mark.parametrize(
    ("cf", "seen", "settings", "expected"),
    [
        (WITH_MAP, nodes(f"{ROUTE}.db"), ACT, []),
        ("Djmx.home.test\n", {}, ACT, [("map-not-named", "warning")]),
        ("Djmx.home.test\n", {}, Settings(), []),
        ("Klwmx hash -o /other\n", {}, Settings(), [("map-not-named", "warning")]),
        (WITH_MAP, nodes(f"{ROUTE}.db", fault="gone"), ACT, [("map-missing", "note")]),
        (WITH_MAP, nodes(f"{ROUTE}.db", fault="gone"), Settings(), []),
        # makemap makes it 0640, and sendmail ignores it then.
        (WITH_MAP, nodes(f"{ROUTE}.db", 0o100640), ACT, [("map-unreadable", "warning")]),
    ],
)
def test_map_that_sendmail_cf_names(cf, seen, settings, expected):
    host = Host(
        cfs={"/etc/mail/sendmail.cf": cf},
        nodes=seen,
        who=DAEMON,
        programs=frozenset({"makemap", "sendmail"}),
        logs={"/var/log/maillog": ("/var/log/maillog",)},
    )
    assert found(host, settings) == expected


# sendmail, one line after the other


@pytest.mark.parametrize(
    ("cf", "expected"),
    [
        ("Mesmtp, P=[IPC], F=mDFMuXa, A=TCP $h\n", []),
        ("Mesmtp, P=[IPC], F=mDFMuXak, A=TCP $h\n", [("flag-k", "danger")]),
        ("Mprog, P=/bin/sh, F=lsk, A=sh\n", []),  # talks to nobody
        ("CRinner.test\n", [("relay-recipients", "danger")]),
        ("CRinner.test\nCwinner.test\n", []),
        ("CR10.0.0 10.0.0.1\n", []),  # clients, no domains
        ("CRinner.test\nXmilter-ahead, S=local:/run/ahead.sock\n", []),
        ("DLhub.a.test\n", [("luser-relay", "warning")]),
        ("DL\n", []),
        ("O DontProbeInterfaces=True\n", [("loopback-not-own", "note")]),
        ("O DontProbeInterfaces=loopback\n", [("loopback-not-own", "note")]),
        ("O DontProbeInterfaces=True\nCw[127.0.0.1]\n", []),
        ("#O DontProbeInterfaces=False\n", []),
        ("Scheck_rcpt\nR$* $: $1\n", [("open-networks", "danger")]),
        ('Scheck_rcpt\nR$* $#error $@ 5.7.1 $: "550 Relaying denied"\n', []),
    ],
)
def test_lines_of_sendmail_cf(cf, expected):
    assert found(sendmail(cf)) == expected


@pytest.mark.parametrize(
    ("name", "table", "expected"),
    [
        ("access", "To:inner.test\tRELAY\n", [("relay-recipients", "danger")]),
        ("access", "inner.test\tRELAY\n", [("relay-recipients", "danger")]),
        ("access", "Connect:10.0.0\tRELAY\nConnect:a.test\tRELAY\n10.0.0\tRELAY\n", []),
        ("access", 'CR: to:x\tOK\nTo:x@inner.test\tOK\nTo:inner.test\tERROR:5.1.1:"550"\n', []),
        ("virtuser", "@a.test\thub@elsewhere.test\n", [("catch-all", "warning")]),
        ("virtuser", "@a.test\t%1@elsewhere.test\n", [("catch-all", "warning")]),
        ("virtuser", "@a.test\terror:nouser 550 No such user\n", []),
        ("virtuser", "@a.test\talice\n", []),
        ("virtuser", "bob@a.test\thub@elsewhere.test\n", []),
    ],
)
def test_tables_of_sendmail(tmp_path, name, table, expected):
    (tmp_path / name).write_text(table)
    assert found(sendmail(f"K{name} hash -o {tmp_path}/{name}\n")) == expected


def test_relayed_domain_that_refuses_unknown_users_itself(tmp_path):
    (tmp_path / "access").write_text('To:x@inner.test OK\nTo:inner.test ERROR:5.1.1:"550 no"\n')
    assert found(sendmail(f"CRinner.test\nKaccess hash {tmp_path}/access\n")) == []


def test_sendmails_prevention_is_proposed_until_its_rules_are_there():
    def keys(cf):
        return [f.key for f in examine(sendmail(cf), Settings())]

    assert keys("SLwmx\n") == ["no-prevention"]
    assert keys("SLoopMX\n") == []


# Notices


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        (["mailto://localhost?from=a@b.test"], [("notice-through-us", "danger")]),
        (["mailto://127.0.0.1:25"], [("notice-through-us", "danger")]),
        (["mailto://mx.home.test"], [("notice-through-us", "danger")]),
        (["mailtos://u:secret@home.test"], [("notice-through-us", "danger")]),
        (["mailto://[::1]"], [("notice-through-us", "danger")]),
        (["mailto://10.0.0.1"], [("notice-through-us", "danger")]),
        (["mailto://u@a.test?smtp=localhost"], [("notice-through-us", "danger")]),
        (["mailto://u@home.test?smtp=mail.elsewhere.test"], []),
        (["mailto://u:secret@gmail.com"], []),
        (["slack://a/b/c"], []),
        (["json://localhost/hook"], []),  # no mail
        (["mailto://localhost", "slack://a/b/c"], [("notice-through-us", "warning")]),
        ([], []),
        (["mailto://[broken"], []),
    ],
)
def test_notices_that_go_through_the_sick_server(urls, expected):
    settings = Settings(notify=tuple(NotifyTarget(url=url) for url in urls))
    host = postfix(QUIET, addresses=frozenset({"10.0.0.1", "9.9.9.9"}))
    assert found(host, settings) == expected


def test_no_finding_repeats_a_password():
    settings = Settings(notify=(NotifyTarget(url="mailto://user:s3cret@localhost?token=t0ken"),))
    (finding,) = (f for f in examine(postfix(QUIET), settings) if f.about == "daemon")
    assert finding.evidence == "[[notify]] mailto://…: server localhost"
    assert not any(word in repr(finding) for word in ("s3cret", "t0ken", "user:"))


# The daemon


def daemon(settings=None, **more):
    more = {"logs": {"/var/log/maillog": ("/var/log/maillog",)}, **more}
    return found(Host(who=DAEMON, **more), settings)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (nodes("/var/log/maillog", 0o100644, uid=0, gid=0), []),
        (nodes("/var/log/maillog", 0o100640, uid=0, gid=4), []),  # group adm
        (nodes("/var/log/maillog", 0o100640, uid=0, gid=0), [("log-unreadable", "danger")]),
        (nodes("/var/log/maillog", 0o100600, uid=0, gid=4), [("log-unreadable", "danger")]),
        (nodes("/var/log/maillog", uid=0, gid=0, above=0o040700), [("log-unreadable", "danger")]),
        # The bits of the group are the mask of an access list: what it lets through is believed.
        (nodes("/var/log/maillog", 0o100640, uid=0, gid=0, acl=True), []),
    ],
)
def test_log_must_be_readable(seen, expected):
    assert daemon(nodes=seen) == expected


def test_root_may_everything():
    host = Host(
        who=Who(name="root", uid=0, groups=frozenset()),
        nodes=nodes("/var/log/maillog", 0o100000, above=0o040000),
        logs={"/var/log/maillog": ("/var/log/maillog",)},
    )
    assert found(host) == []


@pytest.mark.parametrize(
    ("mode", "gid", "fix"),
    [
        (0o100640, 33, "usermod -aG $(stat -c %G /var/log/maillog) logwatch-mx"),
        (0o100600, 33, "setfacl -m u:logwatch-mx:r /var/log/maillog"),
        (0o100640, 0, "setfacl -m u:logwatch-mx:r /var/log/maillog"),  # never into group root
    ],
)
def test_fix_for_a_log_is_the_smallest_right(mode, gid, fix):
    host = Host(
        who=DAEMON,
        nodes=nodes("/var/log/maillog", mode, uid=0, gid=gid),
        logs={"/var/log/maillog": ("/var/log/maillog",)},
    )
    assert fix_of(host, "log-unreadable").startswith(fix)


@pytest.mark.parametrize(
    ("source", "logs", "expected"),
    [
        (Source(), {}, [("log-missing", "warning")]),
        (Source(journal=True), {}, []),
        (Source(syslog="unix:/run/x"), {}, []),
    ],
)
def test_missing_log_is_said_where_one_is_wanted(source, logs, expected):
    assert daemon(Settings(source=source), logs=logs) == expected


@pytest.mark.parametrize(
    ("mode", "gid", "expected"),
    [
        (0o042750, 990, []),
        (0o042750, 999, [("log-unreadable", "danger")]),
        (0o042755, 999, []),
    ],
)
def test_journal_must_be_readable(mode, gid, expected):
    seen = nodes("/var/log/journal", mode, uid=0, gid=gid)
    assert daemon(Settings(source=Source(journal=True)), nodes=seen) == expected
    assert daemon(Settings(), nodes=seen) == []


STATE = "/var/lib/logwatch-mx"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (nodes(STATE, 0o040755), []),
        (nodes(STATE, 0o040755, uid=0, gid=0), [("state-not-writable", "danger")]),
        (nodes(STATE, fault="No such file", uid=0), [("state-not-writable", "danger")]),
        (nodes(STATE, fault="No such file", uid=990), []),  # it makes it itself
        (
            nodes(STATE, 0o040755) | nodes(f"{STATE}/state.db", 0o100600, uid=0),
            [("state-not-writable", "danger")],
        ),
        (nodes(STATE, 0o040755) | nodes(f"{STATE}/state.db", 0o100600), []),
        (nodes(STATE, 0o040755) | nodes(f"{STATE}/state.db", fault="No such file", uid=0), []),
    ],
)
def test_state_must_be_writable(seen, expected):
    settings = Settings(state=StateSettings(path=Path(STATE, "state.db")))
    assert daemon(settings, nodes=seen) == expected


def test_directory_of_the_map_must_be_writable_when_it_is_to_act():
    settings = Settings(mode="act", respond=Respond(postfix_map=Path("/srv/map/transport")))
    seen = nodes("/srv/map", 0o040755, uid=0, gid=0)
    assert daemon(settings, nodes=seen) == [("map-not-writable", "danger")]
    assert daemon(Settings(respond=settings.respond), nodes=seen) == []


def test_configuration_must_be_readable():
    path = "/etc/logwatch-mx/config.toml"
    closed = nodes(path, 0o100640, uid=0, gid=0)
    assert daemon(nodes=closed, configs=(path,)) == [("config-unreadable", "danger")]
    opened = nodes(path, 0o100640, uid=0, gid=990)
    assert daemon(nodes=opened, configs=(path,)) == []


@pytest.mark.parametrize(
    ("host", "settings", "expected"),
    [
        ({"postfix": PostfixConf(f"transport_maps = lmdb:{MAP}\n", ())}, ACT, ["program-missing"]),
        ({"postfix": PostfixConf(f"transport_maps = lmdb:{MAP}\n", ())}, Settings(), []),
        (
            {
                "postfix": PostfixConf(f"transport_maps = lmdb:{MAP}\n", ()),
                "programs": frozenset({"postmap"}),
            },
            ACT,
            [],
        ),
        ({"cfs": {"/etc/mail/sendmail.cf": WITH_MAP}}, ACT, ["program-missing"] * 2),
    ],
)
def test_programs_must_be_there_when_it_is_to_act(host, settings, expected):
    assert [key for key, _ in daemon(settings, **host)] == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"helper": "/run/…: no helper there"}, [("no-helper", "note")]),
        (
            {"nodes": nodes("/run/logwatch-mx/helper.sock", stat.S_IFSOCK | 0o660, uid=0, gid=0)},
            [("helper-closed", "warning")],
        ),
        (
            {"nodes": nodes("/run/logwatch-mx/helper.sock", stat.S_IFSOCK | 0o660, uid=0, gid=990)},
            [],
        ),
    ],
)
def test_helper_must_let_the_daemon_in(more, expected):
    assert daemon(**more) == expected


# As a whole


def test_the_worst_comes_first_and_root_causes_before_the_rest():
    text = (DATA / "spinning.main.cf").read_text() + f"transport_maps = lmdb:{MAP}\n"
    host = Host(
        postfix=PostfixConf(text, read_mastercf((DATA / "spinning.master.cf").read_text())),
        nodes=GONE,
        who=DAEMON,
        helper="not there",
        addresses=frozenset({"10.99.0.10"}),
        logs={},
    )
    assert found(host) == [
        ("map-missing", "danger"),
        ("loopback-not-own", "danger"),
        ("other-name", "danger"),
        ("relay-recipients", "danger"),
        ("log-missing", "warning"),
        ("behind-nat", "note"),
        ("no-helper", "note"),
    ]


def test_every_finding_has_words_evidence_and_a_fix():
    text = (DATA / "spinning.main.cf").read_text()
    hosts = [postfix(text, LOCAL_25), sendmail((DATA / "promisc.cf").read_text())]
    for finding in (f for host in hosts for f in examine(host, ACT)):
        assert finding.what
        assert finding.evidence
        assert finding.fix
        assert "\n" not in finding.what + finding.evidence
        assert finding.severity in Severity


KEYS = (
    "inet_interfaces", "proxy_interfaces", "myhostname", "mydestination", "relay_domains",
    "relay_recipient_maps", "local_recipient_maps", "luser_relay", "mynetworks", "mynetworks_style",
    "virtual_alias_maps", "transport_maps", "receive_override_options", "multi_instance_directories",
)  # fmt: skip
VALUES = st.sampled_from(
    ["all", "127.0.0.1", "[::1]", "0/0", "::/129", "10.0.0.0/99", "!", "static:", "hash:", "/", "cidr:/",
     "@a", "$myhostname", "${{3..6} <level {2} ? {x} : {}}", "${{", "inline:{ @a=b }", "\x1b[2J", "%"]
) | st.text(max_size=12)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(KEYS), st.lists(VALUES, max_size=4)), max_size=6), st.text()
)
def test_any_postfix_configuration_is_judged(lines, master):
    text = "".join(f"{key} = {' '.join(values)}\n" for key, values in lines)
    host = postfix(text, f"{master}\nsmtp inet n - y - - smtpd {master}\n")
    for finding in examine(host, ACT):
        assert finding.fix


CF = st.sampled_from(
    ["D", "Dj", "DL", "Dwx", "Cw", "CR", "C{", "Fw", "FR-o /", "M", "Mx, P=[IPC], F=k", "K", "Kaccess",
     "Klwmx hash", "O", "O DaemonPortOptions", "O DontProbeInterfaces=t", "Scheck_rcpt", "X", "R$*"]
)  # fmt: skip


@given(st.lists(st.tuples(CF, st.text(max_size=12)), max_size=8))
def test_any_sendmail_configuration_is_judged(lines):
    text = "\n".join(f"{start}{rest}" for start, rest in lines)
    for finding in examine(sendmail(text, "Djother.test\n"), ACT):
        assert finding.fix


@given(st.lists(st.text(max_size=30), min_size=1, max_size=3))
def test_any_notification_url_is_judged(urls):
    settings = Settings(notify=tuple(NotifyTarget(url=f"mailto://{url}") for url in urls))
    examine(postfix(QUIET), settings)
