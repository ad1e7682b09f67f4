"""Notices as Slack and a mail server get them: apprise's own programs, real servers on loopback."""

import asyncio
import email
import email.policy
import json
import socketserver
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import apprise.plugins.slack
import pytest
from msgspec import structs

sys.path.insert(0, str(Path(__file__).parents[1]))

from shown import LOOP, SPIKE

from logwatch_mx.config.settings import NotifyTarget
from logwatch_mx.model.notice import NoticeKind
from logwatch_mx.model.verdict import Outcome, Verdict
from logwatch_mx.notify.compose import compose
from logwatch_mx.notify.digest import Due
from logwatch_mx.notify.send import send

# apprise looks for the old module where Python still has it, and Python says that it is old.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
NOW = datetime(2026, 11, 23, 16, 29, tzinfo=UTC)
HOST = "mx1.example.org"
HOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
HOSTILE = "\x1b[31m<!channel> <https://evil.test|ok>\r\nBcc: x@evil.test\n@everyone <b>&amp;`*a_b~"


class Posts(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(json.loads(body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *words):
        pass


class Smtp(socketserver.StreamRequestHandler):
    """Takes one mail and keeps it, with the recipients of its envelope."""

    def handle(self):
        self.say("220 loopback")
        envelope = []
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(":")[0].upper()
            if verb == "RCPT TO":
                envelope.append(line.partition(":")[2].strip(" <>"))
            if verb == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                raw = b"".join(each.removeprefix(b".") for each in lines)
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                self.server.got.append((envelope, mail))
            self.say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving(server):
    server.got = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def slack(monkeypatch):
    """What Slack gets: apprise's plugin, sent to a server of ours."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Posts)) as server:
        place = f"http://127.0.0.1:{server.server_port}/services"
        monkeypatch.setattr(apprise.plugins.slack.NotifySlack, "webhook_url", place)
        yield server


@pytest.fixture
def post_office():
    with serving(socketserver.TCPServer(("127.0.0.1", 0), Smtp)) as server:
        port = server.server_address[1]
        server.url = (
            f"mailto://127.0.0.1:{port}?mode=insecure&from=lw@example.org&to=noc@example.org"
        )
        yield server


def tell(url, kind, *incidents):
    notice = compose(Due(kind, incidents), NOW, HOST)
    asyncio.run(send(notice, (NotifyTarget(url=url),)))
    return notice


def hostile():
    verdict = Verdict(domain=HOSTILE, outcome=Outcome.LOOPBACK, resolver=HOSTILE, why=HOSTILE)
    return structs.replace(LOOP, id=HOSTILE, subject=HOSTILE, verdict=verdict, advice=HOSTILE)


@pytest.mark.parametrize(
    ("kind", "incidents", "colour"),
    [
        (NoticeKind.CONFIRMED, (LOOP,), "#A32037"),
        (NoticeKind.SUSPECTED, (SPIKE,), "#CACF29"),
        (NoticeKind.CLOSED, (structs.replace(LOOP, closed=NOW),), "#3AA337"),
        (NoticeKind.CONFIRMED, (LOOP, structs.replace(LOOP, id="other")), "#A32037"),
    ],
    ids=["confirmed", "spike", "over", "storm"],
)
def test_slack_shows_title_and_lines_as_they_were_written(slack, kind, incidents, colour):
    notice = tell(HOOK, kind, *incidents)
    (got,) = slack.got
    (shown,) = got["attachments"]
    assert (shown["title"], shown["text"], shown["color"]) == (notice.title, notice.body, colour)
    assert shown["footer"] == "logwatch-mx"
    assert got["mrkdwn"] is False
    assert "http" not in json.dumps(got)  # no picture off the web


def test_slack_in_blocks_is_plain_text_and_fits(slack):
    notice = tell(f"{HOOK}?blocks=yes", NoticeKind.CONFIRMED, LOOP)
    header, text = slack.got[0]["attachments"][0]["blocks"][:2]
    assert header["text"] == {"type": "plain_text", "text": notice.title, "emoji": True}
    assert text["text"] == {"type": "plain_text", "text": notice.body}
    assert len(notice.title) <= 150
    assert len(notice.body) <= 3000


def test_hostile_text_is_no_markup_for_slack(slack):
    tell(HOOK, NoticeKind.CONFIRMED, hostile())
    said = json.dumps(slack.got, ensure_ascii=False)
    for bad in ("<", ">", "@everyone", "\x1b", "\\u001b", "\\r"):
        assert bad not in said


def shown_text(mail):
    return mail.get_body(preferencelist=("plain", "html")).get_content()


def test_mail_says_it_in_the_subject_and_line_by_line(post_office):
    notice = tell(post_office.url, NoticeKind.CONFIRMED, LOOP)
    ((envelope, mail),) = post_office.got
    assert envelope == ["noc@example.org"]
    assert str(mail["Subject"]) == notice.title
    assert shown_text(mail).split() == notice.body.split()
    assert shown_text(mail).splitlines()[0] == notice.body.splitlines()[0]


def test_mail_in_html_keeps_the_lines_apart(post_office):
    notice = tell(f"{post_office.url}&format=html", NoticeKind.CONFIRMED, LOOP)
    ((_, mail),) = post_office.got
    html = mail.get_body(preferencelist=("html",)).get_content().replace("&nbsp;", " ")
    assert shown_text(mail).split() == notice.body.split()
    for line in filter(None, notice.body.splitlines()):
        assert line in html
    assert html.count("<br") >= len(notice.body.splitlines()) - 1


@pytest.mark.parametrize("form", ["text", "html"])
def test_hostile_text_adds_no_header_no_recipient_and_no_tag_to_a_mail(post_office, form):
    tell(f"{post_office.url}&format={form}", NoticeKind.CONFIRMED, hostile())
    ((envelope, mail),) = post_office.got
    assert envelope == ["noc@example.org"]
    assert mail["Bcc"] is None
    assert mail["To"] == "noc@example.org"
    assert not mail.defects
    assert "\n" not in str(mail["Subject"])
    text = "".join(part.get_content() for part in mail.walk() if not part.is_multipart())
    for bad in ("<b>", "<!channel", "\x1b", "<https"):
        assert bad not in text
    assert not [line for line in text.splitlines() if line.startswith("Bcc")]
