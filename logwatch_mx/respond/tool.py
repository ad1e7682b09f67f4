"""Run one of the mail server's own small programs, and say in one line what went wrong."""

import subprocess
from pathlib import Path

from logwatch_mx.errors import EffectError

#: Seconds; makemap and an address test take 0.02. Longer means a dead disk or a silent DNS.
_DEADLINE = 15


def run_tool(argv: list[str], text: str, about: Path) -> subprocess.CompletedProcess[str]:
    """Return what *argv* said when it was given *text*; raise ``EffectError`` if it cannot run."""
    try:
        return subprocess.run(
            argv,
            input=text,
            capture_output=True,
            check=False,
            timeout=_DEADLINE,
            encoding="utf-8",
            errors="surrogateescape",
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise EffectError(f"{argv[0]}: not found: is sendmail installed?") from error
    except subprocess.TimeoutExpired as error:
        raise EffectError(
            f"{argv[0]}: no answer in {_DEADLINE} s about {about}", retry=True
        ) from error
    except OSError as error:
        raise EffectError(f"{argv[0]}: {error.strerror}") from error


def plain(text: str) -> str:
    """Return *text* without anything that a terminal would obey, cut to a line's length."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]
