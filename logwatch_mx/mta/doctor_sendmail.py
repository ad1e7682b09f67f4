"""What in a sendmail.cf lets sendmail deliver mail to itself, or bounce to forged senders.

Seen with sendmail 8.17.1: it notices itself by the name in the other side's EHLO answer, unless the
mailer has flag ``k``, or the other side is a second daemon of ours with another ``$j``; then it
spins, a hundred passes a message.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from msgspec import Struct

from logwatch_mx.config.settings import Settings
from logwatch_mx.mta.doctor_maps import sendmail_map_findings
from logwatch_mx.mta.finding import Finding, Severity
from logwatch_mx.mta.host import Host
from logwatch_mx.mta.sendmailcf import SendmailCf, parse_sendmailcf
from logwatch_mx.mta.table import UnreadableTableError, read_table

_OPTION = re.compile(r"^O\s*(\w+)\s*=\s*(.*?)\s*$", re.MULTILINE)
_REBUILD = "make -C /etc/mail && kill -HUP $(head -1 /run/sendmail/mta/sendmail.pid)"
#: A mail server asked at RCPT whether the user exists (milter-ahead and its like).
_ASKS_AHEAD = re.compile(r"^X[^,\n]*(?:ahead|verify|recipient)", re.MULTILINE | re.IGNORECASE)
_PREVENTION = re.compile(r"^SLoopMX[ \t]*$", re.MULTILINE)
_REFUSALS = frozenset({"ERROR", "REJEC"})
_OUR_MAP = "lwmx"


class _Daemon(Struct, frozen=True):
    """One sendmail.cf of a daemon that takes mail: its path, its text and its parts."""

    path: str
    text: str
    cf: SendmailCf

    @property
    def name(self) -> str:
        return self.cf.macros.get("j", "").lower()


def sendmail_findings(cfs: Mapping[str, str], host: Host, settings: Settings) -> list[Finding]:
    """Return what is wrong in *cfs*, texts by path; the submission program's is not looked at."""
    daemons = [
        _Daemon(path, text, parse_sendmailcf(text, host.hostname))
        for path, text in sorted(cfs.items())
        if not _is_submission(text)
    ]
    findings = [*_two_names(daemons)]
    for daemon in daemons:
        findings += _flag_k(daemon)
        findings += _any_relay(daemon)
        findings += _relayed(daemon)
        findings += _luser_relay(daemon)
        findings += _catch_all(daemon)
        findings += _interfaces(daemon)
    # Only the main daemon's is the one that our map is for.
    for daemon in daemons[:1]:
        findings += _no_prevention(daemon)
        named = daemon.cf.maps.get(_OUR_MAP)
        findings += sendmail_map_findings(
            daemon.path, named.partition(":")[2] if named else None, host, settings
        )
    return findings


def _is_submission(text: str) -> bool:
    ports = [value for name, value in _OPTION.findall(text) if name == "DaemonPortOptions"]
    return bool(ports) and all("NoMTA" in port for port in ports)


def _two_names(daemons: list[_Daemon]) -> Iterator[Finding]:
    names = {daemon.path: daemon.name for daemon in daemons}
    if len(set(names.values())) > 1:
        first = daemons[0].name
        yield Finding(
            key="two-names",
            severity=Severity.DANGER,
            about="sendmail",
            what="There are two daemons with different names: sendmail notices that it talks to"
            " itself by its name only, and they hand a loop's mail to each other",
            evidence="; ".join(f"{path}: Dj{name}" for path, name in names.items()),
            fix="# in the .mc file of each of them the same line, then build and HUP both\n"
            f"define(`confDOMAIN_NAME', `{first}')dnl",
        )


def _flag_k(daemon: _Daemon) -> Iterator[Finding]:
    unchecked = {name: flags for name, flags in daemon.cf.mailers.items() if "k" in flags}
    if unchecked:
        yield Finding(
            key="flag-k",
            severity=Severity.DANGER,
            about="sendmail",
            what="Mailers have flag k: sendmail does not notice when it talks to itself, and a"
            " domain whose MX is loopback makes a hundred passes of every message",
            evidence=f"{daemon.path}: "
            + ", ".join(f"M{name} F={flags}" for name, flags in sorted(unchecked.items())),
            fix="# in sendmail.mc take k out of SMTP_MAILER_FLAGS (RELAY_MAILER_FLAGS, …), then\n"
            + _REBUILD,
        )


def _any_relay(daemon: _Daemon) -> Iterator[Finding]:
    rules = re.search(r"^S(?:Local_)?check_rcpt\b", daemon.text, re.MULTILINE)
    if rules and "Relaying denied" not in daemon.text:
        yield Finding(
            key="open-networks",
            severity=Severity.DANGER,
            about="sendmail",
            what="Everybody may send through this server as anybody: it is an open relay",
            evidence=f"{daemon.path}: check_rcpt has no rule that says Relaying denied",
            fix="# in sendmail.mc take FEATURE(`promiscuous_relay') out, then\n" + _REBUILD,
        )


def _relayed(daemon: _Daemon) -> Iterator[Finding]:
    local = {word.lower() for word in daemon.cf.classes.get("w", ())}
    # Class R, and what the access table lets through to a domain (cf/README, "access").
    words = {f"class R: {word}": word for word in daemon.cf.classes.get("R", ())}
    for name, said in _table(daemon, "access").items():
        tag, _, word = name.rpartition(":")
        if said.split()[:1] == ["RELAY"] and tag in {"", "to"}:
            words[f"access: {name} RELAY"] = word
    relayed = {
        where: word.lower() for where, word in sorted(words.items())
        if "." in word and word.lower() not in local and not _is_address(word)
    }  # fmt: skip
    if not relayed or _ASKS_AHEAD.search(daemon.text):
        return
    access = _table(daemon, "access")
    checked = {name[1:] for name in _table(daemon, "virtuser") if name.startswith("@")}
    checked |= {name.rpartition(":")[2] for name in access if access[name][:5] in _REFUSALS}
    open_ = {where: word for where, word in relayed.items() if word not in checked}
    if open_:
        first = next(iter(open_.values()))
        yield Finding(
            key="relay-recipients",
            severity=Severity.DANGER,
            about="sendmail",
            what="Mail for any user of the relayed domains is accepted; the next server refuses"
            " unknown ones, and sendmail bounces to senders that are forged",
            evidence=f"{daemon.path}: {'; '.join(list(open_)[:5])}",
            # Tried with 8.17.1: who is listed is relayed, everybody else refused at RCPT.
            fix="# let a milter ask the next server (milter-ahead), or list who exists.\n"
            "# sendmail.mc:\n"
            "FEATURE(`blocklist_recipients')dnl\n"
            f"# /etc/mail/relay-domains:\n{first}\n"
            f"# /etc/mail/access, in place of To:{first} RELAY, a line for each who exists, and one"
            " for all others:\n"
            f"To:alice@{first}\tOK\n"
            f'To:{first}\tERROR:5.1.1:"550 User unknown"\n'
            "# then: makemap hash /etc/mail/access < /etc/mail/access; " + _REBUILD,
        )


def _luser_relay(daemon: _Daemon) -> Iterator[Finding]:
    if to := daemon.cf.macros.get("L"):
        yield Finding(
            key="luser-relay",
            severity=Severity.WARNING,
            about="sendmail",
            what=f"Mail for unknown local users is accepted and passed on to {to}: what is refused"
            " there is bounced to forged senders",
            evidence=f"{daemon.path}: DL{to}",
            fix="# in sendmail.mc take define(`LUSER_RELAY', …) out, then\n" + _REBUILD,
        )


def _catch_all(daemon: _Daemon) -> Iterator[Finding]:
    local = {word.lower() for word in daemon.cf.classes.get("w", ())}
    for name, to in _table(daemon, "virtuser").items():
        leaves = "@" in to and to.rpartition("@")[2].lower() not in local
        if name.startswith("@") and not to.startswith("error:") and leaves:
            yield Finding(
                key="catch-all",
                severity=Severity.WARNING,
                about="sendmail",
                what=f"Mail for any user{name} is accepted and passed on to {to}: what is refused"
                " there is bounced to forged senders",
                evidence=f"{daemon.cf.maps['virtuser']}: {name} {to}",
                fix=f"# in the table, in place of the line {name}: one line for each address that"
                f" exists, and\n{name}\terror:5.1.1:550 User unknown",
            )


def _interfaces(daemon: _Daemon) -> Iterator[Finding]:
    options = dict(_OPTION.findall(daemon.text))
    probe = options.get("DontProbeInterfaces", "").lower()
    if probe[:1] in {"t", "y", "l"} and "[127.0.0.1]" not in daemon.cf.classes.get("w", ()):
        yield Finding(
            key="loopback-not-own",
            severity=Severity.NOTE,
            about="sendmail",
            what="sendmail does not count the addresses of its interfaces, loopback among them, as"
            " its own",
            evidence=f"{daemon.path}: O DontProbeInterfaces={options['DontProbeInterfaces']}",
            fix="echo '[127.0.0.1]' >> /etc/mail/local-host-names\n" + _REBUILD,
        )


def _no_prevention(daemon: _Daemon) -> Iterator[Finding]:
    if not _PREVENTION.search(daemon.text):
        yield Finding(
            key="no-prevention",
            severity=Severity.NOTE,
            about="sendmail",
            what="Mail for foreign domains whose MX is loopback is tried, and bounced to the"
            " postmaster; sendmail's own maps can throw it away beforehand",
            evidence=f"{daemon.path}: no rules of logwatch-mx",
            fix="logwatch-mx prevent sendmail   # what it prints says what it covers and how",
        )


def _table(daemon: _Daemon, name: str) -> dict[str, str]:
    try:
        return read_table(daemon.cf.maps.get(name, "none:"))
    except UnreadableTableError:
        return {}


def _is_address(word: str) -> bool:
    try:
        ip_address(word.strip("[]"))
    except ValueError:
        return word.replace(".", "").isdigit()
    return True
