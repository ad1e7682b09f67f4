"""What the daemon can read and write as the user that it runs as, and where its notices go."""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from logwatch_mx.config.settings import NotifyTarget, Settings
from logwatch_mx.mta.doctor_maps import acts
from logwatch_mx.mta.finding import Finding, Severity
from logwatch_mx.mta.host import Host
from logwatch_mx.mta.permission import Nodes, Want, may, why_not

#: Where systemd-journald keeps its files (systemd-journald.service(8)).
JOURNALS = ("/var/log/journal", "/run/log/journal")
_MAIL = frozenset({"mailto", "mailtos"})


def daemon_findings(settings: Settings, host: Host) -> list[Finding]:
    """Return what keeps the daemon from its work on this host."""
    if not host.on_this_host:
        return []
    return [
        *_configs(host),
        *_logs(settings, host),
        *_journal(settings, host),
        *_written(settings, host),
        *_programs(settings, host),
        *_helper(settings, host),
    ]


def notice_findings(
    settings: Settings, own_names: frozenset[str], own_addresses: frozenset[str]
) -> list[Finding]:
    """Return the notices that go through the very server whose trouble they would tell of."""
    sick = [
        (target, host)
        for target in settings.notify
        if (host := _mail_host(target)) is not None and _is_ours(host, own_names | own_addresses)
    ]
    only = len(sick) == len(settings.notify)
    return [
        Finding(
            key="notice-through-us",
            severity=Severity.DANGER if only else Severity.WARNING,
            about="daemon",
            what="Notices go out by mail through this very server: while mail loops they wait in"
            " its queue, and they add to what it has to do"
            + ("; there is no other way configured" if only else ""),
            # A notification URL may hold a password.
            evidence=f"[[notify]] {_place(target)}: server {host}",
            fix="# in config.toml, besides or instead: a way without this server, as\n"
            '[[notify]]\nurl_file = "/etc/logwatch-mx/slack.url"',
        )
        for target, host in sick
    ]


def _configs(host: Host) -> Iterator[Finding]:
    for path in host.configs:
        if why := _why_not(host, path, Want.READ):
            yield Finding(
                key="config-unreadable",
                severity=Severity.DANGER,
                about="daemon",
                what="The daemon cannot read its configuration: it does not start",
                evidence=why,
                fix=f"chgrp $(id -gn {host.who.name}) {path} && chmod g+r {path}",
            )


def _journal(settings: Settings, host: Host) -> Iterator[Finding]:
    there = [path for path in JOURNALS if path in host.nodes and host.nodes[path].found]
    closed = [why for path in there if (why := _why_not(host, path, Want.READ | Want.ENTER))]
    if settings.source.journal and closed and len(closed) == len(there):
        yield Finding(
            key="log-unreadable",
            severity=Severity.DANGER,
            about="daemon",
            what="The daemon cannot read the journal",
            evidence=closed[0],
            fix=f"usermod -aG systemd-journal {host.who.name}   # and restart the daemon",
        )


def _logs(settings: Settings, host: Host) -> Iterator[Finding]:
    source = settings.source
    for pattern in () if source.journal or source.syslog else source.files:
        files = host.logs.get(pattern, ())
        if not files:
            yield Finding(
                key="log-missing",
                severity=Severity.WARNING,
                about="daemon",
                what="The log that the daemon reads is not there",
                evidence=f"[source] files: {pattern}",
                fix="# find it (ls -t /var/log/mail*), and name it in config.toml:\n"
                '[source]\nfiles = ["/var/log/mail.log"]   # or: journal = true',
            )
        for file in files:
            if why := _why_not(host, file, Want.READ):
                yield Finding(
                    key="log-unreadable",
                    severity=Severity.DANGER,
                    about="daemon",
                    what="The daemon cannot read the log",
                    evidence=why,
                    fix=_let_read(host.nodes[file], host),
                )


def _let_read(nodes: Nodes, host: Host) -> str:
    last = nodes.last
    if nodes.found and last.gid and last.mode & 0o040:
        return f"usermod -aG $(stat -c %G {nodes.path}) {host.who.name}   # and restart the daemon"
    return f"setfacl -m u:{host.who.name}:r {nodes.path}   # and the same in logrotate's postrotate"


def _written(settings: Settings, host: Host) -> Iterator[Finding]:
    folders = {settings.state.path.parent: "state"}
    if acts(settings):
        folders.setdefault(settings.respond.postfix_map.parent, "map")
    for folder, what in folders.items():
        why = _why_not(host, str(folder), Want.WRITE | Want.ENTER)
        if why is not None and not _can_make(host, str(folder)):
            yield Finding(
                key=f"{what}-not-writable",
                severity=Severity.DANGER,
                about="daemon",
                what=f"The daemon cannot write its {what}: it does not start, or cannot act",
                evidence=why,
                fix=f"install -d -o {host.who.name} -m 755 {folder}",
            )
    for path in (settings.state.path,):
        nodes = host.nodes.get(str(path))
        why = _why_not(host, str(path), Want.WRITE | Want.READ)
        if nodes is not None and nodes.found and why is not None:
            yield Finding(
                key="state-not-writable",
                severity=Severity.DANGER,
                about="daemon",
                what="The daemon cannot write its state: it does not start",
                evidence=why,
                fix=f"chown {host.who.name} {path}*",
            )


def _programs(settings: Settings, host: Host) -> Iterator[Finding]:
    if not acts(settings):
        return
    if host.postfix is not None and settings.respond.postmap not in host.programs:
        yield _no_program("postmap", settings.respond.postmap)
    if host.cfs:
        for key, name in (
            ("makemap", settings.respond.makemap),
            ("sendmail", settings.respond.sendmail),
        ):
            if name not in host.programs:
                yield _no_program(key, name)


def _no_program(key: str, name: str) -> Finding:
    return Finding(
        key="program-missing",
        severity=Severity.WARNING,
        about="daemon",
        what=f"The daemon is told to act, and {key}, by which it changes its map, is not found",
        evidence=f"[respond] {key} = {name}",
        fix=f'# in config.toml:\n[respond]\n{key} = "/usr/sbin/{Path(name).name}"',
    )


def _helper(settings: Settings, host: Host) -> Iterator[Finding]:
    if host.helper is not None:
        yield Finding(
            key="no-helper",
            severity=Severity.NOTE,
            about="daemon",
            what="Queued mail can be held and released by root only: the helper does not answer",
            evidence=host.helper,
            fix="systemctl enable --now logwatch-mx-helper.socket"
            f"   # it listens at {settings.respond.helper}",
        )
    elif why := _why_not(host, str(settings.respond.helper), Want.WRITE):
        yield Finding(
            key="helper-closed",
            severity=Severity.WARNING,
            about="daemon",
            what="The helper is there, but the daemon's user may not ask it",
            evidence=why,
            fix=f'# in helper.toml: allow = ["{host.who.name}"]; then its group:\n'
            "systemctl edit logwatch-mx-helper.socket   # [Socket] SocketGroup=…\n"
            "systemctl restart logwatch-mx-helper.socket",
        )


def _why_not(host: Host, path: str, want: Want) -> str | None:
    nodes = host.nodes.get(path)
    return None if nodes is None else why_not(nodes, host.who, want)


def _can_make(host: Host, path: str) -> bool:
    """Return whether *path* is missing and the daemon can make it, as it then does."""
    nodes = host.nodes[path]
    return not nodes.found and may(nodes.last, host.who, Want.WRITE | Want.ENTER)


def _mail_host(target: NotifyTarget) -> str | None:
    """Return the server that a mail URL names: ``?smtp=``, else its host (apprise, email)."""
    try:
        parts = urlsplit(target.url)
        said = parse_qs(parts.query).get("smtp", [parts.hostname or ""])
    except ValueError:
        return None
    return said[-1].lower().strip("[]").rstrip(".") if parts.scheme.lower() in _MAIL else None


def _is_ours(name: str, ours: frozenset[str]) -> bool:
    try:
        return ip_address(name).is_loopback or str(ip_address(name)) in ours
    except ValueError:
        return name in ours or name == "localhost" or name.endswith(".localhost")


def _place(target: NotifyTarget) -> str:
    return str(target.url_file) if target.url_file else f"{target.url.partition(':')[0]}://…"
