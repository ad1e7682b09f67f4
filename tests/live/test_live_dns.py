"""DNS that is dead, filtered, at odds with itself or poisoned: the daemon does nothing and says why.

Where one of two resolvers is dead, the other must say it for a minute, and then is enough for a
pause alone.
"""

import contextlib
import itertools
import socket
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

    def start(zone, *, port=0, **manners):
        answers = Answers(zone, **manners)
        server = DNSServer(answers, address="127.0.0.1", port=port, logger=Quiet())
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


def set_up(daemon, receiver, postmap, action, first, second):
    daemon.configure(
        dns=first,
        second=second,
        url=receiver.url,
        flavour="postfix",
        extra=f'[loop]\naction = "{action}"\n[respond]\npostmap = "{postmap}"\n',
    )
    daemon.log.touch()
    daemon.start()
    daemon.append(SPIN)


def wait_for_reason(daemon, wait_for, *expected):
    """Wait until this and nothing else is told of mail for it, and return the incident."""

    def told():
        incidents = daemon.incidents()
        return incidents if incidents and about_mail(incidents[0]) == [expected] else None

    (incident,) = wait_for(told, f"the reason {expected}")
    return incident


def explained(daemon):
    return daemon.command("explain", "seaton.biz").stdout


WAITS = "waits for the second confirmation: a resolver gives no answer"
TWICE = "DNS says twice that mail for it comes back to this host"
ALONE = "a resolver gives no answer, and no mail is refused or lost on the other's word alone"


def test_while_one_of_two_is_dead_the_other_is_enough_for_a_pause_after_a_minute(
    daemon, receiver, faults, resolver, postmap, wait_for
):
    set_up(daemon, receiver, postmap, "pause", NOBODY, resolver(LOOP))
    waiting = wait_for_reason(daemon, wait_for, "pause", "skipped", WAITS)
    assert waiting["state"] == "suspected"
    faults.set("clock 61")
    done = wait_for_reason(daemon, wait_for, "pause", "done", TWICE)
    assert (done["state"], done["verdict"]["outcome"]) == ("confirmed", "loopback")
    shown = " ".join(daemon.command("incidents", "show", "seaton.biz").stdout.split())
    assert f"{NOBODY} gives no answer" in shown
    assert daemon.stop() == 0


def test_while_one_of_two_is_dead_no_mail_is_lost_on_the_word_of_the_other(
    daemon, receiver, faults, resolver, postmap, wait_for
):
    set_up(daemon, receiver, postmap, "discard", resolver(ZERO), NOBODY)
    wait_for_reason(daemon, wait_for, "discard", "skipped", WAITS)
    route = daemon.folder / "state/transport"
    before = route.read_bytes()
    faults.set("clock 61")
    wait_for_reason(daemon, wait_for, "discard", "skipped", ALONE)
    assert daemon.stop() == 0
    assert route.read_bytes() == before


def test_a_pause_on_the_word_of_one_ends_when_the_other_is_back_and_objects(
    daemon, receiver, faults, resolver, postmap, wait_for
):
    """The one that lived was the poisoned one: what it did is taken back, and loses nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        place = deaf.getsockname()[1]
        set_up(daemon, receiver, postmap, "pause", resolver(ZERO), f"127.0.0.1:{place}")
        wait_for_reason(daemon, wait_for, "pause", "skipped", WAITS)
        faults.set("clock 61")
        wait_for_reason(daemon, wait_for, "pause", "done", TWICE)
    resolver(GOOD, port=place)
    leaps = itertools.count(700, 660)

    def is_heard():
        """Let ten minutes pass: a leap in the middle of a question makes it unanswered."""
        faults.set(f"clock {next(leaps)}")
        with contextlib.suppress(AssertionError):
            return wait_for(lambda: f"127.0.0.1:{place}  healthy" in explained(daemon), "it", 8)

    wait_for(is_heard, "the other's word")
    wait_for_reason(daemon, wait_for, "pause", "undone", TWICE)
    assert daemon.stop() == 0
    assert f"taken back: 127.0.0.1:{place} says healthy" in explained(daemon)
    asked = [postmap, "-s", f"lmdb:{daemon.folder / 'state/transport'}"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == ""
