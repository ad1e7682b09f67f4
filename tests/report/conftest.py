import sys
from pathlib import Path

import pytest
from msgspec import structs

sys.path.insert(0, str(Path(__file__).parents[1]))

from shown import LOOP, SPIKE

from logwatch_mx.model.action import ActionState, Verb
from logwatch_mx.model.incident import Evidence, IncidentKind, Origin

#: Terminal escapes, an override, markup of every kind, broken UTF-8 and a megabyte.
HOSTILE = (
    "\x1b]0;owned\x07\x9b31m\u202e<script>alert(1)</script>\"'&amp;{{7*7}}]]><!--\r\n\x00\udce9"
    + "A" * 1_000_000
)


def poison(kind):
    """Return an incident with hostile text wherever text can be."""
    deed = structs.replace(
        LOOP.actions[0], target=HOSTILE, why=HOSTILE, argv=(HOSTILE,), state=ActionState.DONE
    )
    hook = structs.replace(deed, verb=Verb.COMMAND)
    return structs.replace(
        LOOP,
        id=HOSTILE,
        kind=kind,
        subject=HOSTILE,
        rule=HOSTILE,
        reasons={HOSTILE: 1},
        advice=HOSTILE,
        verdict=structs.replace(LOOP.verdict, domain=HOSTILE, resolver=HOSTILE, why=HOSTILE),
        origin=(Origin(client_ip=HOSTILE, client_host=HOSTILE, sender=HOSTILE, messages=1),),
        actions=(deed, hook),
        evidence=(Evidence(HOSTILE, 1, HOSTILE), Evidence(HOSTILE, 2, HOSTILE)),
    )


@pytest.fixture
def loop():
    return LOOP


@pytest.fixture
def spike():
    return SPIKE


@pytest.fixture
def poisoned_loop():
    return poison(IncidentKind.LOOP)


@pytest.fixture(params=list(IncidentKind))
def poisoned(request):
    return poison(request.param)
