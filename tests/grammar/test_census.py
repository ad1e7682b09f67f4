"""Counting lines without making events gives what counting the reader's events gives."""

from collections import Counter
from datetime import UTC
from pathlib import Path
from random import Random

import pytest

from logwatch_mx.grammar.census import WORTH, Census
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Delivery, Gap
from logwatch_mx.model.line import Line

DATA = Path(__file__).parent / "data"
HEAD = "Nov 23 12:00:00 mx postfix/smtp[1]: "
SENT = "AB12CD34EF: to=<bob@b.test>, relay=mx.b.test[192.0.2.1]:25, delay=1, delays=1/0/0/0, "
SENT += "dsn=2.0.0, status=sent (250 ok)"
LATER = "6ANEM6Us010269: to=<a@b.test>,<c@d.test>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, "
LATER += "pri=1, relay=mx.b.test. [192.0.2.1], dsn=4.0.0, stat=Deferred: Connection refused"


def counted(texts, parts=1, worth=WORTH):
    kinds, statuses, domains = Counter(), Counter(), Counter()
    census = Census(Reader(Stamps(2026, UTC)), kinds, statuses, worth=worth)
    size = -(-len(texts) // parts)
    for start in range(0, len(texts), size):
        census.count(texts[start : start + size])
        for address, times in census.take_recipients():
            domains[address.rpartition("@")[2] if "@" in address else None] += times
    return kinds, statuses, domains


def read(texts):
    """Return the figures as the reader's events tell them; no line is a notice of repeats."""
    kinds, statuses, domains = Counter(), Counter(), Counter()
    reader = Reader(Stamps(2026, UTC))
    for event in (reader.read(Line(text)) for text in texts):
        kinds[event.kind] += 1
        if isinstance(event, Delivery):
            statuses[event.status.value] += 1
            for address in event.recipients:
                domains[address.rpartition("@")[2] if "@" in address else None] += 1
        assert not (isinstance(event, Gap) and event.repeated)
    return kinds, statuses, domains


def lines_of(name):
    text = (DATA / f"{name}.log").read_text("utf-8", "surrogateescape")
    return text.removesuffix("\n").split("\n")


def mutated(text, random):
    for _ in range(random.randrange(1, 3)):
        place = random.randrange(len(text) + 1)
        odd = random.choice(
            [*' ,=<>[]():;"\\@9A\t\r\0é', ">, relay=none", "status=sent", "@x.test"]
        )
        text = text[:place] + odd * random.randrange(2) + text[place + random.randrange(3) :]
    return text


@pytest.mark.parametrize("worth", [1, WORTH])
@pytest.mark.parametrize("name", ["postfix", "sendmail"])
def test_real_lines_and_what_chance_makes_of_them_count_as_they_are_read(name, worth):
    random, lines = Random(4), lines_of(name)
    texts = lines + [mutated(line, random) for line in lines for _ in range(6)]
    assert counted(texts, worth=worth) == read(texts)


@pytest.mark.parametrize("name", ["postfix", "sendmail"])
def test_the_usual_forms_know_nearly_every_real_line(name):
    class Counting(Reader):
        asked = 0

        def read(self, line):
            self.asked += 1
            return super().read(line)

    reader = Counting(Stamps(2026, UTC))
    census = Census(reader, Counter(), Counter(), worth=1)
    census.count(lines_of(name))
    before = reader.asked
    census.count(lines_of(name))
    assert reader.asked - before < len(lines_of(name)) / 5


def test_lines_of_both_mtas_and_of_others_may_be_mixed():
    texts = [*lines_of("postfix"), "Nov 23 12:00:00 mx sshd[1]: hello", "", *lines_of("sendmail")]
    Random(5).shuffle(texts)
    assert counted(texts, parts=7) == read(texts)
    assert counted(texts, parts=7, worth=1) == read(texts)


@pytest.mark.parametrize(
    "stamp",
    ["Feb 29 12:00:00", "Feb 30 12:00:00", "Apr 31 12:00:00", "Dec 31 24:00:00", "Jun 00 12:00:00",
     "Jan 31 23:59:59", "2026-02-29T12:00:00Z", "2024-02-29T12:00:00Z", "2026-04-31T12:00:00+01:00",
     "2026-12-31T23:59:60Z", "2026-11-23 12:00:00", "2026-11-23T12:00:00.1234567+00:00"],
)  # fmt: skip
@pytest.mark.parametrize("tail", ["", " ", "\r", "\t \r"])
def test_odd_stamps_and_ends_count_as_they_are_read(stamp, tail):
    texts = [HEAD + SENT, f"{stamp} mx postfix/smtp[1]: {SENT}{tail}"]
    assert counted(texts) == read(texts)


@pytest.mark.parametrize(
    "tag",
    ["postfix/discard", "postfix/policy-spf", "postfix-out/submission/smtpd", "mta2/smtp",
     "Postfix/smtp", "postfix", "sm-mta", "sm-notify", "sendmail", "sm-mta-out", "x/sendmail"],
)  # fmt: skip
def test_what_a_daemon_logs_counts_as_it_is_read(tag):
    texts = [HEAD + SENT, *(f"Nov 23 12:00:00 mx {tag}[1]: {text}" for text in (SENT, LATER, "x"))]
    assert counted(texts) == read(texts)


def test_every_recipient_of_a_line_counts():
    texts = [f"Nov 23 12:00:00 mx sm-mta[1]: {LATER}"] * 3
    assert counted(texts) == (
        {"delivery": 3},
        {"deferred": 3},
        {"b.test": 3, "d.test": 3},
    )


@pytest.mark.parametrize("worth", [1, WORTH])
@pytest.mark.parametrize(
    "to", ["<root>,<b@b.test>", "<a@b.test>,<root>", "<root>", "root,b@b.test"]
)
def test_local_recipients_beside_others_count(to, worth):
    text = LATER.replace("<a@b.test>,<c@d.test>", to)
    texts = [f"Nov 23 12:00:00 mx sm-mta[1]: {text}"] * 3
    assert counted(texts, parts=3, worth=worth) == read(texts)


def test_a_line_that_the_logger_did_not_repeat_counts_as_often_as_it_says():
    texts = [HEAD + SENT, "Nov 23 12:00:01 mx last message repeated 3 times"]
    assert counted(texts) == ({"delivery": 4, "gap": 1}, {"sent": 4}, {"b.test": 4})


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
def test_repeats_are_of_the_line_before_wherever_the_log_is_cut(parts):
    again = "Nov 23 12:00:01 mx last message repeated 2 times"
    texts = [HEAD + SENT, again, again, "Nov 23 12:00:09 mx sm-mta[1]: " + LATER, again]
    assert counted(texts, parts)[1] == {"sent": 5, "deferred": 3}


def test_a_repeat_that_names_its_text_is_of_that_text():
    # rsyslog, $RepeatedMsgReduction on: other lines may have come between
    texts = [HEAD + SENT, HEAD + "x", HEAD + f"message repeated 5 times: [ {SENT}]"]
    assert counted(texts) == (
        {"delivery": 6, "unparsed": 1, "gap": 1},
        {"sent": 6},
        {"b.test": 6},
    )


def test_repeats_of_nothing_count_nothing():
    assert counted(["Nov 23 12:00:01 mx last message repeated 2 times"])[0] == {"gap": 1}
