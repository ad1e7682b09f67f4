"""The daemon speaks to systemd as its unit promises; systemd is a socket of the test's here."""

import os
import select
import selectors
import signal
import socket
import stat
import subprocess
import sys

import pytest


@pytest.fixture
def systemd(tmp_path):
    """Return the socket at which systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        yield listener


@pytest.fixture
def daemon(tmp_path, systemd):
    (tmp_path / "maillog").write_text("")
    (tmp_path / "state").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(
        f"[source]\nfiles = ['{tmp_path}/maillog']\n[mta]\nflavour = 'none'\n"
        f"[state]\npath = '{tmp_path}/state/state.db'\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "logwatch_mx", "run", "--config", str(config)],
        env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")},
        stderr=subprocess.PIPE,
        text=True,
        umask=0o077,
    )
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def until(systemd, daemon):
    """Return a function that waits for a message with a line, as long as the daemon lives."""
    ended = os.pidfd_open(daemon.pid)
    with selectors.DefaultSelector() as selector:
        selector.register(systemd, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)

        def wait(wanted):
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if systemd in ready:
                    message = systemd.recv(4096).decode()
                    if wanted in message.split("\n"):
                        return message
                else:
                    pytest.fail(f"ended without {wanted}: {daemon.stderr.read()}")

        yield wait
    os.close(ended)


def heard(daemon, wanted):
    """Read what the daemon says up to the line with *wanted*; False when it ended before."""
    return any(wanted in line for line in daemon.stderr)


def test_daemon_says_ready_then_pings_reloads_and_stops(systemd, daemon, until, tmp_path):
    until("READY=1")
    # The read loop pings of itself, with nothing in the log; twice is no accident.
    for _ in range(2):
        assert "STATUS=0 lines, 0 bytes behind" in until("WATCHDOG=1")
    daemon.send_signal(signal.SIGHUP)
    assert heard(daemon, "settings reloaded")
    # Those that it had sent before may still wait.
    while select.select([systemd], [], [], 0)[0]:
        systemd.recv(4096)
    until("WATCHDOG=1")
    mode = stat.S_IMODE((tmp_path / "state" / "state.db").stat().st_mode)
    assert mode == 0o600  # UMask=0077
    daemon.send_signal(signal.SIGTERM)
    until("STOPPING=1")
    assert heard(daemon, "stopped")
    assert daemon.wait() == 0


def test_a_daemon_that_does_not_come_up_is_not_waited_for(daemon, until):
    daemon.kill()
    with pytest.raises(pytest.fail.Exception, match="ended without READY=1"):
        until("READY=1")
