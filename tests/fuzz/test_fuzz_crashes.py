"""What fuzzing found stays found: each input in ``crashes`` once failed its target."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("fuzz_targets", HERE / "targets.py")
targets = importlib.util.module_from_spec(_spec)
sys.modules["fuzz_targets"] = targets
_spec.loader.exec_module(targets)


@pytest.mark.parametrize("path", sorted((HERE / "crashes").glob("*-*")), ids=lambda path: path.name)
def test_an_input_that_once_failed_does_not(path):
    targets.TARGETS[path.name.partition("-")[0]](path.read_bytes())


@pytest.mark.parametrize("name", sorted(targets.TARGETS))
def test_every_target_takes_its_own_seeds(name):
    for data in targets.SEEDS[name]:
        targets.TARGETS[name](data)
