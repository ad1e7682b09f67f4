"""What is over waits for its hooks, as long as there are not too many."""

from datetime import UTC, datetime

import pytest

from logwatch_mx.app.inlet import Inlet
from logwatch_mx.app.live import ENDED, Live
from logwatch_mx.app.memory import Memory
from logwatch_mx.app.setup import build_engine
from logwatch_mx.config.settings import Settings, Source
from logwatch_mx.detect.case import Case
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.site import Site
from logwatch_mx.state.store import Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class SlowDesk:
    """A desk whose hooks hang: there is more to do about every incident but those *done*."""

    def __init__(self, done):
        self.done = done

    def has_more_to_do(self, name):
        return name not in self.done


@pytest.fixture
def live(tmp_path):
    with Store.open(tmp_path / "state.db") as store:
        memory = Memory()
        heard = []
        one = Live(
            inlet=Inlet(Source(files=()), {}, from_start=True),
            engine=build_engine(Settings(), site=Site(), rules=(), state=memory.engine),
            memory=memory,
            store=store,
            zone=UTC,
            log=heard.append,
            alive=lambda _state: None,
        )
        one.heard = heard
        yield one


def end(live, count):
    for n in range(count):
        case = Case(
            id=f"loop/d{n}.test/x", kind=IncidentKind.LOOP, subject=f"d{n}.test", rule="loop",
            opened=NOON, first=NOON, last=NOON, closed=NOON,
        )  # fmt: skip
        live._ended[case.id] = live._kept[case.id] = case.incident()


def test_what_ended_is_kept_until_all_was_done_about_it(live):
    end(live, 3)
    live._let_go(SlowDesk(done={"loop/d1.test/x"}))
    assert list(live._ended) == ["loop/d0.test/x", "loop/d2.test/x"]
    assert live.heard == []


def test_of_too_many_the_oldest_are_let_go_of_and_that_is_said(live):
    end(live, ENDED + 3)
    live._let_go(SlowDesk(done=set()))
    assert next(iter(live._ended)) == "loop/d3.test/x"
    assert (len(live._ended), len(live._kept)) == (ENDED, ENDED)
    assert live.heard == ["3 incidents are over and let go of: too many wait for hooks"]
