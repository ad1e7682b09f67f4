"""What Postfix would print is read back as what it meant; any other text does no harm."""

from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.interpret import interpret
from logwatch_mx.grammar.postfix import KINDS
from logwatch_mx.model.event import Delivery, Event, Relay, Status

# printable(3) has replaced what is not printable; a line never holds a newline.
printable = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
atom = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789.+-_=/!#üé用", min_size=1, max_size=12)
domain = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8), min_size=1, max_size=3
).map(".".join)
quoted = st.text(printable, max_size=20).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
address = st.builds(lambda local, host: f"{local}@{host}", atom | quoted, domain) | atom
queue_id = st.text("0123456789ABCDEF", min_size=6, max_size=12) | st.just("4jY7yd0f5lzKMCZ")
relay = st.none() | st.builds(
    Relay,
    host=domain.filter(lambda name: name != "none"),
    ip=st.ip_addresses().map(str) | st.none(),
    port=st.integers(1, 65535) | st.none(),
)
# 25 after `[address]` only: `host:25` is printed by nothing.
relays = relay.map(lambda each: each if each is None or each.ip else Relay(host=each.host))
seconds = st.integers(0, 10**7).map(str) | st.integers(0, 9999).map("0.{:04d}".format)
dsn = st.builds("{}.{}.{}".format, st.sampled_from("245"), st.integers(0, 9), st.integers(0, 99))
reply = st.text(printable, max_size=60).filter(lambda text: "(in reply to" not in text)


@st.composite
def deliveries(draw):
    """Return a text as global/log_adhoc.c prints it, and the fields that it stands for."""
    fields = {
        "queue_id": draw(queue_id),
        "recipients": (draw(address),),
        "orig_to": draw(st.none() | address),
        "relay": draw(relays),
        "status": draw(st.sampled_from([Status.DEFERRED, Status.BOUNCED, Status.EXPIRED])),
        "dsn": draw(st.none() | dsn),
        "reply": draw(reply),
    }
    delay = draw(seconds)
    to = fields["relay"]
    parts = [
        f"{fields['queue_id']}: to=<{fields['recipients'][0]}>",
        *([f"orig_to=<{fields['orig_to']}>"] if fields["orig_to"] is not None else []),
        f"relay={printed_relay(to)}",
        *draw(st.sampled_from([[], ["conn_use=2"]])),
        f"delay={delay}",
        *([f"delays={delay}/0.1/0/0", f"dsn={fields['dsn']}"] if fields["dsn"] else []),
        f"status={fields['status']} ({fields['reply']})",
    ]
    return ", ".join(parts), {**fields, "delay": float(delay)}


def printed_relay(to):
    if to is None:
        return "none"
    ip = f"[{to.ip}]" if to.ip else ""
    return f"{to.host}{ip}" + (f":{to.port}" if to.port else "")


@given(deliveries())
def test_a_printed_delivery_is_read_back(read_postfix, postfix_event, delivery):
    text, fields = delivery
    assert read_postfix(text) == postfix_event(Delivery, text, **fields)


STARTS = [
    "14F0A232BB4: to=<bob@b.test>, relay=mx.b.test[192.0.2.1]:25, delay=1, dsn=4.4.1, status=deferred (",
    "14F0A232BB4: to=<",
    "14F0A232BB4: from=<",
    "14F0A232BB4: client=",
    "14F0A232BB4: message-id=",
    "14F0A232BB4: reject: header ",
    "NOQUEUE: reject: RCPT from mx.a.test[192.0.2.7]: 550 ",
    "warning: ",
    "warning: host ",
    "warning: mx.a.test[192.0.2.7]: SASL ",
    "",
]
PIECES = [
    *("<", ">", ", ", "; ", ": ", "(", ")", '"', "\\", "[", "]", "192.0.2.1", "none", "\x00", "\r"),
    *(
        "relay=",
        "status=sent",
        "delay=",
        "dsn=",
        "from=<",
        "to=<",
        " from ",
        "proto=SMTP",
        "helo=<",
    ),
    *(
        "queued as ",
        "5.1.1",
        "said: ",
        "\x85",
        "\udcff",
        "٣",
        " (queue active)",
        "size=",
        "A1B2C3D4",
    ),
]
texts = st.builds(
    lambda start, pieces: start + "".join(pieces),
    st.sampled_from(STARTS),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12),
).map(lambda text: text.replace("\n", " "))


@given(texts, st.sampled_from(["smtp", "cleanup", "smtpd", "qmgr", "discard"]))
def test_any_text_is_an_event_or_none(read_postfix, text, agent):
    event = read_postfix(text, agent)
    assert event is None or (isinstance(event, Event) and event.line.text == text)


MATCHERS = [(kind, compile_expression(kind.name, kind.expr)) for kind in KINDS]


@given(texts)
def test_the_compiled_grammar_reads_as_pyparsing_does(text):
    for kind, matcher in MATCHERS:
        assert matcher.match(text) == interpret(kind.expr, text), kind.name
