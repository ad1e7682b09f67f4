"""Namespaces that end with the process which made them.

A *Space* is one process that holds namespaces open; other programs enter it by its pid. When the
test runner dies the kernel kills the holder (parent-death signal), and with it every process in
its pid namespace: no daemon, no mount and no network interface outlives a test.
"""

import subprocess
import time
from pathlib import Path

from mailworld.chroots import ENV

DIE_WITH_ME = ("setpriv", "--pdeathsig", "KILL")


class Space:
    """The namespaces *kinds* (options of unshare), prepared by the shell script *setup*.

    With ``--pid`` among them the holder is the first process of its own pid namespace; *root* is
    where it lives then.
    """

    def __init__(self, kinds: list[str], setup: str, root: Path | None = None) -> None:
        # The shell stays as the first process: it reaps what daemons leave behind.
        stay = "sh -c 'while :; do sleep 1; done'"
        where = f"chroot {root} " if root else ""
        script = f"set -e\n{setup}\necho ready\nexec {where}{stay}"
        self._holder = subprocess.Popen(
            [*DIE_WITH_ME, "unshare", *kinds, "sh", "-c", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=ENV, text=True, start_new_session=True,
        )  # fmt: skip
        if self._holder.stdout.readline() != "ready\n":
            self._holder.kill()
            raise RuntimeError(f"no namespace: {self._holder.communicate()[1]}")
        self.pid = self._first_child() if "--pid" in kinds else self._holder.pid

    def enter(self, *kinds: str) -> list[str]:
        """Return the start of a command line that runs a program inside."""
        return ["nsenter", "--target", str(self.pid), *kinds, "--"]

    def close(self) -> None:
        """Kill the holder; the kernel does the rest."""
        self._holder.kill()
        self._holder.communicate()

    def _first_child(self) -> int:
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        return int(children.read_text().split()[0])


def run(argv: list[str], stdin: str = "", *, check: bool = True, timeout: float = 90) -> str:
    """Return what *argv* said (both streams); a failure shows it."""
    done = subprocess.run(
        argv, input=stdin, env=ENV, text=True, errors="replace", check=False, timeout=timeout,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def wait_for(true, what: str, seconds: float = 15.0) -> None:
    """Poll *true* until it is; a real daemon gives no other sign."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)
