import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch_mx.sources import history as history_module
from logwatch_mx.sources.history import History, Position
from logwatch_mx.sources.lookback import find_back, subjects
from logwatch_mx.sources.losses import Losses

SUBJECTS = [
    (b"Nov 23 14:22:34 mx postfix/qmgr[7]: DC6B2232B83: removed", (b"DC6B2232B83",)),
    (
        b"2026-11-23T14:43:07.335564+00:00 mx postfix/smtp[7]: 450EC232C36: to=<a@b>",
        (b"450EC232C36",),
    ),
    (
        b"2026-11-23T14:43:07.335564+00:00 mx postfix/bounce[8839]: 450EC232C36: sender non-delivery notification: 5181A232C38",
        (b"450EC232C36", b"5181A232C38"),
    ),
    (
        b"Nov 23 14:22:34 mx postfix/bounce[1]: DC6B2232B83: sender delivery status notification: E927E232BAA\r",
        (b"DC6B2232B83", b"E927E232BAA"),
    ),
    (
        b"Nov 23 14:29:15 mx postfix/cleanup[433]: warning: C9882232C20: message rejected: hopcount exceeded",
        (b"C9882232C20",),
    ),
    (
        b"2026-11-23T14:20:09.523938+00:00 mx sm-mta[8257]: 6ANEK9G8008229: 6ANEK9G8008257: DSN: User unknown",
        (b"6ANEK9G8008229", b"6ANEK9G8008257"),
    ),
    (
        b"Dec 12 00:00:02 machinename sendmail[20512]: [ID 801593 mail.info] kBC502520512: from=root, size=301",
        (b"kBC502520512",),
    ),
    (
        b"<22>Jun 26 12:02:38 sendmail[23292]: [ID 801593 mail.info] h5QG2YLj023291: h5QG2cLj023292: clone: owner=owner-whine",
        (b"h5QG2YLj023291", b"h5QG2cLj023292"),
    ),
    # Solaris, an entry cut short by its newline
    (
        b"Feb 24 00:30:08 paris sendmail[17502]: [ID 801593 mail.error] g1NNU6WZ017502:",
        (b"g1NNU6WZ017502",),
    ),
    (
        b"<22>1 2026-11-23T14:43:07Z mx postfix/smtp 1234 - - 450EC232C36: to=<a@b>",
        (b"450EC232C36",),
    ),
    (
        b'<22>1 2026-11-23T14:43:07Z mx postfix/smtp 1234 - [x y="1"] 450EC232C36: to=<a@b>',
        (b"450EC232C36",),
    ),
    (b"Nov 23 14:22:34 mx postfix/smtp[7]:  450EC232C36: two spaces", (b"450EC232C36",)),
    (b"Nov 23 14:22:34 mx postfix/smtp: 450EC232C36: no pid", (b"450EC232C36",)),
    (b"Nov 23 14:22:34 mx postfix/smtpd[1]: connect from x[1.2.3.4]", ()),
    # what others say is not the subject
    (
        b"Nov 23 14:22:34 mx postfix/smtp[1]: AAAAAAAAAA1: to=<a@b>, status=deferred (said: 450 x: DC6B2232B83: y)",
        (b"AAAAAAAAAA1",),
    ),
    (
        b"Nov 23 14:22:34 mx postfix/smtp[1]: AAAAAAAAAA1: replaced: header Subject: DC6B2232B83",
        (b"AAAAAAAAAA1",),
    ),
    (b"", ()),
    (b"no header at all", ()),
]


@pytest.mark.parametrize(("raw", "expected"), SUBJECTS)
def test_the_subject_stands_where_the_daemon_puts_it(raw, expected):
    assert subjects(raw) == expected


@given(st.binary(max_size=80))
def test_any_bytes_have_subjects(raw):
    assert all(part in raw for part in subjects(raw))


def test_a_json_line_only_has_to_contain_the_id():
    raw = b'{"MESSAGE":"450EC232C36: to=<a@b>","SYSLOG_IDENTIFIER":"postfix/smtp"}'
    assert b"450EC232C36" in subjects(raw)


def line(queue_id, text):
    return f"Nov 23 14:22:34 mx postfix/x[7]: {queue_id}: {text}\n".encode()


def search(tmp_path, data, ids, *rest, **options):
    path = tmp_path / "maillog"
    path.write_bytes(data)
    with History.of([path]) as history:
        return find_back(history, Position(0, len(data)), ids, *rest, **options)


def test_lines_come_latest_first_and_those_behind_the_position_are_not_seen(tmp_path):
    data = line("AAAAAA1", "one") + line("BBBBBB1", "other") + line("AAAAAA1", "two")
    path = tmp_path / "maillog"
    path.write_bytes(data + line("AAAAAA1", "later"))
    with History.of([path]) as history:
        found = find_back(history, Position(0, len(data)), [b"AAAAAA1", b"CCCCCC1"])
    assert found == {
        b"AAAAAA1": [line("AAAAAA1", "two")[:-1], line("AAAAAA1", "one")[:-1]],
        b"CCCCCC1": [],
    }


def test_more_is_looked_for_in_what_lies_further_back(tmp_path):
    data = (
        line("PARENT1", "client=x")
        + line("PARENT1", "sender non-delivery notification: CHILD01")
        + line("CHILD01", "from=<>")
        + line("PARENT1", "after the bounce")
        + line("CHILD01", "to=<x>")
    )

    def parent(raw):
        return [subjects(raw)[0]] if b"notification" in raw else []

    found = search(tmp_path, data, [b"CHILD01"], parent)
    rows = data.splitlines()
    assert found == {b"CHILD01": [rows[4], rows[2], rows[1]], b"PARENT1": [rows[1], rows[0]]}


def test_done_ends_the_search_at_that_line(tmp_path):
    data = b"".join(line("AAAAAA1", str(n)) for n in range(10))
    found = search(tmp_path, data, [b"AAAAAA1"], done=lambda found: len(found[b"AAAAAA1"]) == 3)
    assert found == {b"AAAAAA1": [line("AAAAAA1", str(n))[:-1] for n in (9, 8, 7)]}


def test_what_lies_outside_the_reach_is_counted(tmp_path):
    data = line("AAAAAA1", "one") + line("BBBBBB1", "two")
    near, far = Losses(), Losses()
    assert search(tmp_path, data, [b"AAAAAA1"], limit=50, losses=near) == {b"AAAAAA1": []}
    assert search(tmp_path, data, [b"CCCCCC1"], losses=far) == {b"CCCCCC1": []}
    assert (near, far) == (Losses(outside=1), Losses())


LOGS = st.lists(
    st.tuples(
        st.integers(0, 20), st.sampled_from(["to=<x>", "sender delay notification: ID00003", "{"])
    ),
    max_size=40,
)


@given(
    LOGS, st.integers(1, 300), st.integers(0, 40), st.integers(0, 3000), st.sampled_from([1, 3, 20])
)
def test_neither_chunks_nor_rotation_nor_packing_change_what_is_found(
    tmp_path_factory, log, chunk, cut, limit, many
):
    rows = [
        b'{"MESSAGE": "ID%05d: json"}\n' % n if text == "{" else line(f"ID{n:05}", text)
        for n, text in log
    ]
    ids = [b"ID%05d" % n for n in range(many)]
    tmp_path = tmp_path_factory.mktemp("l")
    results = []
    for chunk_size, place, name, pack in [
        (1 << 17, 0, "log.1", bytes),
        (chunk, cut, "log.1", bytes),
        (chunk, cut, "log.gz", gzip.compress),
    ]:
        (tmp_path / name).write_bytes(pack(b"".join(rows[:place])))
        (tmp_path / "log").write_bytes(b"".join(rows[place:]))
        with (
            pytest.MonkeyPatch.context() as patch,
            History.of([tmp_path / name, tmp_path / "log"]) as history,
        ):
            patch.setattr(history_module, "CHUNK", chunk_size)
            at = Position(1, len(b"".join(rows[place:])))
            results.append(find_back(history, at, ids, limit=limit))
    assert results[0] == results[1] == results[2]
    whole, expected = len(b"".join(rows)), {queue_id: [] for queue_id in ids}
    start = whole
    for row in reversed(rows):
        start -= len(row)
        for queue_id in ids:
            if start >= whole - limit and queue_id in row:
                expected[queue_id].append(row[:-1])
    assert results[0] == expected
