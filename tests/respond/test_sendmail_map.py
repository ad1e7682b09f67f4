"""Our sendmail map with programs that answer as sendmail 8.17.1 does; the real ones: tests/lab."""

import os
import stat
from datetime import UTC, datetime

import pytest

from logwatch_mx.errors import EffectError
from logwatch_mx.model.action import Verb
from logwatch_mx.respond.makemap import Makemap
from logwatch_mx.respond.route import Entry
from logwatch_mx.respond.sendmail import SendmailMap

UNTIL = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
MAKEMAP = """
case $1 in
    hash) umask 027; cat > "$2.db" ;;
    -u) grep -q garbage "$3.db" && { echo "makemap: error opening type hash map $3: Invalid argument" >&2; exit 73; }
        cat "$3.db" ;;
esac
"""
SENDMAIL = """
read -r _ map domain
word=$(awk -F '\\t' -v d="$domain" '$1 == d { print $2 }' DB)
echo 'ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)'
echo 'Enter <ruleset> <address>'
if [ -n "$word" ]; then echo "> map_lookup: $map ($domain) returns $word (0)"
else echo "> map_lookup: $map ($domain) no match (0)"; fi
printf '> '
"""


def entry(domain="seaton.biz", verb=Verb.PAUSE, **more):
    incident = f"loop/{domain}/2026-11-23T14:29:10Z"
    fields = {"incident": incident, "action": f"{incident}#{verb}", "until": UNTIL, **more}
    return Entry(domain=domain, verb=verb, **fields)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "lib").mkdir()
    return tmp_path / "lib" / "sendmail-route"


@pytest.fixture
def program(tmp_path):
    def write(name, text):
        made = tmp_path / name
        made.write_text(f"#!/bin/sh\n{text}\n")
        made.chmod(0o755)
        return str(made)

    return write


@pytest.fixture
def open_map(path, program):
    """Return ``open_map(makemap=…, sendmail=…)``, each a script that takes the good one's place."""
    good = SENDMAIL.replace("DB", f"{path}.db")

    def start(makemap=MAKEMAP, sendmail=good):
        return SendmailMap(
            path, makemap=program("makemap", makemap), sendmail=program("sendmail", sendmail)
        )

    return start


@pytest.fixture
def routes(open_map):
    made = open_map()
    made.mend()
    return made


def live(path):
    return path.with_name("sendmail-route.db").read_text()


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def test_an_empty_map_that_sendmail_can_read_is_made_first(routes, path):
    assert routes.entries() == {}
    assert live(path) == ""
    assert names(path.parent) == ["sendmail-route", "sendmail-route.db"]
    # sendmail ignores a map that it may not read, without a word.
    mode = stat.S_IMODE(path.with_name("sendmail-route.db").stat().st_mode)
    assert mode == 0o644


@pytest.mark.parametrize(
    ("verb", "word"),
    [(Verb.PAUSE, "paused"), (Verb.REJECT, "reject"), (Verb.DISCARD, "discard")],
)
def test_an_entry_is_live_and_written_when_set_returns(routes, path, verb, word):
    routes.set(entry(verb=verb))
    assert live(path) == f"seaton.biz\t{word}\n"
    assert routes.entries() == {"seaton.biz": entry(verb=verb)}
    assert names(path.parent) == ["sendmail-route", "sendmail-route.db"]


def test_what_is_taken_back_is_gone_and_the_rest_stays(routes, path):
    routes.set(entry())
    routes.set(entry("b.example", Verb.DISCARD))
    assert routes.unset("b.example")
    assert not routes.unset("b.example")
    assert not routes.unset("unknown.example")
    assert live(path) == "seaton.biz\tpaused\n"
    assert routes.entries() == {"seaton.biz": entry()}


@pytest.mark.parametrize(
    "strange",
    [
        entry("*"),
        entry("seaton.biz\nb.example\tdiscard"),
        entry(".biz"),
        entry("seaton.biz", Verb.HOLD),
        entry("seaton.biz", incident="loop\nb.example\tdiscard"),
        entry("seaton.biz", action="a b"),
    ],
)
def test_what_might_say_more_than_one_line_never_reaches_the_map(routes, path, strange):
    with pytest.raises(EffectError):
        routes.set(strange)
    assert live(path) == ""
    assert routes.entries() == {}


def test_an_edited_text_is_left_as_it_is(routes, path):
    routes.set(entry())
    edited = path.read_text() + "partner.example\tpaused\n"
    path.write_text(edited)
    for change in (
        lambda: routes.set(entry("b.example")),
        lambda: routes.unset("seaton.biz"),
        routes.mend,
    ):
        with pytest.raises(EffectError, match="edited by another hand; nothing was changed"):
            change()
    assert path.read_text() == edited
    assert live(path) == "seaton.biz\tpaused\n"


def test_force_takes_our_entry_out_of_an_edited_map_and_nothing_else(routes, path):
    routes.set(entry())
    path.write_text(path.read_text() + "# mine\npartner.example\tsmtp:x\n")
    assert routes.unset("seaton.biz", force=True)
    assert live(path) == ""
    assert path.read_text().endswith("\n# mine\npartner.example\tsmtp:x\n")
    assert routes.entries() == {}


def test_a_foreign_live_entry_is_noticed_and_mail_may_always_flow_again(routes, path, open_map):
    routes.set(entry())
    path.with_name("sendmail-route.db").write_text("partner.example\tx\nseaton.biz\tpaused\n")
    for change in (lambda: routes.set(entry("b.example")), routes.mend):
        with pytest.raises(EffectError, match=r"1 entries are not ours .*'partner.example'"):
            change()
    assert routes.unset("seaton.biz")
    assert live(path) == "partner.example\tx\n"


@pytest.mark.parametrize(
    "harm",
    [
        lambda db: db.write_text("b.example\tpaused\n"),  # killed in unset, or in set
        lambda db: db.unlink(),
        lambda db: db.write_text("garbage"),
    ],
    ids=["old", "lost", "damaged"],
)
def test_mending_brings_the_live_map_in_line_with_the_text(routes, path, harm):
    routes.set(entry())
    harm(path.with_name("sendmail-route.db"))
    routes.mend()
    assert live(path) == "seaton.biz\tpaused\n"


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_taking_back_works_on_a_broken_map(routes, path, harm):
    routes.set(entry())
    routes.set(entry("b.example"))
    if harm == "lost":
        path.with_name("sendmail-route.db").unlink()
    else:
        path.with_name("sendmail-route.db").write_text("garbage")
    assert routes.unset("seaton.biz")
    assert live(path) == "b.example\tpaused\n"


def test_a_lost_text_is_rescued_from_the_live_map(routes, path):
    routes.set(entry(verb=Verb.DISCARD))
    path.unlink()
    routes.mend()
    rescued = entry(
        verb=Verb.DISCARD,
        incident="unknown/seaton.biz",
        action="unknown/seaton.biz#discard",
        until=None,
    )
    assert routes.entries() == {"seaton.biz": rescued}
    assert routes.unset("seaton.biz")
    assert live(path) == ""


def test_what_a_killed_process_left_is_cleared_away(routes, path):
    (path.parent / ".lwmx-make-old").mkdir()
    routes.mend()
    assert names(path.parent) == ["sendmail-route", "sendmail-route.db"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        # The three answers as sendmail 8.17.1 gives them.
        ('> Map named "lwmx" not found', "install what `prevent sendmail` prints"),
        ('> Map named "lwmx" not open', "sendmail cannot open it: all must be able to read it"),
        ("> map_lookup: lwmx (seaton.biz) no match (0)", "sendmail reads another map"),
        # Postfix's program of the same name.
        ("sendmail: fatal: unsupported: -bt", "-bt: sendmail: fatal: unsupported: -bt"),
        ("\x1b[31mno", r"-bt: \?\[31mno"),
    ],
)  # fmt: skip
def test_an_entry_that_sendmail_does_not_see_is_told_and_taken_back(
    routes, path, open_map, said, told
):
    routes.set(entry("b.example"))
    before = path.read_text()
    blind = open_map(sendmail=f"cat > /dev/null; echo '{said}'")
    with pytest.raises(EffectError, match=told):
        blind.set(entry())
    assert path.read_text() == before
    assert live(path) == "b.example\tpaused\n"


def test_a_cf_that_we_may_not_read_does_not_keep_us_from_acting(open_map, path):
    # As an ordinary user with sendmail.cf 0600: sendmail 8.17.1, status 72.
    said = "/etc/mail/sendmail.cf: line 0: cannot open: Permission denied"
    routes = open_map(sendmail=f"echo '{said}' >&2; exit 72")
    routes.set(entry())
    assert live(path) == "seaton.biz\tpaused\n"


@pytest.mark.parametrize(
    ("makemap", "said", "retry"),
    [
        ("echo 'makemap: error opening type hash map x: Permission denied' >&2; exit 73", "Perm", False),
        ("echo 'makemap: No space left on device' >&2; exit 73", "No space left", True),
        ("exit 64", "status 64", False),
        # Status 0 and another content: what a line that it does not like would leave.
        ('case $1 in hash) echo x > "$2.db" ;; -u) cat "$3.db" ;; esac', "does not read back", False),
    ],
)  # fmt: skip
def test_what_makemap_complains_of_is_told_and_nothing_changes(
    routes, path, open_map, makemap, said, retry
):
    routes.set(entry("b.example"))
    before = path.read_text()
    with pytest.raises(EffectError, match=said) as raised:
        open_map(makemap=makemap).set(entry())
    assert raised.value.retry is retry
    assert path.read_text() == before
    assert live(path) == "b.example\tpaused\n"
    assert names(path.parent) == ["sendmail-route", "sendmail-route.db"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/nowhere/makemap", "/nowhere/makemap: not found: is sendmail installed"),
        ("/etc/passwd", "/etc/passwd: Permission denied"),
    ],
)
def test_a_makemap_that_cannot_be_run_is_told(path, name, said):
    with pytest.raises(EffectError, match=said):
        Makemap(name).build(path, {})


def test_a_folder_that_cannot_be_written_is_told(open_map, path, tmp_path):
    path.parent.rmdir()
    path.parent.write_text("")
    with pytest.raises(EffectError, match="lib: "):
        open_map().mend()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_by_hand_stays_the_daemons(routes, path):
    os.chown(path.parent, 1234, 1234)
    routes.set(entry())
    assert path.with_name("sendmail-route.db").stat().st_uid == 1234
