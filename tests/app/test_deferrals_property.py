"""Whatever a deferral looks like: read in short it says the same as the whole line, or is not."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logwatch_mx.app.setup import build_engine
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site

sys.path.insert(0, str(Path(__file__).parent))
from test_deferrals import RULES, in_short, look_at, read_in_full

PARTS = {
    "stamp": (
        "Mar  2 01:30:00",
        "Feb 30 01:30:00",
        "Mar 2 01:30:00",
        "2026-03-02T01:30:00.5+01:00",
        "2026-03-02T01:30:00Z",
        "2026-13-02T01:30:00Z",
    ),
    "host": ("mx", "mail.info", "mx.home.test", "[mx]", "postfix/smtp[1]:"),
    "agent": ("smtp", "error", "retry", "lmtp", "local", "submission/smtp", "smtpd"),
    "tag": ("postfix", "postfix-out", "cron", "sendmail", "mta"),
    "to": (
        "u@far.test",
        "U@Far.Test",
        "u@far.test.",
        "u@far",
        "quota@mx.spam.test",
        "a|b@x-y.test",
    ),
    "orig": ("", ", orig_to=<root>", ", orig_to=<u@x>, relay=none"),
    "relay": (
        "none",
        "m.far.test[192.0.2.1]:25",
        "M.Far.Test[2001:db8::1]:25",
        "m.far.test[127.0.0.1]:25",
        "m.far.test[::1]:25",
        "m.far.test[192.0.2.1]",
        "m.far.test[private/lmtp]",
        "localhost[192.0.2.1]:25",
        "192.0.2.1[192.0.2.1]:25",
    ),
    "smrelay": (
        "",
        ", relay=m.far.test.",
        ", relay=m.far.test. [192.0.2.1]",
        ", relay=m.far.test. [IPv6:2001:db8::1]",
        ", relay=m.far.test [192.0.2.1]",
        ", relay=[192.0.2.1] [192.0.2.1]",
        ", relay=m.far.test. [127.0.0.1]",
    ),
    "delay": ("0.1", "400", "3600", "3600.1", "1e3", "-1"),
    "clock": ("00:00:01", "00:59:59", "01:00:01", "1+00:00:00", "-00:00:05"),
    "mailer": ("esmtp", "pause", "local", "prog", "*file*", "lwmxpause"),
    "dsn": ("4.7.1", "4.0.0", "4.4.1", "4.4.3", "4.2.2", "5.7.1", "4.77.1"),
    "stat": ("Deferred", "deferred", "queued", "Deferredly"),
    "begin": (
        "host m.far.test[192.0.2.1] said: 451 4.7.1 ",
        "host outlook-com.olc.protection.outlook.com[192.0.2.1] said: 451 4.7.650 ",
        "host gmail-smtp-in.l.google.com[192.0.2.1] said: 421-4.7.28 ",
        "host m.far.test[192.0.2.1] refused to talk to me: 421 ",
        "connect to m.far.test[192.0.2.1]:25: ",
        "connect to m.far.test[127.0.0.1]:25: ",
        "connect to mx.quota.test[::1]:25: ",
        "lost connection with mx.spam.test[192.0.2.1] while ",
        "delivery temporarily suspended: connect to m.far.test[192.0.2.1]:25: ",
        "451 4.7.1 <u@far.test>: ",
        "",
    ),
    "end": (
        "Connection refused",
        "Connection refused by m.far.test.",
        "Connection timed out",
        "greylisted, see http://far.test/",
        "mailbox full",
        "rate limited by logwatch-mx",
        "mail for far.test loops back to myself",
        "try again later (in reply to RCPT TO command)",
        "try again later (in reply to RCPT TO command",
        "Name service error for name=far.test type=MX: Host not found, try again",
        "(a) (b",
        " ",
        "caf\u00e9",
        "status=deferred (x",
        "",
    ),
    "last": (")", "", "))", " ", "\r"),
}
WORDS = st.fixed_dictionaries({name: st.sampled_from(words) for name, words in PARTS.items()})
POSTFIX = (
    "{stamp} {host} {tag}/{agent}[7]: 6ANEJPCm000002: to=<{to}>{orig}, relay={relay},"
    " delay={delay}, delays=0.1/0/1/2, dsn={dsn}, status=deferred ({begin}{end}{last}"
)
SENDMAIL = (
    "{stamp} {host} {tag}[7]: 6ANEJPCm000002: to=<{to}>, delay={clock}, xdelay=00:00:01,"
    " mailer={mailer}, pri=12{smrelay}, dsn={dsn}, stat={stat}: {begin}{end}"
)
USUAL = {
    **{name: words[0] for name, words in PARTS.items()},
    "tag": "sendmail",
    "smrelay": ", relay=m.far.test. [192.0.2.1]",
}


@settings(max_examples=400, deadline=None)  # two engines are built each time
@given(
    template=st.sampled_from([POSTFIX, SENDMAIL]),
    words=WORDS,
    kept=st.sets(st.sampled_from(sorted(PARTS))),
)
@example(template=SENDMAIL, words=USUAL, kept=set())
def test_what_is_read_in_short_leaves_the_trace_of_the_whole_line(template, words, kept):
    # Most parts are as usual, or hardly any line would be read in short.
    usual = {**USUAL, "tag": "sendmail" if template is SENDMAIL else "postfix"}
    line = template.format(**{**usual, **{name: words[name] for name in kept}})
    engine, other = (build_engine(Settings(), site=Site(), rules=RULES) for _ in range(2))
    short, event = look_at(engine, line), read_in_full(line)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    engine.begin(start)
    other.begin(start)
    before = msgspec.msgpack.encode(other.state)
    other.feed(event)
    if isinstance(short, int):
        assert msgspec.msgpack.encode(other.state) == before
    elif short is not None:
        assert short == in_short(event)
        engine.feed(short)
        assert msgspec.msgpack.encode(engine.state) == msgspec.msgpack.encode(other.state)
