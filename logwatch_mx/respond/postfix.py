"""Our own Postfix transport map: which kind of table it is, and how each kind is changed.

*lmdb* is changed in place, which Postfix sees in the same second without a reload and without root;
put there by renaming it would be seen after seconds only. *hash*, *btree* and *cdb* are made beside
the live file, looked up, put in its place by renaming, and then Postfix is told to reload, which
needs root (a reload that failed or was cut off is remembered by a file, and done at the next
change or start). The map is never deleted: Postfix would put off all mail when it is missing at a
reload. Seen with Postfix 3.7.11.
"""

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from logwatch_mx.errors import EffectError
from logwatch_mx.model.table_kind import IN_PLACE, KINDS, SUFFIXES
from logwatch_mx.respond import transport
from logwatch_mx.respond.own_map import OwnMap
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.replace import SCRATCH, put_in_place, replace_text

Reload = Callable[[], None]


def _no_reload() -> None:
    raise EffectError("nobody may tell Postfix to reload: a map of this kind needs that")


class PostfixMap(OwnMap):
    """The transport map whose text is at *path*; *reload* makes Postfix read it anew."""

    def __init__(
        self,
        path: Path,
        *,
        postmap: str = "postmap",
        kind: str = IN_PLACE,
        reload: Reload = _no_reload,
    ) -> None:
        tool = Postmap(postmap, kind)
        live = LmdbTable(path, tool) if kind == IN_PLACE else RenamedTable(path, tool, reload)
        super().__init__(path, live, transport.FORMAT)


def choose_kind(path: Path, *, named: Sequence[str], types: Collection[str]) -> str:
    """Return the kind of table that the map at *path* is, or should be.

    *named*: the words of ``transport_maps``; what Postfix reads counts first, then what is there
    already, then the best of *types*, which ``postconf -m`` lists.
    """
    for word in named:
        kind, _, where = word.removeprefix("proxy:").partition(":")
        if where == str(path) and kind in KINDS:
            return kind
    there = [kind for kind in KINDS if path.with_name(path.name + SUFFIXES[kind]).exists()]
    able = [kind for kind in KINDS if kind in types]
    return next(iter([*there, *able]), IN_PLACE)


class _Table:
    """What all kinds of Postfix tables have in common; *path* is that of the text."""

    def __init__(self, path: Path, tool: Postmap) -> None:
        self.path = path
        self.tool = tool
        self.file = tool.file(path)

    def rehearse(self, text: str, key: str, value: str) -> None:
        """Raise unless Postfix finds *value* for *key* in a map made of *text*."""
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=SCRATCH) as folder:
            scratch = Path(folder, self.path.name)
            scratch.write_text(text, encoding="utf-8")
            self.tool.build(scratch)
            if self.tool.query(scratch, key) != value:
                raise EffectError(f"{self.path}: {key}: postmap does not read the entry back")

    def ask(self, key: str, value: str | None) -> None:
        """Say nothing: what was written was looked up by Postfix's own program already."""


class LmdbTable(_Table):
    """An lmdb table, changed entry by entry while Postfix reads it."""

    remedy = "take them out with `postmap -d`"

    def rows(self) -> dict[str, str] | None:
        """Return what is in it; a file that cannot be read raises, since it is never replaced."""
        return self.tool.contents(self.path) if self.file.exists() else None

    def write(self, rows: Mapping[str, str]) -> None:
        """Have exactly *rows* in it, each change in one transaction."""
        live = self.rows()
        if live is None:
            self.tool.build(self.path)
            return
        for key in live.keys() - rows.keys():
            self.tool.drop(self.path, key)
        for key, value in rows.items():
            if live.get(key) != value:
                self.tool.put(self.path, key, value)

    def settle(self) -> None:
        """Do nothing: every change is in force at once."""


class RenamedTable(_Table):
    """A hash, btree or cdb table: made whole, put in place by renaming, reloaded."""

    def __init__(self, path: Path, tool: Postmap, reload: Reload) -> None:
        super().__init__(path, tool)
        self.remedy = f"make it anew with `postmap {tool.kind}:{path}`, and reload Postfix"
        self.reload = reload
        # Beside the map: a kill between renaming and reloading must not be forgotten.
        self._due = path.with_name(f".{path.name}.reload-due")

    def rows(self) -> dict[str, str] | None:
        """Return what is in it; None also when it is damaged: it is made anew from the text."""
        if self.file.exists():
            with suppress(EffectError):
                return self.tool.contents(self.path)
        return None

    def write(self, rows: Mapping[str, str]) -> None:
        """Have exactly *rows* in it, and have Postfix read them."""
        if self.rows() != dict(rows):
            self._build(rows)
        self.settle()

    def settle(self) -> None:
        """Reload Postfix when a change is not in force yet."""
        if self._due.exists():
            self.reload()
            self._due.unlink(missing_ok=True)

    def _build(self, rows: Mapping[str, str]) -> None:
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=SCRATCH) as folder:
            scratch = Path(folder, self.path.name)
            lines = (f"{key}\t{value}\n" for key, value in sorted(rows.items()))
            scratch.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")
            self.tool.build(scratch)
            if self.tool.contents(scratch) != dict(rows):
                raise EffectError(f"{self.file}: postmap does not read back what was written")
            replace_text(self._due, "")
            put_in_place(self.tool.file(scratch), self.file)
