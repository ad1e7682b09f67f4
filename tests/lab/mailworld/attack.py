"""A joe job and good mail beside it, and a daemon against it: what the stories have in common."""

import itertools
import subprocess
import time

from mailworld import joejob, places
from mailworld.daemon import COMMAND, Daemon
from mailworld.world import mail

INCLUDE = "include(`/etc/mail/logwatch-mx.m4')dnl\n"
RATE = 5  # messages a second
#: The forms of a loopback MX; which of them spin depends on what listens where.
KINDS = (
    "mx127.test",
    "mx127b.test",
    "mxzero.test",
    "mxlocalhost.test",
    "implicit.test",
    "mxv6.test",
    "mxcname.test",
)
#: sendmail with its own limit of 25 hops: with Debian's 100 the loop takes the machine for minutes.
SPINNING = {"postfix": "spinning", "sendmail": "spinning upstream"}
MOST = 0.15  # of the passes without the daemon
#: Where the mail of a mended domain goes.
MENDED = "93.184.216.28"


def attack(domains, seconds):
    """Return spam forged from *domains* in turn, five a second."""
    forged = itertools.cycle(f"nicholas@{domain}" for domain in domains)
    return joejob.together(
        *(joejob.joe_job(1, next(forged), n / RATE, 0, seed=n) for n in range(int(seconds * RATE)))
    )


def good_mail(seconds):
    """Return mail from the office to six other domains, sent all the while."""
    return [
        mail("bob@example.net", f"cust{n}@{domain}.example", source=places.OFFICE[0], at=at)
        for domain in places.HEALTHY
        for n, at in enumerate(range(0, int(seconds), 3))
    ]


def arrived(world):
    """Return who outside got mail of bob's, in order."""
    return sorted(line.split()[-1] for line in world.kept() if "<bob@example.net>" in line)


def calm(world, domains, seconds=900, quiet=8):
    """Wait until no pass was made for *quiet* seconds: what is only deferred is tried for ever."""
    seen, since = -1, time.monotonic()
    end = since + seconds
    while time.monotonic() < end:
        now = sum(world.passes(domain) for domain in domains)
        if now != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > quiet:
            return
        time.sleep(1)
    raise TimeoutError(f"still spinning after {seconds} s: {seen} passes")


def watched(world, **more):
    """Return the daemon for *world*, whose sendmail reads its map as its documents say."""
    daemon = Daemon(world, **more)
    if world.mta.name == "sendmail":
        include_map(world, daemon.map)
        (world.home / "sendmail.cf").write_text(world.read("/etc/mail/sendmail.cf"))
    return daemon


def include_map(world, path):
    """Have sendmail read the map at *path*, as `prevent sendmail` prints it."""
    printed = subprocess.run(
        [COMMAND, "prevent", "sendmail", "--map", path], capture_output=True, text=True, check=True
    ).stdout
    # The map alone is on trial: the static prevention would stop the loop by itself.
    head, mark, rest = printed.partition("define(`confLOOPMX'")
    route = (mark + rest).partition("divert(-1)\nifdef(`confLOOPMX'")[0]
    world.write("/etc/mail/logwatch-mx.m4", head + route)
    world.mta.write_cf(INCLUDE)
    world.mta.reload()


def read_map(world, daemon):
    """Have Postfix read the map, which the daemon has made; sendmail reads it by its cf."""
    if world.mta.name == "postfix":
        maps = f"lmdb:{daemon.map}, texthash:/etc/postfix/transport"
        world.mta.set({"transport_maps": maps})
        world.mta.reload()


def live(world, daemon, domain):
    """Return what the MTA itself reads about *domain* in the daemon's map, or None."""
    if world.mta.name == "postfix":
        said = world.run(["postmap", "-q", domain, f"lmdb:{daemon.map}"], check=False)
        return said.strip() or None
    said = world.run(["sendmail-mta", "-bt"], stdin=f"/map lwmx {domain}\n")
    return said.split(" returns ")[1].split()[0] if " returns " in said else None


def in_map(world, daemon):
    """Return every domain in the daemon's map, as the MTA's own programs list it."""
    if world.mta.name == "postfix":
        said = world.run(["postmap", "-s", f"lmdb:{daemon.map}"], check=False)
    else:
        said = world.run(["makemap", "-u", "hash", f"{daemon.map}.db"], check=False)
    # makemap says besides what it thinks of the folders above.
    return sorted(line.split("\t")[0] for line in said.splitlines() if "\t" in line)


def share_of(world, domain, before, words=""):
    """Return how much of the loop was left, with what was measured; print it too."""
    times = world.pass_times(domain)
    since = (times[-1] - times[2]).total_seconds() if len(times) > 2 else 0.0
    found = {
        "passes": len(times),
        "without": before,
        "share": len(times) / before if before else 0.0,
        "after_third": max(len(times) - 3, 0),
        "seconds": round(since, 1),
    }
    print(f"\n{world.mta.name} {words} {domain}: {found}")
    return found
