"""Run a mail server's queue program, without a shell and with a deadline."""

import os
import shutil
import subprocess

from logwatch_mx.errors import EffectError

#: A daemon's and an ordinary user's PATH often lack sbin.
_SYSTEM = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin"
#: Seconds; a queue of 100 000 messages is listed in a few.
_DEADLINE = 60.0


def find_program(name: str) -> str:
    """Return the absolute path of the program *name*; the system's directories come first.

    Root must never run what somebody put into a directory on the PATH that was left to it.
    """
    if name.startswith("/"):
        return name
    paths = _SYSTEM if os.geteuid() == 0 else f"{_SYSTEM}:{os.environ.get('PATH', '')}"
    found = shutil.which(name, path=paths)
    if found is None:
        raise EffectError(f"{name}: not found: is the mail server installed?")
    return found


def run_program(
    argv: list[str], text: str = "", seconds: float = _DEADLINE
) -> tuple[int, str, str]:
    """Return status, output and complaints of *argv*, which is given *text*."""
    try:
        done = subprocess.run(
            [find_program(argv[0]), *argv[1:]],
            input=text,
            capture_output=True,
            check=False,
            timeout=seconds,
            encoding="utf-8",
            errors="surrogateescape",
            start_new_session=True,
            cwd="/",
            env={"PATH": _SYSTEM, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired as error:
        raise EffectError(f"{argv[0]}: no answer in {seconds:g} s", retry=True) from error
    except OSError as error:
        raise EffectError(f"{argv[0]}: {error.strerror}") from error
    return done.returncode, done.stdout, done.stderr


def last_words(said: str, status: int) -> str:
    """Return the last line of *said*, safe for a terminal, or else the status."""
    lines = [line for line in said.splitlines() if line.strip()] or [f"status {status}"]
    return "".join(letter if letter.isprintable() else "?" for letter in lines[-1])[:300]
