"""What in Postfix's configuration makes it accept mail that it bounces later, to forged senders.

Such bounces are what a loop begins with. A stock Postfix refuses unknown local users at RCPT
(seen with 3.7.11); what takes that away, or never had it, is found here.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from logwatch_mx.mta.finding import Finding, Severity
from logwatch_mx.mta.host import Host, PostfixConf
from logwatch_mx.mta.table import UnreadableTableError, read_lines, read_table

_RESTRICTIONS = ("client", "helo", "sender", "relay", "recipient", "data")
#: Before the probe, or mail that goes out would be probed at its destination too.
_BEFORE_PROBE = ("permit_mynetworks", "permit_sasl_authenticated", "reject_unauth_destination")
_UNCHECKED = "no_unknown_recipient_checks"
#: A public network that is shorter than this belongs to many.
_WIDE = {4: 9, 6: 20}


def backscatter_findings(conf: PostfixConf, host: Host) -> list[Finding]:
    """Return what makes bounces to forged senders possible."""
    return [
        *_relay_recipients(conf),
        *_local_recipients(conf),
        *_unlisted(conf),
        *_luser_relay(conf),
        *_catch_all(conf),
        *_networks(conf, host),
    ]


def _relay_recipients(conf: PostfixConf) -> Iterator[Finding]:
    # What is local too is checked as local.
    relayed = [w for w in conf.words("relay_domains") if w not in conf.words("mydestination")]
    maps = conf.words("relay_recipient_maps")
    restrictions = " ".join(conf.value(f"smtpd_{each}_restrictions") for each in _RESTRICTIONS)
    if not relayed or "reject_unverified_recipient" in restrictions:
        return
    if maps and not any(word.startswith("static:") for word in maps):
        return
    wanted = conf.words("smtpd_recipient_restrictions")
    if wanted[-1:] == ["permit"]:
        wanted.pop()
    wanted += [word for word in _BEFORE_PROBE if word not in wanted]
    yield Finding(
        key="relay-recipients",
        severity=Severity.DANGER,
        about="postfix",
        what="Mail for any user of the relayed domains is accepted; the next server refuses unknown"
        " ones, and Postfix bounces to senders that are forged",
        evidence=f"{conf.line('relay_domains')}; {conf.line('relay_recipient_maps')}",
        fix="# either ask the next server before accepting:\n"
        "postconf -e 'unverified_recipient_reject_code = 550'"
        f" 'smtpd_recipient_restrictions = {', '.join([*wanted, 'reject_unverified_recipient'])}'\n"
        "# or list who exists, one `user@domain OK` a line, in /etc/postfix/relay_recipients:\n"
        "#   postmap hash:/etc/postfix/relay_recipients\n"
        "#   postconf -e 'relay_recipient_maps = hash:/etc/postfix/relay_recipients'\n"
        "postfix reload",
    )


def _local_recipients(conf: PostfixConf) -> Iterator[Finding]:
    if conf.value("local_recipient_maps") or not conf.words("mydestination"):
        return
    yield Finding(
        key="local-recipients",
        severity=Severity.DANGER,
        about="postfix",
        what="Mail for local users who do not exist is accepted and bounced to forged senders",
        evidence=conf.line("local_recipient_maps"),
        fix="postconf -X local_recipient_maps\npostfix reload",
    )


def _unlisted(conf: PostfixConf) -> Iterator[Finding]:
    what = "Unknown recipients are not refused while the sender is there; they are bounced later"
    if conf.value("smtpd_reject_unlisted_recipient").lower() == "no":
        yield Finding(
            key="unlisted-recipients",
            severity=Severity.DANGER,
            about="postfix",
            what=what,
            evidence=conf.line("smtpd_reject_unlisted_recipient"),
            fix="postconf -X smtpd_reject_unlisted_recipient\npostfix reload",
        )
    if _UNCHECKED in conf.words("receive_override_options"):
        yield Finding(
            key="unlisted-recipients",
            severity=Severity.DANGER,
            about="postfix",
            what=what,
            evidence=conf.line("receive_override_options"),
            fix="# it belongs to the filter's way back (127.0.0.1:10025) in master.cf only:\n"
            "postconf -X receive_override_options\npostfix reload",
        )
    for service in conf.services or ():
        if service.takes_mail and _UNCHECKED in service.overrides.get(
            "receive_override_options", ""
        ):
            yield Finding(
                key="unlisted-recipients",
                severity=Severity.DANGER,
                about="postfix",
                what=what,
                evidence=f"{service.name} {service.kind} … {service.command}"
                f" -o receive_override_options={service.overrides['receive_override_options']}",
                fix=f"postconf -PX '{service.name}/{service.kind}/receive_override_options'\n"
                "postfix reload",
            )


def _luser_relay(conf: PostfixConf) -> Iterator[Finding]:
    if not (to := conf.value("luser_relay")):
        return
    open_ = not conf.value("local_recipient_maps")
    yield Finding(
        key="luser-relay",
        severity=Severity.DANGER if open_ else Severity.WARNING,
        about="postfix",
        what=f"Mail for unknown local users goes to {to}"
        + (": all spam is passed on, and bounced where it is refused" if open_ else
           " where it came in another way than by SMTP"),
        evidence=f"{conf.line('luser_relay')}; {conf.line('local_recipient_maps')}",
        fix="postconf -X luser_relay\npostfix reload",
    )  # fmt: skip


def _catch_all(conf: PostfixConf) -> Iterator[Finding]:
    local = {word.lower() for word in conf.words("mydestination")}
    for key in ("virtual_alias_maps", "virtual_maps"):
        for word in conf.words(key):
            try:
                table = read_table(word)
            except UnreadableTableError as error:
                yield _not_read(key, str(error))
                continue
            for name, to in table.items():
                elsewhere = [t for t in to.replace(",", " ").split() if _leaves(t, local)]
                if name.startswith("@") and elsewhere:
                    yield _catching(key, word, name, elsewhere[0])


def _catching(key: str, table: str, name: str, to: str) -> Finding:
    said = f"{to}, whoever exists there" if to.startswith("@") else to
    path = table.rpartition(":")[2]
    return Finding(
        key="catch-all",
        severity=Severity.WARNING,
        about="postfix",
        what=f"Mail for any user{name} is accepted and passed on to {said}: what is refused there"
        " is bounced to forged senders",
        evidence=f"{key} = … {table}: {name} {to}",
        fix=f"# in {path}: in place of the line {name}, one line for each address that exists\n"
        f"postmap {table}",
    )


def _not_read(key: str, said: str) -> Finding:
    return Finding(
        key="table-not-read",
        severity=Severity.NOTE,
        about="postfix",
        what="A table could not be read, so a catch-all in it was not looked for",
        evidence=f"{key}: {said}",
        fix="# does it answer to @domain alone? Then unknown users are accepted:\n"
        "postmap -q @example.org TYPE:TABLE",
    )


def _leaves(to: str, local: set[str]) -> bool:
    domain = to.rpartition("@")[2].lower()
    # "@domain" maps users one to one: those that do not exist are found out too late, local or not.
    return "@" in to and (to.startswith("@") or domain not in local)


def _networks(conf: PostfixConf, host: Host) -> Iterator[Finding]:
    if not conf.says("mynetworks"):
        if conf.value("mynetworks_style") == "class":
            yield _open("mynetworks_style = class", "a whole class A, B or C network", wide=True)
        return
    for word in _network_words(conf.words("mynetworks")):
        if word.startswith("static:"):
            yield _open(conf.line("mynetworks"), word, wide=True)
            continue
        try:
            network = ip_network(word.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            continue
        if network.prefixlen < _WIDE[network.version] and not network.is_private:
            yield _open(conf.line("mynetworks"), str(network), wide=True)
        elif _is_strange(network, host.addresses):
            yield _open(conf.line("mynetworks"), str(network), wide=False)


def _network_words(words: list[str]) -> Iterator[str]:
    for word in words:
        path = word.removeprefix("cidr:")
        if word.startswith("!") or not path.startswith("/"):
            yield word
            continue
        try:
            for line in read_lines(Path(path)):
                yield line.split()[0]
        except UnreadableTableError:
            continue


def _is_strange(network: IPv4Network | IPv6Network, own: frozenset[str]) -> bool:
    """Return whether *network* is public and none that this host is in."""
    return (
        network.is_global
        and network.num_addresses > 1
        and bool(own)
        and not any(ip_address(text) in network for text in own)
    )


def _open(evidence: str, network: str, *, wide: bool) -> Finding:
    return Finding(
        key="open-networks",
        severity=Severity.DANGER if wide else Severity.WARNING,
        about="postfix",
        what=f"Everybody in {network} may send through this server as anybody"
        + (": it is an open relay" if wide else ", and this host is not in that network"),
        evidence=evidence,
        fix="# name your own networks only; users elsewhere authenticate (SASL)\n"
        "postconf -e 'mynetworks = 127.0.0.0/8 [::1]/128'\npostfix reload",
    )
