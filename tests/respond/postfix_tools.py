"""Prepare real postmap, postconf and makemap without installing a mail server.

Prints the path of a program that runs postmap; the others are beside it. Debian's packages are
unpacked, not installed, into .lab-cache/map-tools (kept between runs). The programs are wrappers
that point to these libraries, and to a configuration of their own. What cannot be done is said on
standard error, with status 1.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".lab-cache" / "map-tools"
PACKAGES = ["postfix", "postfix-lmdb", "postfix-cdb", "sendmail-bin"]


def run(*argv, cwd=None):
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def libraries():
    """Name the libraries that the packages need, but for the C library, which is this machine's."""
    needed = run("apt-cache", "depends", "--important", "--no-recommends", *PACKAGES)
    words = [line.split()[-1] for line in needed.splitlines() if "Depends: lib" in line]
    return sorted({word for word in words if word.startswith("lib") and word != "libc6"})


def download(folder):
    debs = folder / "debs"
    debs.mkdir()
    try:
        run("apt-get", "download", *PACKAGES, *libraries(), cwd=debs)
    except SystemExit:  # lists that are missing or too old
        run("apt-get", "update")
        run("apt-get", "download", *PACKAGES, *libraries(), cwd=debs)
    for deb in debs.iterdir():
        run("dpkg-deb", "-x", str(deb), str(folder / "root"))
    shutil.rmtree(debs)


def configure(folder, home):
    """Write what postmap asks for before it looks at any map; the owners only have to exist."""
    etc = folder / "etc"
    etc.mkdir()
    root = home / "root"
    (etc / "main.cf").write_text(
        "compatibility_level = 3.6\nmyhostname = lab.invalid\n"
        f"shlib_directory = {root}/usr/lib/postfix\nmeta_directory = {home}/etc\n"
        f"daemon_directory = {root}/usr/lib/postfix/sbin\ncommand_directory = {root}/usr/sbin\n"
        "mail_owner = mail\nsetgid_group = utmp\ndefault_privs = nobody\n"
    )
    (etc / "dynamicmaps.cf").write_text(
        "".join(f"{k}\tpostfix-{k}.so\tdict_{k}_open\tmkmap_{k}_open\n" for k in ("lmdb", "cdb"))
    )
    found = ["usr/lib/postfix"]
    for place in ("usr/lib", "lib"):  # whatever the architecture is called
        found += [f"{place}/{path.name}" for path in (folder / "root" / place).glob("*-linux-*")]
    paths = ":".join(f"{root}/{place}" for place in found)
    # Postfix loads plug-ins of root alone: in a name space of its own, everybody is root.
    as_root = "" if os.geteuid() == 0 else "unshare -r "
    for name in ("postmap", "postconf"):
        wrapper = folder / name
        wrapper.write_text(
            f"#!/bin/sh\nLD_LIBRARY_PATH={paths} exec {as_root}{root}/usr/sbin/{name}"
            f' -c {home}/etc "$@"\n'
        )
        wrapper.chmod(0o755)
    # It asks a sendmail.cf for the user that maps belong to.
    (etc / "sendmail.cf").touch()
    makemap = folder / "makemap"
    makemap.write_text(
        f"#!/bin/sh\nLD_LIBRARY_PATH={paths} exec {root}/usr/libexec/sendmail/makemap"
        f' -C {home}/etc/sendmail.cf "$@"\n'
    )
    makemap.chmod(0o755)


def prepare():
    if not (CACHE / "ready").exists():
        CACHE.parent.mkdir(exist_ok=True)
        with (CACHE.parent / "map-tools.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            build()
    kinds = run(str(CACHE / "postconf"), "-m").split()
    if not {"lmdb", "cdb"}.issubset(kinds):
        raise SystemExit(f"this postconf knows no lmdb or no cdb: {kinds}")
    return CACHE / "postmap"


def build():
    if (CACHE / "ready").exists():  # by whoever had the lock before us
        return
    shutil.rmtree(CACHE, ignore_errors=True)
    building = CACHE.with_name(f"map-tools.{os.getpid()}")
    building.mkdir()
    download(building)
    configure(building, CACHE)
    building.rename(CACHE)
    (CACHE / "ready").touch()


if __name__ == "__main__":
    try:
        print(prepare())
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.exit(str(error))
