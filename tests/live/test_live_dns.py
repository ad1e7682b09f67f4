"""DNS that is dead, filtered, at odds with itself or poisoned: the daemon does nothing and says why."""

import itertools
import subprocess

import pytest
from dnslib import RCODE, RR
from dnslib.server import DNSServer

pytestmark = pytest.mark.timeout(170)

LOOP = "seaton.biz. MX 10 mail.seaton.biz.\nmail.seaton.biz. A 127.0.0.1"
GOOD = "seaton.biz. MX 10 mail.seaton.biz.\nmail.seaton.biz. A 93.184.216.28"
ZERO = "seaton.biz. MX 10 mail.seaton.biz.\nmail.seaton.biz. A 0.0.0.0"
#: What a filter against DNS rebinding leaves: the MX, and an address answer without anything.
FILTERED = "seaton.biz. MX 10 mail.seaton.biz.\nmail.seaton.biz. TXT filtered"
NOBODY = "127.0.0.1:1"
PASS = (
    "2026-11-23T05:00:0{n}+00:00 mx postfix/smtp[77]: {id}: to=<nicholas@seaton.biz>, "
    "relay=mail.seaton.biz[127.0.0.1]:25, delay=0.01, delays=0/0/0/0, dsn=2.0.0, "
    "status=sent (250 2.0.0 Ok: queued as {next})\n"
)
SPIN = "".join(
    PASS.format(n=n, id=a, next=b)
    for n, (a, b) in enumerate(itertools.pairwise(f"AAAAA0000{n}" for n in range(6)))
)


class Answers:
    """Answers from zone lines; with *failing* every answer is SERVFAIL."""

    def __init__(self, zone, *, soa=True, failing=False):
        self.records = list(RR.fromZone(zone, ttl=60))
        self.soa, self.failing = soa, failing

    def resolve(self, request, _handler):
        reply = request.reply()
        if self.failing:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        name, kind = request.q.qname, request.q.qtype
        for record in self.records:
            if record.rname == name and record.rtype == kind:
                reply.add_answer(record)
        if not reply.rr and self.soa:
            reply.add_auth(*RR.fromZone("biz. 60 IN SOA ns.biz. root.biz. 1 60 60 60 60"))
        return reply


class Quiet:
    def __getattr__(self, _name):
        return lambda *_: None


@pytest.fixture
def resolver():
    """Return ``resolver(zone, …)``: the ``IP:PORT`` of a server with these lines."""
    servers = []

    def start(zone, **manners):
        answers = Answers(zone, **manners)
        server = DNSServer(answers, address="127.0.0.1", port=0, logger=Quiet())
        server.start_thread()
        servers.append(server)
        return f"127.0.0.1:{server.server.server_address[1]}"

    yield start
    for server in servers:
        server.stop()
        server.server.server_close()


def about_mail(incident):
    """Return what was done about mail for it, or not, and why; hooks are told of it besides."""
    return [
        (a["verb"], a["state"], a["why"]) for a in incident["actions"] if a["verb"] != "command"
    ]


@pytest.mark.parametrize(
    ("first", "second", "outcome", "reason"),
    [
        pytest.param(None, None, "unanswered", "no answer", id="dead"),
        pytest.param((LOOP, {}), None, "unanswered", "no answer", id="one of two is dead"),
        pytest.param(
            (LOOP, {"failing": True}),
            (LOOP, {"failing": True}),
            "unanswered",
            "no answer",
            id="failing",
        ),
        pytest.param(
            (FILTERED, {"soa": False}),
            (FILTERED, {"soa": False}),
            "filtered",
            "filtered",
            id="filtered",
        ),
        pytest.param(
            (LOOP, {}),
            (FILTERED, {"soa": False}),
            "filtered",
            "filtered",
            id="one of two is filtered",
        ),
        pytest.param((LOOP, {}), (GOOD, {}), "filtered", "do not agree", id="disagreeing"),
        pytest.param((ZERO, {}), (GOOD, {}), "filtered", "do not agree", id="first poisoned"),
        pytest.param((GOOD, {}), (ZERO, {}), "filtered", "do not agree", id="second poisoned"),
    ],
)
def test_without_an_answer_that_both_give_nothing_is_done_and_the_reason_is_told(
    daemon, receiver, resolver, postmap, wait_for, first, second, outcome, reason
):
    # What loses mail needs the same proof as what loses none; the two take turns here.
    action = "discard" if first and first[0] in {ZERO, GOOD} else "pause"
    places = [NOBODY if one is None else resolver(one[0], **one[1]) for one in (first, second)]
    daemon.configure(
        dns=places[0],
        second=places[1],
        url=receiver.url,
        flavour="postfix",
        extra=f'[loop]\naction = "{action}"\n[respond]\npostmap = "{postmap}"\n',
    )
    route = daemon.folder / "state/transport"
    daemon.log.touch()
    daemon.start()
    before = route.read_bytes()
    daemon.append(SPIN)
    wait_for(lambda: [i for i in daemon.incidents() if i["verdict"]["outcome"] == outcome], "it")
    wait_for(lambda: about_mail(daemon.incidents()[0]), "the reason")
    assert daemon.stop() == 0
    (incident,) = daemon.incidents()
    assert incident["state"] == "suspected"
    why = f"DNS has not confirmed the loop: {outcome}"
    if reason == "do not agree":
        why = "the resolvers disagree"
    assert about_mail(incident) == [(action, "skipped", why)]
    shown = " ".join(daemon.command("incidents", "show", "seaton.biz").stdout.split())
    assert outcome in shown
    assert reason in shown
    assert why in shown
    assert route.read_bytes() == before
    asked = [postmap, "-s", f"lmdb:{route}"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == ""
