"""JSON that shippers make of log lines: the same event, whatever the fields are called."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Foreign, Malformed, Removed, Unparsed
from logwatch_mx.model.line import Line

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CET = timezone(timedelta(hours=1))
PLAIN = "Nov 23 13:00:00 mx postfix/qmgr[71]: 17CCA8044: removed"
TAGGED = "postfix/qmgr[71]: 17CCA8044: removed"
BARE = "17CCA8044: removed"


def read(fields):
    text = fields if isinstance(fields, str) else json.dumps(fields)
    return Reader(Stamps(2026, CET)).read(Line(text))


@pytest.mark.parametrize(
    "fields",
    [
        # Filebeat, with the line as it is: its own stamp counts, not that of the reading
        {
            "@timestamp": "2026-11-25T09:00:00.000Z",
            "log": {"file": {"path": "/var/log/mail.log"}, "offset": 7},
            "message": PLAIN,
            "host": {"name": "shipper"},
        },
        # an export of the search index
        {"_index": "mail", "_source": {"@timestamp": "2026-11-25T09:00:00Z", "message": PLAIN}},
        # Filebeat's system module and the Elastic agent: the Elastic Common Schema
        {
            "@timestamp": "2026-11-23T12:00:00.000Z",
            "message": BARE,
            "process": {"name": "postfix/qmgr", "pid": 71},
            "host": {"hostname": "mx"},
        },
        {
            "@timestamp": "2026-11-23T12:00:00.000Z",
            "message": BARE,
            "process.name": "postfix/qmgr",
            "process.pid": 71,
            "host.hostname": "mx",
        },
        # Logstash, syslog input: the stamp of the line comes before the time of its reading
        {
            "@timestamp": "2026-11-25T09:00:00.000Z",
            "timestamp": "Nov 23 13:00:00",
            "logsource": "mx",
            "program": "postfix/qmgr",
            "pid": "71",
            "message": BARE + "\n",
            "host": "192.0.2.1",
            "tags": [],
        },
        # Vector, syslog source and file source
        {
            "appname": "postfix/qmgr",
            "procid": 71,
            "hostname": "mx",
            "facility": "mail",
            "timestamp": "2026-11-23T12:00:00Z",
            "message": BARE,
        },
        {"timestamp": "2026-11-25T12:00:00Z", "source_type": "file", "message": "<22>" + PLAIN},
        # Loki: logcli -o jsonl
        {"labels": {"job": "mail"}, "timestamp": "2026-11-25T12:00:00Z", "line": PLAIN},
        # Fluentd and Fluent Bit, syslog parser; the tag is that of the stream
        {
            "host": "mx",
            "ident": "postfix/qmgr",
            "pid": "71",
            "message": BARE,
            "date": 1795435200.0,
            "tag": "mail.info",
        },
        {"date": 1795435200.5, "message": PLAIN, "tag": "mail.info"},
        # rsyslog, omfile with a JSON template
        {
            "timereported": "2026-11-23T13:00:00+01:00",
            "hostname": "mx",
            "syslogtag": "postfix/qmgr[71]:",
            "programname": "postfix",
            "msg": " " + BARE,
        },
        # syslog-ng, format-json
        {
            "ISODATE": "2026-11-23T13:00:00+01:00",
            "HOST": "mx",
            "PROGRAM": "postfix/qmgr",
            "PID": "71",
            "MESSAGE": BARE,
        },
        # GELF
        {
            "version": "1.1",
            "host": "mx",
            "short_message": BARE,
            "timestamp": 1795435200.0,
            "_process_name": "postfix/qmgr",
            "_pid": 71,
        },
        # the journal: a text as bytes, a field given twice
        {
            "MESSAGE": list(BARE.encode()),
            "SYSLOG_IDENTIFIER": "postfix/qmgr",
            "_PID": ["71", "72"],
            "_HOSTNAME": "mx",
            "__REALTIME_TIMESTAMP": "1795435200000000",
        },
        # numbers of every unit
        *(
            {"message": BARE, "program": "postfix/qmgr", "pid": 71, "host": "mx", "time": time}
            for time in (
                1795435200,
                "1795435200",
                "1795435200.000",
                1795435200_000,
                1795435200_000_000,
                "1795435200000000000",
            )
        ),
    ],
)
def test_an_object_is_read_as_the_line_in_it(fields):
    event = read(fields)
    assert isinstance(event, Removed)
    assert (event.queue_id, event.host, event.program, event.pid, event.time) == (
        *("17CCA8044", "mx", "postfix/qmgr", 71),
        NOON,
    )


def test_a_line_without_a_stamp_takes_that_of_its_object():
    event = read({"ts": "2026-11-23T12:00:00Z", "line": TAGGED})
    assert (event.kind, event.time, event.host) == ("removed", NOON, None)


def test_an_object_without_a_time_is_read():
    event = read({"message": BARE, "program": "postfix/qmgr", "time": "noon"})
    assert (event.kind, event.time) == ("removed", None)


@pytest.mark.parametrize(
    "fields",
    [
        # what another program says is its own words, though they imitate a line
        {"SYSLOG_IDENTIFIER": "shop", "MESSAGE": PLAIN},
        {"process": {"name": "shop"}, "message": PLAIN},
        {"program": "shop", "message": TAGGED, "@timestamp": "2026-11-23T12:00:00Z"},
    ],
)
def test_another_programs_text_is_no_line(fields):
    assert isinstance(read(fields), Foreign)


def test_an_mta_cannot_speak_as_another():
    event = read({"SYSLOG_IDENTIFIER": "postfix/smtpd", "MESSAGE": PLAIN})
    assert isinstance(event, Unparsed)
    assert event.program == "postfix/smtpd"


@pytest.mark.parametrize(
    "fields",
    [
        {"message": "hello"},
        {"message": BARE},
        {"message": BARE, "tag": "mail.info"},
        {"message": 7, "program": "postfix/qmgr"},
        {"message": [BARE], "program": "postfix/qmgr"},
        {"message": None, "program": "postfix/qmgr"},
        {"_source": {"_source": {"_source": {"_source": {"message": PLAIN}}}}},
        {"program": "postfix/qmgr"},
        '["' + PLAIN + '"]',
        '{"message":"' + PLAIN,
    ],
)
def test_what_holds_no_line_is_malformed(fields):
    assert isinstance(read(fields), Malformed)


@pytest.mark.parametrize("time", [True, -1, 0, 1e300, "1e3", 10**30, "9" * 500, [1], {}])
def test_a_time_that_cannot_be_is_none(time):
    event = read({"message": BARE, "program": "postfix/qmgr", "time": time})
    assert (event.kind, event.time) == ("removed", None)
