import pytest
from msgspec import structs

from logwatch_mx.sources.follow import (
    Checkpoint,
    Fate,
    Leg,
    Seen,
    fingerprint,
    judge,
    legs,
    resumed,
)

MARK = Checkpoint(
    "maillog", 1, 10, offset=100, number=5, fingerprint=fingerprint(b"head"), head=4, modified=50
)


def seen(path, inode, *, size=200, modified=40, packed=False, same=False, device=1):
    return Seen(path, device, inode, size, modified, packed, path == "maillog", same)


@pytest.mark.parametrize(
    ("here", "size", "consumed", "fate"),
    [
        (seen("maillog", 10, same=True), 200, 100, Fate.SAME),
        (seen("maillog", 10, same=True), 100, 100, Fate.SAME),
        (seen("maillog", 10, same=True), 99, 100, Fate.CUT),
        (seen("maillog", 10, same=False), 200, 100, Fate.CUT),  # cut and grown past our place
        (seen("maillog", 11, same=True), 200, 100, Fate.REPLACED),
        (seen("maillog", 10, same=True, device=2), 200, 100, Fate.REPLACED),
        (None, 200, 100, Fate.GONE),
    ],
)
def test_what_became_of_a_file(here, size, consumed, fate):
    assert judge(MARK, here, size=size, consumed=consumed) is fate


A = seen("maillog.1", 10, same=True)
OLD = seen("maillog.2", 9)
NEW = seen("maillog", 11, size=7)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param([OLD, A, NEW], (True, [(A, 100, 5), (NEW, 0, 1)]), id="renamed"),
        pytest.param(
            [OLD, seen("maillog.2", 10, same=True), seen("maillog.1", 12), NEW],
            (
                True,
                [
                    (seen("maillog.2", 10, same=True), 100, 5),
                    (seen("maillog.1", 12), 0, 1),
                    (NEW, 0, 1),
                ],
            ),
            id="rotated twice",
        ),
        pytest.param(
            [OLD, seen("maillog.1", 13, same=True), seen("maillog", 10, size=7)],
            (
                True,
                [(seen("maillog.1", 13, same=True), 100, 5), (seen("maillog", 10, size=7), 0, 1)],
            ),
            id="copied and truncated",
        ),
        pytest.param(
            [seen("maillog.1", 13, same=True), seen("maillog", 10, size=900)],
            (
                True,
                [(seen("maillog.1", 13, same=True), 100, 5), (seen("maillog", 10, size=900), 0, 1)],
            ),
            id="copied, truncated, grown past our place",
        ),
        pytest.param(
            [OLD, seen("maillog.1.gz", 14, size=20, packed=True, same=True), NEW],
            (
                True,
                [(seen("maillog.1.gz", 14, size=20, packed=True, same=True), 100, 5), (NEW, 0, 1)],
            ),
            id="packed since: its size says nothing",
        ),
        pytest.param(
            [seen("maillog.1", 13, size=99, same=True), NEW],
            (False, [(NEW, 0, 1)]),
            id="a copy that ends before our place is none",
        ),
        pytest.param(
            [seen("maillog.1", 10, same=False), NEW],
            (False, [(NEW, 0, 1)]),
            id="the inode was given to another file",
        ),
        pytest.param(
            [OLD, seen("maillog.1", 15, modified=51), NEW],
            (False, [(seen("maillog.1", 15, modified=51), 0, 1), (NEW, 0, 1)]),
            id="deleted: only what was written later is new",
        ),
        pytest.param([OLD], (False, []), id="deleted, and nothing there yet"),
        pytest.param([], (False, []), id="the directory is empty"),
    ],
)
def test_where_to_read_on(files, expected):
    found, way = legs(MARK, files)
    assert (found, [(leg.seen, leg.offset, leg.number) for leg in way]) == expected
    # What was found is known by how it begins; of the others nothing is known.
    assert [leg.begun for leg in way] == [True] * found + [False] * (len(way) - found)


def test_of_an_empty_file_there_is_only_its_identity():
    empty = Checkpoint("maillog", 1, 10, offset=0, number=1)
    other = seen("maillog.1", 12, same=True)
    itself = seen("maillog", 10, same=True)
    assert legs(empty, [other, itself]) == (True, (Leg(itself),))
    assert legs(empty, [other]) == (False, (Leg(other),))


EMPTY = Checkpoint(path="log", device=1, inode=7, offset=0, number=1, modified=50)
READ = Checkpoint(
    path="log", device=1, inode=9, offset=400, number=9, fingerprint=b"f", head=400, modified=60
)


def now(path, inode, *, size=0, modified=0, packed=False, same=False):
    return Seen(path, 1, inode, size, modified, packed, path == "log", same)


def compared(files):
    """The files as they look beside a file that was empty: they all begin as it did."""
    return [structs.replace(file, same=True) for file in files]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            [now("log.2", 7), now("log", 9, size=500, same=True)],
            [("log.2", 0), ("log", 400)],
            id="still there",
        ),
        # Copied and truncated while we were down, into the inode that the empty file had.
        pytest.param(
            [now("log.1", 7, size=450, same=True), now("log", 9, size=30)],
            [("log.1", 400), ("log", 0)],
            id="its inode went to a copy",
        ),
        pytest.param(
            [now("log.2.gz", 7, size=20, packed=True), now("log", 9, size=500, same=True)],
            [("log", 400)],
            id="its inode went to an archive",
        ),
        pytest.param(
            [now("log.1", 9, size=450, same=True), now("log", 7, size=30)],
            [("log.1", 400), ("log", 0)],
            id="its inode went to the new file",
        ),
    ],
)
def test_the_inode_of_an_empty_file_may_belong_to_another_after_a_restart(files, expected):
    found, way = resumed(READ, files, [(EMPTY, compared(files))])
    assert found
    assert [(leg.seen.path, leg.offset) for leg in way] == expected


def test_copies_that_came_without_a_sign_before_a_restart_are_new():
    known = now("log.2", 3, size=90, modified=50), now("log", 7, modified=50)
    files = compared(
        [
            now("log.2", 3, size=90, modified=50),
            now("log.1", 4, size=80, modified=51),
            now("log", 7, size=30, modified=52),
        ]
    )
    mark = structs.replace(EMPTY, known=tuple(file.key for file in known))
    found, way = resumed(mark, files, [])
    assert (found, [leg.seen.path for leg in way]) == (True, ["log.1", "log"])
