"""Our own maps: whether the mail server uses them, and whether they are there and readable.

Seen with Postfix 3.7.11: a map that main.cf names and that is missing at the next reload puts off
all mail (451), and putting it back does not heal before another reload. sendmail's ``-o`` map that
is missing or 0640 is ignored without a word.
"""

from collections.abc import Iterator
from pathlib import Path

from logwatch_mx.config.settings import Settings
from logwatch_mx.model.table_kind import IN_PLACE, KINDS, SUFFIXES
from logwatch_mx.mta.finding import Finding, Severity
from logwatch_mx.mta.host import Host, PostfixConf
from logwatch_mx.mta.permission import STRANGER, Nodes, Want, why_not


def acts(settings: Settings) -> bool:
    """Return whether the daemon would write to a map."""
    return settings.mode == "act" and settings.loop.action != "none"


def postfix_map_findings(conf: PostfixConf, host: Host, settings: Settings) -> list[Finding]:
    """Return what is wrong with our transport map."""
    path = settings.respond.postfix_map
    words = conf.words("transport_maps")
    named = [word for word in words if word.rpartition(":")[2] == str(path)]
    if not named:
        return [*_not_named(words, path, host, settings)]
    return [
        finding
        for word in named
        for finding in (
            *_missing(word, words, host),
            *_other_type(word, path),
            *_reload(word, host, settings),
        )
    ] + [*_subdomains(conf)]


def _missing(word: str, words: list[str], host: Host) -> Iterator[Finding]:
    kind = word.removeprefix("proxy:").partition(":")[0]
    file = word.rpartition(":")[2] + SUFFIXES.get(kind, "")
    nodes = host.nodes.get(file)
    if nodes is None or not host.on_this_host:
        return
    rest = " ".join(each for each in words if each != word)
    if not nodes.found:
        yield Finding(
            key="map-missing",
            severity=Severity.DANGER,
            about="postfix",
            what="main.cf names our map, and it is not there: at its next reload Postfix puts off"
            " all mail (451)",
            evidence=f"transport_maps: {word}; {file}: {nodes.fault}",
            fix="# make it before Postfix is reloaded: start the daemon with mode = act, or\n"
            f"touch {word.rpartition(':')[2]} && postmap {word.removeprefix('proxy:')}"
            " && postfix reload\n"
            f"# or take it out: postconf -e 'transport_maps = {rest}' && postfix reload",
        )
    elif why := why_not(nodes, STRANGER, Want.READ):
        yield Finding(
            key="map-unreadable",
            severity=Severity.DANGER,
            about="postfix",
            what="main.cf names our map, and Postfix's user may not read it: at its next reload"
            " Postfix puts off all mail (451)",
            evidence=why,
            fix=_readable(nodes) + "\npostfix reload",
        )


def _other_type(word: str, path: Path) -> Iterator[Finding]:
    if word.removeprefix("proxy:").partition(":")[0] not in KINDS:
        yield Finding(
            key="map-type",
            severity=Severity.WARNING,
            about="postfix",
            what="main.cf reads our map as a type that the daemon cannot write: nothing that it"
            " does comes into force",
            evidence=f"transport_maps: {word}",
            fix=f"# put lmdb:{path} in place of {word} in transport_maps, then\npostfix reload",
        )


def _subdomains(conf: PostfixConf) -> Iterator[Finding]:
    name = "parent_domain_matches_subdomains"
    if "transport_maps" in conf.words(name):
        rest = ", ".join(word for word in conf.words(name) if word != "transport_maps")
        yield Finding(
            key="map-subdomains",
            severity=Severity.WARNING,
            about="postfix",
            what="An entry for a domain is one for all its subdomains too: with a paused domain,"
            " healthy mail would wait",
            evidence=conf.line(name),
            fix=f"postconf -e '{name} = {rest}' && postfix reload\n"
            "# then name subdomains in your own transport tables as .DOMAIN",
        )


def _reload(word: str, host: Host, settings: Settings) -> Iterator[Finding]:
    """Tell of a table that needs a reload for each change, and of nobody who may reload."""
    kind = word.removeprefix("proxy:").partition(":")[0]
    if kind == IN_PLACE or kind not in KINDS or host.helper is None or not acts(settings):
        return
    if host.who.uid:
        yield Finding(
            key="map-no-reload",
            severity=Severity.WARNING,
            about="postfix",
            what=f"A {kind} table comes into force by a reload, for which the daemon needs its"
            " helper, and that does not answer: nothing can be paused",
            evidence=host.helper,
            fix="systemctl enable --now logwatch-mx-helper.socket\n"
            "# or a table that needs no reload: install postfix-lmdb and name the map by lmdb:",
        )


def _not_named(words: list[str], path: Path, host: Host, settings: Settings) -> Iterator[Finding]:
    if not acts(settings):
        return
    types = host.table_types
    kind = next((each for each in KINDS if types is None or each in types), IN_PLACE)
    file = f"{path}{SUFFIXES[kind]}"
    nodes = host.nodes.get(file)
    first = "" if nodes is None or nodes.found else "# first start the daemon: it makes the map\n"
    yield Finding(
        key="map-not-named",
        severity=Severity.WARNING,
        about="postfix",
        what="The daemon is told to act, but Postfix does not read its map: nothing would come into"
        " force",
        evidence=f"transport_maps = {' '.join(words)}".rstrip(),
        fix=f"{first}ls -l {file} &&"
        f" postconf -e 'transport_maps = {', '.join([f'{kind}:{path}', *words])}' &&"
        " postfix reload",
    )
    if types is not None and IN_PLACE not in types:
        able = kind in types
        yield Finding(
            key="no-lmdb",
            severity=Severity.NOTE if able else Severity.WARNING,
            about="postfix",
            what=f"This Postfix has no lmdb maps, which can be changed without a reload: a {kind}"
            " map is used, and each change needs the helper's reload"
            if able
            else "This Postfix has no table of a kind that the daemon can write",
            evidence=f"postconf -m: {' '.join(sorted(types))}",
            fix="apt-get install postfix-lmdb   # Red Hat: dnf install postfix-lmdb",
        )


def sendmail_map_findings(
    file: str, named: str | None, host: Host, settings: Settings
) -> list[Finding]:
    """Return what is wrong with our sendmail map; *named* is what the configuration *file* has."""
    wanted = settings.respond.sendmail_map
    if named is None:
        return [*_no_rules(file, wanted, settings)]
    if named != str(wanted):
        return [
            Finding(
                key="map-not-named",
                severity=Severity.WARNING,
                about="sendmail",
                what="sendmail reads another map than the daemon writes",
                evidence=f"{file}: Klwmx … {named}; [respond] sendmail_map = {wanted}",
                fix=f"logwatch-mx prevent sendmail --map {wanted} --output"
                " /etc/mail/logwatch-mx.m4\n# build sendmail.cf anew, then HUP sendmail",
            )
        ]
    return [*_ignored(named, host, settings)]


def _no_rules(file: str, wanted: Path, settings: Settings) -> Iterator[Finding]:
    if acts(settings):
        yield Finding(
            key="map-not-named",
            severity=Severity.WARNING,
            about="sendmail",
            what="The daemon is told to act, but sendmail does not read its map: nothing would come"
            " into force",
            evidence=f"{file}: no Klwmx",
            fix=f"logwatch-mx prevent sendmail --map {wanted} --output /etc/mail/logwatch-mx.m4\n"
            "# its head says how it is included, tried and put in force",
        )


def _ignored(named: str, host: Host, settings: Settings) -> Iterator[Finding]:
    nodes = host.nodes.get(f"{named}.db")
    if nodes is None or not host.on_this_host:
        return
    if not nodes.found:
        if acts(settings):
            yield Finding(
                key="map-missing",
                severity=Severity.NOTE,
                about="sendmail",
                what="sendmail's configuration names our map, and it is not there: mail flows, and"
                " nothing is paused until the daemon has made it",
                evidence=f"{named}.db: {nodes.fault}",
                fix="systemctl start logwatch-mx",
            )
    elif why := why_not(nodes, STRANGER, Want.READ):
        yield Finding(
            key="map-unreadable",
            severity=Severity.WARNING,
            about="sendmail",
            what="sendmail ignores our map without a word, because not everybody may read it",
            evidence=why,
            fix=_readable(nodes),
        )


def _readable(nodes: Nodes) -> str:
    lines = [f"chmod a+x {node.path}" for node in nodes.way[:-1] if not node.mode & 1]
    return "\n".join([*lines, f"chmod a+r {nodes.path}"])
