"""A map of ours: its text, which is what counts, and the live file that a mail server reads.

The text is written first and the live file follows, so that a crash leaves what ``mend`` puts
right. What cannot be brought into force is taken out of the text again.

Another hand's edit is noticed and never overwritten: a text that is not ours to the byte, or a live
entry that is not in our words.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from logwatch_mx.errors import EffectError
from logwatch_mx.respond.guard import is_domain
from logwatch_mx.respond.map_text import MapFormat, is_id
from logwatch_mx.respond.replace import SCRATCH, alone, replace_text, told
from logwatch_mx.respond.route import Entry

#: RFC 2606 keeps it from ever being a domain with mail.
NOBODY = "logwatch-mx.invalid"


class Live(Protocol):
    """What the mail server reads, as rows of key and value; errors are ``EffectError``.

    *file* is named to the operator, with *remedy* against what is not ours in it.
    """

    file: Path
    remedy: str

    def rows(self) -> dict[str, str] | None:
        """Return what is in it; None when there is no file, or none that can be read."""

    def rehearse(self, text: str, key: str, value: str) -> None:
        """Raise unless *key* is found in a map made of *text*, with nothing changed."""

    def write(self, rows: Mapping[str, str]) -> None:
        """Have exactly *rows* in it; in force when this returns."""

    def settle(self) -> None:
        """Finish what an earlier change left to be done, if it did."""

    def ask(self, key: str, value: str | None) -> None:
        """Raise unless the mail server itself finds *value* (None: nothing) for *key*."""


class OwnMap:
    """The map whose text is at *path*, in the words of *form*; a ``RouteMap``."""

    def __init__(self, path: Path, live: Live, form: MapFormat) -> None:
        self.path = path
        self.live = live
        self._form = form

    def set(self, entry: Entry) -> None:
        """Do to the entry's domain what the entry says; in force when this returns."""
        value = self._value(entry)
        with self._held():
            self._mend()
            before = self._own_text()
            old = self._form.parse(before).entries
            entries = {**old, entry.domain: entry}
            text = self._form.render(entries.values())
            self.live.rehearse(text, entry.domain, value)
            replace_text(self.path, text)
            try:
                self.live.write(self._rows(entries))
                self.live.ask(entry.domain, value)
            except EffectError:
                # What counts must not promise what is not in force, and the other way round.
                replace_text(self.path, before)
                with suppress(EffectError):  # the first fault is the one to tell
                    self.live.write(self._rows(old))
                raise

    def unset(self, domain: str, *, force: bool = False) -> bool:
        """Let mail for *domain* flow again; False when our map did not touch it."""
        if not self.path.parent.exists():
            return False
        with self._held():
            text = self._text() if force else self._own_text()
            entries = dict(self._form.parse(text).entries)
            listed = entries.pop(domain, None) is not None
            if listed:
                left = self._form.without(text, domain)
                replace_text(self.path, left if force else self._form.render(entries.values()))
            rows = self.live.rows()
            if rows is None:
                # Nobody may be told that mail flows while a table is there that cannot be read.
                if self.path.exists() or self.live.file.exists():
                    self.live.write(self._rows(entries))
                return listed
            if not self._form.is_ours(rows.pop(domain, "")):
                self.live.settle()
                return listed
            self.live.write(rows)
            return True

    def entries(self) -> Mapping[str, Entry]:
        """Return our entries by domain, as the text has them, or the live map when that is lost."""
        with told(self.path):
            if not self.path.exists():
                return {entry.domain: entry for entry in self._rescued()}
            return self._form.parse(self._text()).entries

    def in_force(self) -> Mapping[str, Entry]:
        """Return our entries in the text or in the live map: what taking back left half done too.

        A live map that cannot be read tells nothing.
        """
        live: dict[str, Entry] = {}
        with suppress(EffectError):
            live = {entry.domain: entry for entry in self._rescued()}
        return {**live, **self.entries()}

    def mend(self) -> None:
        """Make the map when it is not there, and bring what is live in line with its text."""
        with told(self.path):
            self.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self._held():
            for left in self.path.parent.glob(f"{SCRATCH}*"):  # by a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            self._mend()
            self.live.ask(NOBODY, None)

    def _mend(self) -> None:
        if not self.path.exists():
            replace_text(self.path, self._form.render(self._rescued()))
        wanted = self._rows(self._form.parse(self._own_text()).entries)
        strange = sorted(
            domain
            for domain, value in (self.live.rows() or {}).items()
            if not (is_domain(domain) and self._form.is_ours(value))
        )
        if strange:
            raise EffectError(
                f"{self.live.file}: {len(strange)} entries are not ours"
                f" (the first: {strange[0]!r}); nothing was changed: {self.live.remedy}"
            )
        self.live.write(wanted)

    def _rescued(self) -> list[Entry]:
        """Return what the live map alone still tells when its text is lost."""
        found = (self._form.entry_from(*row) for row in (self.live.rows() or {}).items())
        return [entry for entry in found if entry is not None and is_domain(entry.domain)]

    def _value(self, entry: Entry) -> str:
        if not is_domain(entry.domain):
            raise EffectError(f"{self.path}: {entry.domain!r}: no domain name")
        if not (is_id(entry.incident) and is_id(entry.action)):
            raise EffectError(f"{self.path}: {entry.domain}: its incident's id is not plain")
        try:
            return self._form.value_of(entry)
        except KeyError:
            raise EffectError(f"{self.path}: {entry.verb}: not for a map") from None

    def _rows(self, entries: Mapping[str, Entry]) -> dict[str, str]:
        return {domain: self._form.value_of(entry) for domain, entry in entries.items()}

    def _text(self) -> str:
        with suppress(FileNotFoundError):
            return self.path.read_text(encoding="utf-8", errors="surrogateescape")
        return self._form.render([])

    def _own_text(self) -> str:
        text = self._text()
        if not self._form.parse(text).untouched:
            raise EffectError(
                f"{self.path}: edited by another hand; nothing was changed: put it back, or take"
                " our entries out with `logwatch-mx undo --force`"
            )
        return text

    @contextmanager
    def _held(self) -> Iterator[None]:
        with told(self.path), alone(self.path.parent):
            yield
