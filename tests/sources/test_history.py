import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.sources import history as history_module
from logwatch_mx.sources.archive import read_blocks
from logwatch_mx.sources.block import Block
from logwatch_mx.sources.history import History, Position
from logwatch_mx.sources.spool import Spool

# A leading "-" keeps what is generated from beginning like an archive or with a hole.
LINES = st.lists(
    st.binary(max_size=12).map(lambda b: b"-" + b.replace(b"\n", b"") + b"\n"), max_size=12
)


def before(history, position, limit=None):
    chunks = list(history.chunks_before(position, limit))
    assert all(chunk.endswith(b"\n") for chunk in chunks)
    return b"".join(reversed(chunks))


@given(LINES, LINES, st.integers(0, 150), st.integers(1, 9), st.integers(0, 12))
def test_exactly_the_lines_within_the_limit_are_seen(
    tmp_path_factory, old, new, limit, chunk, taken
):
    tmp_path = tmp_path_factory.mktemp("h")
    whole = b"".join(old) + b"".join(new[:taken])
    expected, start = b"", 0
    for line in old + new[:taken]:
        if start >= len(whole) - limit:
            expected += line
        start += len(line)
    (tmp_path / "log.1").write_bytes(b"".join(old))
    (tmp_path / "log.1.gz").write_bytes(gzip.compress(b"".join(old)))
    (tmp_path / "log").write_bytes(b"".join(new))
    at = Position(1, len(b"".join(new[:taken])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "CHUNK", chunk)
        for rotated in ("log.1", "log.1.gz"):
            with History.of([tmp_path / rotated, tmp_path / "log"]) as history:
                assert before(history, at, limit) == expected
                assert history.beyond(at, limit) == (len(whole) > limit)


@given(LINES, st.integers(1, 40), st.integers(0, 100), st.integers(1, 7))
def test_a_fed_archive_and_a_stream_see_what_a_plain_file_sees(
    tmp_path_factory, old, size, limit, chunk
):
    tmp_path = tmp_path_factory.mktemp("h")
    data = b"".join(old)
    plain, packed = tmp_path / "plain", tmp_path / "packed.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    with (
        pytest.MonkeyPatch.context() as patch,
        History.of([plain]) as on_disk,
        History.of([packed]) as fed,
        History.stream() as stream,
    ):
        patch.setattr(history_module, "CHUNK", chunk)
        for block in read_blocks(packed, size):
            fed.feed(block)
            stream.feed(Block("-", block.data, block.offset, block.number))
            at = block.end
            expected = before(on_disk, Position(0, at), limit)
            assert before(fed, fed.position(block, at), limit) == expected
            assert before(stream, Position(0, at), limit) == expected


def test_the_straddling_line_is_out_and_a_line_that_begins_at_the_limit_is_in(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"aaaa\nbbbb\ncccc\n")
    with History.of([path]) as history:
        assert before(history, Position(0, 15), 11) == b"bbbb\ncccc\n"
        assert before(history, Position(0, 15), 10) == b"bbbb\ncccc\n"
        assert before(history, Position(0, 15), 9) == b"cccc\n"
        assert before(history, Position(0, 15), 0) == b""
        assert before(history, Position(0, 0)) == b""


def test_the_unterminated_end_of_an_older_file_is_a_line(tmp_path):
    (tmp_path / "log.1").write_bytes(b"one\ntwo")
    (tmp_path / "log").write_bytes(b"three\n")
    with History.of([tmp_path / "log.1", tmp_path / "log"]) as history:
        assert before(history, Position(1, 6)) == b"one\ntwo\nthree\n"


def test_a_hole_before_the_line_is_no_line(tmp_path):
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(b"one\n")
        file.seek(1 << 22)
        file.write(b"two\n")
    with History.of([path]) as history:
        assert before(history, Position(0, 1 << 22)) == b"one\n"
        chunks = list(history.chunks_before(Position(0, (1 << 22) + 4)))
        assert b"".join(reversed(chunks)).replace(b"\0", b"") == b"one\ntwo\n"
        # the hole itself is not kept in memory
        assert max(map(len, chunks)) < 1 << 19


def test_an_endless_line_is_cut_not_hoarded(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\n" + b"x" * (8 << 20) + b"\ntwo\n")
    with History.of([path]) as history:
        chunks = list(history.chunks_before(Position(0, path.stat().st_size)))
    assert max(map(len, chunks)) < 2 << 20
    first, long, last = b"".join(reversed(chunks)).split(b"\n")[:3]
    assert (first, set(long), last) == (b"one", {ord("x")}, b"two")
    assert len(long) >= 1 << 20


def test_a_renamed_log_is_still_found(tmp_path):
    path = tmp_path / "maillog"
    path.write_bytes(b"one\n")
    (block,) = read_blocks(path)
    with History.live(path) as history:
        assert history.position(block, 4) == Position(0, 4)
        path.rename(tmp_path / "maillog.1")
        path.write_bytes(b"two\n")
        (second,) = read_blocks(path)
        assert before(history, history.position(second, 4)) == b"one\ntwo\n"
        assert history.position(block, 4) == Position(0, 4)


def test_a_rotation_by_copy_is_noticed(tmp_path):
    path = tmp_path / "maillog"
    path.write_bytes(b"one\n")
    (block,) = read_blocks(path)
    with History.live(path) as history:
        assert before(history, history.position(block, 4)) == b"one\n"
        os.utime(tmp_path, ns=(1, 1))  # the clock of some file systems is coarse
        (tmp_path / "maillog.1").write_bytes(b"one\n")
        path.write_bytes(b"two\n")
        (second,) = read_blocks(path)
        assert before(history, history.position(second, 4)) == b"one\ntwo\n"


def test_a_line_of_another_log_has_no_position(tmp_path):
    path = tmp_path / "maillog"
    path.write_bytes(b"one\n")
    with History.live(path) as history:
        assert history.position(Block("x", b"a\n", 0, 1, identity=(1, 2)), 0) is None


def test_a_line_is_found_in_the_copy_of_a_file_that_was_cut(tmp_path):
    path = tmp_path / "maillog"
    path.write_bytes(b"one\ntwo\n")
    (block,) = read_blocks(path)
    with History.live(path) as history:
        assert history.position(block, 4) == Position(0, 4)
        os.utime(tmp_path, ns=(1, 1))
        (tmp_path / "maillog.1.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.write_bytes(b"new file\n")
        assert history.position(block, 4) == Position(0, 4)
        assert before(history, Position(1, 9)) == b"one\ntwo\nnew file\n"


def test_a_reader_many_rotations_behind_finds_its_lines_in_the_archives(tmp_path):
    path = tmp_path / "maillog"
    path.write_bytes(b"one\ntwo\n")
    (block,) = read_blocks(path)
    with History.live(path) as history:
        path.unlink()
        for age in range(30, 0, -1):
            text = b"one\ntwo\n" if age == 30 else b"%d\nx\n" % age
            (tmp_path / f"maillog.{age}.gz").write_bytes(gzip.compress(text))
        path.write_bytes(b"new file\n")
        assert history.position(block, 4) == Position(0, 4)
        assert history.position(block, 0) == Position(0, 0)
        assert before(history, history.position(block, 4)) == b"one\n"
        assert history.position(Block("x", b"a\n", 0, 1, identity=(1, 2)), 0) is None


def test_a_missing_or_damaged_file_costs_its_lines_only(tmp_path):
    (tmp_path / "log.2.gz").write_bytes(gzip.compress(b"one\n" * 9)[:-10])
    (tmp_path / "log").write_bytes(b"two\n")
    with History.of([tmp_path / "log.3", tmp_path / "log.2.gz", tmp_path / "log"]) as history:
        seen = before(history, Position(1, 4))
    assert seen.endswith(b"two\n")
    assert set(seen.splitlines()) <= {b"one", b"two"} | {b"one"[:n] for n in range(4)}


@given(
    st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=20)), max_size=20), st.integers(1, 15)
)
def test_a_spool_keeps_its_end_and_reads_holes_as_nulls(writes, keep):
    spool, whole = Spool(keep), b""
    for gap, data in writes:
        whole += bytes(gap) + data if data else b""
        spool.write(data, len(whole) - len(data))
    assert spool.end == len(whole)
    assert spool.read(0, len(whole)) == whole[-keep:]
    assert spool.read(spool.floor, spool.end) == whole[spool.floor :]
    spool.close()


def test_a_directory_of_files_costs_no_descriptors(tmp_path):
    paths = [tmp_path / f"log.{n}" for n in range(200, 0, -1)]
    for path in paths:
        path.write_bytes(b"x" * 99 + b"\n")
    opened = len(list(Path("/proc/self/fd").iterdir()))
    with History.of(paths, reach=1000) as history:
        for segment in range(200):
            before(history, Position(segment, 100))
        assert len(list(Path("/proc/self/fd").iterdir())) - opened <= 12
