import gzip
import os
from pathlib import Path

from logwatch_mx.model.line import Line
from logwatch_mx.sources.block import lines
from logwatch_mx.sources.losses import Losses


def read(tail, **options):
    return [line for block in tail.poll(**options) for line in lines(block)]


def texts(tail, **options):
    return [line.text for line in read(tail, **options)]


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


def test_a_first_start_begins_behind_the_last_whole_line(path, follow):
    path.write_bytes(b"old\nolder\nbeg")
    tail = follow()
    assert read(tail) == []
    append(path, b"un\n")
    assert read(tail) == [Line("begun", str(path), 3, 10, 16)]


def test_a_first_start_may_begin_at_the_beginning(path, follow):
    path.write_bytes(b"old\n")
    assert texts(follow(start="begin")) == ["old"]


def test_a_restart_never_begins_at_the_end(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    assert texts(tail) == ["one"]
    places = tail.checkpoints()
    append(path, b"two\n")
    assert read(follow(checkpoints=places)) == [Line("two", str(path), 2, 4, 8)]


def test_a_log_that_is_not_there_yet_is_waited_for_and_read_whole(path, follow):
    tail = follow()
    assert read(tail) == []
    assert tail.missing == (str(path),)
    path.write_bytes(b"first\n")
    assert texts(tail) == ["first"]
    assert tail.missing == ()
    assert tail.losses == Losses(missing=1)


def test_a_log_without_rights_is_tried_again(path, follow, tmp_path):
    path.write_bytes(b"old\n")
    path.chmod(0)
    why = "may not be read"
    tail = follow()
    if os.geteuid() == 0:
        # root reads anything; a directory cannot be read as a file by anybody
        path.unlink()
        path.mkdir()
        why = "cannot be read: a directory, not a log"
    assert read(tail) == []
    assert tail.refused == {str(path): why}
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.write_bytes(b"old\n")
    assert read(tail) == []
    assert tail.refused == {}
    append(path, b"new\n")
    assert texts(tail) == ["new"]
    assert tail.losses.refused == 1


def test_half_a_line_waits_for_its_newline(path, follow):
    path.touch()
    tail = follow()
    read(tail)
    for piece in (b"a", b"b", b"c"):
        append(path, piece)
        assert read(tail) == []
    assert tail.checkpoints()[str(path)].offset == 0
    append(path, b"\n")
    assert texts(tail) == ["abc"]


def test_late_lines_of_the_renamed_file_are_read(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin", settle=10)
    assert texts(tail, now=0) == ["one"]
    old = path.rename(path.with_name("maillog.1"))
    path.touch()
    append(old, b"late\n")
    assert texts(tail, now=1) == ["late"]
    append(path, b"new\n")
    append(old, b"later\n")
    assert texts(tail, now=2) == ["later", "new"]
    append(old, b"still\n")
    assert texts(tail, now=11) == ["still"]
    assert texts(tail, now=21) == []
    append(old, b"too late\n")
    assert texts(tail, now=22) == []


def test_the_unterminated_end_of_a_rotated_file_is_a_torn_line_once_it_has_settled(path, follow):
    path.write_bytes(b"one\ntwo")
    tail = follow(start="begin", settle=10)
    path_1 = path.with_name("maillog.1")
    assert texts(tail, now=0) == ["one"]
    path.rename(path_1)
    path.write_bytes(b"three\n")
    assert texts(tail, now=1) == ["three"]
    (block,) = tail.poll(now=11)
    assert (block.data, block.torn, block.number) == (b"two", True, 2)


def test_a_copy_saves_what_was_not_read_before_the_truncation(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    assert texts(tail) == ["one"]
    append(path, b"two\nthr")
    path.with_name("maillog.1").write_bytes(path.read_bytes())
    path.write_bytes(b"")
    append(path, b"a new file which is longer than the old one\n")
    assert read(tail) == [
        Line("two", str(path), 2, 4, 8),
        Line("a new file which is longer than the old one", str(path), 1, 0, 44),
    ]
    assert tail.losses.truncated == 1


def test_a_truncation_without_a_copy_gives_what_was_seen(path, follow):
    path.write_bytes(b"one\nhalf")
    tail = follow(start="begin")
    assert texts(tail) == ["one"]
    path.write_bytes(b"two\n")
    assert texts(tail) == ["half", "two"]


def test_a_hole_behind_a_truncation_is_passed(path, follow):
    """A writer without O_APPEND goes on where it was: 4 GiB of hole costs no reading."""
    tail = follow(start="begin")
    with path.open("wb", buffering=0) as writer:
        writer.write(b"one\n")
        assert texts(tail) == ["one"]
        writer.seek(1 << 32)
        os.truncate(path, 0)
        writer.write(b"two\n")
        assert read(tail) == [Line("two", str(path), 1, 1 << 32, (1 << 32) + 4)]
        writer.write(b"three\n")
        assert texts(tail) == ["three"]
    assert tail.losses.nulls == 1 << 32


def test_rotations_while_down_are_caught_up_in_order(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    read(tail)
    places = tail.checkpoints()
    append(path, b"two\n")
    path.with_name("maillog-20261122.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    path.with_name("maillog-20261123").write_bytes(b"three\n")
    path.write_bytes(b"four\n")
    again = follow(checkpoints=places)
    assert [(line.text, line.number) for line in read(again)] == [
        ("two", 2),
        ("three", 1),
        ("four", 1),
    ]
    assert again.losses == Losses()


def test_a_file_that_vanished_while_down_is_counted(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    read(tail)
    places = tail.checkpoints()
    tail.close()
    path.unlink()
    again = follow(checkpoints=places)
    assert read(again) == []
    assert again.checkpoints() == places
    path.write_bytes(b"two\n")
    assert texts(again) == ["two"]
    assert again.losses == Losses(vanished=1, missing=1)


def test_a_rotated_file_without_a_successor_is_finished(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    read(tail)
    places = tail.checkpoints()
    append(path, b"two\n")
    path.rename(path.with_name("maillog.1"))
    again = follow(checkpoints=places)
    assert texts(again) == ["two"]
    path.write_bytes(b"three\n")
    assert texts(again) == ["three"]


def test_late_lines_are_not_forgotten_by_a_restart(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    read(tail)
    old = path.rename(path.with_name("maillog.1"))
    path.write_bytes(b"two\n")
    assert texts(tail) == ["two"]
    places = tail.checkpoints()
    assert [older.offset for older in places[str(path)].older] == [4]
    append(old, b"late\n")
    assert texts(follow(checkpoints=places)) == ["late"]


def test_a_name_swapped_back_is_read_on(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    read(tail)
    aside = path.rename(path.with_name("aside"))
    path.write_bytes(b"two\n")
    assert texts(tail) == ["two"]
    path.unlink()
    aside.rename(path)
    append(path, b"three\n")
    assert texts(tail) == ["three"]
    for _ in range(100):
        assert read(tail) == []
    append(path, b"four\n")
    assert texts(tail) == ["four"]


def test_an_archive_in_between_is_never_waited_for(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    read(tail)
    path.rename(path.with_name("maillog.2"))
    path.with_name("maillog.1.gz").write_bytes(gzip.compress(b"two\nhalf"))
    path.write_bytes(b"three\n")
    assert texts(tail) == ["two", "three", "half"]
    assert len(tail.checkpoints()[str(path)].older) == 1


def test_a_damaged_archive_in_between_is_counted_and_passed(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    read(tail)
    path.rename(path.with_name("maillog.2"))
    path.with_name("maillog.1.gz").write_bytes(gzip.compress(b"two\n" * 99)[:-12])
    path.write_bytes(b"three\n")
    seen = texts(tail)
    assert seen[-1] == "three" or seen[-2] == "three"
    assert tail.losses.damaged == 1


def test_a_file_that_the_file_system_lost_is_found_anew(path, follow):
    path.write_bytes(b"one\n")
    tail = follow(start="begin")
    assert texts(tail) == ["one"]
    append(path, b"two\n")
    # As after ESTALE on a network file system: the descriptor answers with errors.
    lost = tail._trails[str(path)]._files[0]
    kept, lost._fd = lost._fd, os.open("/", os.O_RDONLY)
    assert texts(tail) == ["two"]
    os.close(kept)


def test_descriptors_are_given_back(path, follow):
    def opened():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = opened()
    path.write_bytes(b"one\n")
    tail = follow(start="begin", settle=2)
    for number in range(20):
        read(tail)
        path.rename(path.with_name(f"maillog-202611{number + 10}"))
        path.write_bytes(b"next\n")
    assert opened() - before <= 4
    tail.close()
    assert opened() == before
