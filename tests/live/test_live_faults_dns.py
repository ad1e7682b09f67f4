"""A resolver that is dead, slow, lying or flooding: the log is read on, and nothing is confirmed."""

import socket
import time
from pathlib import Path

import pytest
from dnslib import QTYPE, RR, A
from dnslib.server import DNSServer

pytestmark = pytest.mark.timeout(170)

SAMPLE = Path(__file__).parents[2] / "samples/maillog/postfix-seaton.log"
LINES = len(SAMPLE.read_text().splitlines())


def sample_text():
    lines = SAMPLE.read_text().splitlines()
    return "".join(f"2026-11-23T{line[7:15]}+00:00{line[15:]}\n" for line in lines)


class Silent:
    """A logger for dnslib that says nothing."""

    def __getattr__(self, _name):
        return lambda *_: None


def answer_mx(request):
    reply = request.reply()
    if request.q.qtype == QTYPE.MX:
        reply.add_answer(*RR.fromZone("seaton.biz. 60 IN MX 10 mail.seaton.biz."))
    return reply


class Slow:
    """Answers rightly, after the resolver's whole patience."""

    def resolve(self, request, _handler):
        time.sleep(4)
        reply = answer_mx(request)
        if request.q.qtype == QTYPE.A:
            reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A("127.0.0.1"), ttl=60))
        return reply


class Lying:
    """Answers what nobody asked, under a name of its own choosing and with another id."""

    def resolve(self, request, _handler):
        reply = answer_mx(request)
        reply.header.id = request.header.id ^ 0x55
        reply.add_answer(RR("other.test.", QTYPE.A, rdata=A("127.0.0.1"), ttl=60))
        return reply


class Flooding:
    """Answers with as many addresses as a message may hold, most of them good."""

    def resolve(self, request, _handler):
        reply = answer_mx(request)
        if request.q.qtype == QTYPE.A:
            for number in range(3500):
                good = A(f"93.184.{number >> 8}.{number & 255}")
                reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=good, ttl=60))
        return reply


@pytest.fixture
def serve():
    """Return a function that starts a server with a resolver's behaviour, and its ``IP:PORT``."""
    running = []

    def begin(resolver):
        if resolver is None:
            deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            deaf.bind(("127.0.0.1", 0))
            running.append(deaf.close)
            return f"127.0.0.1:{deaf.getsockname()[1]}"
        server = DNSServer(resolver, address="127.0.0.1", port=0, logger=Silent())
        port = server.server.server_address[1]
        stream = DNSServer(resolver, address="127.0.0.1", port=port, tcp=True, logger=Silent())
        for one in (server, stream):
            one.start_thread()
            running.extend([one.server.server_close, one.stop])
        return f"127.0.0.1:{port}"

    yield begin
    for end in reversed(running):
        end()


@pytest.mark.parametrize(
    ("resolver", "outcome", "state"),
    [
        pytest.param(None, "unanswered", "suspected", id="dead"),
        pytest.param(Slow(), "unanswered", "suspected", id="slow"),
        pytest.param(Lying(), "unanswered", "suspected", id="lying"),
        # It gives no SOA where it has no answer, as filters do.
        pytest.param(Flooding(), "filtered", "suspected", id="flooding"),
    ],
)
def test_a_sick_resolver_confirms_nothing_and_stops_nothing(
    daemon, receiver, serve, wait_for, resolver, outcome, state
):
    daemon.configure(dns=serve(resolver), url=receiver.url)
    daemon.log.touch()
    daemon.start()
    daemon.append(sample_text())
    wait_for(lambda: daemon.has_read(LINES), "the end of the log")
    wait_for(lambda: [i["verdict"]["outcome"] for i in daemon.incidents()] == [outcome], "it")
    daemon.append("2026-11-23T17:00:00+00:00 mx postfix/master[340]: reload\n")
    wait_for(lambda: daemon.has_read(LINES + 1), "one more line")
    assert daemon.resident_mb() < 120
    assert daemon.stop() == 0
    (incident,) = daemon.incidents()
    assert incident["state"] == state
    assert daemon.hooks.read_text() == "opened seaton.biz suspected\n"
    assert "Traceback" not in daemon.told()
