import os
import stat
import subprocess
import sys
import textwrap
from datetime import UTC, datetime

import pytest

from logwatch_mx.errors import EffectError
from logwatch_mx.model.action import Verb
from logwatch_mx.respond import transport
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.route import Entry

UNTIL = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
PAUSED = (
    "retry:4.4.6 mail for this domain is paused by logwatch-mx"
    " (loop/seaton.biz/2026-11-23T14:29:10Z)"
)


def entry(domain="seaton.biz", verb=Verb.PAUSE, **more):
    incident = f"loop/{domain}/2026-11-23T14:29:10Z"
    fields = {"incident": incident, "action": f"{incident}#{verb}", "until": UNTIL, **more}
    return Entry(domain=domain, verb=verb, **fields)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "transport"


@pytest.fixture
def routes(path, postmap):
    made = PostfixMap(path, postmap=postmap)
    made.mend()
    return made


def live(path, postmap):
    return Postmap(postmap).contents(path)


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def test_an_empty_map_that_postfix_can_read_is_made_first(routes, path, postmap):
    assert routes.entries() == {}
    assert live(path, postmap) == {}
    assert names(path.parent) == ["transport", "transport.lmdb"]
    for name in ("transport", "transport.lmdb"):
        assert stat.S_IMODE((path.parent / name).stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("verb", "route"),
    [
        (Verb.PAUSE, PAUSED),
        (
            Verb.REJECT,
            (
                "error:5.4.6 mail for this domain is refused by logwatch-mx"
                " (loop/seaton.biz/2026-11-23T14:29:10Z)"
            ),
        ),
        (
            Verb.DISCARD,
            (
                "discard:mail for this domain is discarded by logwatch-mx"
                " (loop/seaton.biz/2026-11-23T14:29:10Z)"
            ),
        ),
    ],
)
def test_an_entry_is_live_and_written_when_set_returns(routes, path, postmap, verb, route):
    routes.set(entry(verb=verb))
    assert live(path, postmap) == {"seaton.biz": route}
    assert routes.entries() == {"seaton.biz": entry(verb=verb)}
    assert names(path.parent) == ["transport", "transport.lmdb"]


def test_the_live_file_is_changed_in_place(routes, path):
    # Postfix keeps a file that was renamed away open for 7 to 11 seconds.
    before = path.with_name("transport.lmdb").stat().st_ino
    routes.set(entry())
    routes.set(entry("b.example"))
    routes.unset("seaton.biz")
    routes.mend()
    assert path.with_name("transport.lmdb").stat().st_ino == before


def test_only_the_domain_itself_is_touched(routes, path, postmap):
    routes.set(entry())
    for other in ("notseaton.biz", "mail.seaton.biz", ".seaton.biz", "biz", "*"):
        assert Postmap(postmap).query(path, other) is None


def test_the_map_that_postfix_would_make_of_the_text_is_the_live_one(routes, path, postmap):
    routes.set(entry())
    routes.set(entry("b.example", Verb.DISCARD))
    before = live(path, postmap)
    Postmap(postmap).build(path)
    assert live(path, postmap) == before


def test_another_verb_takes_the_place_of_the_first(routes, path, postmap):
    routes.set(entry())
    routes.set(entry(verb=Verb.DISCARD))
    assert live(path, postmap)["seaton.biz"].startswith("discard:")
    assert routes.entries() == {"seaton.biz": entry(verb=Verb.DISCARD)}


def test_what_is_taken_back_is_gone_and_the_rest_stays(routes, path, postmap):
    routes.set(entry())
    routes.set(entry("b.example"))
    assert routes.unset("b.example")
    assert not routes.unset("b.example")
    assert not routes.unset("unknown.example")
    assert live(path, postmap) == {"seaton.biz": PAUSED}
    assert routes.entries() == {"seaton.biz": entry()}


@pytest.mark.parametrize(
    "strange",
    [
        entry("*"),
        entry("seaton.biz\n*"),
        entry(".biz"),
        entry("seaton.biz", Verb.HOLD),
        entry("seaton.biz", incident="loop\n* discard:"),
        entry("seaton.biz", action="a b"),
    ],
)
def test_what_might_say_more_than_one_line_never_reaches_the_map(routes, path, postmap, strange):
    with pytest.raises(EffectError):
        routes.set(strange)
    assert live(path, postmap) == {}
    assert routes.entries() == {}


def test_an_edited_text_is_left_as_it_is(routes, path, postmap):
    routes.set(entry())
    edited = path.read_text() + "partner.example smtp:[192.0.2.1]\n"
    path.write_text(edited)
    for change in (
        lambda: routes.set(entry("b.example")),
        lambda: routes.unset("seaton.biz"),
        routes.mend,
    ):
        with pytest.raises(EffectError, match="edited by another hand; nothing was changed"):
            change()
    assert path.read_text() == edited
    assert live(path, postmap) == {"seaton.biz": PAUSED}
    assert routes.entries() == {"seaton.biz": entry()}


def test_force_takes_our_entry_out_of_an_edited_map_and_nothing_else(routes, path, postmap):
    routes.set(entry())
    path.write_text(path.read_text() + "partner.example smtp:[192.0.2.1]\n")
    Postmap(postmap).build(path)
    assert routes.unset("seaton.biz", force=True)
    assert live(path, postmap) == {"partner.example": "smtp:[192.0.2.1]"}
    assert path.read_text().endswith("\npartner.example smtp:[192.0.2.1]\n")
    assert routes.entries() == {}
    assert not routes.unset("partner.example", force=True)


def test_a_foreign_live_entry_is_noticed_and_left_alone(routes, path, postmap):
    routes.set(entry())
    Postmap(postmap).put(path, "partner.example", "smtp:[192.0.2.1]")
    for change in (lambda: routes.set(entry("b.example")), routes.mend):
        with pytest.raises(EffectError, match=r"1 entries are not ours .*'partner.example'"):
            change()
    assert routes.unset("seaton.biz")  # mail may always flow again
    assert live(path, postmap) == {"partner.example": "smtp:[192.0.2.1]"}


def test_mending_brings_the_live_map_in_line_with_the_text(routes, path, postmap):
    routes.set(entry())
    by_hand = Postmap(postmap)
    by_hand.drop(path, "seaton.biz")  # killed before the live map was changed
    by_hand.put(path, "b.example", transport.route_of(entry("b.example")))  # killed in unset
    routes.mend()
    assert live(path, postmap) == {"seaton.biz": PAUSED}


def test_a_lost_live_map_is_made_from_the_text(routes, path, postmap):
    routes.set(entry())
    path.with_name("transport.lmdb").unlink()
    routes.mend()
    assert live(path, postmap) == {"seaton.biz": PAUSED}


def test_a_lost_text_is_rescued_from_the_live_map(routes, path, postmap):
    routes.set(entry())
    path.unlink()
    assert routes.entries() == {"seaton.biz": entry(until=None)}
    routes.mend()
    assert routes.entries() == {"seaton.biz": entry(until=None)}
    assert routes.unset("seaton.biz")
    assert live(path, postmap) == {}


def test_what_a_killed_process_left_is_cleared_away(routes, path):
    (path.parent / ".lwmx-try-old").mkdir()
    (path.parent / ".lwmx-try-old" / "transport").touch()
    routes.mend()
    assert names(path.parent) == ["transport", "transport.lmdb"]


def program(folder, text):
    made = folder / "fake-postmap"
    made.write_text(f"#!/bin/sh\n{text}\n")
    made.chmod(0o755)
    return str(made)


@pytest.mark.parametrize(
    ("text", "said", "retry"),
    [
        (
            # Debian 12 without postfix-lmdb
            (
                "echo 'postmap: fatal: unsupported dictionary type: lmdb. Is the postfix-lmdb package"
                " installed?' >&2; exit 1"
            ),
            "this Postfix has no lmdb maps: install postfix-lmdb",
            False,
        ),
        (
            # dynamicmaps.cf or the plug-in belongs to somebody else than root
            "echo 'postmap: fatal: unsupported map type for this operation: lmdb' >&2; exit 1",
            "this Postfix has no lmdb maps: install postfix-lmdb",
            False,
        ),
        ("echo 'postmap: fatal: open: No space left on device' >&2; exit 1", "No space", True),
        ("echo 'postmap: fatal: \x1b[31mPermission denied' >&2; exit 1", r"\?\[31mPerm", False),
        ("exit 64", "status 64", False),
        # Status 0 and nothing done: seen for a line that postmap does not like.
        ("echo 'postmap: warning: line 1: ignoring this line' >&2", "does not read", False),
    ],
)
def test_what_postmap_complains_of_is_told_and_nothing_changes(
    routes, path, postmap, tmp_path, text, said, retry
):
    routes.set(entry())
    before = path.read_text()
    broken = PostfixMap(
        path, postmap=program(tmp_path, f'[ "$1" = -s ] && exec {postmap} "$@"\n{text}')
    )
    with pytest.raises(EffectError, match=said) as raised:
        broken.set(entry("b.example"))
    assert raised.value.retry is retry
    assert path.read_text() == before
    assert live(path, postmap) == {"seaton.biz": PAUSED}


def test_the_text_does_not_promise_what_is_not_live(routes, path, postmap, tmp_path):
    before = path.read_text()
    only_put_fails = program(
        tmp_path,
        f'case "$*" in *-i*) echo "postmap: fatal: No space left on device" >&2; exit 1;; esac\n'
        f'exec {postmap} "$@"',
    )
    with pytest.raises(EffectError, match="No space left"):
        PostfixMap(path, postmap=only_put_fails).set(entry())
    assert path.read_text() == before
    assert live(path, postmap) == {}


def test_what_is_live_after_a_failure_is_taken_back_with_the_text(routes, path, postmap, tmp_path):
    before = path.read_text()
    put_and_fail = program(
        tmp_path,
        f'{postmap} "$@" || exit\n'
        'case "$*" in *-i*) echo "postmap: fatal: close: Input/output error" >&2; exit 1;; esac',
    )
    with pytest.raises(EffectError, match="Input/output error"):
        PostfixMap(path, postmap=put_and_fail).set(entry())
    assert path.read_text() == before
    assert live(path, postmap) == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/nowhere/postmap", r"/nowhere/postmap: not found: install Postfix, or set \[respond\]"),
        ("/etc/passwd", "/etc/passwd: Permission denied"),
    ],
)
def test_a_postmap_that_cannot_be_run_is_told(routes, path, name, said):
    with pytest.raises(EffectError, match=said):
        PostfixMap(path, postmap=name).set(entry())


FULL = """
import sys
from pathlib import Path
from logwatch_mx.errors import EffectError
from logwatch_mx.model.action import Verb
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.route import Entry
path = Path(sys.argv[1], "transport")
routes = PostfixMap(path, postmap=sys.argv[2])
def entry(domain):
    return Entry(domain=domain, verb=Verb.PAUSE, incident="loop/x", action="loop/x#pause")
routes.mend()
routes.set(entry("seaton.biz"))
before = path.read_text()
exec(sys.argv[3])
try:
    routes.set(entry("b.example"))
except EffectError as error:
    print(error.retry, error)
print(path.read_text() == before, list(routes.entries()))
"""


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (
            (
                "import contextlib\nwith contextlib.suppress(OSError), open(path.parent / 'f', 'wb') as f:\n"
                "  while True: f.write(bytes(4096)); f.flush()"
            ),
            "True ",
        ),
        (
            "import subprocess; subprocess.run(['mount', '-o', 'remount,bind,ro', path.parent], check=True)",
            "False ",
        ),
    ],
    ids=["no space", "read-only"],
)
def test_a_disk_that_does_not_write_changes_nothing(tmp_path, postmap, trouble, said):
    inner = 'mount -t tmpfs -o size=256k none "$1" && exec "$2" -c "$3" "$1" "$4" "$5"'
    done = subprocess.run(
        [
            "unshare",
            "-rm",
            "sh",
            "-c",
            inner,
            "sh",
            tmp_path,
            sys.executable,
            FULL,
            postmap,
            textwrap.dedent(trouble),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "unshare" in done.stderr and not os.environ.get("CI"):
        pytest.skip(f"no disk of our own can be made here: {done.stderr.strip()}")
    assert done.stderr == ""
    told, unchanged = done.stdout.splitlines()
    assert told.startswith(said)
    assert unchanged == "True ['seaton.biz']"


def test_two_processes_lose_no_entry(routes, path, postmap):
    child = textwrap.dedent("""
        import sys
        from pathlib import Path
        from logwatch_mx.model.action import Verb
        from logwatch_mx.respond.postfix import PostfixMap
        from logwatch_mx.respond.route import Entry
        routes = PostfixMap(Path(sys.argv[1]), postmap=sys.argv[2])
        for number in range(5):
            routes.set(Entry(domain=f"{sys.argv[3]}{number}.example", verb=Verb.PAUSE,
                             incident="loop/x", action="loop/x#pause"))
    """)
    both = [
        subprocess.Popen([sys.executable, "-c", child, path, postmap, name]) for name in ("a", "b")
    ]
    assert [one.wait(60) for one in both] == [0, 0]
    wanted = sorted(f"{name}{number}.example" for name in "ab" for number in range(5))
    assert sorted(live(path, postmap)) == wanted
    assert sorted(routes.entries()) == wanted
