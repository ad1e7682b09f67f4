"""The usual shapes are cases of the whole kinds: the same builder gets the same tokens."""

from pathlib import Path
from random import Random

import pytest

from logwatch_mx.grammar import (
    postfix_usual,
    sendmail_delivery,
    sendmail_message,
    sendmail_other,
    sendmail_usual,
)
from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.postfix_delivery import DELIVERY_KINDS
from logwatch_mx.grammar.postfix_queue import QUEUE_KINDS
from logwatch_mx.grammar.postfix_session import SESSION_KINDS

DATA = Path(__file__).parent / "data"
WHOLE = (
    *DELIVERY_KINDS,
    *QUEUE_KINDS,
    *SESSION_KINDS,
    *sendmail_delivery.KINDS,
    *sendmail_message.KINDS,
    *sendmail_other.KINDS,
)
USUAL = (*postfix_usual.USUAL_KINDS, *sendmail_usual.USUAL_KINDS)
# What strangers write where a name or an address may stand.
MORE = (
    "connect from unknown[192.0.2.7]",
    "disconnect from mx.b.test[192.0.2.7] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
    "Trusted TLS connection established to mx.b.test[192.0.2.1]:25: TLSv1.3 with cipher x (1 bits)",
    "STARTTLS=client, relay=b.test., version=TLSv1.3, verify=FAIL, cipher=x, bits=256/256",
)
ODD = (
    *('"', "<", ">", ">, relay=x[192.0.2.1]:25", ", size=1", "\\", "(", ",", " ", "\n", "é", "@"),
    *("none,", "]", "[", "[192.0.2.1]:25, ", ", dsn=5.1.1", "<>", ">,<", ", stat=Sent", ", relay="),
)


def texts_of(name):
    lines = (DATA / f"{name}.log").read_text("utf-8", "surrogateescape").split("\n")
    return sorted({line.partition("]: ")[2] for line in lines})


def changed(text, random):
    place = random.randrange(len(text) + 1)
    if random.random() < 0.3:
        return text[:place] + text[place + random.randrange(1, 4) :]
    return text[:place] + random.choice(ODD) + text[place:]


@pytest.mark.parametrize("usual", USUAL, ids=lambda kind: kind.name)
def test_a_text_of_the_usual_shape_gives_the_whole_kind_the_same_tokens(usual):
    quick = compile_expression(usual.name, usual.expr).match
    texts = [
        text
        for text in (*texts_of("postfix"), *texts_of("sendmail"), *MORE)
        if quick(text) is not None
    ]
    whole = next(
        match
        for kind in WHOLE
        if kind.build is usual.build
        and (match := compile_expression(kind.name, kind.expr).match)(texts[0]) is not None
    )
    random, fitting = Random(7), 0
    for _ in range(4000 // len(texts)):
        for text in texts:
            odd = changed(text, random)
            if random.random() < 0.5:
                odd = changed(odd, random)
            tokens = quick(odd)
            if tokens is not None:
                fitting += 1
                assert whole(odd) == tokens, odd
    assert fitting > 500
