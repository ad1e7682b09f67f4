"""Our own sendmail map, which the rules that ``prevent sendmail`` prints look every domain up in.

The text at *path* is written first and is what counts; ``<path>.db`` follows, whole, by renaming:
sendmail's next look-up reads it, without a restart and without root. A missing or broken map lets
mail flow. After every entry sendmail itself is asked whether it sees it (``sendmail_probe.py``).

Another hand's edit is noticed and never overwritten: a text that is not ours to the byte, or a live
entry that is not in our words.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from logwatch_mx.errors import EffectError
from logwatch_mx.respond import sendmail_text
from logwatch_mx.respond.guard import is_domain
from logwatch_mx.respond.makemap import SCRATCH, Makemap, live_file
from logwatch_mx.respond.replace import alone, replace_text, told
from logwatch_mx.respond.route import Entry
from logwatch_mx.respond.sendmail_probe import NOBODY, Seen, look
from logwatch_mx.respond.transport import is_id


class SendmailMap:
    """The map whose text is at *path*; a ``RouteMap``."""

    def __init__(self, path: Path, *, makemap: str = "makemap", sendmail: str = "sendmail") -> None:
        self.path = path
        self._live = live_file(path)
        self._makemap = Makemap(makemap)
        self._sendmail = sendmail

    def set(self, entry: Entry) -> None:
        """Do to the entry's domain what the entry says; in force when this returns."""
        if not is_domain(entry.domain):
            raise EffectError(f"{self.path}: {entry.domain!r}: no domain name")
        if not (is_id(entry.incident) and is_id(entry.action)):
            raise EffectError(f"{self.path}: {entry.domain}: its incident's id is not plain")
        try:
            word = sendmail_text.word_of(entry)
        except KeyError:
            raise EffectError(f"{self.path}: {entry.verb}: not for a map") from None
        with self._held():
            self._mend()
            before = self._own_text()
            old = sendmail_text.parse(before).entries
            entries = {**old, entry.domain: entry}
            replace_text(self.path, sendmail_text.render(entries.values()))
            try:
                self._makemap.build(self.path, _wanted(entries))
                self._ask(entry.domain, word)
            except EffectError:
                # What counts must not promise what is not in force.
                replace_text(self.path, before)
                with suppress(EffectError):  # the first fault is the one to tell
                    self._makemap.build(self.path, _wanted(old))
                raise

    def unset(self, domain: str, *, force: bool = False) -> bool:
        """Let mail for *domain* flow again; False when our map did not touch it."""
        if not self.path.parent.exists():
            return False
        with self._held():
            text = self._text() if force else self._own_text()
            entries = dict(sendmail_text.parse(text).entries)
            listed = entries.pop(domain, None) is not None
            if listed:
                left = sendmail_text.without(text, domain)
                replace_text(self.path, left if force else sendmail_text.render(entries.values()))
            rows = self._live_rows()
            if rows is None:
                self._makemap.build(self.path, _wanted(entries))
                return listed
            if not sendmail_text.is_ours(rows.pop(domain, "")):
                return listed
            self._makemap.build(self.path, rows)
            return True

    def entries(self) -> Mapping[str, Entry]:
        """Return our entries by domain, as the text has them, or the live map when that is lost."""
        with told(self.path):
            if not self.path.exists():
                return {entry.domain: entry for entry in self._rescued()}
            return sendmail_text.parse(self._text()).entries

    def mend(self) -> None:
        """Make the map when it is not there, bring it in line with its text, and ask sendmail."""
        with told(self.path):
            self.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self._held():
            for left in self.path.parent.glob(f"{SCRATCH}*"):  # by a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            self._mend()
            self._ask(NOBODY, None)

    def _mend(self) -> None:
        if not self.path.exists():
            replace_text(self.path, sendmail_text.render(self._rescued()))
        wanted = _wanted(sendmail_text.parse(self._own_text()).entries)
        live = self._live_rows()
        strange = sorted(domain for domain, word in (live or {}).items() if not _ours(domain, word))
        if strange:
            raise EffectError(
                f"{self._live}: {len(strange)} entries are not ours (the first: {strange[0]!r});"
                " nothing was changed: delete the .db, it is made anew from the text"
            )
        if live != wanted:
            self._makemap.build(self.path, wanted)

    def _rescued(self) -> list[Entry]:
        """Return what the live map alone still tells when its text is lost."""
        found = (sendmail_text.entry_from(*row) for row in (self._live_rows() or {}).items())
        return [entry for entry in found if entry is not None and is_domain(entry.domain)]

    def _live_rows(self) -> dict[str, str] | None:
        """Return what sendmail reads; None when there is no file, or none that can be read."""
        if not self._live.exists():
            return None
        with suppress(EffectError):  # cut off or damaged: it is made anew from the text
            return self._makemap.contents(self.path)
        return None

    def _ask(self, domain: str, word: str | None) -> None:
        seen = look(self._sendmail, self.path, domain, word)
        if seen not in {Seen.AGREES, Seen.UNREADABLE}:
            raise EffectError(f"{self._live}: {seen}")

    def _text(self) -> str:
        with suppress(FileNotFoundError):
            return self.path.read_text(encoding="utf-8", errors="surrogateescape")
        return sendmail_text.render([])

    def _own_text(self) -> str:
        text = self._text()
        if not sendmail_text.parse(text).untouched:
            raise EffectError(
                f"{self.path}: edited by another hand; nothing was changed: put it back, or take"
                " our entries out with `logwatch-mx undo --force`"
            )
        return text

    @contextmanager
    def _held(self) -> Iterator[None]:
        with told(self.path), alone(self.path.parent):
            yield


def _wanted(entries: Mapping[str, Entry]) -> dict[str, str]:
    return {domain: sendmail_text.word_of(entry) for domain, entry in entries.items()}


def _ours(domain: str, word: str) -> bool:
    return is_domain(domain) and sendmail_text.is_ours(word)
