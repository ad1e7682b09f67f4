"""The installed daemon beside a growing log: one incident, one hook run, one notice; the same as a replay."""

import json
import os
import signal
import socket
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
EQUAL = (
    "id kind subject opened first last counts signals reasons cause origin".split()  # noqa: SIM905
)
pytestmark = pytest.mark.timeout(170)


def essence(incident):
    """Return what live and replay must agree on."""
    origin = [
        {k: o[k] for k in ("client_ip", "client_host", "messages")} for o in incident["origin"]
    ]
    return {
        **{name: incident[name] for name in EQUAL if name != "origin"},
        "origin": origin,
        "outcome": incident["verdict"]["outcome"],
        "evidence": [line["text"] for line in incident["evidence"]],
    }


def parts(text, count):
    lines = text.splitlines(keepends=True)
    size = len(lines) // count + 1
    return ["".join(lines[i : i + size]) for i in range(0, len(lines), size)]


def replay(daemon, *paths):
    zone = daemon.folder / "dns.zone"
    zone.write_text(
        "$TTL 60\n$ORIGIN .\n@ SOA ns.test. root.test. 1 60 60 60 60\n@ NS ns.test.\n"
        "seaton.biz. MX 10 mail.seaton.biz.\nmail.seaton.biz. A 127.0.0.1\n"
    )
    done = daemon.command(
        "replay", "--json", "--year", "2026", "--tz", "UTC", "--dns", f"zone:{zone}", *paths
    )
    return json.loads(done.stdout)["incidents"]


def sample_text():
    """Return the sample with stamps that carry their year: the daemon reads them at any time."""
    lines = SAMPLE.read_text().splitlines()
    return "".join(f"2026-11-23T{line[7:15]}+00:00{line[15:]}\n" for line in lines)


def test_a_loop_is_found_told_and_hooked_once_through_a_rotation(daemon, receiver, wait_for):
    text = sample_text()
    pieces = parts(text, 6)
    daemon.log.touch()
    daemon.start()
    for piece in pieces[:3]:
        daemon.append(piece)
    daemon.log.rename(daemon.folder / "maillog.1")
    with (daemon.folder / "maillog.1").open("a") as late:
        late.write(pieces[3])
    for piece in pieces[4:]:
        daemon.append(piece)
    wait_for(lambda: receiver.posts, "the notice")
    wait_for(lambda: daemon.hooks.exists() and "confirmed" in daemon.hooks.read_text(), "the hook")
    expected = replay(daemon, str(daemon.folder / "maillog.1"), str(daemon.log))
    assert [i["id"] for i in expected] == [daemon.incidents()[0]["id"]]
    wait_for(
        lambda: [essence(i) for i in daemon.incidents()] == [essence(i) for i in expected],
        "the same incident as a replay's",
    )
    assert daemon.stop() == 0
    assert daemon.hooks.read_text().splitlines() == [
        "opened seaton.biz suspected",
        "confirmed seaton.biz confirmed",
    ]
    (post,) = receiver.posts
    what, _, host = post["title"].partition(" (")
    assert what == "Mail loop for seaton.biz: confirmed"
    assert host.startswith(socket.gethostname())
    message = post["message"]
    assert f"Host: {host.removesuffix(')')}\n" in message
    assert "192.0.2.7" in message
    assert "mail.seaton.biz 127.0.0.1 is loopback" in message
    shown = daemon.command("incidents", "show", "seaton.biz").stdout
    assert "confirmed" in shown
    explained = daemon.command("explain", "seaton.biz").stdout
    assert "Evidence by kind" in explained
    assert "loopback" in explained


def test_a_restart_reads_on_and_does_nothing_twice(daemon, receiver, wait_for):
    pieces = parts(sample_text(), 8)
    daemon.log.touch()
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            daemon.start()
        daemon.append(piece)
        if number % 2 == 1:
            assert daemon.stop(signal.SIGKILL if number == 3 else signal.SIGTERM) is not None
    daemon.start()
    wait_for(lambda: receiver.posts, "the notice")
    expected = [essence(i) for i in replay(daemon, str(daemon.log))]
    wait_for(
        lambda: [essence(i) for i in daemon.incidents()] == expected,
        "the same incident as a replay's",
    )
    assert daemon.stop() == 0
    assert len(receiver.posts) == 1
    assert daemon.hooks.read_text().count("confirmed seaton.biz") == 1


def test_a_notice_that_cannot_be_sent_is_kept(daemon, receiver, wait_for):
    receiver.status = 500
    daemon.log.touch()
    daemon.start()
    daemon.append(sample_text())
    wait_for(lambda: "next try in" in daemon.told(), "the complaint")
    assert daemon.stop() == 0
    receiver.status = 200
    daemon.start()
    wait_for(lambda: receiver.posts, "the notice after a restart")
    assert daemon.stop() == 0
    assert len(receiver.posts) == 1


def test_without_dns_nothing_is_confirmed_and_no_hook_for_it_runs(daemon, receiver, wait_for):
    daemon.configure(dns="127.0.0.1:1", url=receiver.url)
    daemon.log.touch()
    daemon.start()
    daemon.append(sample_text())
    wait_for(
        lambda: [i for i in daemon.incidents() if i["verdict"]["outcome"] == "unanswered"], "it"
    )
    assert daemon.stop() == 0
    (incident,) = daemon.incidents()
    assert incident["state"] == "suspected"
    assert "confirmed" not in daemon.hooks.read_text()


def test_a_second_daemon_on_the_same_state_is_refused(daemon):
    daemon.log.touch()
    daemon.start()
    done = daemon.command("run", check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert str(daemon.process.pid) in done.stderr
    assert daemon.stop() == 0


def test_a_wrong_configuration_is_kept_out_by_a_reload(daemon, receiver, dns_server, wait_for):
    daemon.log.touch()
    daemon.start()
    daemon.config.write_text(daemon.config.read_text().replace("[source]", "[sauce]"))
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_for(lambda: "not reloaded" in daemon.told(), "the complaint")
    assert "sauce" in daemon.told()
    daemon.configure(dns=dns_server, url=receiver.url, mode="observe")
    os.kill(daemon.process.pid, signal.SIGHUP)
    wait_for(lambda: "settings reloaded" in daemon.told(), "the reload")
    daemon.append(sample_text())
    wait_for(lambda: receiver.posts, "the notice")
    assert daemon.stop() == 0
    assert not daemon.hooks.exists()
    assert "would run" in receiver.posts[0]["message"]


def test_observe_mode_changes_nothing_but_the_state(daemon, receiver, dns_server, wait_for):
    daemon.configure(dns=dns_server, url=receiver.url, mode="observe")
    daemon.log.write_text("")
    daemon.start()
    daemon.append(sample_text())
    wait_for(lambda: receiver.posts, "the notice")
    assert daemon.stop() == 0
    (incident,) = daemon.incidents()
    assert {a["state"] for a in incident["actions"]} <= {"planned", "skipped"}
    found = {
        str(p.relative_to(daemon.folder))
        for p in daemon.folder.rglob("*")
        if p.is_file() and p.parent.name != "state"
    }
    assert found == {"maillog", "config.toml", "hook.sh", "daemon.err"}


def test_a_syslog_socket_is_read_where_there_is_no_file(daemon, receiver, dns_server, wait_for):
    path = daemon.folder / "log.sock"
    daemon.configure(dns=dns_server, url=receiver.url, source=f'syslog = "unix:{path}"')
    daemon.start()
    wait_for(path.exists, "the socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for line in sample_text().splitlines()[:1200]:
            sender.sendto(f"<22>{line}".encode(), str(path))
    wait_for(lambda: receiver.posts, "the notice")
    assert daemon.stop() == 0
    (incident,) = daemon.incidents()
    assert incident["subject"] == "seaton.biz"
    assert incident["origin"][0]["client_ip"] == "192.0.2.7"


def test_a_log_that_is_missing_is_said_and_read_when_it_comes(daemon, receiver, wait_for):
    daemon.start()
    wait_for(lambda: "no such file; waiting for it" in daemon.told(), "the complaint")
    daemon.append(sample_text())
    wait_for(lambda: receiver.posts, "the notice")
    assert daemon.stop() == 0
    assert "no longer:" in daemon.told()


def test_a_log_that_is_cut_without_a_copy_is_said(daemon, wait_for):
    daemon.log.touch()
    daemon.start()
    one, two = sample_text().splitlines(keepends=True)[:2]
    daemon.append(one)
    wait_for(lambda: daemon.has_read(1), "the first line")
    daemon.log.write_text(two * 3)
    wait_for(lambda: daemon.has_read(4), "the lines after the cut")
    said = "a log was cut and there is no copy: what was not read of it is lost"
    assert daemon.told().count(said) == 1
    assert daemon.stop() == 0
    assert f"1 x {said}" in daemon.command("status", check=False).stdout
