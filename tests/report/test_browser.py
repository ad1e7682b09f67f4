"""The report in a real browser: it draws, complains of nothing and asks nobody for anything.

A proxy on loopback takes every request that the browser makes; a page that does ask for something
proves that it would be seen.
"""

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from msgspec import structs

from logwatch_mx.report.html import write_html

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: The browser's own traffic (updates, safe browsing) is not the page's.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
)


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        reason = "no chromium here: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return CHROMIUM


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        self.asked = []
        super().__init__(("127.0.0.1", 0), Refuse)


class Refuse(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_error(403)

    def do_CONNECT(self):
        self.do_GET()

    def log_message(self, *words):
        pass


@contextmanager
def recording():
    with Proxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


def visit(chromium, page, folder, *options):
    """Return the page's elements as they are drawn, what it logged, and what it asked for."""
    with recording() as proxy:
        done = subprocess.run(
            [
                chromium,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                *QUIET,
                f"--user-data-dir={folder}",
                f"--proxy-server=http://127.0.0.1:{proxy.server_port}",
                "--proxy-bypass-list=<-loopback>",
                "--enable-logging=stderr",
                "--virtual-time-budget=3000",
                *options,
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    logged = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    asked = [path for path in proxy.asked if "google" not in path]
    return done.stdout, logged, asked


def test_a_page_that_asks_or_complains_would_be_seen(chromium, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text(
        '<img src="http://outside.example/x.png"><script>console.error("seen")</script>'
    )
    _, logged, asked = visit(chromium, page, tmp_path / "profile", "--dump-dom")
    assert asked == ["http://outside.example/x.png"]
    assert any("seen" in line for line in logged)


@pytest.mark.parametrize(("theme", "count"), [("dark", 3), ("light", 33)])
def test_the_report_draws_and_asks_for_nothing(
    chromium, tmp_path, loop, spike, poisoned_loop, theme, count
):
    page, picture = tmp_path / "r.html", tmp_path / "r.png"
    write_html(page, [loop, spike, poisoned_loop, *([loop] * 30)][:count])
    _, logged, asked = visit(
        chromium,
        page,
        tmp_path / "profile",
        f"--blink-settings=preferredColorScheme={0 if theme == 'dark' else 1}",
        "--window-size=1000,1500",
        f"--screenshot={picture}",
    )
    assert (logged, asked) == ([], [])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_hostile_text_builds_no_elements(chromium, tmp_path, loop, poisoned_loop):
    page = tmp_path / "r.html"
    calm = structs.replace(poisoned_loop, subject="calm.example")
    write_html(page, [loop, poisoned_loop, calm])
    drawn, logged, asked = visit(chromium, page, tmp_path / "profile", "--dump-dom")
    assert (logged, asked) == ([], [])
    assert "<script" not in drawn
    assert (drawn.count("<section"), drawn.count("<svg")) == (3, 2)
