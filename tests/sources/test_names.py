from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from logwatch_mx.sources.names import Rotated, families, parse_name, siblings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("maillog", Rotated("maillog")),
        ("mail.log", Rotated("mail.log")),
        ("maillog.gz", Rotated("maillog", packed=True)),
        ("mail.log.1", Rotated("mail.log", age=2)),
        ("mail.log.2.gz", Rotated("mail.log", age=3, packed=True)),
        ("maillog.0.bz2", Rotated("maillog", age=1, packed=True)),  # newsyslog
        ("mail.1.log", Rotated("mail.log", age=2)),  # logrotate: extension .log
        ("maillog.old", Rotated("maillog", age=1)),
        ("maillog-20261122.gz", Rotated("maillog", date="20261122", packed=True)),
        ("maillog-2026112213", Rotated("maillog", date="2026112213")),
        (
            "maillog-20261122-1795305600.xz",
            Rotated("maillog", date="202611221795305600", packed=True),
        ),
        ("maillog.2026-11-22.zst", Rotated("maillog", date="20261122", packed=True)),
        ("mail-20261122.log", Rotated("mail.log", date="20261122")),
        ("mail-20261122.log.gz", Rotated("mail.log", date="20261122", packed=True)),
        ("maillog-20261122T131415", Rotated("maillog", date="20261122131415")),
        # neither a date nor a number of rotation
        ("mixed-joejob.default.rfc3339.log", Rotated("mixed-joejob.default.rfc3339.log")),
        ("mx-10.99.0.10.log", Rotated("mx-10.99.0.log", age=11)),  # nobody can tell
        ("maillog-29999999", Rotated("maillog-29999999")),
        ("", Rotated("")),
    ],
)
def test_a_name_says_log_date_and_age(name, expected):
    assert parse_name(name) == expected


FAMILIES = [
    ("maillog.10.gz", "maillog.9.gz", "maillog.2.gz", "maillog.1", "maillog"),
    ("maillog-20261121.gz", "maillog-20261122.gz", "maillog-20261123", "maillog"),
    ("mail.log.2.gz", "mail.log.1", "mail.log.0", "mail.log"),
    ("mail-20261122.log", "mail-20261123.log", "mail.log"),
    ("maillog.2.gz", "maillog.1", "maillog-20261122", "maillog"),
]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_files_of_a_log_stand_in_time_order(family):
    ordered = tuple(Path("/logs") / name for name in family)
    for shuffled in list(permutations(ordered))[:30]:
        assert families(shuffled) == (ordered,)


def test_other_names_and_other_directories_are_other_logs():
    paths = [Path(p) for p in ("a/maillog.1", "b/maillog", "a/mx2.log", "a/maillog", "-")]
    assert families(paths) == (
        (Path("a/maillog.1"), Path("a/maillog")),
        (Path("b/maillog"),),
        (Path("a/mx2.log"),),
        (Path("-"),),
    )


def test_stamps_outdo_names_where_they_are_known():
    stamps = {"maillog.3": 9, "maillog.2": 3, "maillog.1": None, "maillog": 7}

    def first_stamp(path):
        day = stamps[path.name]
        return datetime(2026, 11, day, tzinfo=UTC) if day else None

    # maillog.1 has none: it stays behind maillog.2, as its name says
    names = [path.name for path in families([Path(name) for name in stamps], first_stamp)[0]]
    assert names == ["maillog.2", "maillog.1", "maillog", "maillog.3"]


def test_siblings_are_the_same_log_in_the_same_directory(tmp_path):
    for name in (
        "maillog",
        "maillog.1",
        "maillog.1.gz",
        "maillog.2.gz",
        "maillog.2.gz.part",
        "mail.log.1",
        "maillogx",
    ):
        (tmp_path / name).touch()
    names = [path.name for path in siblings(tmp_path / "maillog")]
    # of .1 and .1.gz only the plain one: gzip is at work
    assert names == ["maillog.2.gz", "maillog.1", "maillog"]
    assert siblings(tmp_path / "gone" / "maillog") == ()


def test_a_packed_copy_of_the_current_log_is_no_sibling(tmp_path):
    (tmp_path / "maillog").touch()
    (tmp_path / "maillog.gz").touch()
    assert siblings(tmp_path / "maillog") == (tmp_path / "maillog",)
    assert siblings(tmp_path / "maillog.gz") == (tmp_path / "maillog.gz",)


def test_a_link_has_the_siblings_of_its_target_up_to_it(tmp_path):
    for day in (1, 2, 3):
        (tmp_path / f"mail-2026112{day}.log").touch()
    link = tmp_path / "current"
    link.symlink_to("mail-20261122.log")
    names = [path.name for path in siblings(link)]
    assert names == ["mail-20261121.log", "mail-20261122.log"]
