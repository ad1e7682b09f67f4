"""Whatever happens to a log, each of its lines comes once, in order, with its number.

What may be missing is what nobody can have seen: lines that stood in a file which was cut or
deleted, without a copy or before its first byte had been read, and that no poll came to read.
"""

import gzip
import os
import shutil
from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from logwatch_mx.sources.block import lines
from logwatch_mx.sources.history import History
from logwatch_mx.sources.names import siblings
from logwatch_mx.sources.tail import Tail


class File:
    """What one file holds, from its creation or truncation on."""

    def __init__(self):
        self.rest = b""
        self.count = 0
        self.lines = []
        self.opened = False
        self.glimpsed = False

    def unread(self, seen):
        return set(self.lines) - set(seen)


class World:
    """A syslog daemon that appends, a logrotate that rotates, and the tail that watches."""

    def __init__(self, directory, *, dated):
        self.dated, self.rotations = dated, 0
        self.path = directory / "maillog"
        self.expected, self.seen, self.may_miss = [], [], set()
        self.serial = self.clock = 0
        self.written = self.now = None
        self.fd = None
        self.create()
        self.reopen()
        self.checkpoints = None
        self.start_tail("begin")

    # the syslog daemon

    def stamp(self, file):
        # Every step takes a second; on a real disk the steps of a test would share their stamps.
        self.clock += 1
        os.utime(file, ns=(self.clock * 10**9,) * 2)

    def create(self):
        self.path.touch()
        self.stamp(self.path)
        self.now = File()

    def reopen(self):
        if self.fd is not None:
            os.close(self.fd)
        self.fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.written = self.now

    def write(self, data):
        os.write(self.fd, data)
        self.stamp(self.fd)
        file = self.written
        *whole, file.rest = (file.rest + data).split(b"\n")
        for text in whole:
            file.count += 1
            line = (text.decode(), file.count)
            self.expected.append(line)
            file.lines.append(line)

    def append(self):
        self.serial += 1
        self.write(b"line %d\nand line %d\n" % (self.serial, self.serial))

    def begin_line(self):
        self.serial += 1
        self.write(b"begun %d " % self.serial)

    # logrotate

    def shift(self):
        """Make room and return the name for what is rotated now."""
        self.rotations += 1
        if self.dated:
            day = date(2026, 1, 1) + timedelta(days=self.rotations)
            return self.path.with_name(f"maillog-{day:%Y%m%d}")
        for number in range(50, 0, -1):
            for ending in ("", ".gz"):
                old = self.path.with_name(f"maillog.{number}{ending}")
                if old.exists():
                    old.rename(self.path.with_name(f"maillog.{number + 1}{ending}"))
        return self.path.with_name("maillog.1")

    def rename(self):
        """Rotate; the daemon writes on to the renamed file until it is told."""
        self.reopen()
        self.path.rename(self.shift())
        self.create()

    def copytruncate(self):
        self.reopen()
        shutil.copy2(self.path, self.shift())
        if not self.now.glimpsed:
            self.may_miss.update(self.now.lines)
        self.truncate()

    def cut(self):
        self.reopen()
        self.may_miss.update(self.now.unread(self.seen))
        self.truncate()

    def truncate(self):
        os.truncate(self.path, 0)
        self.stamp(self.path)
        self.now = self.written = File()

    def compress(self):
        for old in siblings(self.path)[:-2]:
            if old.suffix != ".gz":
                new = old.with_name(old.name + ".gz")
                new.write_bytes(gzip.compress(old.read_bytes()))
                shutil.copystat(old, new)
                old.unlink()

    def delete(self):
        self.reopen()
        self.path.unlink()
        if not self.now.opened:
            self.may_miss.update(self.now.lines)
        self.deleted.append(self.now)
        self.create()
        self.reopen()

    # the tail

    def start_tail(self, start="end"):
        self.deleted = []
        self.tail = Tail([str(self.path)], self.checkpoints, start=start, settle=10_000)
        self.poll(0)

    def poll(self, budget=1 << 20):
        for block in self.tail.poll(budget):
            if not block.torn:
                self.seen += [(line.text, line.number) for line in lines(block)]
        self.now.opened = True
        for file in (self.now, self.written):
            file.glimpsed = bool(file.lines or file.rest)

    def poll_little(self):
        self.poll(7)

    def restart(self):
        self.checkpoints = self.tail.checkpoints()
        self.tail.close()
        # No descriptor holds a deleted file any more.
        for file in self.deleted:
            self.may_miss.update(file.unread(self.seen))
        self.start_tail()

    def crash(self):
        """Stop without a word; the last saved checkpoint is older than what was handed out."""
        self.checkpoints = self.tail.checkpoints()
        seen = len(self.seen)
        self.poll(7)
        self.seen = self.seen[:seen]
        self.tail.close()
        for file in self.deleted:
            self.may_miss.update(file.unread(self.seen))
        self.start_tail()

    def check(self):
        for _ in range(200):
            before = len(self.seen)
            self.poll()
            if len(self.seen) == before and not self.tail.lag_bytes():
                break
        assert len(set(self.seen)) == len(self.seen), "a line came twice"
        wanted = [line for line in self.expected if line in set(self.seen)]
        assert self.seen == wanted, "out of order"
        assert set(self.expected) - set(self.seen) <= self.may_miss, "a line was lost"
        self.tail.close()
        os.close(self.fd)


STEPS = [
    "append",
    "append",
    "begin_line",
    "reopen",
    "rename",
    "copytruncate",
    "cut",
    "compress",
    "delete",
    "poll",
    "poll_little",
    "restart",
    "crash",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=30), st.sampled_from(["numbered", "dated"]))
@example(["append", "poll", "rename", "append", "poll", "reopen", "append"], "numbered")
@example(["append", "poll", "append", "copytruncate", "append", "append", "append"], "numbered")
@example(
    ["append", "poll_little", "rename", "reopen", "append", "rename", "compress", "restart"],
    "dated",
)
@example(["begin_line", "poll", "rename", "append", "reopen", "append", "restart"], "dated")
@example(
    ["append", "poll_little", "copytruncate", "compress", "append", "rename", "compress", "crash"],
    "numbered",
)
@example(["rename", "poll", "append", "rename", "rename", "compress"], "numbered")
@example(["append", "rename", "rename", "compress", "restart", "restart"], "numbered")
@example(["append", "rename", "copytruncate", "compress", "crash", "crash"], "dated")
def test_every_line_comes_once_and_in_order(tmp_path_factory, steps, names):
    world = World(tmp_path_factory.mktemp("world"), dated=names == "dated")
    for step in steps:
        getattr(world, step)()
    world.check()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["append", "append", "poll", "rename", "reopen", "copytruncate", "compress"]
        ),
        max_size=25,
    ),
    st.sampled_from(["numbered", "dated"]),
)
@example(["append", "poll", "append", "copytruncate", "append"], "numbered")
@example(["append", "rename", "append", "reopen", "append", "compress", "rename"], "dated")
def test_looking_back_sees_every_line_before_whatever_was_rotated(tmp_path_factory, steps, names):
    world = World(tmp_path_factory.mktemp("world"), dated=names == "dated")
    with History.live(world.path) as history:
        # A copy is looked for among the newest files: nobody rotates eight times between polls.
        polled = [
            each
            for n, step in enumerate(steps)
            for each in ((step, "poll") if n % 6 == 5 else (step,))
        ]
        for step in ["append", *polled, "append", "poll"]:
            if step == "poll":
                for block in world.tail.poll():
                    for line in lines(block):
                        position = history.position(block, line.offset)
                        before = b"".join(reversed(list(history.chunks_before(position))))
                        place = world.expected.index((line.text, line.number))
                        rows = [text for text, _ in world.expected[:place]]
                        assert before.decode().splitlines() == rows
                        world.seen.append((line.text, line.number))
            getattr(world, step)()
            # The directory's stamp as a second would change it, see World.stamp.
            world.stamp(world.path.parent)
    world.check()
