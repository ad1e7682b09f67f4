"""`last message repeated N times`: what counts lines counts it N times, what counts messages once."""

from datetime import UTC

import pytest

from logwatch_mx.app.needles import static_needles
from logwatch_mx.app.reading import open_streams
from logwatch_mx.app.replay import Replay
from logwatch_mx.app.setup import build_engine, load_all_rules
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site
from logwatch_mx.sources.sieve import build_sieve

RULE = """id = "guesses"
title = "One client guesses"
when = 'auth and not ok and client.ip exists and line contains "SASL"'
by = "client.ip"
window = "10m"
threshold = 20
"""
HEAD = "Nov 23 12:00:"
FAILED = "mx postfix/smtpd[7]: warning: unknown[203.0.113.10]: SASL LOGIN authentication failed: x"
OTHER = "mx postfix/smtpd[7]: connect from unknown[203.0.113.10]"
PASS = (
    "mx postfix/smtp[5]: A10001: to=<n@d.test>, relay=mail.d.test[127.0.0.1]:25, delay=1, "
    "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as A10002)"
)
DEFERRED = (
    "mx postfix/smtp[5]: A10001: to=<n@d.test>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, "
    "status=deferred (connect to d.test[192.0.2.1]:25: Connection refused)"
)


def repeated(times):
    return f"mx last message repeated {times} times"


def incidents(folder, texts, *, sieve):
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "guesses.toml").write_text(RULE)
    log = folder / "maillog"
    log.write_text("".join(f"{HEAD}{second:02} {text}\n" for second, text in enumerate(texts)))
    site, rules = Site(), load_all_rules((folder / "rules",))
    engine = build_engine(Settings(), site=site, rules=rules)
    needles = static_needles(rules, site)
    run = Replay(
        engine, settings=Settings(), site=site, sieve=build_sieve(needles) if sieve else None
    )
    return run.run(open_streams([log], year=2026, zone=UTC)).incidents


@pytest.mark.parametrize("sieve", [True, False], ids=["sifted", "every line"])
@pytest.mark.parametrize(
    ("texts", "events"),
    [
        ([FAILED, repeated(18)], None),
        ([FAILED, repeated(19)], 20),
        ([FAILED, repeated(999_999_999)], 1_000_000_000),
        ([FAILED, repeated(9), repeated(9), FAILED], 20),
        ([FAILED, repeated(19), repeated(5)], 25),
        # rsyslog says the text as well, under the tag of the line
        ([FAILED, "mx postfix/smtpd[7]: message repeated 19 times: [ warning: x]"], 20),
        # another line lies between: the repeats are its own
        ([FAILED, OTHER, repeated(30)], None),
        ([FAILED, OTHER, repeated(30), FAILED, repeated(18)], 20),
        ([repeated(30), FAILED], None),
    ],
)
def test_a_rule_that_counts_lines_counts_those_that_were_not_repeated(
    tmp_path, texts, events, sieve
):
    found = incidents(tmp_path, texts, sieve=sieve)
    assert [(i.subject, i.counts.events) for i in found] == (
        [] if events is None else [("203.0.113.10", events)]
    )


@pytest.mark.parametrize("sieve", [True, False], ids=["sifted", "every line"])
@pytest.mark.parametrize("text", [PASS, DEFERRED])
def test_a_message_that_is_said_again_is_one_message(tmp_path, text, sieve):
    assert incidents(tmp_path, [text, repeated(50_000)], sieve=sieve) == ()
