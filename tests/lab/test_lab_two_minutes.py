"""Two minutes of a joe job, five spams a second, forged from each kind of loopback domain in turn.

For both MTAs and both actions, each in a world of its own; what was measured is kept for the table
of ``python tests/lab/results.py``.
"""

import json
from datetime import UTC, datetime

import pytest
from mailworld import joejob, places
from mailworld.attack import (
    KINDS,
    MENDED,
    MOST,
    SPINNING,
    arrived,
    attack,
    calm,
    good_mail,
    in_map,
    live,
    read_map,
    share_of,
    watched,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
SECONDS = 120
SPAMS = len(attack(["seaton.biz"], SECONDS))


@pytest.fixture
def keep(common):
    """Return ``keep(row)``: one line of JSON in a file that all workers write to."""

    def write(row):
        row = {"date": datetime.now(UTC).date().isoformat(), "spams": SPAMS, **row}
        with (common / "results.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    return write


@pytest.mark.parametrize("kind", ["seaton.biz", *KINDS])
@pytest.mark.parametrize("action", ["pause", "discard"])
@pytest.mark.parametrize("mta", list(SPINNING))
def test_two_minutes_of_a_joe_job(open_world, without, keep, mta, action, kind):
    before = without(mta, kind) * SPAMS
    world = open_world(mta, SPINNING[mta])
    daemon = watched(world, action=action)
    with daemon:
        read_map(world, daemon)
        said = world.send_plan(joejob.together(attack([kind], SECONDS), good_mail(SECONDS)))
        assert {word[:3] for word in said} == {"250"}
        calm(world, [kind])
        found = share_of(world, kind, before, action)
        keep({"mta": mta, "action": action, "kind": kind, **found})
        assert found["share"] <= MOST
        assert [one["subject"] for one in daemon.incidents()] == [kind]
        assert in_map(world, daemon) in ([kind], [] if not before else [kind])
        assert live(world, daemon, f"not{kind}") is None
        assert arrived(world) == sorted(m["recipients"][0] for m in good_mail(SECONDS))
        kept = len(world.queue())
        assert bool(kept) is (action == "pause" and bool(in_map(world, daemon)))
        # The MX is mended: what was kept arrives, and what is sent from now on.
        world.mend_mx(kind, MENDED)
        if in_map(world, daemon):
            daemon.command("undo", kind)
        assert in_map(world, daemon) == []
        # Postfix remembers the last route that it asked for.
        world.send("bob@example.net", "cust@oak.example", source=places.OFFICE[0])
        world.mta.flush()
        world.send("bob@example.net", f"nicholas@{kind}", source=places.OFFICE[0])
        assert world.settle(300)
        home = [line for line in world.kept() if line.endswith(f"nicholas@{kind}")]
        assert len(home) == kept + 1
        assert {line.split()[0] for line in home} == {MENDED}
        assert world.queue() == []
    assert "Traceback" not in daemon.told()


@pytest.mark.parametrize("mta", list(SPINNING))
def test_two_minutes_without_the_daemon(open_world, without, keep, mta):
    # The share above is of what one spam makes, times their number: as it is when all are sent.
    world = open_world(mta, SPINNING[mta])
    said = world.send_plan(attack(["seaton.biz"], SECONDS))
    calm(world, ["seaton.biz"], quiet=15)
    found = share_of(world, "seaton.biz", without(mta, "seaton.biz") * SPAMS, "none")
    keep({"mta": mta, "action": "none", "kind": "seaton.biz", **found})
    # sendmail is too busy with the loop to take all spam: 587 of 600, and 14,675 passes.
    taken = sum(word.startswith("250") for word in said)
    assert taken > 0.9 * SPAMS
    assert found["passes"] == pytest.approx(taken * without(mta, "seaton.biz"), rel=0.02)
