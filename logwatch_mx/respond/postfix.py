"""Our own Postfix transport map, changed while Postfix reads it.

The text at *path* is written first and is what counts; ``<path>.lmdb`` follows, in place, which
Postfix sees in the same second without a reload and without root. Every entry is tried in a scratch
map before. The map is never deleted and never put there by renaming: Postfix would keep the old one
open for seconds, or put off all mail when it is missing at a reload.

Another hand's edit is noticed and never overwritten: a text that is not ours to the byte, or a live
entry that is not in our words.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from logwatch_mx.errors import EffectError
from logwatch_mx.model.action import Verb
from logwatch_mx.respond import transport
from logwatch_mx.respond.guard import is_domain
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.replace import alone, replace_text, told
from logwatch_mx.respond.route import Entry

_TRY = ".lwmx-try-"
_VERBS = frozenset({Verb.PAUSE, Verb.REJECT, Verb.DISCARD})


class PostfixMap:
    """The transport map whose text is at *path*; a ``RouteMap``."""

    def __init__(self, path: Path, *, postmap: str = "postmap") -> None:
        self.path = path
        self._live = path.with_name(path.name + ".lmdb")
        self._postmap = Postmap(postmap)

    def set(self, entry: Entry) -> None:
        """Do to the entry's domain what the entry says; in force when this returns."""
        if not is_domain(entry.domain) or entry.verb not in _VERBS:
            raise EffectError(f"{self.path}: {entry.verb}: not for a transport map")
        if not (transport.is_id(entry.incident) and transport.is_id(entry.action)):
            raise EffectError(f"{self.path}: {entry.domain}: its incident's id is not plain")
        with self._held():
            self._mend()
            before = self._own_text()
            entries = {**transport.parse(before).entries, entry.domain: entry}
            text, route = transport.render(entries.values()), transport.route_of(entry)
            self._try(text, entry.domain, route)
            replace_text(self.path, text)
            try:
                self._postmap.put(self.path, entry.domain, route)
            except EffectError:
                # What counts must not promise what is not in force, and the other way round.
                replace_text(self.path, before)
                with suppress(EffectError):  # the first fault is the one to tell
                    self._mend()
                raise

    def unset(self, domain: str, *, force: bool = False) -> bool:
        """Let mail for *domain* flow again; False when our map did not touch it."""
        if not self.path.parent.exists():
            return False
        with self._held():
            text = self._text() if force else self._own_text()
            listed = domain in transport.parse(text).entries
            live = self._live_route(domain)
            if listed and force:
                replace_text(self.path, transport.without(text, domain))
            elif listed:
                entries = transport.parse(text).entries
                del entries[domain]
                replace_text(self.path, transport.render(entries.values()))
            if live is not None and transport.is_ours(live):
                self._postmap.drop(self.path, domain)
                return True
            return listed

    def entries(self) -> Mapping[str, Entry]:
        """Return our entries by domain, as the text has them, or the live map when that is lost."""
        with told(self.path):
            if not self.path.exists():
                return {entry.domain: entry for entry in self._rescued()}
            return transport.parse(self._text()).entries

    def mend(self) -> None:
        """Make the map when it is not there, and bring what is live in line with its text."""
        with told(self.path):
            self.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self._held():
            for left in self.path.parent.glob(f"{_TRY}*"):  # by a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            self._mend()

    def _mend(self) -> None:
        if not self.path.exists():
            replace_text(self.path, transport.render(self._rescued()))
        entries = transport.parse(self._own_text()).entries
        if not self._live.exists():
            self._postmap.build(self.path)
            return
        live = self._postmap.contents(self.path)
        strange = sorted(domain for domain, route in live.items() if not transport.is_ours(route))
        if strange:
            raise EffectError(
                f"{self._live}: {len(strange)} entries are not ours (the first: {strange[0]!r});"
                " nothing was changed: take them out with `postmap -d`"
            )
        for domain in live.keys() - entries.keys():
            self._postmap.drop(self.path, domain)
        for domain, entry in entries.items():
            if live.get(domain) != transport.route_of(entry):
                self._postmap.put(self.path, domain, transport.route_of(entry))

    def _rescued(self) -> list[Entry]:
        """Return what the live map alone still tells when its text is lost."""
        if not self._live.exists():
            return []
        found = self._postmap.contents(self.path).items()
        entries = [transport.entry_from(domain, route) for domain, route in found]
        return [entry for entry in entries if entry is not None and is_domain(entry.domain)]

    def _try(self, text: str, domain: str, route: str) -> None:
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=_TRY) as folder:
            scratch = Path(folder, "transport")
            scratch.write_text(text, encoding="utf-8")
            self._postmap.build(scratch)
            if self._postmap.query(scratch, domain) != route:
                raise EffectError(f"{self.path}: {domain}: postmap does not read the entry back")

    def _live_route(self, domain: str) -> str | None:
        return self._postmap.query(self.path, domain) if self._live.exists() else None

    def _text(self) -> str:
        with suppress(FileNotFoundError):
            return self.path.read_text(encoding="utf-8", errors="surrogateescape")
        return transport.render([])

    def _own_text(self) -> str:
        text = self._text()
        if not transport.parse(text).untouched:
            raise EffectError(
                f"{self.path}: edited by another hand; nothing was changed: put it back, or take"
                " our entries out with `logwatch-mx undo --force`"
            )
        return text

    @contextmanager
    def _held(self) -> Iterator[None]:
        with told(self.path), alone(self.path.parent):
            yield
