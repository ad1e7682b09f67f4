"""The daemon pauses mail in Postfix's own map, and it can be taken back: postmap is the real one."""

import itertools
import subprocess

import pytest

pytestmark = pytest.mark.timeout(170)

LOOP = (
    "2026-11-23T05:00:0{n}+00:00 mx postfix/smtp[77]: {id}: to=<nicholas@seaton.biz>, "
    "relay=mail.seaton.biz[127.0.0.1]:25, delay=0.01, delays=0/0/0/0, dsn=2.0.0, "
    "status=sent (250 2.0.0 Ok: queued as {next})\n"
)
IDS = ["AAAAA00001", "AAAAA00002", "AAAAA00003", "AAAAA00004", "AAAAA00005"]


def spin():
    return "".join(
        LOOP.format(n=n, id=a, next=b) for n, (a, b) in enumerate(itertools.pairwise(IDS))
    )


def query(postmap, path, domain):
    done = subprocess.run(
        [postmap, "-q", domain, f"lmdb:{path}"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def test_a_confirmed_loop_is_paused_and_undone(
    daemon, receiver, dns_server, second_dns_server, postmap, wait_for
):
    daemon.configure(
        dns=dns_server,
        url=receiver.url,
        flavour="postfix",
        second=second_dns_server,
        extra=f'[respond]\npostmap = "{postmap}"\n',
    )
    route = daemon.folder / "state/transport"
    daemon.log.touch()
    daemon.start()
    assert query(postmap, route, "seaton.biz") == ""
    daemon.append(spin())
    wait_for(lambda: query(postmap, route, "seaton.biz"), "the entry in the map")
    assert query(postmap, route, "seaton.biz").startswith("retry:4.4.6 ")
    assert query(postmap, route, "notseaton.biz") == ""
    wait_for(lambda: receiver.posts, "the notice")
    (done,) = [li for li in receiver.posts[0]["message"].splitlines() if li.startswith("Done: ")]
    assert "seaton.biz" in done
    assert " until " in done
    assert "logwatch-mx undo" in receiver.posts[0]["message"]
    done = daemon.command("undo", "seaton.biz")
    assert "seaton.biz" in done.stdout
    assert query(postmap, route, "seaton.biz") == ""
    assert route.with_name("transport.lmdb").exists()
    assert daemon.stop() == 0
    (action,) = [a for a in daemon.incidents()[0]["actions"] if a["verb"] == "pause"]
    assert action["state"] == "undone"


def test_what_is_paused_can_be_undone_without_daemon_and_database(
    daemon, receiver, dns_server, second_dns_server, postmap, wait_for
):
    daemon.configure(
        dns=dns_server,
        url=receiver.url,
        flavour="postfix",
        second=second_dns_server,
        extra=f'[respond]\npostmap = "{postmap}"\n',
    )
    route = daemon.folder / "state/transport"
    daemon.log.touch()
    daemon.start()
    daemon.append(spin())
    wait_for(lambda: query(postmap, route, "seaton.biz"), "the entry in the map")
    daemon.process.kill()
    daemon.process.wait()
    for left in (daemon.folder / "state").glob("state.db*"):
        left.unlink()
    assert "seaton.biz" in route.read_text()
    daemon.command("undo", "--all")
    assert query(postmap, route, "seaton.biz") == ""
    assert "retry:" not in route.read_text()
