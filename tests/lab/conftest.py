"""Worlds for the lab's tests: real MTAs, one a test, gone with it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mailworld import chroots
from mailworld.world import World


def pytest_collection_modifyitems(config, items):
    """Mark every test of this folder; they run when asked for (`-m lab`) and where they can."""
    here = Path(__file__).parent
    asked = "lab" in config.getoption("-m")
    lacking = chroots.missing() if asked else "real MTAs: run with -m lab"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.lab)
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
