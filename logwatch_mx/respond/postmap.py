"""Postfix's own postmap(1): build a table, put, drop, look up, list.

It says "fine" about lines that it left out (``warning: … ignoring this line``, status 0), so what
was written is always looked up again. Seen with Postfix 3.7.11, where cdb tables can be built and
looked up only; they are listed by ``cdb.py``.
"""

import subprocess
from pathlib import Path

from logwatch_mx.errors import EffectError
from logwatch_mx.model.table_kind import IN_PLACE, SUFFIXES
from logwatch_mx.respond.cdb import read_cdb
from logwatch_mx.respond.replace import told

#: Seconds; a change takes 0.01. Longer means a dead disk.
_DEADLINE = 15

_RETRY = ("no space left", "quota", "mdb_map_full", "temporarily unavailable", "too many open")


class Postmap:
    """One postmap program, a path or a name on ``PATH``, for tables of one *kind*."""

    def __init__(self, program: str, kind: str = IN_PLACE) -> None:
        self._program = program
        self.kind = kind

    def file(self, path: Path) -> Path:
        """Return the table that is made of the text at *path*."""
        return path.with_name(path.name + SUFFIXES[self.kind])

    def build(self, path: Path) -> None:
        """Make the table of *path* from its text; an lmdb one in place and in one transaction."""
        self._run(path)

    def put(self, path: Path, key: str, value: str) -> None:
        """Set one entry of the live map, or raise when it cannot be read back."""
        # Without -r an entry that is there already stays as it is, with a warning.
        self._run(path, "-r", "-i", text=f"{key}\t{value}\n")
        if (found := self.query(path, key)) != value:
            raise EffectError(
                f"{self.file(path)}: {key}: written, but the map says {_plain(found)}"
            )

    def drop(self, path: Path, key: str) -> None:
        """Take one entry out of the live map; it may be missing."""
        self._run(path, "-d", key)
        if self.query(path, key) is not None:
            raise EffectError(f"{self.file(path)}: {key}: taken out, but still there")

    def query(self, path: Path, key: str) -> str | None:
        """Return the value that Postfix finds for *key*."""
        return self._run(path, "-q", key).removesuffix("\n") or None

    def contents(self, path: Path) -> dict[str, str]:
        """Return the whole live map."""
        if self.kind == "cdb":
            with told(self.file(path)):
                return read_cdb(self.file(path).read_bytes())
        rows = (line.split("\t", 1) for line in self._run(path, "-s").split("\n") if line)
        return {row[0]: row[-1] for row in rows}

    def _run(self, path: Path, *options: str, text: str = "") -> str:
        try:
            done = subprocess.run(
                [self._program, *options, f"{self.kind}:{path}"],
                input=text.encode(),
                capture_output=True,
                check=False,
                timeout=_DEADLINE,
                umask=0o022,  # Postfix's own user reads the map, whatever our umask
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise EffectError(
                f"{self._program}: not found: install Postfix, or set [respond] postmap"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise EffectError(
                f"{self._program}: no answer in {_DEADLINE} s about {path}", retry=True
            ) from error
        except OSError as error:
            raise EffectError(f"{self._program}: {error.strerror}") from error
        said = done.stderr.decode("utf-8", "replace").strip()
        # Status 1 without a word is "not found"; with one it is a failure.
        if done.returncode and (said or done.returncode != 1):
            raise self._failure(path, said or f"status {done.returncode}")
        return done.stdout.decode("utf-8", "surrogateescape")

    def _failure(self, path: Path, said: str) -> EffectError:
        last = _plain(said.splitlines()[-1]).removeprefix("postmap: ").removeprefix("fatal: ")
        # "unsupported map type for this operation" is said where the plug-in is not trusted.
        if "unsupported dictionary type" in last or "unsupported map type" in last:
            kind = self.kind
            return EffectError(
                f"{path}: this Postfix has no {kind} maps: install postfix-{kind} ({last})"
            )
        retry = any(word in said.lower() for word in _RETRY)
        return EffectError(f"{path}: postmap: {last}", retry=retry)


def _plain(text: str | None) -> str:
    if text is None:
        return "nothing"
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]
