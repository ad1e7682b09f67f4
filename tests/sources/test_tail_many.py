import os

from logwatch_mx.model.line import Line
from logwatch_mx.sources.block import lines


def read(tail, **options):
    return [line for block in tail.poll(**options) for line in lines(block)]


def texts(tail, **options):
    return [line.text for line in read(tail, **options)]


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


def test_a_link_that_moves_on_is_followed(tmp_path, path, follow):
    days = [tmp_path / "days" / f"mail-2026112{n}.log" for n in (1, 2, 3)]
    days[0].parent.mkdir()
    days[0].write_bytes(b"one\n")
    path.symlink_to(days[0])
    tail = follow(start="begin")
    assert texts(tail) == ["one"]
    append(days[0], b"more\n")
    days[1].write_bytes(b"two\n")
    path.unlink()
    path.symlink_to(days[1])
    assert texts(tail) == ["more", "two"]
    places = tail.checkpoints()
    tail.close()
    append(days[1], b"end\n")
    days[2].write_bytes(b"three\n")
    path.unlink()
    path.symlink_to(days[2])
    assert texts(follow(checkpoints=places)) == ["end", "three"]


def test_a_pipe_is_read_without_waiting(path, follow):
    os.mkfifo(path)
    tail = follow()
    assert read(tail) == []
    writer = os.open(path, os.O_WRONLY)
    assert read(tail) == []
    os.write(writer, b"one\ntw")
    assert read(tail) == [Line("one", str(path), 1, 0, 4)]
    os.close(writer)
    writer = os.open(path, os.O_WRONLY)
    os.write(writer, b"o\n")
    assert read(tail) == [Line("two", str(path), 2, 4, 8)]
    os.close(writer)


def test_a_glob_takes_logs_but_not_what_was_rotated(tmp_path, follow):
    for name in ("mx1.log", "mx1.log.1", "mx2.log", "mx2.log-20261122.gz"):
        (tmp_path / name).write_bytes(b"old\n")
    tail = follow(tmp_path / "mx*")
    assert read(tail) == []
    (tmp_path / "mx3.log").write_bytes(b"three\n")
    append(tmp_path / "mx1.log", b"one\n")
    assert sorted(texts(tail)) == ["one", "three"]
    (tmp_path / "mx1.log").rename(tmp_path / "mx1.log-20261123")
    assert read(tail) == []
    (tmp_path / "mx1.log").write_bytes(b"new\n")
    assert texts(tail) == ["new"]
    assert sorted(tail.checkpoints()) == [str(tmp_path / f"mx{n}.log") for n in (1, 2, 3)]


def test_of_a_series_of_days_the_newest_is_followed_and_then_its_successors(tmp_path, follow):
    days = [tmp_path / f"mail-2026112{n}.log" for n in range(5)]
    days[0].write_bytes(b"zero\n")
    days[1].write_bytes(b"one\n")
    tail = follow(tmp_path / "mail-*.log")
    assert read(tail) == []
    append(days[1], b"more\n")
    days[2].write_bytes(b"two\n")
    assert texts(tail) == ["more", "two"]
    places = tail.checkpoints()
    append(days[2], b"end\n")
    days[3].write_bytes(b"three\n")
    assert texts(follow(tmp_path / "mail-*.log", checkpoints=places)) == ["end", "three"]


def test_a_glob_finds_what_appeared_while_down(tmp_path, follow):
    (tmp_path / "mx1.log").write_bytes(b"old\n")
    tail = follow(tmp_path / "*.log")
    read(tail)
    places = tail.checkpoints()
    (tmp_path / "mx2.log").write_bytes(b"new host\n")
    assert texts(follow(tmp_path / "*.log", checkpoints=places)) == ["new host"]


def test_the_budget_is_kept_and_logs_take_turns(tmp_path, follow):
    row = b"x" * 99 + b"\n"
    paths = [tmp_path / "a.log", tmp_path / "b.log"]
    for path in paths:
        path.write_bytes(row * 30_000)
    tail = follow(*paths, start="begin")
    blocks = list(tail.poll(3 << 20))
    assert [block.source for block in blocks] == [str(paths[n]) for n in (0, 1, 0)]
    assert tail.lag_bytes() == 2 * 3_000_000 - (3 << 20)
    assert sum(len(list(lines(b))) for b in blocks) + len(read(tail)) == 60_000
    assert tail.lag_bytes() == 0


def test_the_place_is_that_behind_what_was_handed_out(path, follow):
    path.write_bytes(b"x" * 1_500_000 + b"\n" + b"short\n" * 3)
    tail = follow(start="begin")
    seen = []
    for block in tail.poll():
        place = tail.checkpoints()[str(path)]
        seen.append((block.end, block.number + block.count))
        assert (place.offset, place.number) == seen[-1]
    assert seen[-1] == (path.stat().st_size, 5)


def test_a_file_that_begins_as_another_cannot_be_told_from_its_copy(tmp_path, follow):
    """Two stories that leave the same directory behind: what was written twice is read once."""

    def copied(path):
        path.write_bytes(b"same\n")
        path.with_name("maillog.1").write_bytes(path.read_bytes())  # and not truncated yet

    def written_twice(path):
        path.write_bytes(b"same\n")
        path.rename(path.with_name("maillog.1"))
        path.write_bytes(b"same\n")

    found = []
    for number, story in enumerate([copied, written_twice]):
        path = tmp_path / str(number) / "maillog"
        path.parent.mkdir()
        path.touch()
        tail = follow(path)
        assert list(tail.poll()) == []
        places = tail.checkpoints()
        tail.close()
        path.unlink()
        story(path)
        for file in path.parent.iterdir():
            os.utime(file, ns=(2 * 10**18, 2 * 10**18))
        found.append({file.name: file.read_bytes() for file in path.parent.iterdir()})
        again = follow(path, checkpoints=places)
        found.append([line.text for block in again.poll() for line in lines(block)])
    assert found[:2] == found[2:] == [{"maillog": b"same\n", "maillog.1": b"same\n"}, ["same"]]
