"""The daemon speaks to systemd as its unit promises; systemd is a socket of the test's here."""

import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

PATIENCE = 30


@pytest.fixture
def systemd(tmp_path):
    """Return the socket at which systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(PATIENCE)
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


def until(systemd, wanted):
    """Return the message with the line *wanted*; TimeoutError when none comes."""
    while True:
        message = systemd.recv(4096).decode()
        if wanted in message.split("\n"):
            return message


def test_daemon_says_ready_then_pings_reloads_and_stops(systemd, daemon, tmp_path):
    until(systemd, "READY=1")
    # The read loop pings of itself, with nothing in the log; twice is no accident.
    for _ in range(2):
        status = until(systemd, "WATCHDOG=1")
        assert "STATUS=0 lines, 0 bytes behind" in status
    daemon.send_signal(signal.SIGHUP)
    until(systemd, "WATCHDOG=1")
    mode = stat.S_IMODE((tmp_path / "state" / "state.db").stat().st_mode)
    assert mode == 0o600  # UMask=0077
    daemon.send_signal(signal.SIGTERM)
    until(systemd, "STOPPING=1")
    _, said = daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 0
    assert "settings reloaded" in said
