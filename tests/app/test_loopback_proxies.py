"""Deliveries to port 25 of the loopback by its address: a proxy there, or a loop."""

from datetime import UTC

import pytest

from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site

LINE = (
    "Mar  2 00:10:{second:02} mx postfix/smtp[420]: {qid}: to=<u@d.test>, relay={relay}:25, delay=1,"
    " delays=0.1/0/0.6/0.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {next_qid})\n"
)


def passes(number, *, messages=1):
    for message in range(messages):
        for step in range(number + 1):
            relay = "127.0.0.1[127.0.0.1]" if step < number else "mx.d.test[198.51.100.9]"
            yield LINE.format(
                second=message * 4 + step,
                qid=f"AB{message:02}{step:02}AB",
                next_qid=f"AB{message:02}{step + 1:02}AB",
                relay=relay,
            )


@pytest.mark.parametrize(
    ("number", "messages", "found"),
    [
        (1, 10, []),
        (2, 10, []),
        (3, 1, [("loop", "d.test", 3)]),
        (26, 1, [("loop", "d.test", 26)]),
    ],
)
def test_the_third_pass_of_one_message_is_a_loop_whatever_the_exchanger_is_called(
    tmp_path, number, messages, found
):
    """An MX that is called ``127.0.0.1.`` prints the same as a next hop ``[127.0.0.1]``."""
    path = tmp_path / "maillog"
    path.write_text("".join(passes(number, messages=messages)))
    site = Site()
    engine = build_engine(Settings(), site=site, rules=load_all_rules(()))
    run = Replay(engine, settings=Settings(), site=site, resolver=None)
    incidents = run.run(open_streams([path], year=2026, zone=UTC)).incidents
    assert [(i.kind.value, i.subject, i.counts.max_hops) for i in incidents] == found
