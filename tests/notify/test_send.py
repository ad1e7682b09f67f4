import asyncio
import json
import logging
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from logwatch_mx.config.settings import NotifyTarget
from logwatch_mx.errors import EffectError, Exit
from logwatch_mx.model.notice import Notice, NoticeKind
from logwatch_mx.notify.send import NotDeliveredError, mask, send

# apprise looks for the old module where Python still has it, and Python says that it is old.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SECRET = "t0psecret"
NOTICE = Notice(
    key="k#confirmed",
    incident="k",
    kind=NoticeKind.CONFIRMED,
    at=datetime(2026, 11, 23, tzinfo=UTC),
    title="Mail loop for seaton.biz: confirmed",
    body="One fact\nanother: ‹!channel› nicholas@seaton.biz & <b>",
)


class Receiver(ThreadingHTTPServer):
    """A real HTTP server that keeps what it gets; it answers *status*, or nothing until let go."""

    daemon_threads = True

    def __init__(self, status):
        self.status, self.got, self.let_go = status, [], threading.Event()
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def url(self):
        return f"json://user:{SECRET}@127.0.0.1:{self.server_port}/{SECRET}"

    def handle_error(self, request, client_address):
        """A sender that gives up closes its connection: no news."""


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(json.loads(body))
        if self.server.status is None:
            self.server.let_go.wait(60)
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


@contextmanager
def receiving(status):
    with Receiver(status) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.let_go.set()
            server.shutdown()
            thread.join()


def target(url, on=("confirmed", "suspected", "refuted", "closed")):
    return NotifyTarget(url=url, on=on)


def refusing():
    """Return the URL of a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"json://user:{SECRET}@127.0.0.1:{probe.getsockname()[1]}/{SECRET}"


def tell(*targets, notice=NOTICE, **more):
    more = {"limits": (0.5, 0.5), **more}
    asyncio.run(send(notice, targets, **more))


def failure(*targets, **more):
    with pytest.raises(EffectError) as caught:
        tell(*targets, **more)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value), caught.value.retry, caught.value.code


def test_a_notice_arrives_as_it_was_written():
    with receiving(200) as server:
        tell(target(server.url))
    (got,) = server.got
    assert (got["title"], got["message"]) == (NOTICE.title, NOTICE.body)


@pytest.mark.parametrize("status", [500, 503, 401, 404])
def test_a_server_that_refuses_is_named_and_tried_again_later(status):
    with receiving(status) as server:
        told = failure(target(server.url))
    assert told == ("notice not delivered to json://… (failure)", True, Exit.TRY_AGAIN)


def test_a_port_where_nobody_listens_is_a_failure():
    assert failure(target(refusing()))[0] == "notice not delivered to json://… (failure)"


def test_a_server_that_hangs_ends_at_the_read_limit():
    with receiving(None) as server:
        told, retry, _ = failure(target(server.url), limits=(0.2, 0.2))
    assert told == "notice not delivered to json://… (no answer in time)"
    assert retry


def test_apprise_keeps_to_our_read_limit_and_not_to_its_own():
    with receiving(None) as server:
        # Its own is four seconds: with that, our deadline would end it.
        told, _, _ = failure(target(server.url), limits=(60, 0.2), deadline=timedelta(seconds=3))
    assert told == "notice not delivered to json://… (no answer in time)"


@pytest.mark.parametrize(
    ("status", "more", "unanswered"),
    [
        (500, {}, False),
        (404, {}, False),
        (None, {"limits": (0.2, 0.2)}, True),
        (None, {"limits": (1, 1), "deadline": timedelta(milliseconds=50)}, True),
    ],
)
def test_only_what_was_not_answered_may_have_arrived(status, more, unanswered):
    with receiving(status) as server, pytest.raises(NotDeliveredError) as caught:
        tell(target(server.url), **{"limits": (5, 5), **more})
    assert caught.value.unanswered is unanswered


def test_what_nobody_listened_to_has_not_arrived():
    with pytest.raises(NotDeliveredError) as caught:
        tell(target(refusing()), limits=(5, 5))
    assert not caught.value.unanswered


def test_our_own_deadline_ends_what_apprise_does_not():
    with receiving(None) as server:
        told, retry, _ = failure(
            target(server.url), limits=(1, 1), deadline=timedelta(milliseconds=50)
        )
    assert told == "notice not delivered to json://… (not done in time)"
    assert retry


def test_one_bad_target_keeps_no_other_from_its_notice():
    with receiving(200) as good, receiving(500) as bad:
        targets = [target(f"nonsense://{SECRET}"), target(bad.url), target(good.url)]
        told, retry, _ = failure(*targets)
    assert len(good.got) == 1
    assert told == (
        "notice not delivered to nonsense://… (not a notification URL that apprise knows),"
        " json://… (failure)"
    )
    assert retry


def test_a_url_that_can_never_work_is_not_tried_again():
    assert failure(target(f"nonsense://{SECRET}"))[1:] == (False, Exit.FAILED)


@pytest.mark.parametrize(
    ("kind", "on", "count"),
    [
        ("confirmed", ("confirmed",), 1),
        ("suspected", ("confirmed",), 0),
        ("closed", (), 0),
        ("test", (), 1),
        ("health", ("closed",), 1),
    ],
)
def test_a_target_gets_the_kinds_that_it_asked_for(kind, on, count):
    notice = Notice(key="k", incident="k", kind=NoticeKind(kind), at=NOTICE.at, title="t", body="b")
    with receiving(200) as server:
        tell(target(server.url, on), notice=notice)
    assert len(server.got) == count


def test_nobody_to_tell_is_no_error():
    tell()


def test_apprise_prints_nothing_of_a_url(capfd):
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    failure(target(refusing()), target(f"nonsense://{SECRET}"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("mark", ["?", "&"])
def test_time_limits_that_the_url_sets_itself_stay(mark):
    begin = "?x=y" if mark == "&" else ""
    with receiving(None) as server:
        url = f"{server.url}{begin}{mark}rto=0.2"
        # With a limit of a minute the test would run into its own time-out.
        told, _, _ = failure(target(url), limits=(60, 60))
    assert told == "notice not delivered to json://… (no answer in time)"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("slack://a/b/c", "slack://…"),
        ("mailtos://user:pass@example.com", "mailtos://…"),
        ("apprise+json://x", "apprise+json://…"),
        ("xoxb-secret", "…"),
        ("xoxb secret://x", "…"),
        ("", "…"),
    ],
)
def test_a_url_is_shown_by_its_scheme_alone(url, shown):
    assert mask(url) == shown
