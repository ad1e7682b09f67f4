import json

import pytest

from logwatch_mx.model.event import KIND_OF

OPTIONS = ("--year", "2026", "--tz", "UTC")


def objects(ran):
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.mark.parametrize(
    "name", ["postfix-seaton", "sendmail-seaton", "postfix-filter", "sendmail-healthy"]
)
def test_every_line_is_one_object_in_order(logwatch, samples, name):
    log = samples / f"{name}.log"
    found = objects(logwatch("parse", *OPTIONS, log))
    assert [o["line"] for o in found] == list(range(1, log.read_bytes().count(b"\n") + 1))
    assert {o["kind"] for o in found} <= set(KIND_OF.values())
    assert not {o["kind"] for o in found} & {"malformed", "unparsed"}
    assert {o["mta"] for o in found if o["kind"] != "foreign"} == {name.partition("-")[0]}


def test_a_delivery_has_all_its_fields(logwatch, tmp_path):
    log = tmp_path / "x.log"
    log.write_text(
        "Nov 23 16:27:32 mx postfix/smtp[349]: F0ACC240: to=<nicholas@seaton.biz>,"
        " orig_to=<n@seaton.biz>, relay=mail.seaton.biz[127.0.0.1]:25, delay=0.02,"
        " delays=0/0/0.02/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 017AC242)\n"
    )
    assert objects(logwatch("parse", *OPTIONS, log)) == [
        {
            "line": 1,
            "kind": "delivery",
            "source": str(log),
            "time": "2026-11-23T16:27:32+00:00",
            "host": "mx",
            "program": "postfix/smtp",
            "pid": 349,
            "mta": "postfix",
            "queue_id": "F0ACC240",
            "recipients": ["nicholas@seaton.biz"],
            "orig_to": "n@seaton.biz",
            "relay": {"host": "mail.seaton.biz", "ip": "127.0.0.1", "port": 25},
            "status": "sent",
            "dsn": "2.0.0",
            "delay": 0.02,
            "reply": "250 2.0.0 Ok: queued as 017AC242",
            "next_queue_id": "017AC242",
            "mailer": None,
        }
    ]


def test_bytes_that_are_no_utf8_are_not_lost(logwatch, tmp_path):
    raw = b"Nov 23 16:32:08 mx postfix/smtp[1]: caf\xe9 \xff\xfe new words"
    log = tmp_path / "x.log"
    log.write_bytes(raw + b"\n")
    ran = logwatch("parse", *OPTIONS, log)
    assert ran.out.isascii()
    (found,) = objects(ran)
    assert found["kind"] == "unparsed"
    assert found["text"].encode("utf-8", "surrogateescape") == b"caf\xe9 \xff\xfe new words"


def test_what_is_no_log_line_is_malformed(logwatch, tmp_path):
    log = tmp_path / "x.log"
    log.write_bytes(b"\x1b[2J not a log\n\n")
    assert objects(logwatch("parse", log)) == [
        {"line": 1, "kind": "malformed", "source": str(log), "text": "\x1b[2J not a log"},
        {"line": 2, "kind": "malformed", "source": str(log), "text": ""},
    ]


def test_unread_lines_are_grouped_by_shape(logwatch, tmp_path):
    log = tmp_path / "x.log"
    log.write_text(
        "Nov 23 16:32:08 mx postfix/smtp[1]: 4BFX3C2A0: removed\n"
        "Nov 23 16:32:08 mx postfix/smtp[1]: flux of 12 parsecs to <a@b>\n"
        "Nov 23 16:32:08 mx postfix/smtp[1]: flux of 13 parsecs to <c@d>\n"
        "Nov 23 16:32:08 mx kernel: flux\n"
    )
    assert [*logwatch("parse", "--unparsed", *OPTIONS, log)] == [
        0,
        (
            "      2  postfix/smtp  flux of # parsecs to <\u2026>\n"
            "         flux of 12 parsecs to <a@b>\n"
        ),
        "2 of 3 lines of mail servers were not understood\n",
    ]


@pytest.mark.parametrize(
    ("mta", "text", "kind"),
    [
        ("postfix", "4BFX3C2A0: removed", "removed"),
        (
            "sendmail",
            "6ANGRTG6000383: from=<>, size=1, class=0, nrcpts=1, relay=localhost",
            "message",
        ),
    ],
)
def test_lines_without_a_header_are_read_by_the_name_of_their_mta(spawn, mta, text, kind):
    ran = spawn("parse", "--body", mta, "-", input=f"{text}\n".encode())
    (found,) = objects(ran)
    assert (found["kind"], found["queue_id"]) == (kind, text.partition(":")[0])
    assert "host" not in found


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ((), [1, 2, 3, 4]),
        (("--since", "2026-11-23T16:00:01"), [2, 3, 4]),
        (("--until", "2026-11-23T16:00:01"), [1, 2, 3]),
        (("--since", "2026-11-23T16:00:01", "--until", "2026-11-23T16:00:01"), [2, 3]),
        (("--since", "2026-11-23T17:00:02+01:00"), [4]),
    ],
)
def test_a_part_of_the_time_may_be_asked_for(logwatch, tmp_path, options, lines):
    log = tmp_path / "x.log"
    log.write_text(
        "Nov 23 16:00:00 mx postfix/qmgr[1]: 4BFX3C2A0: removed\n"
        "Nov 23 16:00:01 mx postfix/qmgr[1]: 4BFX3C2A0: removed\n"
        "no stamp: it goes with the line before\n"
        "Nov 23 16:00:02 mx postfix/qmgr[1]: 4BFX3C2A0: removed\n"
    )
    found = objects(logwatch("parse", *OPTIONS, *options, log))
    assert [o["line"] for o in found] == lines


def test_the_options_of_replay_are_taken_and_change_nothing(logwatch, samples, tmp_path):
    log = samples / "postfix-filter.log"
    plain = logwatch("parse", *OPTIONS, log)
    config = tmp_path / "config.toml"
    config.write_text('mode = "act"')
    (tmp_path / "rules").mkdir()
    ours = ("--own-domain", "a.test", "--own-address", "192.0.2.1", "--rules", tmp_path / "rules")
    again = logwatch("parse", *OPTIONS, *ours, "--config", config, log)
    assert tuple(again) == tuple(plain)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--own-domain", "a b"), 2, "'a b': not a domain"),
        (("--own-address", "192.0.2"), 2, "no IP address"),
        (("--config", "/nonexistent"), 78, "/nonexistent: No such file or directory"),
    ],
)
def test_a_fault_in_them_is_told(logwatch, samples, options, code, said):
    ran = logwatch("parse", *OPTIONS, *options, samples / "postfix-filter.log")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
