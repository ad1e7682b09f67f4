"""A short soak; `make soak` is the long one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_minutes_of_writing_rotating_and_killing_lose_and_double_nothing():
    words = [sys.executable, Path(__file__).with_name("soak.py"), "--minutes", "5"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["lost_or_twice"] == 0
    assert found["kills"] > 3
    assert found["rotations"] > 5
