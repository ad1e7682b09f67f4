"""Queue lines: a message came in, a notice was made from it, it left."""

import pytest

from logwatch_mx.model.event import Bounce, Client, Message, Removed


@pytest.mark.parametrize(
    ("agent", "text", "fields"),
    [
        (
            "smtpd",
            "EB4B2C19E2: client=unknown[192.0.2.7]",
            {"queue_id": "EB4B2C19E2", "client": Client("unknown", "192.0.2.7")},
        ),
        (
            "smtpd",
            "EB4B2C19E2: client=MX.a.test[2001:db8::7]:40321, sasl_method=PLAIN, sasl_username=u@a.test, sasl_sender=v@a.test, orig_queue_id=9F1C3A22, orig_client=x.test[192.0.2.9]",
            {"queue_id": "EB4B2C19E2", "client": Client("mx.a.test", "2001:db8::7")},
        ),
        pytest.param(
            "smtpd",
            "NOQUEUE: client=mx.a.test[192.0.2.7]",
            {"client": Client("mx.a.test", "192.0.2.7")},
            id="a proxy filter has no id yet",
        ),
        (
            "smtpd",
            "1CF582025C: client=unknown[unknown]",
            {"queue_id": "1CF582025C", "client": Client("unknown", None)},
        ),
        (
            "pickup",
            "2D6BB25A25A: uid=0 from=<root>",
            {"queue_id": "2D6BB25A25A", "sender": "root"},
        ),
        (
            "pickup",
            "2D6BB25A25A: uid=33 from=<> orig_id=9F1C3A22",
            {"queue_id": "2D6BB25A25A", "sender": ""},
        ),
        pytest.param(
            "pickup",
            "2D6BB25A25A: uid=33 from=<a> orig_id=b@a.test>",
            {"queue_id": "2D6BB25A25A", "sender": "a> orig_id=b@a.test"},
            id="any user may choose it",
        ),
        (
            "cleanup",
            "2D6BB25A25A: message-id=<20261123153430.2D6BB25A25A@mx.a.test>",
            {"queue_id": "2D6BB25A25A", "message_id": "20261123153430.2D6BB25A25A@mx.a.test"},
        ),
        ("cleanup", "2D6BB25A25A: message-id=<>", {"queue_id": "2D6BB25A25A", "message_id": ""}),
        ("cleanup", "2D6BB25A25A: message-id=", {"queue_id": "2D6BB25A25A", "message_id": ""}),
        (
            "cleanup",
            "2D6BB25A25A: message-id=656587JHGJHG",
            {"queue_id": "2D6BB25A25A", "message_id": "656587JHGJHG"},
        ),
        (
            "cleanup",
            "2D6BB25A25A: message-id=<a@a.test>+29A6080B",
            {"queue_id": "2D6BB25A25A", "message_id": "a@a.test"},
        ),
        (
            "cleanup",
            "2D6BB25A25A: message-id=<a@a.test> <b@a.test>",
            {"queue_id": "2D6BB25A25A", "message_id": "a@a.test"},
        ),
        pytest.param(
            "cleanup",
            "2D6BB25A25A: message-id=<eyJyZXBseV90byI6Im5ldWZlcnRAaW5ub3Y",
            {"queue_id": "2D6BB25A25A", "message_id": "eyJyZXBseV90byI6Im5ldWZlcnRAaW5ub3Y"},
            id="cut",
        ),
        pytest.param(
            "cleanup",
            "2D6BB25A25A: message-id==?UTF-8?B?PDE5?= =?UTF-8?B?MTI=?=",
            {"queue_id": "2D6BB25A25A", "message_id": "=?UTF-8?B?PDE5?= =?UTF-8?B?MTI=?="},
            id="encoded by a broken client",
        ),
        (
            "cleanup",
            "2D6BB25A25A: resent-message-id=<a@a.test>",
            {"queue_id": "2D6BB25A25A", "message_id": "a@a.test"},
        ),
        (
            "qmgr",
            "0F5383DA: from=<owner@a.test>, size=5360, nrcpt=1 (queue active)",
            {"queue_id": "0F5383DA", "sender": "owner@a.test", "size": 5360, "nrcpt": 1},
        ),
        (
            "qmgr",
            "4jY7yc71BNzKMCV: from=<>, size=8514, nrcpt=12 (queue active)",
            {"queue_id": "4jY7yc71BNzKMCV", "sender": "", "size": 8514, "nrcpt": 12},
        ),
        pytest.param(
            "qmgr",
            "7E0E6196: from=<x@a.test>, size=1141 (queue active)",
            {"queue_id": "7E0E6196", "sender": "x@a.test", "size": 1141},
            id="before nrcpt=",
        ),
        pytest.param(
            "qmgr",
            "0F5383DA: from=<x@a.test>, size=1141, nrcpt=1",
            {"queue_id": "0F5383DA", "sender": "x@a.test", "size": 1141, "nrcpt": 1},
            id="no word on the queue",
        ),
        pytest.param(
            "qmgr",
            "1234567890A: from=user@a.test, size=1234, nrcpt=1 (queue active)",
            {"queue_id": "1234567890A", "sender": "user@a.test", "size": 1234, "nrcpt": 1},
            id="without brackets",
        ),
    ],
)
def test_a_message_in_the_queue(read_postfix, postfix_event, agent, text, fields):
    assert read_postfix(text, agent) == postfix_event(Message, text, agent, **fields)


@pytest.mark.parametrize(
    "cause",
    [
        "sender non-delivery notification",
        "sender delivery status notification",
        "sender delay notification",
        "postmaster non-delivery notification",
        "postmaster delay notification",
    ],
)
def test_a_notice_names_its_own_id(read_postfix, postfix_event, cause):
    text = f"17CCA8044: {cause}: 4jY7yd0f5lzKMCZ"
    fields = {"queue_id": "17CCA8044", "child_queue_id": "4jY7yd0f5lzKMCZ", "cause": cause}
    assert read_postfix(text, "bounce") == postfix_event(Bounce, text, "bounce", **fields)


@pytest.mark.parametrize("agent", ["qmgr", "postsuper", "oqmgr"])
@pytest.mark.parametrize(
    "text", ["AAB4D259B1: removed", "AAB4D259B1: removed (canceled)", "AAB4D259B1: removed  "]
)
def test_a_message_that_left(read_postfix, postfix_event, agent, text):
    assert read_postfix(text, agent) == postfix_event(Removed, text, agent, queue_id="AAB4D259B1")


@pytest.mark.parametrize("queue_id", ["7E0E6", "ED06590130AA1C9D6D862", "3mPVKl0Mhjz7sXv"])
def test_a_queue_id_may_be_short_or_long(read_postfix, queue_id):
    assert read_postfix(f"{queue_id}: removed").queue_id == queue_id


@pytest.mark.parametrize("word", ["warning", "fatal", "reject", "statistics", "NOQUEUE", "A1B2"])
def test_a_word_is_no_queue_id(read_postfix, word):
    event = read_postfix(f"{word}: removed")
    assert event is None or event.queue_id is None
