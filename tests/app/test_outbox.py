"""The outbox with a real state, a clock that is handed in and a web server that answers oddly."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from logwatch_mx.app.ledger import Ledger
from logwatch_mx.app.memory import DeskState
from logwatch_mx.app.outbox import LONGEST_RETRY, PERHAPS_TWICE, Outbox
from logwatch_mx.app.tasks import Tasks
from logwatch_mx.config.settings import NotifyTarget
from logwatch_mx.model.notice import Notice, NoticeKind
from logwatch_mx.state.store import Store

# apprise looks for the old module where Python still has it, and Python says that it is old.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
SILENT = 0
NOTICE = Notice(
    key="loop/seaton.biz#confirmed",
    incident="loop/seaton.biz",
    kind=NoticeKind.CONFIRMED,
    at=NOW,
    title="Mail loop for seaton.biz: confirmed",
    body="One fact",
)


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(json.loads(body)["message"])
        status = self.server.answers.pop(0)
        if status == SILENT:
            self.server.let_go.wait(60)
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def server():
    """A web server that answers each post as ``answers`` says, ``SILENT`` with nothing."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as one:
        one.daemon_threads = True
        one.got, one.answers, one.let_go = [], [], threading.Event()
        thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield one
        one.let_go.set()
        one.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "state.db") as one:
        with one.transaction() as t:
            t.add_notice(NOTICE)
        yield one


class Post:
    """An outbox of which every try is made when the pause before it is over."""

    def __init__(self, store, server, targets=1):
        # apprise gives a server up sooner than an operator would.
        url = f"json://127.0.0.1:{server.server_port}"
        self.targets = [NotifyTarget(url=f"{url}/{n}?rto=0.3") for n in range(targets)]
        self.said = []
        self.now = NOW
        self.ended = asyncio.Event()
        self.tasks = Tasks(log=self.said.append, stirred=self.ended.set)
        self.outbox = Outbox(
            Ledger(store, kept=timedelta(hours=1)),
            DeskState(),
            self.tasks,
            log=self.said.append,
            now=lambda: self.now,
        )

    async def attempt(self):
        self.now += LONGEST_RETRY
        self.outbox.tell([], self.targets, self.now)
        while self.tasks.count("notices"):
            self.ended.clear()
            await self.ended.wait()


@pytest.mark.parametrize(
    ("answers", "marked"),
    [
        ([200], [False]),
        ([500, 404, 200], [False, False, False]),
        ([SILENT, 200], [False, True]),
        ([SILENT, SILENT, 200], [False, True, True]),
        ([SILENT, 500, 200], [False, True, True]),
        ([500, SILENT, 200], [False, False, True]),
    ],
)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_a_notice_that_may_have_arrived_says_so_from_then_on(
    store, server, answers, marked, restarted
):
    server.answers = [*answers]

    async def story():
        post = Post(store, server)
        for _ in answers:
            if restarted:
                post = Post(store, server)
            await post.attempt()
        await post.attempt()
        return post

    post = asyncio.run(story())
    marker = f"{PERHAPS_TWICE}\n"
    assert server.got == [f"{marker if one else ''}{NOTICE.body}" for one in marked]
    assert post.outbox.waiting == 0
    assert not store.pending_notices()


def test_a_target_that_is_silent_holds_up_no_other(store, server):
    server.answers = [SILENT, 200]
    asyncio.run(Post(store, server, targets=2).attempt())
    assert server.got == [NOTICE.body] * 2


def test_the_pause_doubles_up_to_an_hour(store, server):
    server.answers = [500] * 9

    async def story():
        post = Post(store, server)
        for _ in range(9):
            await post.attempt()
        return post.said

    pauses = [said.rpartition("next try in ")[2] for said in asyncio.run(story())]
    assert pauses == (
        ["0:00:30", "0:01:00", "0:02:00", "0:04:00", "0:08:00", "0:16:00", "0:32:00"]
        + ["1:00:00"] * 2
    )
