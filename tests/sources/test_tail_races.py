"""A log that is rotated between any two system calls of the tail: each line comes once.

A profile function sees every call into the operating system and lets the world go on before some of
them, so that a race is a story that can be told again.

What may be missing is what is nowhere any more: lines in a file that was cut or deleted before it
was read, unless the tail had it open then and was not started anew before it read them.
"""

import gzip
import os
import shutil
import sys
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from logwatch_mx.sources.block import lines
from logwatch_mx.sources.names import siblings
from logwatch_mx.sources.tail import Tail

CALLS = {"open", "pread", "fstat", "stat", "lstat", "listdir", "scandir", "lseek", "readlink"}


def identity(file):
    found = os.stat(file)  # noqa: PTH116  # of a descriptor as well
    return found.st_dev, found.st_ino


class World:
    """A writer and a logrotate that do a step of *script* after so many calls each of *gaps*."""

    def __init__(self, folder, script, gaps):
        self.path = folder / "maillog"
        self.serial = self.clock = 0
        self.expected, self.seen, self.may_miss = [], [], set()
        # The lines in each file by its identity: as they were written, and in copies of it.
        self.written, self.copied, self.deleted = {}, {}, []
        self.create()
        self.steps = (None for name in script for _ in getattr(self, name)())
        self.gaps = iter(gaps)
        self.left = 0
        self.over = self.held = self.restarting = False

    def stamp(self, file):
        self.clock += 1
        os.utime(file, ns=(self.clock * 10**9,) * 2)

    def begun_anew(self):
        self.count, self.rest = 0, b""

    def create(self):
        self.path.touch()
        self.stamp(self.path)
        self.begun_anew()

    def write(self, data):
        with self.path.open("ab") as file:
            self.count, self.rest = self.write_to(file.fileno(), data, self.count, self.rest)

    def write_to(self, fd, data, count, rest):
        os.write(fd, data)
        self.stamp(fd)
        *whole, rest = (rest + data).split(b"\n")
        new = [(text.decode(), number) for number, text in enumerate(whole, count + 1)]
        self.expected += new
        self.written.setdefault(identity(fd), []).extend(new)
        return count + len(whole), rest

    def lose(self, path):
        """Note that what only the file at *path* holds can be read by nobody who has it not open."""
        file = identity(path)
        self.may_miss.update(set(self.copied.pop(file, [])) - set(self.seen))
        held = any(trail.holds(file) for trail in self.tail._trails.values())
        lines_of = self.written.pop(file, [])
        if held:
            self.deleted.append(lines_of)
        else:
            self.may_miss.update(set(lines_of) - set(self.seen))

    # the steps; the tail may look wherever one yields

    def append(self):
        self.serial += 1
        self.write(b"line %d\nand line %d\n" % (self.serial, self.serial))
        yield

    def append_long(self):
        self.serial += 1
        self.write(b"line %d %s\n" % (self.serial, b"x" * 1500))
        yield

    def begin_line(self):
        self.serial += 1
        self.write(b"begun %d " % self.serial)
        yield

    def shift(self):
        for number in range(30, 0, -1):
            for ending in ("", ".gz"):
                old = self.path.with_name(f"maillog.{number}{ending}")
                if old.exists():
                    old.rename(self.path.with_name(f"maillog.{number + 1}{ending}"))
                    yield

    def rename(self):
        yield from self.shift()
        self.path.rename(self.path.with_name("maillog.1"))
        yield
        self.create()
        yield

    def rename_late(self):
        """Rename under a writer that goes on for two lines until it opens the new file."""
        yield from self.shift()
        with self.path.open("ab") as file:
            count, rest = self.count, self.rest
            self.path.rename(self.path.with_name("maillog.1"))
            yield
            self.serial += 1
            late = b"late %d\nand late %d\n" % (self.serial, self.serial)
            count, rest = self.write_to(file.fileno(), late, count, rest)
            yield
            self.create()
            yield
            self.write_to(file.fileno(), b"later %d\n" % self.serial, count, rest)
            yield

    def copytruncate(self):
        yield from self.shift()
        copy = self.path.with_name("maillog.1")
        copy.touch()
        made = identity(copy)
        yield
        data = self.path.read_bytes()
        # Nobody copies a few bytes at a time: some lines are there at once.
        copy.write_bytes(data[: data.rfind(b"\n", 0, len(data) // 2) + 1])
        yield
        copy.write_bytes(data)
        self.stamp(copy)
        yield
        os.truncate(self.path, 0)
        self.stamp(self.path)
        self.begun_anew()
        # It may be called otherwise by now, or be gone.
        self.copied.setdefault(made, []).extend(self.written.pop(identity(self.path), []))
        yield

    def cut(self):
        self.may_miss.update(self.written.pop(identity(self.path), []))
        os.truncate(self.path, 0)
        self.stamp(self.path)
        self.begun_anew()
        yield

    def delete(self):
        self.lose(self.path)
        self.path.unlink()
        yield
        self.create()
        yield

    def delete_oldest(self):
        for old in siblings(self.path)[:-1][:1]:
            self.lose(old)
            old.unlink()
            yield

    def copytruncate_twice(self):
        yield from self.copytruncate()
        yield from self.copytruncate()

    def compress(self):
        for old in siblings(self.path)[:-2]:
            if old.suffix != ".gz":
                making = old.with_name(f"{old.name}.gz.tmp")
                making.write_bytes(gzip.compress(old.read_bytes()))
                shutil.copystat(old, making)
                held = [*self.written.pop(identity(old), []), *self.copied.pop(identity(old), [])]
                self.copied[identity(making)] = held
                making.rename(old.with_name(f"{old.name}.gz"))
                yield
                old.unlink()
                yield

    def look(self):
        """Let the tail finish its poll undisturbed."""
        self.held = True
        yield

    def restart(self):
        """Let the tail be started anew behind this poll."""
        self.restarting = True
        yield

    # the tail

    def called(self, _frame, event, function):
        if event != "c_call" or function.__module__ != "posix" or function.__name__ not in CALLS:
            return
        while self.left <= 0 and not self.held and not self.over:
            sys.setprofile(None)
            try:
                self.over = next(self.steps, self) is self
            finally:
                sys.setprofile(self.called)
            self.left = next(self.gaps, 1)
        self.left -= 1

    def poll(self, budget=1 << 20):
        sys.setprofile(self.called)
        try:
            blocks = list(self.tail.poll(budget))
        finally:
            sys.setprofile(None)
        self.held = False
        for block in blocks:
            if not block.torn:
                self.seen += [(line.text, line.number) for line in lines(block)]

    def play(self, budget):
        self.tail = Tail([str(self.path)], start="begin", settle=10_000)
        self.held = True
        self.poll(0)
        while not self.over:
            self.poll(budget)
            if self.restarting:
                self.restarting = False
                places = self.tail.checkpoints()
                self.tail.close()
                for file in self.deleted:
                    self.may_miss.update(set(file) - set(self.seen))
                self.tail = Tail([str(self.path)], places, settle=10_000)
        before = -1
        while before < len(self.seen) or self.tail.lag_bytes():
            before = len(self.seen)
            self.poll()
        self.tail.close()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *("append", "append", "append_long", "begin_line", "look", "restart"),
                *("rename", "copytruncate", "copytruncate_twice", "compress"),
                *("rename_late", "cut", "delete", "delete_oldest"),
            ]
        ),
        max_size=14,
    ),
    st.lists(st.sampled_from([0, 1, 2, 3, 5, 8, 13, 20, 30]), max_size=60),
    st.sampled_from([7, 1 << 20]),
)
@example(["append", "copytruncate"], [0] * 9, 1 << 20)
@example(["append", "copytruncate_twice", "append"], [0] * 30, 1 << 20)
@example(["rename", "append", "copytruncate"], [0, 1, 0, 0, 3, 30], 1 << 20)
@example(["append", "look", "copytruncate", "append", "copytruncate"], [13, 0, 3, 0, 0, 0, 3], 7)
@example(["append_long", "look", "copytruncate"], [0, 0, 0, 30, 0], 1 << 20)
@example(["copytruncate", "append", "copytruncate"], [30, 0, 13, 8, 13, 0, 0, 3], 1 << 20)
@example(["append", "restart", "copytruncate"], [0, 3, 8, 0, 0, 2, 20], 7)
@example(["append", "restart", "look", "copytruncate_twice"], [0, 0, 0, 0, 0, 8, 0, 0, 13], 1 << 20)
@example(["copytruncate", "append", "copytruncate", "append", "restart"], [3], 1 << 20)
@example(["copytruncate_twice", "restart", "append", "copytruncate", "append"], [], 1 << 20)
@example(["append", "rename", "append", "rename", "restart"], [], 7)
@example(["append", "copytruncate", "append", "restart", "rename"], [0, 0, 0, 0, 4], 1 << 20)
@example(["rename", "append", "copytruncate", "restart"], [0, 1, 4, 19], 1 << 20)
@example(["append_long", "restart", "copytruncate", "restart"], [18, 0, 17], 7)
@example(["restart", "append", "copytruncate"], [1, 0, 30], 7)
@example(["look", "append_long", "restart", "copytruncate"], [0, 0, 4, 30], 1 << 20)
@example(["append", "copytruncate", "append", "restart", "copytruncate"], [0], 7)
@example(["begin_line", "append", "restart", "append", "copytruncate"], [5, 30, 1, 3, 1, 8, 7], 7)
@example(
    ["append_long", "append", "look", "restart", "append", "copytruncate"],
    [0, 0, 0, 1, 0, 0, 19, 29],
    7,
)
@example(["append", "copytruncate", "append", "delete"], [], 1 << 20)
@example(["append", "copytruncate", "append", "rename", "delete_oldest", "delete_oldest"], [], 7)
@example(["append", "copytruncate", "append", "rename", "copytruncate", "compress"], [], 1 << 20)
@example(["append", "cut", "rename_late", "rename", "compress"], [2], 1 << 20)
@example(["append_long", "copytruncate", "append", "delete_oldest", "rename"], [20, 5, 30, 0, 0], 7)
def test_a_rotation_between_any_two_calls_loses_and_doubles_nothing(
    tmp_path_factory, script, gaps, budget
):
    world = World(tmp_path_factory.mktemp("race"), script, gaps)
    world.play(budget)
    twice = Counter(world.seen) - Counter(world.expected)
    lost = set(world.expected) - set(world.seen) - world.may_miss
    assert (twice, lost) == (Counter(), set())
