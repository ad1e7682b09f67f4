"""Postfix: ``postconf`` → what is its own (postconf(5)).

1. Domains: mydestination, relay_domains, virtual_alias_domains, virtual_mailbox_domains; entries
   may be names, files, tables; an exclusion (``!name``) adds nothing.
2. Addresses: inet_interfaces and proxy_interfaces. Names: myhostname.
3. Routes: transport_maps entries that name a next hop. ``domain slow:`` alone still uses the MX.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from logwatch_mx.config.address import canonical
from logwatch_mx.mta.own import Gathering, Own, legal_domains
from logwatch_mx.mta.table import UnreadableTableError, read_lines, read_table

DEADLINE = timedelta(seconds=5)
#: A daemon's PATH often lacks them.
_SYSTEM_PATHS = "/usr/sbin:/usr/local/sbin:/sbin"
_SETTING = re.compile(r"([A-Za-z0-9_]+)\s*=\s*(.*)")
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|\((\w+)\)|(\w+))")
_WORD = re.compile(r"(?:[^\s,{}]|\{(?:[^{}]|\{[^{}]*\})*\})+")
_TABLE = re.compile(r"[a-z]+:.+", re.DOTALL)
#: Deeper nesting of $name is a circle.
_MAX_DEPTH = 20
#: Settings that decide whether mail comes back to this host.
_TELLING = (
    "inet_interfaces",
    "proxy_interfaces",
    "mydestination",
    "relay_domains",
    "relayhost",
    "virtual_transport",
    "mailbox_transport",
    "fallback_transport",
)


def run_postconf(
    program: str, deadline: timedelta = DEADLINE, options: tuple[str, ...] = ()
) -> str:
    """Return what *program* says, ``$name`` expanded where it can; OSError says why it cannot.

    *options*: ask for something else than the settings (``-m``: the types of tables).
    """
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATHS}")
    if found is None:
        raise FileNotFoundError(f"{program}: not found")
    # -x expands; Postfix before 2.10 does not know it.
    for argv in ([found, *options],) if options else ([found, "-x"], [found]):
        try:
            ended = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=deadline.total_seconds(),
                check=False,
            )
        except subprocess.TimeoutExpired:
            seconds = deadline.total_seconds()
            raise TimeoutError(f"{program}: no answer within {seconds:g} s") from None
        if ended.returncode == 0:
            return ended.stdout.decode(errors="replace")
    last = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
    raise OSError(f"{program}: failed with {ended.returncode}: {' '.join(last)}")


def read_postconf(text: str, own_maps: Iterable[Path] = ()) -> Own:
    """Return what the output *text* of postconf says is Postfix's own.

    *own_maps*: transport maps that are ours, whose entries are no routes of the admin's.
    """
    settings = parse_settings(text)
    found = Gathering()
    for key in ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains"):
        for name in _names(key, settings, found):
            _add(found, name, subdomains=False)
            found.enlist(legal_domains([name.removeprefix(".")]), key)
    matching = split_words(expand_value("parent_domain_matches_subdomains", settings))
    for name in _names("relay_domains", settings, found):
        _add(found, name, subdomains="relay_domains" in matching)
        found.enlist(legal_domains([name.removeprefix(".")]), "relay_domains")
    for key in ("inet_interfaces", "proxy_interfaces"):
        _read_interfaces(key, settings, found)
    found.names |= legal_domains([expand_value("myhostname", settings)])
    found.origins |= legal_domains([expand_value("mydomain", settings), _origin(settings, found)])
    for key in _TELLING:
        if value := expand_value(key, settings).strip():
            found.settings[key] = value
    _read_routes(settings, found, {str(path) for path in own_maps})
    return found.done()


def parse_settings(text: str) -> dict[str, str]:
    """Return the settings that *text* (``postconf`` or main.cf) says, raw, by name."""
    settings: dict[str, str] = {}
    last = None
    for line in text.split("\n"):
        # main.cf itself continues a value on a line that begins with a blank; postconf does not.
        if line[:1] in {" ", "\t"} and last is not None:
            settings[last] += " " + line.strip()
        elif match := _SETTING.fullmatch(line.rstrip()):
            last = match[1]
            settings[last] = match[2]
    return settings


def expand_value(key: str, settings: Mapping[str, str], depth: int = 0) -> str:
    """Return the value of *key* with its ``$name`` expanded; empty where it is not said."""

    def expand(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        return expand_value(name, settings, depth + 1)

    raw = settings.get(key, "")
    return _REFERENCE.sub(expand, raw) if depth < _MAX_DEPTH else ""


def split_words(value: str) -> list[str]:
    """Return the words of the list *value*; what stands in braces is one word."""
    return _WORD.findall(value)


def _names(key: str, settings: Mapping[str, str], found: Gathering) -> list[str]:
    """Return the names that the list *key* holds, files and tables in it read."""
    names: list[str] = []
    for word in split_words(expand_value(key, settings)):
        try:
            if word.startswith("!"):
                continue
            if word.startswith("/"):
                lines = read_lines(Path(word))
                names += [name for line in lines for name in split_words(line)]
            elif _TABLE.fullmatch(word):
                # A virtual alias table holds addresses besides domains.
                names += [name for name in read_table(word) if "@" not in name]
            else:
                names.append(word)
        except UnreadableTableError as error:
            found.note(f"Postfix {key}: {error}; what it holds is not known to be ours")
            found.unread.add(f"{key}: {word}")
    return names


def _add(found: Gathering, name: str, *, subdomains: bool) -> None:
    bare = name.removeprefix(".")
    legal = legal_domains([bare])
    if subdomains or name != bare:
        found.parents |= legal
    if name == bare:
        found.domains |= legal


def _read_interfaces(key: str, settings: Mapping[str, str], found: Gathering) -> None:
    for word in split_words(expand_value(key, settings)):
        try:
            found.addresses.add(canonical(word.strip("[]")))
        except ValueError:
            # A host name would have to be looked up, and only DNS verdicts ask DNS.
            if word not in {"all", "loopback-only", "localhost"}:
                found.note(f"Postfix {key}: {word} is no address and was not looked up")


def _origin(settings: Mapping[str, str], found: Gathering) -> str:
    origin = expand_value("myorigin", settings)
    if not origin.startswith("/"):
        return origin
    try:
        return next(iter(read_lines(Path(origin))), "")
    except UnreadableTableError as error:
        found.note(f"Postfix myorigin: {error}")
        return ""


def _read_routes(settings: Mapping[str, str], found: Gathering, own_maps: set[str]) -> None:
    for word in split_words(expand_value("transport_maps", settings)):
        if word.rpartition(":")[2] in own_maps:
            continue
        try:
            table = read_table(word)
        except UnreadableTableError as error:
            found.note(f"Postfix transport_maps: {error}; its routes are not known")
            continue
        for name, route in table.items():
            _, colon, hop = route.partition(":")
            if not colon or not hop.strip():
                continue
            if name == "*":
                found.note(f"Postfix transport_maps: {word} routes all mail; no MX is used")
            elif "@" not in name:
                found.route(name, route.strip())
    if relay := expand_value("relayhost", settings):
        found.note(f"Postfix relayhost: mail for others goes to {relay}; their MX is not used")
