"""A log that may not be looked at, or not be opened: it is said, and read when it may be again."""

import os
from contextlib import contextmanager

import pytest

from logwatch_mx.sources.block import lines

DENIED = "may not be read"


@contextmanager
def as_nobody():
    """Be a user without rights for a while: root may look into everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def poll(tail):
    with as_nobody():
        return [line.text for block in tail.poll() for line in lines(block)]


@pytest.fixture
def log(open_folder):
    """Return a log with one line, in a folder that can be closed without closing another."""
    (open_folder / "log").mkdir(mode=0o755)
    path = open_folder / "log/maillog"
    path.write_bytes(b"old\n")
    yield path
    path.parent.chmod(0o755)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_log_that_is_denied_at_the_start_is_there_all_the_same(log, follow, what):
    shut = log.parent if what == "folder" else log
    shut.chmod(0)
    tail = follow(log)
    assert poll(tail) == []
    assert (tail.refused, tail.missing) == ({str(log): DENIED}, ())
    assert poll(tail) == []
    shut.chmod(0o755)
    # What stood in it then is as old as if it had been seen.
    assert poll(tail) == []
    assert (tail.refused, tail.missing) == ({}, ())
    with log.open("ab") as file:
        file.write(b"new\n")
    assert poll(tail) == ["new"]
    assert (tail.losses.refused, tail.losses.missing) == (1, 0)


def test_a_folder_that_is_closed_later_hides_no_line(log, follow):
    tail = follow(log)
    assert poll(tail) == []
    log.parent.chmod(0)
    assert poll(tail) == []
    assert (tail.refused, tail.missing) == ({str(log): DENIED}, ())
    log.parent.chmod(0o755)
    with log.open("ab") as file:
        file.write(b"first\n")
    log.rename(log.with_name("maillog.1"))
    log.write_bytes(b"second\n")
    assert poll(tail) == ["first", "second"]
    assert (tail.refused, tail.missing) == ({}, ())
