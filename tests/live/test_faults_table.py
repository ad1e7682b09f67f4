"""The table of faults in docs/operations.md names a test for every fault that must be borne."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"(?m)^\| ([^|]+) \| [^|]+ \| `(tests/[^:`]+)::(test_\w+)` \|$")
FAULTS = ROW.findall((ROOT / "docs/operations.md").read_text())
#: What the daemon promises to bear; each must be in the table in so many words.
PROMISED = (
    "kill -9",
    "200 random moments",
    "full",
    "EIO",
    "ENOSPC",
    "EROFS",
    "state",
    "map",
    "read-only file system",
    "locked by another",
    "resolver dead, slow, lying, flooding",
    "hangs",
    "refuses",
    "500 for an hour",
    "hook hangs, forks, dies, writes 1 GB",
    "clock leaps by hours",
    "SIGHUP with a broken configuration",
    "memory limit",
    "journalctl dies",
    "second daemon",
)


def names(path):
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("fault", "path", "test"), FAULTS)
def test_each_fault_has_its_test(fault, path, test):
    assert test in names(path), fault


@pytest.mark.parametrize("promise", PROMISED)
def test_each_promise_is_in_the_table(promise):
    assert any(promise in fault for fault, _, _ in FAULTS)


def test_every_test_about_faults_is_in_the_table_or_says_why_not():
    listed = {(path, test) for _, path, test in FAULTS}
    beside = {
        "test_a_hook_gets_lines_that_are_no_utf_8_as_ascii_json",
        "test_a_notice_that_was_being_sent_when_we_were_killed_says_so",
        "test_notices_that_were_refused_for_long_come_in_order_and_once",
        "test_a_damaged_state_is_set_aside_and_begun_anew",
        "test_a_state_below_a_file_is_said_in_one_line",
        "test_status_tells_how_far_behind_it_is_and_what_is_wrong",
    }
    for file in sorted((ROOT / "tests/live").glob("test_live_faults_*.py")):
        path = str(file.relative_to(ROOT))
        tests = {name for name in names(path) if name.startswith("test_")}
        assert {test for test in tests - beside if (path, test) not in listed} == set()
