"""The product installed on the mail server of a world itself, run as an ordinary user.

The interpreter of this machine, the virtual environment and the product are mounted into the
chroot, read-only and at the places they have here; both are the same Debian.
"""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

from mailworld import places
from mailworld.chroots import ENV
from mailworld.daemon import COMMAND
from mailworld.space import DIE_WITH_ME, run, wait_for

USER = "logwatch-mx"
FOLDER = "/var/lib/logwatch-mx"
ROOT = Path(__file__).resolve().parents[3]
UNIT = ROOT / "systemd/logwatch-mx-helper.service"
#: The daemon of systemd's unit: no capability, none to be had, and a closed umask.
AS_USER = (
    "setpriv", f"--reuid={USER}", f"--regid={USER}", "--groups=adm", "--no-new-privs",
    "--inh-caps=-all", "--bounding-set=-all",
)  # fmt: skip


class Inside:
    """``logwatch-mx run`` on *world*'s mail server, with nothing said that it can find out."""

    def __init__(self, world, *, action="pause", more="") -> None:
        self.world = world
        self.said = world.home / "inside.said"
        self.map = f"{FOLDER}/{'transport' if world.mta.name == 'postfix' else 'sendmail-route'}"
        _mount(world)
        world.run(["useradd", "--system", "--user-group", "--home", FOLDER, USER])
        world.run(["install", "-d", "-m", "755", "-o", USER, "-g", USER, FOLDER])
        world.run(["install", "-d", "/etc/logwatch-mx"])
        # As Debian's logger leaves it; this one runs on, and keeps owner and mode.
        world.run(["chown", "root:adm", str(world.log_path())])
        world.run(["chmod", "640", str(world.log_path())])
        world.write(
            "/etc/logwatch-mx/config.toml",
            f"""\
mode = "act"
[source]
files = ["{world.log_path()}"]
[dns]
nameservers = ["{places.NAME_SERVER}"]
second_opinion = ["{places.SECOND_NAME_SERVER}"]
[loop]
action = "{action}"
{more}""",
        )

    def __enter__(self):
        with self.said.open("a") as said:
            before = said.tell()
            self._process = subprocess.Popen(
                [*DIE_WITH_ME, *self._as_user(), "sh", "-c", f"umask 077; exec {COMMAND} run"],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=ENV,
            )  # fmt: skip
        wait_for(
            lambda: "watching" in self.told()[before:] or self._process.poll() is not None,
            f"the daemon ({self.said})",
            30,
        )
        assert self._process.poll() is None, self.told()
        return self

    def __exit__(self, *_) -> None:
        self._signal(signal.SIGTERM)
        try:
            assert self._process.wait(15) == 0, self.told()
        finally:
            self._process.kill()
            self._process.wait()

    def start_helper(self, settings: str = "") -> None:
        """Have the helper serve its socket, as root with what its unit leaves of it.

        Its capabilities, its read-only file system with the places that it may write to, its
        private /tmp and network are those of the unit; filters of system calls need systemd.
        """
        run_folder = "/run/logwatch-mx"
        self.world.run(["install", "-d", "-m", "750", "-g", USER, run_folder])
        self.world.write("/etc/logwatch-mx/helper.toml", settings)
        kept = _said("CapabilityBoundingSet")
        bounding = ",".join(f"+{each.removeprefix('CAP_').lower()}" for each in kept)
        self.world._start(
            [
                *self.world._command(), "unshare", "--mount",
                *(["--net"] if _said("PrivateNetwork") == ["yes"] else []),
                "sh", "-c", _sandbox(run_folder), "sandbox", "setpriv", "--no-new-privs", "--inh-caps=-all",
                f"--bounding-set=-all,{bounding}", COMMAND.with_name("logwatch-mx-helper"),
                "--socket", f"{run_folder}/helper.sock", "--idle", "0",
            ],
            self.world.home / "helper.said",
        )  # fmt: skip
        wait_for(self.world._path(f"{run_folder}/helper.sock").exists, "the helper", 20)
        self.world.run(["chgrp", USER, f"{run_folder}/helper.sock"])
        self.world.run(["chmod", "660", f"{run_folder}/helper.sock"])

    def stop_helper(self) -> None:
        """End the helper; its socket stays, as after a crash."""
        helper = self.world._parts[-1]._process
        os.kill(_child(helper), signal.SIGKILL)
        helper.wait()

    def kill(self) -> None:
        """End it as a dead machine does; it can be entered anew."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def told(self) -> str:
        """Return the daemon's own log."""
        return self.said.read_text()

    def command(self, *words: str) -> str:
        """Run another command as the same user; return what it said."""
        return run([*self._as_user(), str(COMMAND), *words])

    def incidents(self) -> list[dict]:
        """Return what the daemon remembers."""
        return json.loads(self.command("incidents", "list", "--json"))["incidents"]

    def actions(self, domain: str) -> list[tuple[str, str]]:
        """Return verb and state of what was done about *domain*."""
        found = [one for one in self.incidents() if one["subject"] == domain]
        return [(a["verb"], a["state"]) for one in found for a in one["actions"]]

    def _signal(self, number: int) -> None:
        os.kill(_child(self._process), number)

    def _as_user(self) -> list[str]:
        return [*self.world._command(), *AS_USER]


def _said(key: str) -> list[str]:
    """Return all words of *key* in the helper's unit."""
    return [
        word for line in re.findall(rf"(?m)^{key}=(.*)$", UNIT.read_text()) for word in line.split()
    ]


def _sandbox(run_folder: str) -> str:
    """Return a script that makes the unit's file system and network and runs its arguments there.

    The socket's folder may be written to besides: systemd hands the socket over ready-made.
    """
    assert _said("ProtectSystem") == ["strict"]
    assert _said("PrivateTmp") == ["yes"]
    places = [*(word.removeprefix("-") for word in _said("ReadWritePaths")), run_folder]
    lines = ["set -e", "mount --make-rprivate /"]
    lines += [f"test ! -e {each} || mount --bind {each} {each}" for each in places]
    # Where the product itself is below it, there is no hiding it.
    if Path("/tmp") not in (*ROOT.parents, *Path(sys.prefix).parents):
        lines += [f"mount -t tmpfs tmp {each}" for each in ("/tmp", "/var/tmp")]
    return "\n".join([*lines, "mount -o remount,bind,ro /", 'exec "$@"'])


def _child(process: subprocess.Popen) -> int:
    """Return what nsenter runs: it hands no signals on."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return int(children.read_text().split()[0])


def _mount(world) -> None:
    """Mount what the product needs to run; shared libraries only where the chroot has none."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    base = Path(sys.base_prefix)
    python = [base] if base not in {Path("/usr"), Path("/usr/local")} else [
        stdlib, stdlib / "lib-dynload", Path(sys.executable).resolve(),
    ]  # fmt: skip
    root = world.root
    wanted = [ROOT, *(path for path in (Path(sys.prefix), *python) if ROOT not in path.parents)]
    lines = ["set -e"]
    for path in [*wanted, *_libraries(stdlib, world.chroot)]:
        inside = f"{root}{path}"
        make = (
            f"mkdir -p {inside}"
            if path.is_dir()
            else f"mkdir -p {root}{path.parent}; touch {inside}"
        )
        lines += [make, f"mount --bind {path} {inside}"]
        # The way there may be closed to others here, /root for one.
        lines += [f"chmod o+x {root}{parent}" for parent in path.parents if str(parent) != "/"]
    run([*world._inside.enter("--mount"), "sh", "-c", "\n".join(lines)])


def _libraries(stdlib: Path, root: Path) -> list[Path]:
    """Return the shared libraries of Python's own modules that are not below *root*."""
    modules = [str(p) for p in (stdlib / "lib-dynload").glob("*.so") if "tkinter" not in p.name]
    said = subprocess.run(["ldd", *modules], capture_output=True, text=True, check=False).stdout
    found = {Path(name) for name in re.findall(r"=> (/\S+)", said)}
    return sorted(p for p in found if p.parts[1] != "root" and not Path(f"{root}{p}").exists())
