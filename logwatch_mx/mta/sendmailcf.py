"""sendmail: the text of sendmail.cf → what is its own (Sendmail Installation and Operation Guide).

Read are macros (D), classes (C, F), mailers (M) and the mailertable (K); rules are not. Class w
holds local domains; R and VirtHost relay and virtual ones, their subdomains too; M and m what is
masqueraded. Macros that only a running sendmail knows ($w, $m) come from the host's name.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from logwatch_mx.mta.own import Gathering, Own, legal_domains
from logwatch_mx.mta.table import UnreadableTableError, read_lines, read_table

_NAMED = re.compile(r"\{([^}]*)\}(.*)|(.)(.*)", re.DOTALL)
_MACRO = re.compile(r"\$(?:\{([^}]*)\}|([A-Za-z]))")
_FLAGS = re.compile(r",\s*F=([^,\s]+)")
_TALKS_SMTP = re.compile(r",\s*P=\[(?:IPC|TCP)\]")
_MAX_DEPTH = 20


#: Local, masqueraded and relay domains, and those of the virtual user table.
_OWN_CLASSES = ("w", "M", "m", "R", "VirtHost")


class SendmailCf(Struct, frozen=True, kw_only=True):
    """The parts of a sendmail.cf that matter here.

    *macros* by name, expanded. *classes*: words by class. *mailers*: flags of those that
    talk SMTP; ``k`` is the one without which sendmail notices that it talks to itself. *maps*:
    ``TYPE:PATH`` by name. *options* as ``O Name=value`` sets them.
    """

    macros: dict[str, str]
    classes: dict[str, frozenset[str]]
    mailers: dict[str, str]
    maps: dict[str, str]
    options: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()


def parse_sendmailcf(text: str, hostname: str = "") -> SendmailCf:
    """Return the parts of the configuration *text* on a host that is called *hostname*."""
    short, _, domain = hostname.partition(".")
    macros = {"w": short, "m": domain, "j": hostname}
    classes: dict[str, set[str]] = defaultdict(set)
    mailers: dict[str, str] = {}
    maps: dict[str, str] = {}
    options: dict[str, str] = {}
    found = Gathering()
    for line in _logical_lines(text):
        command, rest = line[0], line[1:]
        if command == "D":
            name, value = _name(rest)
            macros[name] = value.strip()
        elif command == "C":
            name, value = _name(rest)
            classes[name] |= set(value.split())
        elif command == "F":
            name, value = _name(rest)
            classes[name] |= _read_class(name, value.strip(), found)
        elif command == "M":
            name = rest.split(",")[0].strip()
            flags = _FLAGS.search(rest)
            if _TALKS_SMTP.search(rest):
                mailers[name] = flags[1] if flags else ""
        elif command == "O" and "=" in rest:
            option, _, value = rest.strip().partition("=")
            options[option.strip()] = value.strip()
        elif command == "K" and len(words := rest.split()) > 1:
            maps[words[0]] = f"{words[1]}:{words[-1]}"
    expanded = {name: _expand(value, macros) for name, value in macros.items()}
    return SendmailCf(
        macros=expanded,
        classes={name: _members(name, classes, expanded) for name in classes},
        mailers=mailers,
        maps=maps,
        options=options,
        notes=tuple(found.notes),
        unread=frozenset(found.unread),
    )


def read_sendmailcf(text: str, hostname: str = "") -> Own:
    """Return what the configuration *text* says is sendmail's own on the host *hostname*."""
    parts = parse_sendmailcf(text, hostname)
    found = Gathering()
    for sentence in parts.notes:
        found.note(sentence)
    found.unread |= parts.unread
    for name in _OWN_CLASSES:
        legal = legal_domains(parts.classes.get(name, frozenset()))
        # An entry of class m ($m of the host) names where the site is, not what it takes mail for.
        target = found.origins if name == "m" else found.domains
        target |= legal
        if name != "m":
            found.enlist(legal, f"class {name}")
        if name in {"R", "VirtHost"}:
            found.parents |= legal
    found.origins |= legal_domains({parts.macros.get("M", "")})
    found.names |= legal_domains({parts.macros.get("j", ""), hostname})
    found.domains |= found.names
    if "mailertable" in parts.maps:
        _read_mailertable(parts.maps["mailertable"], found)
    if "access" in parts.maps:
        _read_access(parts.maps["access"], found)
    if "DontExpandCnames" in parts.options:
        found.settings["DontExpandCnames"] = parts.options["DontExpandCnames"]
    if smart := parts.macros.get("S"):
        found.note(f"sendmail SMART_HOST: mail for others goes to {smart}; their MX is not used")
        found.settings["SMART_HOST"] = smart
    unchecked = sorted(name for name, flags in parts.mailers.items() if "k" in flags)
    if unchecked:
        found.settings["flag k"] = " ".join(unchecked)
        found.note(
            f"sendmail: mailers {', '.join(unchecked)} have flag k, so that it does not notice "
            "when it talks to itself"
        )
    return found.done()


def _read_mailertable(name: str, found: Gathering) -> None:
    try:
        table = read_table(name)
    except UnreadableTableError as error:
        found.note(f"sendmail mailertable: {error}; its routes are not known")
        return
    for domain, route in table.items():
        found.route(domain, route)


def _read_access(name: str, found: Gathering) -> None:
    """Take in the domains that access_db lets us relay for: ``To:D RELAY``, or ``D RELAY``."""
    try:
        table = read_table(name)
    except UnreadableTableError as error:
        found.note(f"sendmail access: {error}; whom it lets us relay for is not known")
        return
    for key, value in table.items():
        tag, colon, rest = key.partition(":")
        if value.upper() == "RELAY" and (not colon or tag == "to"):
            # A domain in access_db means all below it as well (cf/README, FEATURE(access_db)).
            legal = legal_domains([rest if colon else key])
            found.domains |= legal
            found.parents |= legal
            found.enlist(legal, "access_db")


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        if line[:1] in {" ", "\t"} and lines:
            lines[-1] += " " + line.strip()
        elif line.strip() and not line.startswith("#"):
            lines.append(line.rstrip())
    return lines


def _name(rest: str) -> tuple[str, str]:
    """Split ``{Long}value`` or ``xvalue`` into the name and the value."""
    match = _NAMED.fullmatch(rest)
    if match is None:
        return "", ""
    return (match[1], match[2]) if match[1] is not None else (match[3], match[4])


def _read_class(name: str, value: str, found: Gathering) -> set[str]:
    # "-o" makes the file optional; a scanf format after the path says which part of a line counts.
    optional = value.startswith("-o")
    path = value.removeprefix("-o").strip().split(" ")[0].split("\t")[0]
    if not path.startswith("/"):
        found.note(f"sendmail class {name}: {value}: is not read; what it holds may be ours")
        if name in _OWN_CLASSES:
            found.unread.add(f"class {name}: {value}")
        return set()
    try:
        return {line.partition("#")[0].strip() for line in read_lines(Path(path))}
    except UnreadableTableError as error:
        if not optional:
            found.note(f"sendmail class {name}: {error}")
            if name in _OWN_CLASSES:
                found.unread.add(f"class {name}: {value}")
        return set()


def _expand(value: str, macros: Mapping[str, str], depth: int = 0) -> str:
    def replace(match: re.Match[str]) -> str:
        return _expand(macros.get(match[1] or match[2], ""), macros, depth + 1)

    return _MACRO.sub(replace, value) if depth < _MAX_DEPTH else ""


def _members(
    name: str, classes: Mapping[str, set[str]], macros: Mapping[str, str], depth: int = 0
) -> frozenset[str]:
    members: set[str] = set()
    for word in classes.get(name, ()):
        if word.startswith("$="):
            other, _ = _name(word[2:])
            members |= _members(other, classes, macros, depth + 1) if depth < _MAX_DEPTH else set()
        else:
            members.add(_expand(word, macros))
    return frozenset(members - {""})
