"""Chroots with Debian's own Postfix and sendmail, built once and never changed afterwards.

A world mounts one of them read-only below an overlay, so that a test may do to it what it likes.
Nothing is installed on the machine itself: packages are unpacked and configured inside the chroot,
in a mount and pid namespace of their own, with a policy that lets no service start.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CACHE = Path(__file__).resolve().parents[3] / ".lab-cache"
PACKAGES = {
    "postfix": "postfix postfix-pcre postfix-lmdb postfix-cdb python3-minimal rsyslog",
    "sendmail": "sendmail sendmail-bin sendmail-cf sensible-mda m4 procmail make rsyslog",
}
# Programs are found on Debian's PATH even when cron or a test runner has a shorter one.
ENV = {**os.environ, "PATH": "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"}


def build(mta: str) -> Path:
    """Return the chroot of *mta*, building it first (about a minute) when the cache has none."""
    CACHE.mkdir(exist_ok=True)
    base = _once(CACHE / "base", _debootstrap)
    return _once(CACHE / mta, lambda root: _install(base, root, mta), PACKAGES[mta])


def missing() -> str | None:
    """Say what this machine lacks for a lab, or None when it can have one."""
    if os.geteuid() != 0:
        return "the lab needs root (namespaces, chroot)"
    for program in ("debootstrap", "ip", "unshare", "nsenter", "setpriv"):
        if shutil.which(program, path=ENV["PATH"]) is None:
            return f"the lab needs {program}: apt-get install debootstrap iproute2 util-linux"
    return None


def _once(root: Path, fill, holds: str = "") -> Path:
    """Return *root*, made by *fill* unless it is there and was made to hold the same."""
    done = root / ".done"
    with root.with_name(f"{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_text() != holds:
            shutil.rmtree(root, ignore_errors=True)
            started = time.monotonic()
            fill(root)
            done.write_text(holds)
            print(f"lab: {root.name}: built in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return root


def _debootstrap(root: Path) -> None:
    suite, mirror = _suite_and_mirror()
    _run(["debootstrap", "--variant=minbase", "--include=ca-certificates", suite, root, mirror])
    # invoke-rc.d asks this file; 101 forbids every start.
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)


def _suite_and_mirror() -> tuple[str, str]:
    """Take both from this machine's own apt, so that no mirror needs a name here."""
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if line
    )
    suite = os.environ.get("LAB_SUITE", release["VERSION_CODENAME"].strip('"'))
    said = _run(["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)"])
    mirrors = [line.split()[1] for line in said.splitlines() if line.split()[0] == suite]
    return suite, os.environ.get("LAB_MIRROR") or mirrors[0]


def _install(base: Path, root: Path, mta: str) -> None:
    _run(["cp", "-a", base, root])
    (root / ".done").unlink()
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    sources = ["sources.list", "sources.list.d/debian.sources", "sources.list.d/ubuntu.sources"]
    for name in [
        *sources,
        *(f"apt.conf.d/{p.name}" for p in Path("/etc/apt/apt.conf.d").iterdir()),
    ]:
        if (Path("/etc/apt") / name).exists():
            shutil.copy(Path("/etc/apt") / name, root / "etc/apt" / name)
    for name in ("hosts", "resolv.conf"):
        shutil.copy(Path("/etc") / name, root / "etc" / name)
    (root / "etc/mailname").write_text("example.net\n")
    # sendmail sleeps a minute where its host's full name is not known.
    with (root / "etc/hosts").open("a") as hosts:
        hosts.write("127.0.1.1 mx.example.net mx\n")
    script = f"""
        set -e
        hostname mx.example.net
        mount --rbind /dev {root}/dev
        mount -t proc proc {root}/proc
        echo 'postfix postfix/main_mailer_type select Internet Site
        postfix postfix/mailname string example.net' | chroot {root} debconf-set-selections
        export DEBIAN_FRONTEND=noninteractive
        chroot {root} apt-get update -qq
        chroot {root} apt-get install -y -qq --no-install-recommends {PACKAGES[mta]}
        chroot {root} apt-get clean
    """
    _run(["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "sh", "-c", script])
    shutil.rmtree(root / "etc/apt/sources.list.d")
    (root / "etc/apt/sources.list").unlink(missing_ok=True)


def _run(argv) -> str:
    done = subprocess.run(
        [str(word) for word in argv], env=ENV, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise RuntimeError(f"{argv[0]} ended with {done.returncode}:\n{tail}")
    return done.stdout
