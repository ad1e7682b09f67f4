"""A loop and a spike as people are shown them, for all tests of what is shown."""

from datetime import UTC, datetime, timedelta

from logwatch_mx.model.action import Action, ActionState, Verb
from logwatch_mx.model.incident import (
    Cause,
    Counts,
    Evidence,
    Incident,
    IncidentKind,
    IncidentState,
    Origin,
    Signals,
)
from logwatch_mx.model.verdict import Mx, Outcome, Verdict

FIRST = datetime(2026, 11, 23, 16, 27, 32, tzinfo=UTC)
ID = "loop/seaton.biz/2026-11-23T16:27:32Z"
LOOP = Incident(
    id=ID,
    kind=IncidentKind.LOOP,
    subject="seaton.biz",
    rule="loop",
    state=IncidentState.CONFIRMED,
    opened=FIRST,
    first=FIRST,
    last=FIRST + timedelta(seconds=38),
    counts=Counts(events=1176, messages=24, recipients=1, max_hops=48),
    signals=Signals(self_delivery=1152, reentry=1128, mta_verdict=24),
    reasons={"delivered to ourselves": 1152, "too many hops": 24},
    verdict=Verdict(
        domain="seaton.biz",
        outcome=Outcome.LOOPBACK,
        mx=(Mx(10, "mail.seaton.biz", ("127.0.0.1",)),),
        resolver="zone:dns.zone",
        why="every exchanger is this machine itself: mail.seaton.biz 127.0.0.1 is loopback",
    ),
    cause=Cause.THEIRS,
    origin=(
        Origin(
            client_ip="192.0.2.7",
            client_host="unknown",
            sender="nicholas@seaton.biz",
            messages=24,
            first=FIRST - timedelta(seconds=1),
            last=FIRST + timedelta(seconds=38),
        ),
    ),
    actions=(
        Action(
            id=f"{ID}#pause",
            incident=ID,
            verb=Verb.PAUSE,
            target="seaton.biz",
            state=ActionState.PLANNED,
            why="observe mode: would pause mail for seaton.biz",
            at=FIRST + timedelta(minutes=1),
            expires=FIRST + timedelta(days=1, minutes=1),
        ),
    ),
    evidence=(
        Evidence(
            "maillog",
            597,
            "Nov 23 16:27:32 mx postfix/smtp[349]: F0ACC240: to=<nicholas@seaton.biz>,"
            " relay=mail.seaton.biz[127.0.0.1]:25, delay=0.02, delays=0/0/0.02/0, dsn=2.0.0,"
            " status=sent (250 2.0.0 Ok: queued as 017AC242)",
        ),
        Evidence("maillog", 7356, "Nov 23 16:28:10 mx postfix/smtp[453]: 68EBC7A9: too many hops"),
    ),
)
SPIKE = Incident(
    id="spike/elm.example/2026-11-23T16:30:55Z",
    kind=IncidentKind.SPIKE,
    subject="elm.example",
    rule="spike",
    opened=FIRST + timedelta(minutes=3),
    first=FIRST,
    last=FIRST + timedelta(minutes=1, seconds=24),
    counts=Counts(events=99, messages=70, recipients=70),
    signals=Signals(deferral=99),
    reasons={"connection refused": 99},
    evidence=(Evidence("maillog", 952, "the only line"),),
)
