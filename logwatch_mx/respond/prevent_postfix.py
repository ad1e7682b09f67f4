"""Postfix's own prevention as a script to read and run, and whether a main.cf has it.

Text in, text out: nothing is read from the machine and nothing is installed. Proved with Postfix
3.7.11 (``tests/lab/test_lab_prevent_postfix.py``): a joe job and own mail to loopback domains
make 0 passes, refused at RCPT by sender and by recipient.
"""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from msgspec import Struct

DEFAULT_MAP = Path("/var/lib/logwatch-mx/transport")

_PATH = re.compile(r"/[A-Za-z0-9._/-]+\Z", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\Z", re.ASCII)


class Lack(Struct, frozen=True, kw_only=True):
    """One thing that a running configuration does not have: *where* it belongs and *what* it is."""

    where: str
    what: str


def postfix_script(
    spare: Iterable[str] = (), map_path: Path = DEFAULT_MAP, *, recipients: bool = True
) -> str:
    """Return the script; domains in *spare* are never refused, nor are their subdomains.

    Without *recipients* only senders are checked: mail to a domain that has a good MX besides the
    loopback one is left alone. Raise ``ValueError`` for a spared word that is no domain name, or a
    path that the shell or Postfix would misread.
    """
    names = sorted({name.lower().strip(".") for name in spare})
    for name in names:
        if not _DOMAIN.match(name):
            raise ValueError(f"{name!r} is no domain name")
    if not _PATH.match(str(map_path)):
        raise ValueError(f"{str(map_path)!r}: absolute, of letters, digits and . _ / - only")
    lines = "\n".join(f"    echo {name}" for name in names)
    script = _variant(_data("prevent-postfix.sh"), recipients=recipients).replace(
        "@CIDR@", _data("loopmx.cidr").rstrip("\n")
    )
    script = script.replace("@SPARE@\n", f"{lines}\n" if lines else "")
    return script.replace("@MAP@", str(map_path))


def _variant(template: str, *, recipients: bool) -> str:
    """Keep the lines for all, and those marked for the variant with or without *recipients*."""
    mine, other = ("@to@", "@from@") if recipients else ("@from@", "@to@")
    lines = template.splitlines(keepends=True)
    return "".join(line.removeprefix(mine) for line in lines if not line.startswith(other))


def missing_in_postfix(
    main_cf: str, tables: Mapping[str, str], *, recipients: bool = True
) -> list[Lack]:
    """Return what *main_cf* (``postconf -n``) lacks; *tables* are the texts of the loopmx files.

    They are named as in the configuration directory: ``loopmx.cidr loopmx_from loopmx_to``.
    Without *recipients* the check of senders is enough.
    """
    settings = _settings(main_cf)
    says = _SAYS if recipients else {**_SAYS, "smtpd_restriction_classes": "loopmx_check_from"}
    lacks = []
    for parameter, first in (_WANTED if recipients else _WANTED_FROM).items():
        words = settings.get(parameter, "").replace(",", " ")
        if not first.search(" ".join(words.split())):
            lacks.append(Lack(where=parameter, what=says[parameter]))
    if _rules(tables.get("loopmx.cidr", "")) != _rules(_data("loopmx.cidr")):
        lacks.append(Lack(where="loopmx.cidr", what="every loopback network, with 550"))
    for side in ("from", "to") if recipients else ("from",):
        rules = _rules(tables.get(f"loopmx_{side}", ""))
        if rules[-1:] != [f"/./ loopmx_check_{side}"]:
            lacks.append(Lack(where=f"loopmx_{side}", what=f"/./ loopmx_check_{side} as last line"))
    return lacks


_SAYS = {
    "smtpd_restriction_classes": "loopmx_check_from, loopmx_check_to",
    "loopmx_check_from": "check_sender_mx_access cidr:…/loopmx.cidr",
    "loopmx_check_to": "check_recipient_mx_access cidr:…/loopmx.cidr",
    "smtpd_sender_restrictions": "check_sender_access regexp:…/loopmx_from before any permit",
    "smtpd_recipient_restrictions": "check_recipient_access regexp:…/loopmx_to before any permit",
}
# A permit before the check lets our own address pass, and that is the one which loops.
_BEFORE = r"^(?:(?!permit|reject).)*"
_WANTED = {
    "smtpd_restriction_classes": re.compile(
        r"(?=.*\bloopmx_check_from\b)(?=.*\bloopmx_check_to\b)", re.ASCII
    ),
    "loopmx_check_from": re.compile(r"check_sender_mx_access cidr:\S*loopmx\.cidr"),
    "loopmx_check_to": re.compile(r"check_recipient_mx_access cidr:\S*loopmx\.cidr"),
    "smtpd_sender_restrictions": re.compile(_BEFORE + r"check_sender_access regexp:\S*loopmx_from"),
    "smtpd_recipient_restrictions": re.compile(
        _BEFORE + r"check_recipient_access regexp:\S*loopmx_to"
    ),
}

_WANTED_FROM = {
    "smtpd_restriction_classes": re.compile(r"\bloopmx_check_from\b", re.ASCII),
    "loopmx_check_from": _WANTED["loopmx_check_from"],
    "smtpd_sender_restrictions": _WANTED["smtpd_sender_restrictions"],
}


def _settings(text: str) -> dict[str, str]:
    """Read main.cf; a line that starts with white space goes on with the one before."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[:1].isspace():
            if name:
                found[name] += " " + line.strip()
            continue
        name, _, value = (part.strip() for part in line.partition("="))
        found[name] = value
    return found


def _rules(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _data(name: str) -> str:
    return (files("logwatch_mx.respond") / "data" / name).read_text(encoding="utf-8")
