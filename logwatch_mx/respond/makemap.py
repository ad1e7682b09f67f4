"""sendmail's own makemap(8) on hash maps: build one whole, list one.

A map is built beside the live one, read back, and put in its place by renaming, so that sendmail
sees the old or the new one and never half of one. Seen with sendmail 8.17.1: the next look-up reads
the new file, without a restart.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from logwatch_mx.errors import EffectError
from logwatch_mx.respond.replace import SCRATCH, put_in_place
from logwatch_mx.respond.tool import plain, run_tool

_RETRY = ("no space left", "quota", "temporarily unavailable", "too many open")


class Makemap:
    """One makemap program; *program* is a path or a name on ``PATH``."""

    def __init__(self, program: str) -> None:
        self._program = program

    def build(self, path: Path, rows: Mapping[str, str]) -> None:
        """Make ``<path>.db`` of *rows*; in force when this returns, or unchanged and raised."""
        live = live_file(path)
        text = "".join(f"{key}\t{value}\n" for key, value in sorted(rows.items()))
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=SCRATCH) as folder:
            scratch = Path(folder, path.name)
            self._run(["hash", str(scratch)], text, path)
            made = live_file(scratch)
            if self.contents(scratch) != dict(rows):
                raise EffectError(f"{live}: makemap does not read back what was written")
            put_in_place(made, live)

    def contents(self, path: Path) -> dict[str, str]:
        """Return the whole map at ``<path>.db``."""
        said = self._run(["-u", "hash", str(path)], "", path)
        rows = (line.split("\t", 1) for line in said.split("\n") if line)
        return {row[0]: row[-1] for row in rows}

    def _run(self, options: list[str], text: str, path: Path) -> str:
        done = run_tool([self._program, *options], text, path)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
            said = plain(lines[-1]).removeprefix("makemap: ")
            retry = any(word in done.stderr.lower() for word in _RETRY)
            raise EffectError(f"{path}: makemap: {said}", retry=retry)
        return done.stdout


def live_file(path: Path) -> Path:
    """Return the file that makemap makes for *path* and sendmail reads."""
    return path.with_name(f"{path.name}.db")
