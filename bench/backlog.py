"""How the daemon works off what was written while it was down, beside `replay` of the same file.

The log is there before the daemon starts; when it has read it, loops are written as `latency.py`
writes them, and the time until the program that asked for them starts is taken. Processor time is
compared, on the same lines in the same run.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from latency import lines, name, noted, script  # noqa: E402  # beside this file

PROGRAM = Path(sys.executable).parent / "logwatch-mx"
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 600
APART = 0.6


def replay(log):
    """Return the seconds of processor time that a replay takes."""
    before = os.times()
    words = [PROGRAM, "replay", "--json", "--dns", "off", log]
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    assert done.returncode in {0, 3}, done  # 3: it has found something
    after = os.times()
    used = after.children_user - before.children_user
    return used + after.children_system - before.children_system


class Daemon:
    """The installed daemon, which tells through systemd's socket how far it is."""

    def __init__(self, folder, log):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify.sock"))
        self._socket.settimeout(PATIENCE)
        config = folder / "config.toml"
        config.write_text(
            f'mode = "act"\n[source]\nfiles = ["{log}"]\n[mta]\nflavour = "none"\n'
            f'[dns]\nnameservers = ["127.0.0.1:1"]\n[state]\npath = "{folder}/state/state.db"\n'
        )
        note = script(folder, "$LWMX_SUBJECT")
        hook = f'[[hook]]\non = ["opened"]\ncommand = ["{note}"]\n'
        config.write_text(config.read_text() + hook)
        self._process = subprocess.Popen(
            [PROGRAM, "run", "--from-start", "--config", config],
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify.sock")},
        )

    def wait_for(self, lines):
        """Return when so many lines are read; the daemon says so after each round."""
        while f"STATUS={lines} lines, 0 bytes behind" not in self._socket.recv(4096).decode():
            pass

    def used(self):
        """Return the seconds of processor time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        self._socket.close()


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    words.add_argument("--lines", type=int, default=1_000_000)
    words.add_argument("--rounds", type=int, default=50)
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="backlog-") as made:
        folder = Path(made)
        log = folder / "maillog"
        subprocess.run(
            [sys.executable, HERE / "gen.py", "--lines", str(given.lines), log], check=True
        )
        with log.open("rb") as file:
            count = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        by_replay = replay(log)
        begun = time.monotonic()
        daemon = Daemon(folder, log)
        try:
            daemon.wait_for(count)
            taken, used = time.monotonic() - begun, daemon.used()
            written = {}
            for number in range(1, given.rounds + 1):
                with log.open("a") as file:
                    file.write(lines(number))
                written[name(number)] = time.time()
                time.sleep(APART)
            time.sleep(5)
            found = noted(folder)
            delays = [found[one] - at for one, at in written.items() if one in found]
        finally:
            daemon.stop()
    delays.sort()
    figures = {
        "lines": count,
        "replay_cpu_s": round(by_replay, 2),
        "daemon_cpu_s": round(used, 2),
        "daemon_s": round(taken, 2),
        "share_of_replay_speed": round(by_replay / used, 2),
        "then_noted": f"{len(delays)} of {given.rounds}",
        "then_p50_ms": round(1000 * delays[len(delays) // 2], 1),
        "then_worst_ms": round(1000 * delays[-1], 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
