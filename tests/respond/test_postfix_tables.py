"""Tables that are renamed into place and need a reload, made by the real postmap."""

import stat

import pytest

from logwatch_mx.errors import EffectError
from logwatch_mx.model.action import Verb
from logwatch_mx.model.table_kind import SUFFIXES
from logwatch_mx.respond.cdb import read_cdb
from logwatch_mx.respond.postfix import PostfixMap, choose_kind
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.reload import reload_postfix
from logwatch_mx.respond.route import Entry
from logwatch_mx.respond.transport import route_of

RENAMED = ["hash", "btree", "cdb"]


def entry(domain="seaton.biz", verb=Verb.PAUSE):
    incident = f"loop/{domain}/2026-11-23T14:29:10Z"
    return Entry(domain=domain, verb=verb, incident=incident, action=f"{incident}#{verb}")


class Postfix:
    """Reads its table anew when it is told to, and only then; *down*: nobody can tell it."""

    def __init__(self, table):
        self.table, self.down, self.reads = table, False, None
        self.reloads = 0

    def reload(self):
        if self.down:
            raise EffectError("no helper there")
        self.reloads += 1
        self.reads = self.table()


@pytest.fixture(params=RENAMED)
def kind(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "transport"


@pytest.fixture
def tool(postmap, kind):
    return Postmap(postmap, kind)


@pytest.fixture
def postfix(tool, path):
    return Postfix(lambda: tool.contents(path))


@pytest.fixture
def routes(path, postmap, kind, postfix):
    made = PostfixMap(path, postmap=postmap, kind=kind, reload=postfix.reload)
    made.mend()
    return made


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def rows(*entries):
    return {one.domain: route_of(one) for one in entries}


def test_an_empty_table_is_made_first(routes, path, kind, postfix):
    assert names(path.parent) == sorted(["transport", f"transport{SUFFIXES[kind]}"])
    mode = path.with_name(f"transport{SUFFIXES[kind]}").stat().st_mode
    assert stat.S_IMODE(mode) == 0o644
    assert postfix.reads == {}


def test_postfix_reads_what_was_set_and_what_was_taken_back(routes, path, tool, postfix):
    routes.set(entry())
    routes.set(entry("b.example", Verb.DISCARD))
    assert postfix.reads == rows(entry(), entry("b.example", Verb.DISCARD))
    assert tool.query(path, "seaton.biz") == route_of(entry())
    for other in ("notseaton.biz", "mail.seaton.biz", ".seaton.biz", "*"):
        assert tool.query(path, other) is None
    assert routes.unset("seaton.biz")
    assert postfix.reads == rows(entry("b.example", Verb.DISCARD))


def test_the_table_is_never_half_written(routes, path, kind):
    live = path.with_name(f"transport{SUFFIXES[kind]}")
    before = live.stat().st_ino
    routes.set(entry())
    assert live.stat().st_ino != before  # another file in its place, whole from the first moment


def test_the_table_is_not_older_than_its_text(routes, path, kind):
    # "database /…/transport.db is older than source file": Postfix would say so with every look-up.
    routes.set(entry())
    routes.unset("seaton.biz")
    live = path.with_name(f"transport{SUFFIXES[kind]}")
    assert live.stat().st_mtime_ns >= path.stat().st_mtime_ns


def test_nothing_changes_without_a_reload_and_that_is_told(routes, path, tool, postfix):
    routes.set(entry())
    text = path.read_text()
    postfix.down = True
    with pytest.raises(EffectError, match="no helper there"):
        routes.set(entry("b.example"))
    assert path.read_text() == text
    assert tool.contents(path) == rows(entry())
    assert postfix.reads == rows(entry())


def test_a_reload_that_could_not_be_had_is_made_up_for_when_it_can(routes, path, postfix):
    routes.set(entry())
    postfix.down = True
    with pytest.raises(EffectError):
        routes.unset("seaton.biz")
    assert postfix.reads == rows(entry())
    postfix.down = False
    assert not routes.unset("seaton.biz")  # gone already, but not in force
    assert postfix.reads == {}
    reloads = postfix.reloads
    routes.mend()
    assert postfix.reloads == reloads


def test_a_kill_before_the_reload_is_made_up_for_at_the_next_start(
    routes, path, postmap, kind, postfix
):
    def killed():
        raise KeyboardInterrupt

    routes.live.reload = killed
    with pytest.raises(KeyboardInterrupt):
        routes.set(entry())
    assert postfix.reads == {}
    PostfixMap(path, postmap=postmap, kind=kind, reload=postfix.reload).mend()
    assert postfix.reads == rows(entry())


def test_a_foreign_live_entry_is_noticed_and_left_alone(routes, path, tool, postfix, tmp_path):
    routes.set(entry())
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "transport"
    other.write_text(f"partner.example smtp:[192.0.2.1]\nseaton.biz {route_of(entry())}\n")
    tool.build(other)
    tool.file(other).replace(tool.file(path))
    for change in (lambda: routes.set(entry("b.example")), routes.mend):
        with pytest.raises(EffectError, match=r"1 entries are not ours .*'partner.example'"):
            change()
    assert routes.unset("seaton.biz")  # mail may always flow again
    assert tool.contents(path) == {"partner.example": "smtp:[192.0.2.1]"}


@pytest.mark.parametrize("harm", [b"", b"garbage", None])
def test_a_broken_table_is_made_anew_from_the_text(routes, path, tool, harm):
    routes.set(entry())
    if harm is None:
        tool.file(path).unlink()
    else:
        tool.file(path).write_bytes(harm)
    routes.mend()
    assert tool.contents(path) == rows(entry())


def test_an_undo_says_nothing_of_a_table_that_it_could_not_read(
    routes, path, postmap, kind, tmp_path, postfix
):
    routes.set(entry())
    path.unlink()
    dead = tmp_path / "dead-postmap"
    dead.write_text("#!/bin/sh\necho 'postmap: fatal: open: Input/output error' >&2; exit 1\n")
    dead.chmod(0o755)
    if kind == "cdb":  # whose records we read ourselves
        path.with_name("transport.cdb").write_bytes(b"garbage")
    blind = PostfixMap(path, postmap=str(dead), kind=kind, reload=postfix.reload)
    with pytest.raises(EffectError, match="Input/output error"):
        blind.unset("seaton.biz")
    assert postfix.reads == rows(entry())
    routes.unset("seaton.biz")
    assert postfix.reads == {}


def test_without_anybody_to_reload_nothing_is_promised(path, postmap, kind):
    lone = PostfixMap(path, postmap=postmap, kind=kind)
    with pytest.raises(EffectError, match="nobody may tell Postfix to reload"):
        lone.set(entry())
    assert lone.entries() == {}


@pytest.mark.parametrize("size", [0, 1, 2047, 2048 + 3, 2048 + 8 + 5])
def test_a_cdb_table_that_is_cut_off_is_an_error(path, postmap, size):
    path.write_text("a.test\tx\nb.test\ty z\n")
    Postmap(postmap, "cdb").build(path)
    whole = path.with_name("transport.cdb").read_bytes()
    assert read_cdb(whole) == {"a.test": "x", "b.test": "y z"}
    with pytest.raises(EffectError, match=r"cut off|damaged"):
        read_cdb(whole[:size])


@pytest.mark.parametrize(
    ("named", "there", "types", "kind"),
    [
        ([], [], ["btree", "cdb", "hash", "lmdb"], "lmdb"),
        ([], [], ["btree", "cdb", "hash"], "cdb"),  # Debian without postfix-lmdb
        ([], [], ["btree", "hash"], "hash"),
        ([], [], [], "lmdb"),  # postconf does not say: postmap will complain
        ([], [], ["static", "cidr"], "lmdb"),
        # What Postfix reads counts, whatever else it could read.
        (["hash:/etc/postfix/transport", "hash:MAP"], [], ["cdb", "hash", "lmdb"], "hash"),
        (["proxy:cdb:MAP"], [".lmdb"], ["cdb", "lmdb"], "cdb"),
        (["hash:MAPS"], [], ["hash", "lmdb"], "lmdb"),  # another map whose name begins so
        (["texthash:MAP"], [], ["hash", "lmdb"], "lmdb"),  # a kind that we cannot write
        # lmdb was installed later: what is there stays in use until main.cf says otherwise.
        ([], [".db"], ["hash", "lmdb"], "hash"),
        (["lmdb:MAP"], [".db"], ["hash", "lmdb"], "lmdb"),
    ],
)
def test_the_kind_is_what_postfix_reads_or_the_best_that_it_can(path, named, there, types, kind):
    for suffix in there:
        path.with_name(f"transport{suffix}").touch()
    words = [word.replace("MAP", str(path)) for word in named]
    assert choose_kind(path, named=words, types=types) == kind


def script(folder, text):
    made = folder / "postfix"
    made.write_text(f"#!/bin/sh\n{text}\n")
    made.chmod(0o755)
    return str(made)


def test_a_reload_is_exactly_that(tmp_path):
    reload_postfix(script(tmp_path, f'echo "$@" > {tmp_path}/said'))
    assert (tmp_path / "said").read_text() == "reload\n"


def test_a_postfix_that_is_down_needs_no_reload(tmp_path):
    # As postfix-script of 3.7.11 says it, with status 1.
    said = "postfix/postfix-script: fatal: the Postfix mail system is not running"
    reload_postfix(script(tmp_path, f"echo '{said}' >&2; exit 1"))


def test_a_reload_that_fails_is_told(tmp_path):
    said = "postfix: fatal: the postfix command is reserved for the superuser"
    with pytest.raises(EffectError, match="reserved for the superuser"):
        reload_postfix(script(tmp_path, f"echo '{said}' >&2; exit 1"))
