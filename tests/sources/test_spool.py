import tempfile

import pytest

from logwatch_mx.sources.spool import Spool


def test_a_spool_without_bytes_makes_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    spool = Spool(8)
    assert spool.read(0, 8) == b""
    with pytest.raises(FileNotFoundError):
        spool.write(b"x", 0)
    spool.close()


def test_a_spool_keeps_the_last_bytes_and_says_where_they_begin():
    spool = Spool(4)
    spool.write(b"abc", 0)
    spool.write(b"cdef", 2)
    assert (spool.floor, spool.end, spool.read(0, 9)) == (2, 6, b"cdef")
    spool.close()
