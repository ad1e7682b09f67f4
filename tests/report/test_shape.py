"""The JSON that scripts rely on, whole."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec import structs

from logwatch_mx.model.event import (
    Auth,
    Bounce,
    Client,
    Delivery,
    Foreign,
    Gap,
    Malformed,
    Message,
    Mta,
    MtaVerdict,
    Other,
    Reject,
    Relay,
    Removed,
    Said,
    Status,
    Unparsed,
)
from logwatch_mx.model.line import Line
from logwatch_mx.model.verdict import Outcome, Verdict
from logwatch_mx.report.shape import (
    shape_event,
    shape_incident,
    shape_replay,
    shape_verdict,
    write_event,
)

LOOP_SHAPE = {
    "id": "loop/seaton.biz/2026-11-23T16:27:32Z",
    "kind": "loop",
    "subject": "seaton.biz",
    "rule": "loop",
    "state": "confirmed",
    "opened": "2026-11-23T16:27:32+00:00",
    "closed": None,
    "returns": 0,
    "first": "2026-11-23T16:27:32+00:00",
    "last": "2026-11-23T16:28:10+00:00",
    "counts": {"events": 1176, "messages": 24, "recipients": 1, "max_hops": 48},
    "signals": {"self_delivery": 1152, "reentry": 1128, "mta_verdict": 24, "deferral": 0},
    "reasons": {"delivered to ourselves": 1152, "too many hops": 24},
    "verdict": {
        "domain": "seaton.biz",
        "outcome": "loopback",
        "mx": [{"preference": 10, "host": "mail.seaton.biz", "addresses": ["127.0.0.1"]}],
        "resolver": "zone:dns.zone",
        "why": "every exchanger is this machine itself: mail.seaton.biz 127.0.0.1 is loopback",
    },
    "cause": "theirs",
    "advice": "",
    "steps": [],
    "facts": {"senders": 0, "busiest": 0, "growth": None, "domains": {}, "lost": 0, "gone": 0},
    "origin": [
        {
            "client_ip": "192.0.2.7",
            "client_host": "unknown",
            "sender": "nicholas@seaton.biz",
            "messages": 24,
            "first": "2026-11-23T16:27:31+00:00",
            "last": "2026-11-23T16:28:10+00:00",
        }
    ],
    "actions": [
        {
            "id": "loop/seaton.biz/2026-11-23T16:27:32Z#pause",
            "incident": "loop/seaton.biz/2026-11-23T16:27:32Z",
            "verb": "pause",
            "target": "seaton.biz",
            "state": "planned",
            "why": "observe mode: would pause mail for seaton.biz",
            "at": "2026-11-23T16:28:32+00:00",
            "expires": "2026-11-24T16:28:32+00:00",
            "argv": [],
        }
    ],
    "evidence": [
        {"source": "maillog", "line": 7356, "text": "caf\udce9"},
    ],
}


def test_an_incident_has_the_shape_that_is_promised(loop):
    bytes_lost = structs.replace(loop.evidence[-1], text="caf\udce9")
    shape = shape_incident(structs.replace(loop, evidence=(bytes_lost,)))
    assert list(shape) == list(LOOP_SHAPE)
    assert json.loads(json.dumps(shape)) == LOOP_SHAPE


def test_a_replay_names_what_was_read(loop):
    berlin = timezone(timedelta(hours=1))
    shape = shape_replay(
        [],
        files=["maillog"],
        lines=13746,
        first=loop.first.astimezone(berlin),
        last=loop.last,
        stats={"kinds": {}},
        skipped={"late": 2},
    )
    assert shape == {
        "schema": 1,
        "input": {
            "files": ["maillog"],
            "lines": 13746,
            "first": "2026-11-23T17:27:32+01:00",
            "last": "2026-11-23T16:28:10+00:00",
            "stats": {"kinds": {}},
            "skipped": {"late": 2},
        },
        "incidents": [],
    }


def test_an_empty_input_has_every_key_too():
    assert shape_replay([]) == {
        "schema": 1,
        "input": {
            "files": [],
            "lines": 0,
            "first": None,
            "last": None,
            "stats": None,
            "skipped": {},
        },
        "incidents": [],
    }


@pytest.mark.parametrize(
    ("verdict", "shape"),
    [
        (
            None,
            {"domain": None, "outcome": "not_asked", "mx": [], "resolver": None, "why": ""},
        ),
        (
            Verdict(domain="a.example", outcome=Outcome.NULL_MX, why="it takes no mail"),
            {
                "domain": "a.example",
                "outcome": "null_mx",
                "mx": [],
                "resolver": None,
                "why": "it takes no mail",
            },
        ),
    ],
)
def test_a_verdict_has_every_key_asked_or_not(verdict, shape):
    assert json.loads(json.dumps(shape_verdict(verdict))) == shape


HEAD = {
    "line": Line("whole text", "maillog", 7, 100, 111),
    "time": datetime(2026, 11, 23, 16, 27, 32, 5000, tzinfo=UTC),
    "host": "mx",
    "program": "postfix/smtp",
    "agent": "smtp",
    "pid": 349,
    "mta": Mta.POSTFIX,
}
SHOWN = {
    "line": 7,
    "source": "maillog",
    "time": "2026-11-23T16:27:32.005000+00:00",
    "host": "mx",
    "program": "postfix/smtp",
    "pid": 349,
    "mta": "postfix",
}
EVENTS = (
    (
        Message(
            **HEAD, queue_id="A1", sender="", size=9, nrcpt=1, message_id="x@y", client=Client("h")
        ),
        {
            "kind": "message",
            "queue_id": "A1",
            "sender": "",
            "size": 9,
            "nrcpt": 1,
            "message_id": "x@y",
            "client": {"host": "h", "ip": None},
        },
    ),
    (
        Delivery(
            **HEAD,
            queue_id="A1",
            recipients=("a@b", "c@d"),
            relay=Relay("mail.b", "192.0.2.1", 25, absolute=True),
            status=Status.SENT,
            dsn="2.0.0",
            delay=0.02,
            reply="250 ok",
            next_queue_id="B2",
        ),
        {
            "kind": "delivery",
            "queue_id": "A1",
            "recipients": ["a@b", "c@d"],
            "orig_to": None,
            "relay": {"host": "mail.b", "ip": "192.0.2.1", "port": 25},
            "status": "sent",
            "dsn": "2.0.0",
            "delay": 0.02,
            "reply": "250 ok",
            "next_queue_id": "B2",
            "mailer": None,
        },
    ),
    (
        Bounce(**HEAD, queue_id="A1", child_queue_id="B2", cause="why"),
        {"kind": "bounce", "queue_id": "A1", "child_queue_id": "B2", "cause": "why"},
    ),
    (Removed(**HEAD, queue_id="A1"), {"kind": "removed", "queue_id": "A1"}),
    (
        Reject(**HEAD, client=Client("h", "::1"), sender="s", recipient="r", dsn="5.7.1"),
        {
            "kind": "reject",
            "client": {"host": "h", "ip": "::1"},
            "sender": "s",
            "recipient": "r",
            "dsn": "5.7.1",
            "reply": None,
        },
    ),
    (
        MtaVerdict(**HEAD, verdict=Said.SELF_MX, mx_host="mail.b", domain="b"),
        {
            "kind": "verdict",
            "verdict": "self_mx",
            "host": "mail.b",
            "domain": "b",
            "log_host": "mx",
        },
    ),
    (
        MtaVerdict(**HEAD, verdict=Said.TOO_MANY_HOPS, domain="b"),
        {"kind": "verdict", "verdict": "too_many_hops", "domain": "b", "log_host": "mx"},
    ),
    (
        Auth(**HEAD, client=Client(None, "192.0.2.1"), method="PLAIN", ok=False),
        {
            "kind": "auth",
            "client": {"host": None, "ip": "192.0.2.1"},
            "method": "PLAIN",
            "ok": False,
        },
    ),
    (Gap(**HEAD, count=3, repeated=True), {"kind": "gap", "count": 3}),
    (Other(**HEAD), {"kind": "other"}),
    (Foreign(**HEAD), {"kind": "foreign"}),
    (Unparsed(**HEAD, text="new words"), {"kind": "unparsed", "text": "new words"}),
)


@pytest.mark.parametrize(("event", "shape"), EVENTS, ids=[s["kind"] for _, s in EVENTS])
def test_an_event_is_one_object_with_its_header(event, shape):
    assert shape_event(event) == {**SHOWN, **shape}


def test_a_line_without_a_header_has_none():
    event = Malformed(line=Line("text", "", 1), text="caf\udce9")
    assert shape_event(event) == {"line": 1, "kind": "malformed", "text": "caf\udce9"}
    assert json.dumps(shape_event(event)["text"]) == '"caf\\udce9"'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", '"text":"plain"'),
        ("caf\udce9", '"text":"caf\\udce9"'),
        # A terminal obeys U+009B as it obeys ESC [.
        ("\x1b[31m\x9b31m é", '"text":"\\u001b[31m\\u009b31m \\u00e9"'),
    ],
)
def test_an_event_is_written_in_ascii(text, written):
    event = Malformed(line=Line(text=text, number=1), text=text)
    assert write_event(event) == f'{{"line":1,"kind":"malformed",{written}}}'
    assert json.loads(write_event(event)) == shape_event(event)
