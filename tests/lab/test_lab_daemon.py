"""The installed daemon against a joe job on real MTAs, with no help: found, proved, stopped, undone.

Without it every spam's bounce spins to the hop limit. Each story prints what it measured.
"""

import itertools
import subprocess
import time

import pytest
from mailworld import joejob, places
from mailworld.daemon import COMMAND, Daemon
from mailworld.space import wait_for
from mailworld.world import mail

INCLUDE = "include(`/etc/mail/logwatch-mx.m4')dnl\n"
RATE = 5  # messages a second
#: Every form of a loopback MX; which of them spin depends on what listens where.
KINDS = (
    "mx127.test",
    "mx127b.test",
    "mxzero.test",
    "mxlocalhost.test",
    "implicit.test",
    "mxv6.test",
    "mxcname.test",
)
#: sendmail with its own limit of 25 hops: with Debian's 100 the loop alone takes the whole machine
#: for minutes, and mail of anybody's is refused for its load.
SPINNING = {"postfix": "spinning", "sendmail": "spinning upstream"}
MOST = 0.15  # of the passes without the daemon


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


def calm(world, domains, seconds=900):
    """Wait until no pass was made for 12 s: what is only deferred is tried for ever."""
    seen, since = -1, time.monotonic()
    end = since + seconds
    while time.monotonic() < end:
        now = sum(world.passes(domain) for domain in domains)
        if now != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > 12:
            return
        time.sleep(3)
    raise TimeoutError(f"still spinning after {seconds} s: {seen} passes")


def arrived(world):
    """Return who outside got mail of bob's."""
    return sorted(line.split()[-1] for line in world.kept() if "<bob@example.net>" in line)


def watched(world, **more):
    """Return the daemon for *world*, whose MTA reads its map, as its documents say."""
    daemon = Daemon(world, **more)
    if world.mta.name == "sendmail":
        printed = subprocess.run(
            [COMMAND, "prevent", "sendmail", "--map", daemon.map],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        # The map alone is on trial: the static prevention would stop the loop by itself.
        head, mark, rest = printed.partition("define(`confLOOPMX'")
        route = (mark + rest).partition("divert(-1)\nifdef(`confLOOPMX'")[0]
        world.write("/etc/mail/logwatch-mx.m4", head + route)
        world.mta.write_cf(INCLUDE)
        world.mta.reload()
        (world.home / "sendmail.cf").write_text(world.read("/etc/mail/sendmail.cf"))
    return daemon


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


def live_only(world, daemon, domains, others):
    return {domain: live(world, daemon, domain) is not None for domain in (*domains, *others)} == {
        **dict.fromkeys(domains, True),
        **dict.fromkeys(others, False),
    }


@pytest.fixture(scope="session")
def known():
    return {}


@pytest.fixture
def without(known, open_world):
    """Return ``without(mta, domains, seconds)``: the passes of each domain with nobody watching."""

    def measure(mta, domains, seconds):
        key = (mta, domains, seconds)
        if key not in known:
            world = open_world(mta, SPINNING[mta])
            world.send_plan(attack(domains, seconds))
            calm(world, domains)
            known[key] = {domain: world.passes(domain) for domain in domains}
            world.__exit__()
        return known[key]

    return measure


def report(mta, action, world, domain, before):
    """Print and return how much of the loop was left."""
    times = world.pass_times(domain)
    share = len(times) / before if before else 0.0
    since = (times[-1] - times[2]).total_seconds() if len(times) > 2 else 0.0
    print(
        f"\n{mta} {action} {domain}: {len(times)} passes of {before} ({share:.1%}),"
        f" {max(len(times) - 3, 0)} passes and {since:.1f} s from the third to the last"
    )
    return share


@pytest.mark.parametrize(
    ("mta", "action"),
    [
        pytest.param("postfix", "pause", marks=pytest.mark.smoke),
        ("postfix", "discard"),
        ("sendmail", "pause"),
    ],
)
def test_a_joe_job_is_found_proved_and_stopped_with_no_help(open_world, without, mta, action):
    seconds = 30
    before = without(mta, ("seaton.biz",), seconds)["seaton.biz"]
    world = open_world(mta, SPINNING[mta])
    daemon = watched(world, action=action)
    with daemon:
        read_map(world, daemon)
        assert live(world, daemon, "seaton.biz") is None
        mails = joejob.together(attack(["seaton.biz"], seconds), good_mail(seconds))
        assert {word[:3] for word in world.send_plan(mails)} == {"250"}
        calm(world, ["seaton.biz"])
        assert report(mta, action, world, "seaton.biz", before) <= MOST
        assert daemon.actions("seaton.biz") == [(action, "done")]
        assert live_only(world, daemon, ["seaton.biz"], ["oak.example", "notseaton.biz"])
        assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(seconds))
        assert [i["subject"] for i in daemon.incidents()] == ["seaton.biz"]
        assert bool(world.queue()) is (action == "pause")
        # The MX is mended: what was kept goes where it should as soon as the action is taken back.
        world.mend_mx("seaton.biz", "93.184.216.28")
        kept = len(world.queue())
        daemon.command("undo", "seaton.biz")
        assert live(world, daemon, "seaton.biz") is None
        world.send("bob@example.net", "cust@oak.example", source=places.OFFICE[0])
        world.mta.flush()
        world.send("bob@example.net", "nicholas@seaton.biz", source=places.OFFICE[0])
        assert world.settle(60)
        home = [line for line in world.kept() if line.endswith("nicholas@seaton.biz")]
        assert len(home) == kept + 1
        assert world.queue() == []
    assert "Traceback" not in daemon.told()


@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
def test_every_form_of_loopback_mx_is_stopped_where_it_spins(open_world, without, mta):
    seconds = 30
    before = without(mta, KINDS, seconds)
    world = open_world(mta, SPINNING[mta])
    daemon = watched(world)
    with daemon:
        read_map(world, daemon)
        mails = joejob.together(attack(KINDS, seconds), good_mail(seconds))
        world.send_plan(mails)
        calm(world, KINDS)
        shares = {kind: report(mta, "pause", world, kind, before[kind]) for kind in KINDS}
        assert {kind: share for kind, share in shares.items() if share > MOST} == {}
        spun = [kind for kind in KINDS if before[kind] > 3]
        assert live_only(world, daemon, spun, [])
        found = [incident["subject"] for incident in daemon.incidents()]
        assert sorted(found) == sorted(set(found))
        assert set(spun) <= set(found) <= set(KINDS)
        assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(seconds))


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("mta", "action", "kind"),
    [
        *((mta, "pause", kind) for mta in SPINNING for kind in ("seaton.biz", *KINDS)),
        *((mta, "discard", "seaton.biz") for mta in SPINNING),
    ],
)
def test_two_minutes_of_a_joe_job(open_world, without, mta, action, kind):
    seconds = 120
    before = without(mta, (kind,), seconds)[kind]
    world = open_world(mta, SPINNING[mta])
    daemon = watched(world, action=action)
    with daemon:
        read_map(world, daemon)
        world.send_plan(joejob.together(attack([kind], seconds), good_mail(seconds)))
        calm(world, [kind])
        assert report(mta, action, world, kind, before) <= MOST
        found = [incident["subject"] for incident in daemon.incidents()]
        assert found in ([kind], [] if before < 3 else [kind])
        assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(seconds))


def test_a_mended_mx_takes_the_pause_back_by_itself(postfix):
    world = postfix("spinning")
    # The last minutes of an action: DNS is asked each minute.
    daemon = watched(world, more='expiry = "9m"\n')
    with daemon:
        read_map(world, daemon)
        world.send_plan(attack(["seaton.biz"], 2))
        wait_for(lambda: live(world, daemon, "seaton.biz"), "the pause", 30)
        world.send_plan(attack(["seaton.biz"], 1))
        world.settle(20)
        kept = len(world.queue())
        assert kept > 0
        world.mend_mx("seaton.biz", "93.184.216.28")
        wait_for(lambda: live(world, daemon, "seaton.biz") is None, "the end of the pause", 150)
        world.send("bob@example.net", "cust@oak.example", source=places.OFFICE[0])
        world.mta.flush()
        assert world.settle(60)
        assert world.queue() == []
        assert sum(line.endswith("nicholas@seaton.biz") for line in world.kept()) == kept
        assert daemon.actions("seaton.biz") == [("pause", "undone")]


def tree(*folders):
    """Return every file below *folders* with its kind, its owner and its bytes."""
    return {
        path: (path.lstat().st_mode, path.lstat().st_uid, path.read_bytes() if path.is_file() else b"")
        for folder in folders
        for path in [folder, *sorted(folder.rglob("*"))]
    }  # fmt: skip


@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
def test_observe_mode_changes_nothing_outside_its_state(open_world, mta):
    world = open_world(mta, SPINNING[mta])
    hook = world.home / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {world.home}/lib/hooked\n")
    hook.chmod(0o755)
    daemon = watched(
        world,
        mode="observe",
        more=f'[[hook]]\non = ["opened", "confirmed"]\ncommand = ["{hook}"]\n',
    )
    watch = [world.etc(), daemon.folder, world.home / "bin"]
    before = tree(*watch)
    with daemon:
        world.send_plan(attack(["seaton.biz"], 3))
        wait_for(lambda: daemon.actions("seaton.biz"), "the incident", 60)
        assert world.settle(120)
        wait_for(
            lambda: ("pause", "planned") in daemon.actions("seaton.biz"), "what would be done", 60
        )
        assert {state for _, state in daemon.actions("seaton.biz")} == {"planned"}
        daemon.command("incidents", "show", "seaton.biz")
    assert tree(*watch) == before
