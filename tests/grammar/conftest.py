"""What the tests of the dialects share: read one text as its MTA's kinds do."""

import pytest
from hypothesis import settings

from logwatch_mx.grammar.compile import compile_expression
from logwatch_mx.grammar.kind import Head
from logwatch_mx.grammar.postfix import KINDS as POSTFIX
from logwatch_mx.model.event import Mta
from logwatch_mx.model.line import Line

# The first example compiles a dialect, and a busy machine is no failure: no test has a stop-watch.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def postfix_head(text, agent="smtp"):
    return Head(
        line=Line(text=text),
        text=text,
        program=f"postfix/{agent}",
        agent=agent,
        mta=Mta.POSTFIX,
    )


@pytest.fixture(scope="session")
def read_postfix():
    """Return the event of a text, without header, or None when no kind accepts it."""
    matchers = [(kind, compile_expression(kind.name, kind.expr).match) for kind in POSTFIX]

    def read(text, agent="smtp"):
        head = postfix_head(text, agent)
        for kind, match in matchers:
            if kind.agents is not None and agent not in kind.agents:
                continue
            tokens = match(text)
            event = None if tokens is None else kind.build(head, tokens)
            if event is not None:
                return event
        return None

    return read


@pytest.fixture(scope="session")
def postfix_event():
    """Return what makes an event as the kinds would: class, text, fields."""

    def make(kind, text, agent="smtp", **fields):
        head = postfix_head(text, agent)
        return kind(
            line=head.line,
            program=head.program,
            agent=head.agent,
            mta=head.mta,
            **fields,
        )

    return make
