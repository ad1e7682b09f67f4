"""What the patterns over many lines tell is what the reader reads; hostile lines stay lines."""

from collections import Counter
from datetime import UTC
from functools import cache
from pathlib import Path
from random import Random

import pytest

from logwatch_mx.grammar import bulk_postfix, bulk_sendmail
from logwatch_mx.grammar.bulk import UNKNOWN, bulk_of, recipients
from logwatch_mx.grammar.census import Census
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Delivery, Mta
from logwatch_mx.model.line import Line

DATA = Path(__file__).parent / "data"
PEER = "mx.b.test[192.0.2.7]"
ID = "AB12CD34EF"
SM = "6ANEM6Us010269"
FROM = f"from=<a@b.test>, size=1, class=0, nrcpts=1, msgid=<1@b.test>, relay={PEER[:9]} [192.0.2.7]"
TO = "delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.b.test. [192.0.2.1]"
REFUSED = f"NOQUEUE: reject: RCPT from {PEER}: 554 5.7.1"
ENVELOPE = "to=<c@d.test> proto=ESMTP helo=<mx.b.test>"
# A text for each word, some of them with and without a queue id.
TEXTS = {
    Mta.POSTFIX: [
        f"connect from {PEER}",
        f"{ID}: connect from {PEER}",
        f"disconnect from {PEER} ehlo=1 quit=1 commands=2",
        f"{ID}: from=<a@b.test>, size=1, nrcpt=1 (queue active)",
        f"{ID}: message-id=<1@b.test>",
        f"{ID}: removed",
        f"{ID}: client={PEER}",
        f"{ID}: client={PEER}, orig_client=x[192.0.2.9]",
        f"{ID}: client=unknown[unknown], sasl_method=PLAIN, sasl_username=a@b.test",
        f"Trusted TLS connection established to {PEER}:25: TLSv1.3 with cipher x (1/1 bits)",
        f"Anonymous TLS connection established from {PEER}: TLSv1.3 with cipher x (1/1 bits)",
        f"Untrusted TLS connection established to {PEER}:25: TLSv1.3 with cipher x (1/1 bits)",
        f"Verified TLS connection established to {PEER}:25: TLSv1.3 with cipher x (1/1 bits)",
        f"{REFUSED} <c@d.test>: Relay access denied; from=<a@b.test> {ENVELOPE}",
        f"{REFUSED} Client host [192.0.2.7] blocked using bl.test; see x; from=<> {ENVELOPE}",
        f"lost connection after DATA (77 bytes) from {PEER}",
        f"{ID}: lost connection after END-OF-MESSAGE from {PEER}",
        f"{ID}: lost connection with {PEER}:25 while sending RCPT TO",
        f"timeout after RCPT from {PEER}",
        f"{ID}: sender non-delivery notification: AB12CD34F0",
        f"{ID}: sender delivery status notification: 4jY7yd0f5lzKMCZ",
        f"{ID}: host {PEER} said: 450 4.7.1 no (in reply to RCPT TO command)",
        f"connect to {PEER}:25: Connection timed out",
        f"{ID}: connect to {PEER}:25: Connection timed out",
        f"warning: {PEER}: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
        "warning: hostname mx.b.test does not resolve to address 192.0.2.7: Name not known",
        f"{ID}: uid=0 from=<root>",
        "statistics: max connection rate 1/60s for (smtpd:192.0.2.7) at Nov 23 12:00:00",
        "CONNECT from [192.0.2.7]:53024 to [192.0.2.1]:25",
        "DISCONNECT [192.0.2.7]:53024",
        "PASS NEW [192.0.2.7]:53024",
        "PREGREET 6 after 1.2 from [192.0.2.7]:4: RSET",
        "DNSBL rank 5 for [192.0.2.7]:53024",
        "HANGUP after 0 from [192.0.2.7]:53024 in tests before SMTP handshake",
        *(
            f"{ID}: to=<{to}, relay={relay}, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status={word} (x)"
            for to in ("a@b.test>", "a@B.test>, orig_to=<root>", "@b.test>")
            for relay in ("none", f"{PEER}:25", "local", "x[private/lmtp]", f"{PEER}, conn_use=2")
            for word in ("sent", "deferred", "bounced", "expired")
        ),
    ],
    Mta.SENDMAIL: [
        f"{SM}: {FROM}",
        f"{SM}: {FROM} (may be forged)",
        f"{SM}: from=alice@home.test, size=63, class=0, nrcpts=1, msgid=<1@x>, relay=root@localhost",
        f"{SM}: from=<>, size=0, class=-60, nrcpts=0, proto=ESMTP, daemon=MTA, relay=a@[192.0.2.7]",
        "STARTTLS=server, relay=x.test [192.0.2.7], version=TLSv1.3, verify=NO, cipher=x, bits=1/1",
        f"{SM}: ruleset=check_rcpt, arg1=<c@d.test>, relay=x [192.0.2.7], reject=550 5.7.1 no",
        "ruleset=check_relay, arg1=x, arg2=192.0.2.7, relay=x [192.0.2.7], reject=421 4.3.2 no",
        f"{SM}: 6ANEM6Ut010270: DSN: User unknown",
        f"{SM}: 6ANEM6Ut010270: return to sender: User unknown",
        f"{SM}: 6ANEM6Ut010270: sender notify: Cannot send message for 5 days",
        f"{SM}: <c@d.test>... User unknown",
        "AUTH=server, relay=x.test [192.0.2.7], authid=bob, mech=PLAIN, bits=0",
        f"{SM}: AUTH=server, relay=[192.0.2.7], mech=PLAIN",
        f"{SM}: done; delay=00:00:01, ntries=1",
        f"{SM}: lost input channel from x.test [192.0.2.7] to MTA after rcpt",
        f"{SM}: x.test [192.0.2.7] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
        *(
            f"{SM}: to={to}, {TO}, {stat}"
            for to in (
                *("<a@b.test>", "<a@b.test>,<c@d.test>", "<a@b>, ctladdr=<c@d> (1/1)"),
                *("alice", "bob, ctladdr=alice (1000/1000)", "bob@b.test", "a@[192.0.2.1]"),
            )
            for stat in (
                "dsn=4.2.0, reply=450 4.2.0 no, not yet, stat=Deferred: 450 4.2.0 no, not yet",
                "dsn=5.1.1, reply=550 5.1.1 <a@b.test>... User unknown, stat=User unknown",
                "dsn=2.0.0, stat=Sent (ok)",
                "dsn=4.0.0, stat=Deferred: no",
                "dsn=5.1.1, stat=User unknown",
            )
        ),
    ],
}
TAGS = {Mta.POSTFIX: "postfix/smtp", Mta.SENDMAIL: "sm-mta"}
ODD = (
    *' ,=<>[]():;"\\@9AN\té/.',
    *(
        ": ",
        "...",
        ">, relay=none",
        "; from=<",
        "status=sent",
        ", dsn=5.1.1",
        "aliasing",
        "<>",
        ", stat=",
        ">,<",
    ),
    *(
        ", stat=queued",
        ", reply=",
        ", ctladdr=",
        "NO-TO-LIST",
        "[more]",
        ",bob",
        "@",
        "(1/1)",
        ", ",
    ),
    *("NOQUEUE: ", f"{ID}: ", f"{SM}: ", "to=<", "reject: ", "Error: too many hops", "warning: "),
)


@cache
def reader():
    return Reader(Stamps(2026, UTC))


def marks_of(mta, *texts):
    data = "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogateescape")
    return bulk_of(mta).marks(b"x\n" + data + b"more", 2, 2 + len(data))


def domains_of(addresses):
    return tuple(to.rpartition("@")[2] if "@" in to else None for to in addresses)


def told(mta, text):
    """Return what the pattern tells of the one line *text*, in words of the model."""
    bulk, marks = bulk_of(mta), marks_of(mta, text)
    assert len(marks) == 1
    word, to, status = marks[0]
    if word:
        return bulk.kinds[word], None, ()
    if marks[0] == UNKNOWN:
        return None
    return "delivery", bulk.statuses[status], domains_of(recipients(to))


def is_read(text):
    event = reader().read(Line(text))
    if not isinstance(event, Delivery):
        return event.kind, None, ()
    return "delivery", event.status.value, domains_of(event.recipients)


def read_alone(text):
    kinds, statuses = Counter(), Counter()
    census = Census(Reader(Stamps(2026, UTC)), kinds, statuses)
    census.count([text])
    to = tuple(address for address, times in census.take_recipients() for _ in range(times))
    return next(iter(kinds)), next(iter(statuses), None), domains_of(to)


def changed(text, random):
    # The header is odd in one line of ten.
    start = 0 if random.random() < 0.1 else text.find("]: ") + 3
    for _ in range(random.choice((1, 1, 2))):
        place = random.randrange(min(start, len(text)), len(text) + 1)
        gone = random.choice((0, 0, 0, 1, 2, 9))
        text = text[:place] + random.choice((*ODD, "")) + text[place + gone :]
    return text


def lines_of(mta):
    head = f"Nov 23 12:00:00 mx {TAGS[mta]}[1]: "
    real = (DATA / f"{mta}.log").read_text("utf-8", "surrogateescape").split("\n")
    return [head + text for text in TEXTS[mta]], real


@pytest.mark.parametrize("mta", list(Mta))
def test_every_word_stands_for_what_its_lines_are(mta):
    texts, _ = lines_of(mta)
    assert [told(mta, text) for text in texts] == [is_read(text) for text in texts]
    dialect = bulk_postfix if mta is Mta.POSTFIX else bulk_sendmail
    marks = marks_of(mta, *texts)
    assert {word for word, _, _ in marks if word} == {each[0].encode() for each in dialect.SHAPES}
    assert {status for _, _, status in marks if status} == set(dialect.STATUSES)


@pytest.mark.parametrize("mta", list(Mta))
def test_what_is_told_of_odd_lines_is_what_is_read(mta):
    random = Random(11)
    texts, real = lines_of(mta)
    tries = [*real, *(changed(text, random) for text in [*texts * 60, *real * 3])]
    told_of = [(text, mark) for text in tries if "\n" not in text and (mark := told(mta, text))]
    assert [(text, is_read(text)) for text, _ in told_of] == told_of
    assert len(told_of) > len(tries) / 6


@pytest.mark.parametrize("mta", list(Mta))
def test_a_text_without_what_follows_its_last_blank_is_not_taken_for_whole(mta):
    # The reader takes blanks off the end: "STARTTLS=server, " is another text then.
    texts, _ = lines_of(mta)
    cut = {text[:place] for text in texts for place in range(len(text)) if text[:place][-1:] == " "}
    wrong = {text: told(mta, text) for text in cut if told(mta, text) not in (None, is_read(text))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        *((tag, True) for tag in ("postfix/smtp", "postfix/relay/smtp", "postfix-in/x/smtpd")),
        *((tag, False) for tag in ("postfix/discard", "postfix/relay/discard", "postfix/a/b/smtp")),
        *((tag, False) for tag in ("postfix//smtp", "postfix/x:1/smtp", "Postfix/smtp", "x/smtp")),
        *((tag, False) for tag in ("postfix", "postfix/smtpx", "postfix/master", "postfix/smtp/")),
    ],
)
def test_services_have_names_of_their_own(tag, known):
    text = f"Nov 23 12:00:00 mx {tag}[1]: {TEXTS[Mta.POSTFIX][-1]}"
    assert told(Mta.POSTFIX, text) == (is_read(text) if known else None)


@pytest.mark.parametrize("stamp", ["Nov 23 12:00:00", "2026-11-23T12:00:00.5+01:00"])
@pytest.mark.parametrize(
    "host",
    ["mx", "mx.a.test", "mail.info", "mail.info.test", "local0.err", "a:b", "<mail.info>", "ü", "["],
)  # fmt: skip
def test_hosts_and_levels_are_told_apart_as_the_reader_does(stamp, host):
    text = f"{stamp} {host} postfix/smtp[1]: {ID}: removed"
    assert told(Mta.POSTFIX, text) in (None, is_read(text))
    assert (told(Mta.POSTFIX, text) is None) == (
        host in {"mail.info", "local0.err", "a:b", "<mail.info>"}
    )


@pytest.mark.parametrize(
    "text",
    [
        *(f"to=b@b.test{end}, {TO}, dsn=2.0.0, stat=Sent" for end in ("\t", "\xa0", ">", "\x1c")),
        *(f"to={to}, {TO}, dsn=2.0.0, stat=Sent" for to in ("NO-TO-LIST", "[more]", "<b@b.test")),
        f"to=<b@b.test>, {TO}, dsn=4.0.0, reply=450 no, stat=no, stat=queued",
        f"to=<b@b.test>, {TO}, dsn=4.0.0, reply=450 {'x' * 5000}, stat=Deferred",
        "AUTH=server, relay=[192.0.2.7], mech= ",
        "<b@b.test>... aliasing/forwarding loop broken",
        "x... [192.0.2.7] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
    ],
)
def test_what_almost_fits_a_shape_of_sendmail_is_left_to_the_reader(text):
    line = f"Nov 23 12:00:00 mx sm-mta[1]: {SM}: {text}"
    assert told(Mta.SENDMAIL, line) is None
    assert read_alone(line) == is_read(line)


def test_a_line_never_borrows_from_the_next():
    texts, _ = lines_of(Mta.POSTFIX)
    random = Random(3)
    for text in texts:
        cut = text[: random.randrange(len(text))]
        lines = [cut, text, cut, "", text]
        alone = [marks_of(Mta.POSTFIX, line)[0] for line in lines]
        assert marks_of(Mta.POSTFIX, *lines) == alone


@pytest.mark.parametrize(
    "pump", [" ", ",", ":", "@", "a@", "[", "[]", "<", "(", '"', "; ", ">,<", ".a"]
)
@pytest.mark.parametrize("mta", list(Mta))
def test_hostile_text_costs_linear_time(mta, pump):
    # There is no clock but the time limit of a test: a quadratic pattern would take minutes.
    texts, _ = lines_of(mta)
    for text in texts[:40]:
        for place in range(0, len(text), 7):
            long = text[:place] + pump * (20_000 // len(pump)) + text[place:]
            assert len(marks_of(mta, long)) == 1
