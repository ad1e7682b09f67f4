"""Lines that others met (tests/corpora/NOTICE) are read, with the fields that their sources name."""

import json
from datetime import UTC
from pathlib import Path

import pytest

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.interpret import interpret
from logwatch_mx.grammar.postfix import KINDS
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.line import Line

CORPORA = Path(__file__).parent.parent / "corpora"
ROWS = [
    (path.stem, json.loads(line))
    for path in sorted(CORPORA.glob("postfix_*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
EXCEPTIONS = [
    json.loads(line)
    for line in (CORPORA / "exceptions/postfix.jsonl").read_text(encoding="utf-8").splitlines()
]


def number(read):
    return lambda event: None if read(event) is None else f"{read(event):g}"


# Each name that a source gives to a field of ours, with the kinds that have it and how it reads
# there. What is not here is no field of ours: counters, TLS parameters, DNSBL ranks, the header.
FIELDS = {
    ("postfix_queueid", "client_id", "queue_id"): (None, lambda e: e.queue_id),
    ("postfix_client_hostname", "client_hostname", "remote_host"): (
        {"message", "reject", "auth"},
        lambda e: e.client and e.client.host,
    ),
    ("postfix_client_ip", "client_ip", "remote_addr"): (
        {"message", "reject", "auth"},
        lambda e: e.client and e.client.ip,
    ),
    ("postfix_from", "from"): ({"message"}, lambda e: e.sender),
    ("bytes_written", "size"): ({"message"}, number(lambda e: e.size)),
    ("nrcpt",): ({"message"}, number(lambda e: e.nrcpt)),
    ("postfix_message-id", "message-id", "message_id"): ({"message"}, lambda e: e.message_id),
    ("to",): ({"delivery"}, lambda e: e.recipients[0]),
    ("orig_to",): ({"delivery"}, lambda e: e.orig_to),
    ("postfix_relay_hostname", "relay_hostname"): ({"delivery"}, lambda e: e.relay.host),
    ("postfix_relay_ip", "relay_ip"): ({"delivery"}, lambda e: e.relay.ip),
    ("postfix_relay_port", "relay_port"): ({"delivery"}, number(lambda e: e.relay.port)),
    ("delay",): ({"delivery"}, number(lambda e: e.delay)),
    ("dsn",): ({"delivery"}, lambda e: e.dsn),
    ("postfix_status_code_enhanced", "smtp_enhanced_status_code"): ({"reject"}, lambda e: e.dsn),
    ("postfix_proxy_status_code_enhanced",): ({"reject"}, lambda e: e.dsn),
    ("postfix_status", "status"): ({"delivery"}, lambda e: e.status.value),
    ("postfix_smtp_response", "postfix_local_response", "postfix_pipe_response"): (
        {"delivery"},
        lambda e: e.reply,
    ),
    ("postfix_error_response", "comment"): ({"delivery"}, lambda e: e.reply),
    ("postfix_bounce_queueid",): ({"bounce"}, lambda e: e.child_queue_id),
}
# What a source calls otherwise: its word, ours.
WORDS = {
    "NOQUEUE": None,
    "undeliverable-but-not-cached": "undeliverable",
    # discard(8): its "sent" is no delivery.
    ("discard", "sent"): "discarded",
}


@pytest.mark.parametrize(("source", "row"), ROWS)
def test_a_line_is_of_its_kind(read_postfix, source, row):
    assert read_postfix(row["text"], row["agent"]).kind == row["kind"]


def test_a_whole_line_is_of_its_kind():
    rows = [row for _, row in ROWS if "line" in row]
    reader = Reader(Stamps(2026, UTC))
    found = []
    for row in rows:
        event = reader.read(Line(text=row["line"]))
        found.append((row["line"], event.mta, event.agent, event.kind))
    assert found == [(row["line"], "postfix", row["agent"], row["kind"]) for row in rows]


def test_the_fields_are_those_that_the_sources_name(read_postfix):
    found, expected, compared = [], [], set()
    for source, row in ROWS:
        event = read_postfix(row["text"], row["agent"])
        for names, (kinds, value) in FIELDS.items():
            for name in names:
                if name not in row["expect"] or (kinds and event.kind not in kinds):
                    continue
                word = row["expect"][name]
                word = WORDS.get((row["agent"], word), WORDS.get(word, word))
                found.append((source, row["text"], name, str(value(event))))
                expected.append((source, row["text"], name, str(word)))
                compared.add(names)
    assert found == expected
    assert compared == set(FIELDS)


@pytest.mark.parametrize("row", EXCEPTIONS, ids=lambda row: row["reason"])
def test_a_line_that_nobody_can_read_stays_unread(read_postfix, row):
    assert read_postfix(row["text"], row["agent"]) is None


def test_the_compiled_grammar_reads_the_corpora_as_pyparsing_does():
    texts = sorted({row["text"] for _, row in ROWS})
    for kind in KINDS:
        match = compile_expression(kind.name, kind.expr).match
        assert [match(text) for text in texts] == [interpret(kind.expr, text) for text in texts]
