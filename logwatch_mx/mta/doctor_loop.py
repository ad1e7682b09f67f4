"""What in Postfix's configuration lets it deliver mail to itself without noticing.

Tried with Postfix 3.7.11: it spins where all three hold: the address of the MX is not one of its
own (inet_interfaces, proxy_interfaces), something that feeds it answers there under another name,
and its own address may relay. ``postfix reload`` is enough for each of the fixes.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from logwatch_mx.config.address import parse_address, unmapped
from logwatch_mx.mta.finding import Finding, Severity
from logwatch_mx.mta.host import Host, PostfixConf
from logwatch_mx.mta.mastercf import Service

_WILDCARDS = frozenset({"all", "loopback-only", "localhost"})


def loop_findings(conf: PostfixConf, host: Host, own_addresses: tuple[str, ...]) -> list[Finding]:
    """Return what makes loops possible; *own_addresses* are those that our settings add."""
    return [
        *_loopback_missing(conf, host),
        *_other_name(conf),
        *_behind_nat(conf, host, own_addresses),
        *_more_instances(conf),
        *_no_prevention(conf),
    ]


def _loopback_missing(conf: PostfixConf, host: Host) -> Iterator[Finding]:
    own = [*conf.words("inet_interfaces"), *conf.words("proxy_interfaces")]
    if any(word in _WILDCARDS or _is_loopback(word) for word in own):
        return
    there = [f"master.cf: {s.name} {s.command}" for s in _at_loopback(conf.services or ())]
    if not there:
        there = [f"{each} port 25 is listened on" for each in sorted(_near(host.listens or ()))]
    proxies = ", ".join([*conf.words("proxy_interfaces"), "127.0.0.1"])
    yield Finding(
        key="loopback-not-own",
        severity=Severity.DANGER if there or host.listens is None else Severity.WARNING,
        about="postfix",
        what="Postfix does not know 127.0.0.1 as its own address: mail for a domain whose MX is"
        " loopback is delivered there, comes back, and is delivered again"
        + ("" if there else " as soon as anything on port 25 of it feeds Postfix"),
        evidence="; ".join(
            [conf.line("inet_interfaces"), conf.line("proxy_interfaces"), *there[:3]]
        ),
        fix=f"postconf -e 'proxy_interfaces = {proxies}'\npostfix reload",
    )


def _other_name(conf: PostfixConf) -> Iterator[Finding]:
    own = conf.value("myhostname").lower()
    for service in conf.services or ():
        other = service.overrides.get("myhostname", "")
        # Without a host it listens on all addresses, loopback among them.
        if not service.takes_mail or not other or other.lower() == own:
            continue
        near = not service.host or service in _at_loopback([service])
        yield Finding(
            key="other-name",
            severity=Severity.DANGER if near else Severity.WARNING,
            about="postfix",
            what=f"The SMTP server at {service.name} calls itself {other}: Postfix notices that it"
            " talks to itself by its name, and at 127.0.0.2, 0.0.0.0 or ::1 by nothing else",
            evidence=f"{service.name} {service.kind} … {service.command} -o myhostname={other};"
            f" {conf.line('myhostname')}",
            fix=f"postconf -PX '{service.name}/{service.kind}/myhostname'\npostfix reload\n"
            "# where the other name is needed: give that service another port than 25",
        )


def _behind_nat(conf: PostfixConf, host: Host, own_addresses: tuple[str, ...]) -> Iterator[Finding]:
    if conf.words("proxy_interfaces") or own_addresses or not host.addresses:
        return
    if any(ip_address(text).is_global for text in host.addresses):
        return
    yield Finding(
        key="behind-nat",
        severity=Severity.NOTE,
        about="postfix",
        what="This host has private addresses only. Where a public address leads to it (NAT), an MX"
        " at that address is a loop that neither Postfix nor logwatch-mx can see",
        evidence=f"{conf.line('proxy_interfaces')}; addresses: {', '.join(sorted(host.addresses))}",
        fix="# with your public address in place of 192.0.2.1:\n"
        "postconf -e 'proxy_interfaces = 192.0.2.1, 127.0.0.1'\npostfix reload\n"
        '# and in config.toml: [mta] own_addresses = ["192.0.2.1"]',
    )


def _more_instances(conf: PostfixConf) -> Iterator[Finding]:
    if others := conf.value("multi_instance_directories"):
        yield Finding(
            key="more-instances",
            severity=Severity.NOTE,
            about="postfix",
            what="There are more instances of Postfix; only this one was looked at, and two with"
            " different names can hand mail to each other for ever",
            evidence=f"multi_instance_directories = {others}",
            fix="\n".join(
                f"postconf -c {each} > /tmp/postconf.txt\n"
                f"logwatch-mx doctor --postconf /tmp/postconf.txt --master-cf {each}/master.cf"
                for each in conf.words("multi_instance_directories")
            ),
        )


def _no_prevention(conf: PostfixConf) -> Iterator[Finding]:
    if not conf.mentions("_mx_access"):
        yield Finding(
            key="no-prevention",
            severity=Severity.NOTE,
            about="postfix",
            what="Mail from and for domains whose MX is loopback is accepted first and bounced"
            " then; it can be refused at RCPT",
            evidence="no check_sender_mx_access, no check_recipient_mx_access",
            fix="logwatch-mx prevent postfix   # what it prints says what it covers and how",
        )


def _at_loopback(services: tuple[Service, ...] | list[Service]) -> list[Service]:
    return [s for s in services if s.takes_mail and (s.host == "localhost" or _is_loopback(s.host))]


def _near(listens: frozenset[str] | tuple[str, ...]) -> set[str]:
    """Return those addresses that a connection to loopback reaches."""
    return {each for each in listens if _is_loopback(each) or ip_address(each).is_unspecified}


def _is_loopback(word: str) -> bool:
    try:
        return unmapped(parse_address(word.strip("[]"))).is_loopback
    except ValueError:
        return False
