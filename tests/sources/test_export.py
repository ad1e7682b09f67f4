"""The journal's export format: every entry one line of syslog, however the bytes come."""

import bz2
import gzip
import lzma
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.errors import DataError
from logwatch_mx.sources.archive import read_blocks, read_bytes
from logwatch_mx.sources.block import lines
from logwatch_mx.sources.export import read_export

# As systemd 252 writes it; the second message holds a byte that is no text, and a newline.
BINARY = b"17CCA8044: to=<b\xff@b.test>\nNov 23 12:00:00 mx postfix/smtp[1]: forged"
EXPORT = b"""__CURSOR=s=1;i=1
__REALTIME_TIMESTAMP=1795435200123456
_HOSTNAME=mx1
SYSLOG_IDENTIFIER=postfix/qmgr
_COMM=qmgr
_PID=71
MESSAGE=17CCA8044: removed = gone

__CURSOR=s=1;i=2
__REALTIME_TIMESTAMP=1795435201000000
_SOURCE_REALTIME_TIMESTAMP=1795435200999999
MESSAGE
%s%s
SYSLOG_IDENTIFIER=postfix/smtp
SYSLOG_PID=72
_HOSTNAME=mx1

""" % (len(BINARY).to_bytes(8, "little"), BINARY)
ROWS = (
    b"2026-11-23T12:00:00.123456+00:00 mx1 postfix/qmgr[71]: 17CCA8044: removed = gone\n"
    b"2026-11-23T12:00:00.999999+00:00 mx1 postfix/smtp[72]: 17CCA8044: to=<b\xff@b.test>#012"
    b"Nov 23 12:00:00 mx postfix/smtp[1]: forged\n"
)


@given(st.lists(st.integers(0, len(EXPORT)), max_size=8).map(sorted))
def test_the_lines_are_the_same_however_the_bytes_are_cut(cuts):
    places = [0, *cuts, len(EXPORT)]
    chunks = [EXPORT[a:b] for a, b in pairwise(places)]
    assert b"".join(read_export(chunks, "x")) == ROWS


def test_a_last_entry_without_its_empty_line_counts():
    assert b"".join(read_export([EXPORT.removesuffix(b"\n")], "x")) == ROWS


@pytest.mark.parametrize("end", [b"MESS", b"MESSAGE\n\x05\0\0", b"MESSAGE\n\x05\0\0\0\0\0\0\0ab"])
def test_what_breaks_off_is_read_to_its_last_whole_entry(end):
    rows = read_export([EXPORT, b"__CURSOR=s=1;i=3\n" + end], "x")
    assert next(rows) == ROWS
    with pytest.raises(DataError, match="x: the export breaks off"):
        list(rows)


def test_a_field_of_absurd_length_ends_the_reading():
    with pytest.raises(DataError, match="too long"):
        list(read_export([b"__CURSOR=1\nMESSAGE\n" + b"\xff" * 8 + b"x"], "x"))


@pytest.mark.parametrize("time", [b"", b"soon", b"9" * 30])
def test_an_entry_without_a_time_is_seen_to_be_no_line(time):
    entry = b"__CURSOR=1\n__REALTIME_TIMESTAMP=" + time + b"\nMESSAGE=x\n\n"
    assert b"".join(read_export([entry], "x")) == b"an entry of the journal without a time\n"


def test_an_exported_file_is_read_as_a_log(tmp_path):
    path = tmp_path / "mail.export"
    path.write_bytes(EXPORT)
    texts = [line.text for block in read_blocks(path) for line in lines(block)]
    assert texts == ROWS.decode("utf-8", "surrogateescape").splitlines()
    assert b"".join(read_bytes(path)) == ROWS


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_export_is_unpacked_twice(tmp_path, pack):
    path = tmp_path / "journal"
    path.write_bytes(pack(EXPORT) + pack(b""))
    assert b"".join(read_bytes(path)) == ROWS
    path.write_bytes(pack(b"__CUR"))
    assert b"".join(read_bytes(path)) == b"__CUR"
