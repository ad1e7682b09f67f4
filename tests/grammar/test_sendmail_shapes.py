"""Lines of every kind that sendmail logs, 8.9 to 8.18, after its source: what each is read as."""

from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.grammar.census import Census
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Delivery, Mta, MtaVerdict
from logwatch_mx.model.line import Line

ROWS = (Path(__file__).parent / "data" / "sendmail_shapes.tsv").read_text("utf-8").splitlines()
SHAPES = [tuple(row.split("\t")) for row in ROWS]
DELIVERY = (
    "6ANEM6Us010269: to=<a@b.test>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=30000, "
)
DELIVERY += "relay=mx.b.test. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)"
MESSAGE = "6ANEM6Us010269: from=<a@b.test>, size=1, class=0, nrcpts=1, relay=mx.b.test [192.0.2.1]"


def line_of(agent, text):
    return f"Nov 23 12:00:00 mx {agent}[1]: {text}"


def read(agent, text):
    return Reader(Stamps(2026, UTC)).read(Line(line_of(agent, text)))


def shape(event):
    match event:
        case Delivery():
            return f"delivery:{event.status.value}"
        case MtaVerdict():
            return f"verdict:{event.verdict.value}"
    return event.kind


def test_every_shape_is_read_as_what_it_is():
    wrong = [
        (expected, found, text)
        for expected, agent, text in SHAPES
        if (found := shape(read(agent, text))) != expected
    ]
    assert wrong == []


def test_every_shape_counts_as_what_it_is():
    kinds, statuses = Counter(), Counter()
    census = Census(Reader(Stamps(2026, UTC)), kinds, statuses)
    census.count([line_of(agent, text) for _, agent, text in SHAPES])
    assert kinds == Counter(expected.partition(":")[0] for expected, _, _ in SHAPES)
    assert statuses == Counter(
        expected.partition(":")[2] for expected, _, _ in SHAPES if expected.startswith("delivery")
    )


def test_a_line_without_a_list_names_no_recipient():
    # deliver.c, logdelivery, when e_to is NULL
    assert read("sm-mta", DELIVERY.replace("<a@b.test>", "NO-TO-LIST")).recipients == ()


@pytest.mark.parametrize("tag", ["mta-out", "smtp1", "MTA", "relay-in"])
@pytest.mark.parametrize("text", [DELIVERY, MESSAGE])
def test_mail_is_read_whatever_sendmail_is_told_to_call_itself(tag, text):
    # sendmail -L mta-out: the tag is any, the shape is nobody else's
    event, usual = read(tag, text), read("sm-mta", text)
    assert event.mta is Mta.SENDMAIL
    assert (event.kind, event.queue_id, event.program) == (usual.kind, usual.queue_id, tag)


@pytest.mark.parametrize(
    "text",
    [
        "STARTTLS=server, relay=mx.b.test [192.0.2.1]",
        "6ANEM6Us010269: DKIM-Signature field added (s=x, d=b.test)",
        "6ANEM6Us010269: addr mx.b.test[192.0.2.1] from <a@b.test> to <c@d.test> delayed",
        "6ANEM6Us010269: to=<a@b.test>",
        "to=<a@b.test>, delay=00:00:01, stat=Sent",
        DELIVERY.replace("6ANEM6Us010269", "x"),
    ],
)
def test_what_others_log_stays_theirs(text):
    assert read("opendkim", text).kind == "foreign"


@pytest.mark.parametrize(
    "text",
    ["6ANEM6Us010269: parked by ops", "hello", "6ANEM6Us010269: to=<a@b.test>", "stat=Sent"],
)
def test_what_no_sendmail_logs_is_not_read(text):
    assert read("sm-mta", text).kind == "unparsed"
