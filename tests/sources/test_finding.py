import gzip
import os
from pathlib import Path

import pytest

from logwatch_mx.errors import Exit, SourceError
from logwatch_mx.sources.archive import STDIN
from logwatch_mx.sources.finding import expand


def make(tmp_path, *names, data=b"Nov 23 14:22:34 mx postfix/qmgr[7]: DC6B2232B83: removed\n"):
    for name in names:
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return tmp_path


def names(paths):
    return [path.name for path in paths]


def test_a_directory_stands_for_the_logs_in_it(tmp_path):
    make(
        tmp_path,
        "maillog",
        "maillog.1",
        "maillog-20261122.gz",
        "mx2.log",
        "mx3.txt",
        "maillog.expected.json",
        ".hidden.log",
    )
    make(tmp_path, "notes.txt", data=b"the loop was found at 14:22 by me\n")
    make(tmp_path, "wtmp.log", data=b"\x07\0\0\0binary")
    make(tmp_path, "lastlog", data=b"\0" * 5000)
    make(tmp_path, "empty.log", data=b"")
    (tmp_path / "sub.log").mkdir()
    assert names(expand([tmp_path])) == [
        "empty.log",
        "maillog",
        "maillog-20261122.gz",
        "maillog.1",
        "mx2.log",
        "mx3.txt",
    ]


def test_lines_that_were_written_twice_are_read_once(tmp_path):
    make(
        tmp_path,
        "mail.log",
        "mail.err",
        "mail.info.1",
        "syslog",
        "maillog.1",
        "maillog.1.gz",
        "auth.log",
    )
    assert names(expand([tmp_path])) == ["auth.log", "mail.log", "maillog.1"]
    # named by themselves they are meant
    assert names(expand([tmp_path / "mail.err", tmp_path / "syslog"])) == ["mail.err", "syslog"]


def test_syslog_is_a_log_where_there_is_no_mail_log(tmp_path):
    make(tmp_path, "syslog", "messages-20261122")
    assert names(expand([tmp_path])) == ["messages-20261122", "syslog"]


def test_a_file_is_read_once_however_often_it_is_named(tmp_path):
    make(tmp_path, "maillog")
    os.link(tmp_path / "maillog", tmp_path / "same.log")
    (tmp_path / "link").symlink_to("maillog")
    assert expand([tmp_path / "maillog", tmp_path / "link", tmp_path, STDIN, STDIN]) == (
        tmp_path / "maillog",
        STDIN,
    )


def test_a_damaged_archive_is_not_passed_over(tmp_path):
    make(tmp_path, "maillog.1.gz")
    (tmp_path / "maillog.1.gz").write_bytes(b"\x1f\x8b rubbish")
    assert names(expand([tmp_path])) == ["maillog.1.gz"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", "no such file"),
        ("file/below", "no such file"),
        ("empty", "no logs in this directory"),
    ],
)
def test_what_is_not_there_is_said_before_anything_is_read(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    make(tmp_path, "file")
    with pytest.raises(SourceError) as raised:
        expand([tmp_path / "file", tmp_path / name])
    assert (str(raised.value), raised.value.code) == (
        f"{tmp_path / name}: {message}",
        Exit.NO_INPUT,
    )


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert expand([tmp_path / "pipe"]) == (tmp_path / "pipe",)


def test_a_name_of_hostile_bytes_is_shown_harmlessly(tmp_path):
    with pytest.raises(SourceError) as raised:
        expand([tmp_path / "\x1b[31mred\udcff"])
    assert str(raised.value).isprintable()
    assert Path("red").name in str(raised.value)
