import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from logwatch_mx.errors import EffectError, PermissionDeniedError, StateError
from logwatch_mx.state.schema import MIGRATIONS, migrate, version_of
from logwatch_mx.state.store import Store


def opened(path, **options):
    with Store.open(path, **options) as store:
        return store.notes, store.load_engine()


def written(path, engine=b"engine"):
    with Store.open(path) as store, store.transaction() as t:
        t.save_engine(engine)
    return path


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def run(program, *arguments, wrap=(), **options):
    return subprocess.run(
        [*wrap, sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


def test_the_directory_and_a_file_that_strangers_cannot_read_are_made(tmp_path):
    path = written(tmp_path / "lib" / "state.db")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(path.parent) == ["state.db", "state.db.lock"]


def test_two_daemons_never_share_a_state(tmp_path):
    path = tmp_path / "state.db"
    with Store.open(path):
        with pytest.raises(
            StateError, match=rf"{path}: in use by process {os.getpid()}; one daemon at a time"
        ):
            Store.open(path)
        opened(path, daemon=False)
        opened(path, read_only=True)
    opened(path)


def test_the_lock_dies_with_its_process(tmp_path):
    path = tmp_path / "state.db"
    killed = run(
        """
        import os, signal, sys
        from pathlib import Path
        from logwatch_mx.state.store import Store
        store = Store.open(Path(sys.argv[1]))
        with store.transaction() as t:
            t.save_engine(b"before")
        with store.transaction() as t:
            t.save_engine(b"during")
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        path,
    )
    assert killed.returncode == -9
    assert opened(path) == ((), b"before")


def test_a_reader_sees_what_the_daemon_wrote_while_it_runs(tmp_path):
    path = tmp_path / "state.db"
    with Store.open(path) as daemon:
        with Store.open(path, read_only=True) as reader:
            for engine in (b"1", b"2"):
                with daemon.transaction() as t:
                    t.save_engine(engine)
                assert reader.load_engine() == engine
            with (
                pytest.raises(PermissionDeniedError, match="cannot be written to"),
                reader.transaction() as t,
            ):
                t.save_engine(b"3")
        assert daemon.load_engine() == b"2"


def test_a_reader_makes_no_state(tmp_path):
    with pytest.raises(StateError, match="no state yet: the daemon has not run here"):
        Store.open(tmp_path / "state.db", read_only=True)
    assert names(tmp_path) == []


@pytest.fixture
def stranger():
    """A folder that everybody may enter: pytest's own are its user's alone."""
    folder = Path(tempfile.mkdtemp(prefix="lwmx-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


READ = """
import os, sys
from pathlib import Path
from logwatch_mx.errors import LogwatchError
from logwatch_mx.state.store import Store
if os.geteuid() == 0:  # for whom every file is open
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    print(Store.open(Path(sys.argv[1]), read_only="ro" in sys.argv).load_engine())
except LogwatchError as error:
    print(type(error).__name__, error)
"""


def test_who_may_not_write_reads_a_state_that_nobody_has_open(stranger):
    path = written(stranger / "state.db")
    path.chmod(0o444)
    stranger.chmod(0o555)
    assert run(READ, path, "ro").stdout == "b'engine'\n"


def test_who_may_not_read_or_write_is_told(stranger):
    path = written(stranger / "state.db")
    path.chmod(0)
    stranger.chmod(0o555)
    told = run(READ, path, "ro").stdout
    assert told == f"PermissionDeniedError {path}: may not be read by this user\n"
    assert run(READ, path).stdout.startswith("PermissionDeniedError ")


def damage_header(path):
    path.write_bytes(b"not a database at all, " * 100)


def damage_middle(path):
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 6] = b"\xa5" * 4096 * 5
    path.write_bytes(content)


def make_foreign(path):
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE places (url TEXT)")
    other.commit()
    other.close()


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (damage_header, "damaged: file is not a database"),
        (damage_middle, "damaged: "),
        (make_foreign, "a database of another program"),
    ],
)
def test_what_cannot_be_used_is_set_aside_whole(tmp_path, break_it, said):
    path = written(tmp_path / "state.db")
    break_it(path)
    before = path.read_bytes()
    with pytest.raises(StateError, match=said):  # who is no daemon moves nothing
        Store.open(path, daemon=False)
    assert path.read_bytes() == before
    notes, engine = opened(path)
    assert engine is None
    assert notes[0].startswith(f"{path}: {said}")
    assert notes[0].endswith("; kept as state.db.corrupt-1, and an empty state begun")
    assert (tmp_path / "state.db.corrupt-1").read_bytes() == before
    assert opened(path) == ((), None)
    break_it(path)
    assert "state.db.corrupt-2" in opened(path)[0][0]
    assert (tmp_path / "state.db.corrupt-1").read_bytes() == before


def test_a_reader_says_that_the_state_is_damaged(tmp_path):
    path = written(tmp_path / "state.db")
    damage_header(path)
    with pytest.raises(StateError, match=r"damaged: .*; the daemon sets it aside when it starts"):
        Store.open(path, read_only=True)


def test_a_newer_state_is_refused_and_left_alone(tmp_path):
    path = written(tmp_path / "state.db")
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    other.close()
    before = path.read_bytes()
    for options in ({}, {"read_only": True}):
        with pytest.raises(StateError, match=r"written by a newer version \(schema 2"):
            Store.open(path, **options)
    assert path.read_bytes() == before
    assert not [name for name in names(tmp_path) if "corrupt" in name]


def test_an_empty_file_is_a_new_state(tmp_path):
    path = tmp_path / "state.db"
    path.touch()
    assert opened(path) == ((), None)


def test_a_directory_in_place_of_the_file_is_told(tmp_path):
    with pytest.raises(StateError, match="cannot be opened"):
        Store.open(tmp_path)


def test_each_step_to_a_newer_version_is_whole_or_not_at_all():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [*MIGRATIONS, "CREATE TABLE more (x); CREATE TABLE meta (x);\n"])
    assert version_of(connection) == 1
    migrate(connection, [*MIGRATIONS, "CREATE TABLE more (x);\nDROP TABLE notices;\n"])
    assert version_of(connection) == 2
    assert connection.execute("SELECT * FROM meta").fetchall() == [("a", "b")]
    assert connection.execute("SELECT * FROM more").fetchall() == []
    connection.close()


def test_another_writer_that_does_not_let_go_means_try_again(tmp_path):
    path = written(tmp_path / "state.db")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Store.open(path) as store:
        store._connection.execute("PRAGMA busy_timeout = 1")
        with (
            pytest.raises(EffectError, match="busy: another process is writing") as raised,
            store.transaction() as t,
        ):
            t.save_engine(b"x")
        assert raised.value.retry
    other.close()


FILL = """
import sys
from pathlib import Path
from logwatch_mx.errors import EffectError
from logwatch_mx.state.store import Store
store = Store.open(Path(sys.argv[1]))
with store.transaction() as t:
    t.save_engine(b"small")
try:
    with store.transaction() as t:
        t.save_meta("half", "done")
        t.save_engine(bytes(4 << 20))
except EffectError as error:
    print(error.retry, error)
print(store.load_engine(), store.meta("half"))
with store.transaction() as t:
    t.save_engine(b"again")
print(store.load_engine())
"""


def test_a_full_disk_means_try_again_and_loses_nothing(tmp_path):
    inner = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -c "$3" "$1/state.db"'
    filled = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inner, "sh", tmp_path, sys.executable, FILL],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "unshare" in filled.stderr and not os.environ.get("CI"):
        pytest.skip(f"no small disk can be made here: {filled.stderr.strip()}")
    assert filled.stderr == ""
    assert filled.stdout.splitlines() == [
        f"True {tmp_path}/state.db: no space left on the disk: make room",
        "b'small' None",
        "b'again'",
    ]
