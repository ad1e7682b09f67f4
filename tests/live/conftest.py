"""The world of an installed daemon: a DNS server, a webhook receiver, a hook script, a growing log."""

import contextlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from dnslib import RCODE, RR
from dnslib.server import DNSServer

ZONE = """
seaton.biz. 60 IN SOA ns.seaton.biz. root.seaton.biz. 1 60 60 60 60
seaton.biz. 60 IN MX 10 mail.seaton.biz.
mail.seaton.biz. 60 IN A 127.0.0.1
"""
PATIENCE = 45


class ZoneAnswers:
    """Answers from a zone text, with the SOA in negative answers as real servers do."""

    def __init__(self, zone):
        self.records = list(RR.fromZone(zone))

    def resolve(self, request, _handler):
        reply = request.reply()
        name, kind = request.q.qname, request.q.qtype
        found = [r for r in self.records if r.rname == name and r.rtype == kind]
        for record in found:
            reply.add_answer(record)
        if not found:
            if all(r.rname != name for r in self.records):
                reply.header.rcode = RCODE.NXDOMAIN
            reply.add_auth(self.records[0])
        return reply


class Quiet:
    """A logger for dnslib that says nothing."""

    def __getattr__(self, _name):
        return lambda *_: None


@pytest.fixture
def dns_server():
    """Yield ``IP:PORT`` of a server that answers ``ZONE``."""
    yield from serve_dns()


@pytest.fixture
def second_dns_server():
    """Yield ``IP:PORT`` of another one."""
    yield from serve_dns()


@pytest.fixture
def serve_zone():
    """Return a function that serves a zone text and returns the server's ``IP:PORT``."""
    running = []

    def serve(zone):
        running.append(serve_dns(zone))
        return next(running[-1])

    yield serve
    for server in running:
        next(server, None)


def serve_dns(zone=ZONE):
    """Yield ``IP:PORT`` of a DNS server on loopback; it ends with the generator."""
    server = DNSServer(ZoneAnswers(zone), address="127.0.0.1", port=0, logger=Quiet())
    server.start_thread()
    yield f"127.0.0.1:{server.server.server_address[1]}"
    server.stop()
    server.server.server_close()


class Receiver:
    """A real HTTP server that keeps what was posted to it; *status* is what it answers."""

    def __init__(self):
        self.posts = []
        self.status = 200
        # Closed, a post arrives and is not answered.
        self.gate = threading.Event()
        self.gate.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # the name that http.server calls
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.posts.append(json.loads(body))
                outer.gate.wait(60)
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_):
                pass

            def handle(self):
                with contextlib.suppress(ConnectionError):  # the daemon was killed
                    super().handle()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    """Yield a webhook receiver."""
    one = Receiver()
    yield one
    one.close()


def wait_for(condition, what, patience=PATIENCE):
    """Wait until *condition* returns something true, and return it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {patience} s for {what}")


class Daemon:
    """The installed command as a process, with its configuration and log."""

    def __init__(self, folder, dns, receiver):
        self.folder = folder
        self.log = folder / "maillog"
        self.config = folder / "config.toml"
        self.hooks = folder / "hooks.out"
        self.said = folder / "daemon.err"
        self.state = folder / "state/state.db"
        self.process = None
        self.environment = {}
        self.options = []
        self.last_status = ""
        self.status = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.status.bind(str(folder / "notify.sock"))
        hook = folder / "hook.sh"
        hook.write_text(
            textwrap.dedent(f"""\
            #!/bin/sh
            cat > {folder}/hook.$LWMX_ON.json
            echo "$LWMX_ON $LWMX_SUBJECT $LWMX_STATE" >> {self.hooks}
            """)
        )
        hook.chmod(0o755)
        self.hook = hook
        self.configure(dns=dns, url=receiver.url)

    def configure(
        self,
        *,
        dns,
        url,
        mode="act",
        extra="",
        files=None,
        flavour="none",
        second="",
        source="",
        state=None,
    ):
        self.config.write_text(
            textwrap.dedent(f"""\
            mode = "{mode}"
            [source]
            {source or "files = " + json.dumps([str(f) for f in files or [self.log]])}
            [mta]
            flavour = "{flavour}"
            [dns]
            nameservers = ["{dns}"]
            second_opinion = {json.dumps([second] if second else [])}
            [[hook]]
            on = ["opened", "confirmed", "closed"]
            command = ["{self.hook}"]
            [[notify]]
            url = "{url}"
            [state]
            path = "{state or self.state}"
            """)
            + extra
        )

    def start(self):
        # Before it runs: on a busy machine it may be watching before this process goes on.
        before = self.told().count("watching ")
        self.hear()
        self.last_status = ""
        err = self.said.open("a")
        self.process = subprocess.Popen(
            self.argv("run", *self.options),
            stderr=err,
            stdout=err,
            env={
                **os.environ,
                "TZ": "UTC",
                "NOTIFY_SOCKET": str(self.folder / "notify.sock"),
                **self.environment,
            },
        )
        err.close()
        wait_for(lambda: self.told().count("watching ") > before or self.gone(), "the daemon")
        assert not self.gone(), self.told()
        return self

    def has_read(self, lines):
        """Say whether the daemon has read so many *lines* since it began, and all that there is.

        It tells systemd so, also while it cannot save anything.
        """
        self.hear()
        return f"STATUS={lines} lines, 0 bytes behind" in self.last_status

    def hear(self):
        """Take what the daemon told systemd."""
        self.status.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.last_status = self.status.recv(4096).decode()

    def resident_mb(self):
        """Return how much memory the daemon holds."""
        (line,) = [
            line
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            if line.startswith("VmRSS:")
        ]
        return int(line.split()[1]) / 1024

    def gone(self):
        return self.process.poll() is not None

    def stop(self, sign=signal.SIGTERM):
        if self.process is None or self.gone():
            return None
        self.process.send_signal(sign)
        return self.process.wait(timeout=20)

    def told(self):
        return self.said.read_text() if self.said.exists() else ""

    def append(self, text):
        with self.log.open("a") as file:
            file.write(text)

    def argv(self, *words):
        """Return the installed command with *words* and the configuration."""
        return [Path(sys.executable).parent / "logwatch-mx", *words, "--config", self.config]

    def command(self, *words, check=True, patience=60):
        done = subprocess.run(
            self.argv(*words),
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
            env={**os.environ, "TZ": "UTC"},
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def incidents(self):
        return json.loads(self.command("incidents", "list", "--json").stdout)["incidents"]


@pytest.fixture
def daemon(tmp_path, dns_server, receiver):
    """Yield a daemon that is configured and not yet started."""
    one = Daemon(tmp_path, dns_server, receiver)
    yield one
    if one.process is not None and not one.gone():
        one.process.kill()
        one.process.wait()
    one.status.close()


class Faults:
    """What goes wrong in the daemon while it runs: see ``fault.c``."""

    def __init__(self, control):
        self._control = control

    def set(self, *lines):
        """Let these faults happen from now on, and no others; without any, all is well."""
        new = self._control.with_name("faults.new")
        new.write_text("".join(line + "\n" for line in lines))
        new.rename(self._control)


@pytest.fixture(scope="session")
def fault_library(tmp_path_factory):
    """The path of the library that makes faults, compiled here."""
    made = tmp_path_factory.mktemp("fault") / "fault.so"
    source = Path(__file__).with_name("fault.c")
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        if os.environ.get("CI"):
            pytest.fail("no C compiler: apt-get install gcc")
        pytest.skip("NOT TESTED: disks that fail and clocks that leap need a C compiler (gcc)")
    words = [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", made, source, "-ldl"]
    subprocess.run(words, check=True)
    return made


@pytest.fixture
def faults(daemon, fault_library):
    """The faults that *daemon* will meet; it must not be running yet."""
    one = Faults(daemon.folder / "faults")
    one.set()
    daemon.environment = {
        "LD_PRELOAD": str(fault_library),
        "FAULT_CONTROL": str(daemon.folder / "faults"),
    }
    return one


@pytest.fixture(name="wait_for")
def _wait_for():
    return wait_for
