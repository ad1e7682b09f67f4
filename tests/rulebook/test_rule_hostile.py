"""Log text is written by strangers: whatever it is, a condition answers yes or no."""

from hypothesis import example, given
from hypothesis import strategies as st

from logwatch_mx.model.event import Client, Delivery, Mta, Reject, Relay, Status, Unparsed
from logwatch_mx.model.line import Line
from logwatch_mx.model.site import Site
from logwatch_mx.rulebook.condition import compile_condition
from logwatch_mx.rulebook.fields import FIELDS, get, get_all
from logwatch_mx.rulebook.load import shipped_rules
from logwatch_mx.rulebook.tree import to_text

SITE = Site(
    domains=frozenset({"home.test"}),
    parents=frozenset({"home.test"}),
    addresses=frozenset({"10.99.0.10"}),
    names=frozenset({"mx.home.test"}),
)
CONDITIONS = [found.condition for found in shipped_rules(disabled=True)] + [
    compile_condition(text)
    for text in (
        "recipient is a@home.test or sender.domain is own",
        "client is self or client.ip in {10.0.0.0/8, ::/0}",
        "mailer matches /^(a|b)*[^c]+$/i",
        "domain is protected and not line contains 'x'",
        "relay.literal or relay.host is loopback",
    )
]
TEXTS = st.one_of(
    st.none(),
    st.text(max_size=40),  # surrogate escapes among them: bytes that are no UTF-8
    st.sampled_from(
        [
            "127.0.0.1",
            "[::1]",
            "::ffff:127.0.0.1",
            "fe80::1%eth0",
            "localhost",
            "a@b@home.test",
            "@",
        ]
    ),
)
RELAYS = st.one_of(st.none(), st.builds(Relay, TEXTS, TEXTS, st.one_of(st.none(), st.just(25))))


@given(
    recipients=st.lists(TEXTS.filter(lambda text: text is not None), max_size=3).map(tuple),
    relay=RELAYS,
    status=st.sampled_from(Status),
    texts=st.tuples(TEXTS, TEXTS, TEXTS),
    domain=TEXTS,
    mta=st.sampled_from([None, *Mta]),
)
@example(("\udcff@\udcff",), Relay("\udcff", "\udcff"), Status.SENT, (None,) * 3, "\udcff", None)
@example((), Relay("x" * 100_000, "1" * 100_000), Status.SENT, ("é" * 100_000,) * 3, "a.", None)
def test_any_delivery_gets_an_answer(recipients, relay, status, texts, domain, mta):
    event = Delivery(
        line=Line(texts[2] or ""),
        mta=mta,
        agent="smtp",
        recipients=recipients,
        relay=relay,
        status=status,
        reply=texts[0],
        mailer=texts[1],
        dsn=texts[2],
    )
    for condition in CONDITIONS:
        assert condition.matches(event, domain, SITE) in {True, False}
    for path in FIELDS:
        values = get_all(event, path, domain)
        assert get(event, path, domain) == (values[0] if values else None)


@given(client=st.builds(Client, TEXTS, TEXTS), sender=TEXTS, recipient=TEXTS)
def test_any_reject_gets_an_answer(client, sender, recipient):
    event = Reject(line=Line(""), client=client, sender=sender, recipient=recipient)
    for condition in CONDITIONS:
        assert condition.matches(event, None, SITE) in {True, False}
    assert all(isinstance(get(event, path, None), str | None) for path in FIELDS)


NEEDLES = st.text("aBcK .-@\u212a\u0130é", min_size=1, max_size=6)


@given(
    around=st.tuples(st.text(max_size=6), st.text(max_size=6)),
    needle=NEEDLES,
    text=NEEDLES,
    form=st.sampled_from(["contains", "starts with", "ends with", "is"]),
)
def test_a_line_that_matches_has_one_of_the_literals(around, needle, text, form):
    condition = compile_condition(f'text {form} "{needle}"')
    for written in (text, needle, needle.upper(), around[0] + needle.lower() + around[1]):
        raw = f"head: {written}"
        if condition.matches(Unparsed(line=Line(raw), text=written), None, SITE):
            folded = raw.encode("utf-8", "surrogateescape").lower()
            assert not condition.folded or any(n.encode() in folded for n in condition.folded)
            assert not condition.literals or any(n in raw for n in condition.literals)


def test_what_was_compiled_can_be_printed():
    for condition in CONDITIONS:
        assert compile_condition(to_text(condition.tree)).tree == condition.tree
