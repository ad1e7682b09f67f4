"""What sendmail prints is read back, whatever strangers put into it; no text is too strange."""

from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.interpret import interpret
from logwatch_mx.grammar.reader import Reader
from logwatch_mx.grammar.sendmail import KINDS
from logwatch_mx.grammar.stamp import Stamps
from logwatch_mx.model.event import Client, Delivery, Message, Mta, Relay, Status
from logwatch_mx.model.line import Line

QID = "6ANEJ9Ja004004"
READER = Reader(Stamps(2026, UTC))
HEADER = {"line", "time", "host", "program", "agent", "pid", "mta"}

# What a stranger would write to be taken for a field.
IMITATIONS = st.sampled_from(
    [
        ", to=<victim@home.test>",
        ", delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1",
        ", relay=x. [127.0.0.1]",
        ", dsn=2.0.0",
        ", reply=250 ok",
        ", stat=Sent (6ANEJ9Jb004005 Message accepted for delivery)",
        ", stat=Deferred: later",
        ", size=1, class=0, nrcpts=1",
        ", msgid=<v@x>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]",
        "...",
        "[more]",
        "\x00\x1b[31m\x85\u2028",
    ]
)
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
TEXTS = st.lists(WORDS | IMITATIONS, max_size=4).map("".join)
ATOMS = st.text("abcdefgh0123456789.-_+", min_size=1, max_size=12)


def printable(text):
    """Return *text* as sendmail's str2prt() writes it."""
    signs = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "".join(
        signs.get(sign) or (sign if sign.isascii() and sign.isprintable() else octal(sign))
        for sign in text
    )


def octal(sign):
    return "".join(f"\\{byte:03o}" for byte in sign.encode())


def quoted(text):
    """Return *text* as a quoted local part (RFC 5321, 4.1.2)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


ADDRESSES = st.builds("{}@{}".format, ATOMS | TEXTS.map(quoted), ATOMS)
NAMES = ATOMS.filter(lambda name: not name.endswith("."))
RELAYS = st.none() | st.builds(
    Relay, host=NAMES, ip=st.none() | st.ip_addresses().map(str), absolute=st.booleans()
)


def printed_relay(relay):
    if relay is None:
        return ""
    address = f" [{relay.ip}]" if relay.ip else ""
    return f", relay={relay.host}{'.' if relay.absolute else ''}{address}"


@st.composite
def outcomes(draw):
    """Return a status with what sendmail prints for it, and the reply and next id that it says."""
    said = printable(draw(TEXTS)).strip() or "no"  # loggers eat blanks at the end of a line
    kind = draw(
        st.sampled_from(["sent", "accepted", "deferred", "deferred twice", "bounced", "queued"])
    )
    match kind:
        case "sent":
            return Status.SENT, f", dsn=2.0.0, stat=Sent (250 {said}.)", f"250 {said}.", None
        case "accepted":
            reply = "6ANEJ9Jc004006 Message accepted for delivery"
            return Status.SENT, f", dsn=2.0.0, stat=Sent ({reply})", reply, "6ANEJ9Jc004006"
        case "deferred":
            return Status.DEFERRED, f", dsn=4.0.0, stat=Deferred: {said}", said, None
        case "deferred twice":
            again = f", dsn=4.2.0, reply=450 {said}, stat=Deferred: 450 {said}"
            return Status.DEFERRED, again, f"450 {said}", None
        case "bounced":
            return (
                Status.BOUNCED,
                f", dsn=5.1.1, reply=550 {said}, stat=User unknown",
                f"550 {said}",
                None,
            )
        case _:
            return Status.QUEUED, ", stat=queued", "queued", None


def fields(event):
    return type(event), {key: each for key, each in asdict(event).items() if key not in HEADER}


@given(
    recipients=st.lists(ADDRESSES, min_size=1, max_size=3),
    controller=st.none() | ADDRESSES,
    seconds=st.integers(0, 10**7),
    mailer=ATOMS,
    relay=RELAYS,
    outcome=outcomes(),
)
def test_a_delivery_is_read_as_it_was_printed(
    recipients, controller, seconds, mailer, relay, outcome
):
    status, end, reply, next_id = outcome
    days, clock = divmod(seconds, 86400)
    delay = f"{days}+" * bool(days) + f"{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}"
    to = ",".join(f"<{address}>" for address in recipients)
    by = "" if controller is None else f", ctladdr=<{controller}> (1000/1000)"
    start = printable(f"to={to}{by}")
    text = f"{start}, delay={delay}, xdelay=00:00:00, mailer={mailer}, pri=30000{printed_relay(relay)}{end}"
    event = READER.read_body(Line(text=f"{QID}: {text}"), Mta.SENDMAIL)
    dsn = end.removeprefix(", dsn=")[:5] if end.startswith(", dsn=") else None
    assert fields(event) == fields(
        Delivery(
            line=Line(text=""),
            queue_id=QID,
            recipients=tuple(printable(address) for address in recipients),
            relay=relay,
            status=status,
            dsn=dsn,
            delay=float(seconds),
            reply=reply,
            next_queue_id=next_id,
            mailer=mailer,
        )
    )


@given(
    sender=ADDRESSES.filter(lambda address: len(printable(address)) < 190) | st.just(""),
    size=st.integers(0, 10**9),
    nrcpt=st.integers(0, 100),
    message_id=st.none() | TEXTS.filter(lambda text: "<" not in text and ">" not in text),
    host=NAMES,
    ip=st.ip_addresses().map(str),
    forged=st.booleans(),
)
def test_a_message_is_read_as_it_was_printed(sender, size, nrcpt, message_id, host, ip, forged):
    msgid = "" if message_id is None else f", msgid={printable(f'<{message_id}>')}"
    address = f"IPv6:{ip}" if ":" in ip else ip
    text = (
        f"{printable(f'from=<{sender}>')}, size={size}, class=0, nrcpts={nrcpt}{msgid}"
        f", bodytype=8BITMIME, proto=ESMTP, daemon=MTA, relay={host} [{address}]{' (may be forged)' * forged}"
    )
    event = READER.read_body(Line(text=f"{QID}: {text}"), Mta.SENDMAIL)
    assert fields(event) == fields(
        Message(
            line=Line(text=""),
            queue_id=QID,
            sender=printable(sender),
            size=size,
            nrcpt=nrcpt,
            message_id=None if message_id is None else printable(message_id),
            client=Client(host, ip),
        )
    )


STARTS = st.sampled_from(
    [
        f"{QID}: ",
        f"{QID}: to=<a@b.test>, delay=00:00:03, xdelay=00:00:03, mailer=esmtp, pri=1, relay=b. [192.0.2.1]",
        f"{QID}: from=<a@b.test>, size=1, class=0, nrcpts=1, msgid=<1@b.test>",
        f"{QID}: ruleset=check_rcpt, arg1=<a@b.test>, relay=b.test [192.0.2.1], reject=",
        f"{QID}: 6ANEJ9Jb004005: DSN: ",
        f"{QID}: SYSERR(root): Too many hops 101 (100 max): from <a@b.test> via b.test, to ",
        "AUTH=server, relay=b.test [192.0.2.1], authid=a",
        f"{QID}: Milter: to=<a@b.test>",
    ]
)


@given(start=STARTS, text=TEXTS | st.text(max_size=20), cut=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_compiled_and_interpreted_read_alike(kind, start, text, cut):
    whole = start[: len(start) - cut] + text
    assert compile_expression(kind.name, kind.expr).match(whole) == interpret(kind.expr, whole)


@given(start=STARTS, text=TEXTS | st.text())
def test_any_text_makes_one_event(start, text):
    event = READER.read_body(Line(text=start + text), Mta.SENDMAIL)
    assert event.mta is Mta.SENDMAIL
