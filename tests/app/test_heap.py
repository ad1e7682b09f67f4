"""Large blocks that were freed are given back, whatever small one lies between them."""

import subprocess
import sys

import pytest

HOLES = """
from pathlib import Path
from logwatch_mx.app.heap import keep_heap_small
if {small}:
    keep_heap_small()
def resident():
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) // 1024
for _ in range(3):
    bytearray(20 << 20)  # from this glibc learns
before = resident()
large, between = [], []
for _ in range(60):
    large.append(bytearray(b"x") * (1 << 20))
    between.append(bytearray(600))
del large
print(resident() - before)
"""


@pytest.mark.parametrize(("small", "least", "most"), [(False, 30, 80), (True, -10, 8)])
def test_holes_go_back_to_the_system(small, least, most):
    words = [sys.executable, "-c", HOLES.format(small=small)]
    held = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert least <= int(held) <= most
