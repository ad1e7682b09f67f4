"""Worlds for the lab's tests: real MTAs, one a test, gone with it."""

import fcntl
import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mailworld import attack, chroots
from mailworld.world import World


def pytest_collection_modifyitems(config, items):
    """Mark every test of this folder; they run when asked for (`-m lab`) and where they can."""
    here = Path(__file__).parent
    asked = "lab" in config.getoption("-m")
    lacking = chroots.missing() if asked else "real MTAs: run with -m lab"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.lab)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(300))
            if lacking:
                item.add_marker(pytest.mark.skip(reason=lacking))


@pytest.fixture
def open_world(tmp_path):
    """Return ``open_world(mta, variant="default")``; the worlds end with the test."""
    worlds = []

    def start(mta, variant="default"):
        world = World(mta, variant, tmp_path / f"{mta}-{len(worlds)}")
        worlds.append(world)
        return world

    yield start
    for world in worlds:
        world.__exit__()


@pytest.fixture
def postfix(open_world):
    """Return ``postfix(variant="default")``."""
    return lambda variant="default": open_world("postfix", variant)


@pytest.fixture
def sendmail(open_world):
    """Return ``sendmail(variant="default")``."""
    return lambda variant="default": open_world("sendmail", variant)


@pytest.fixture(scope="session")
def common(tmp_path_factory):
    """Return the folder that all workers of this run have in common."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine


@pytest.fixture
def without(common, open_world):
    """Return ``without(mta, domain)``: the passes of one spam forged from it, nobody watching.

    Measured once a run, with two spams for each domain: the hop limit makes them all alike.
    """

    def measure(mta, domain):
        domains = ("seaton.biz", *attack.KINDS)
        known = common / f"without-{mta}.json"
        with (common / f"without-{mta}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not known.exists():
                world = open_world(mta, attack.SPINNING[mta])
                world.send_plan(attack.attack(domains, 2 * len(domains) / attack.RATE))
                attack.calm(world, domains)
                found = {each: world.passes(each) / 2 for each in domains}
                world.__exit__()
                known.write_text(json.dumps(found))
        return json.loads(known.read_text())[domain]

    return measure
