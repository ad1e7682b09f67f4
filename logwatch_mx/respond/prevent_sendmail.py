"""sendmail's own prevention as one m4 file, and whether a sendmail.cf has it.

Text in, text out: nothing is read from the machine and nothing is installed. The rules were proved
with sendmail 8.17.1 (``tests/lab/test_lab_prevent_sendmail.py``): bounces and mail for a foreign
domain whose every MX address is a loopback one are thrown away or refused, inline and from the
queue, 0 passes. The file also holds the map through which the daemon pauses a domain.
"""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Literal

Action = Literal["discard", "reject"]

DEFAULT_MAP = Path("/var/lib/logwatch-mx/sendmail-route")

#: Rules, rule sets, classes, mailers and maps; Klwmx has the map's path, which may be another.
_CF_LINE = re.compile(r"[RSFM](?!AILER)|K(?!lwmx )")

_PATH = re.compile(r"/[A-Za-z0-9._/-]+\Z", re.ASCII)

_DOES: dict[Action, str] = {
    "discard": "Mail and bounces for it are thrown away without a word to anybody.",
    "reject": "Mail for it is refused with 554 5.4.6; bounces for it, which have nobody to tell,"
    "\nare thrown away.",
}


def sendmail_m4(action: Action = "discard", map_path: Path = DEFAULT_MAP) -> str:
    """Return the m4 file that sendmail.mc includes last, with what it does in its head.

    Raise ``ValueError`` when *map_path* is one that m4 or sendmail would misread.
    """
    if not _PATH.match(str(map_path)):
        raise ValueError(f"{str(map_path)!r}: absolute, of letters, digits and . _ / - only")
    head = _data("prevent-sendmail.txt").replace("@DOES@", _DOES[action])
    head = head.replace("@MAP@", str(map_path))
    # Every line starts with dnl: m4 expands macros inside # comments, and an example of an include
    # in one of them once made a sendmail.cf of 80 MB.
    lines = [f"dnl {line}".rstrip() for line in head.splitlines()]
    settings = [
        "divert(-1)",
        f"define(`confLOOPMX', `{action}')",
        f"define(`confLWMX_MAP', `{map_path}')",
    ]
    return "\n".join([*lines, *settings, _data("route.m4") + _data("loopmx.m4")])


def missing_in_cf(cf: str) -> list[str]:
    """Return the configuration lines of ours that *cf*, a sendmail.cf, does not have.

    Lines that only some configurations get (mailertable, access, the chosen action) are not asked.
    """
    have = {_squeeze(line) for line in cf.splitlines()}
    return [line for line in _always() if _squeeze(line) not in have]


def action_in_cf(cf: str) -> Action | None:
    """Return what *cf* does to mail that would loop; None when it has no such rule."""
    calls = re.search(r"(?m)^R.*\$\| LOOP\s+\$(>LoopMXRefuse|#loopdiscard)", cf)
    if calls is None:
        return None
    return "reject" if calls[1].startswith(">") else "discard"


def _always() -> Iterator[str]:
    """Yield the lines that m4 copies whatever the rest of sendmail.mc says."""
    inside = False
    for line in (_data("route.m4") + _data("loopmx.m4")).splitlines():
        if line.endswith(", `dnl"):
            inside = True
        elif line == "')dnl":
            inside = False
        elif not inside and _CF_LINE.match(line):
            yield line


def _squeeze(line: str) -> str:
    return " ".join(line.split())


def _data(name: str) -> str:
    return (files("logwatch_mx.respond") / "data" / name).read_text(encoding="utf-8")
