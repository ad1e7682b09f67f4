"""Our own sendmail map, which the rules that ``prevent sendmail`` prints look every domain up in.

``<map>.db`` is made whole and put in place by renaming: sendmail's next look-up reads it, without a
restart and without root. A missing or broken map lets mail flow. After every entry sendmail itself
is asked whether it sees it (``sendmail_probe.py``).
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from logwatch_mx.errors import EffectError
from logwatch_mx.respond import sendmail_text
from logwatch_mx.respond.makemap import Makemap, live_file
from logwatch_mx.respond.own_map import OwnMap
from logwatch_mx.respond.sendmail_probe import Seen, look


class Maker(Protocol):
    """Makes and lists maps: makemap itself, or the helper in its place."""

    def build(self, path: Path, rows: Mapping[str, str]) -> None:
        """Make ``<path>.db`` of *rows*; in force when this returns."""

    def contents(self, path: Path) -> dict[str, str]:
        """Return the whole map at ``<path>.db``."""


class SendmailMap(OwnMap):
    """The map whose text is at *path*.

    *named*: the path that sendmail.cf has, where that is another one. *maker*: who makes it, when
    we may not.
    """

    def __init__(
        self,
        path: Path,
        *,
        makemap: str = "makemap",
        sendmail: str = "sendmail",
        named: Path | None = None,
        maker: Maker | None = None,
    ) -> None:
        live = HashFile(named or path, maker or Makemap(makemap), sendmail)
        super().__init__(path, live, sendmail_text.FORMAT)


class HashFile:
    """The .db of the map that sendmail.cf has at *path*."""

    remedy = "delete the .db, it is made anew from the text"

    def __init__(self, path: Path, maker: Maker, sendmail: str) -> None:
        self.path = path
        self.file = live_file(path)
        self.maker = maker
        self.sendmail = sendmail

    def rows(self) -> dict[str, str] | None:
        """Return what is in it; None also when it is damaged: it is made anew from the text."""
        if self.file.exists():
            with suppress(EffectError):
                return self.maker.contents(self.path)
        return None

    def rehearse(self, text: str, key: str, value: str) -> None:
        """Do nothing: every map is made and read back beside the live one before it counts."""

    def write(self, rows: Mapping[str, str]) -> None:
        """Have exactly *rows* in it."""
        if self.rows() != dict(rows):
            self.maker.build(self.path, rows)

    def settle(self) -> None:
        """Do nothing: every change is in force at once."""

    def ask(self, key: str, value: str | None) -> None:
        """Raise when sendmail's own address test finds another value for *key*."""
        seen = look(self.sendmail, self.path, key, value)
        if seen not in {Seen.AGREES, Seen.UNREADABLE}:
            raise EffectError(f"{self.file}: {seen}")
