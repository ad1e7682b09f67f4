import os
import stat
import sys
from pathlib import Path

import pytest

from logwatch_mx.config.settings import MtaSettings, Respond, Settings, Source, StateSettings
from logwatch_mx.mta.gather import find_user, gather, gather_saved
from logwatch_mx.mta.listeners import smtp_listeners
from logwatch_mx.mta.mastercf import Service, read_mastercf
from logwatch_mx.mta.permission import Node, Nodes, Want, Who, look, may, why_not

DATA = Path(__file__).parent / "data" / "doctor"
WHO = Who(name="daemon", uid=990, groups=frozenset({990, 4}))


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "want", "expected"),
    [
        (0o600, 990, 0, Want.READ, True),
        (0o040, 990, 4, Want.READ, False),  # the owner's bits count for the owner alone
        (0o640, 0, 4, Want.READ, True),
        (0o604, 0, 4, Want.READ, False),  # and the group's for the group
        (0o604, 0, 0, Want.READ, True),
        (0o640, 0, 4, Want.READ | Want.WRITE, False),
        (0o711, 0, 0, Want.ENTER, True),
        (0o711, 0, 0, Want.ENTER | Want.WRITE, False),
    ],
)
def test_mode_decides_by_the_first_class_that_fits(mode, uid, gid, want, expected):
    assert may(Node(path="/x", mode=mode, uid=uid, gid=gid), WHO, want) is expected


def test_every_directory_on_the_way_counts(tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "log").write_text("")
    (deep / "log").chmod(0o644)
    found = look(deep / "log")
    assert found.found
    assert [Path(node.path) for node in found.way] == [
        *reversed((deep / "log").parents),
        deep / "log",
    ]
    (tmp_path / "a").chmod(0o700)
    stranger = Who(name="nobody", uid=os.geteuid() + 1, groups=frozenset())
    opened = Nodes(path=found.path, way=tuple(n for n in look(deep / "log").way[-3:]))
    assert why_not(opened, stranger, Want.READ) == (
        f"{tmp_path}/a (drwx------ {os.geteuid()}:{os.getegid()}) may not be entered by nobody"
    )


def test_what_is_not_there_says_so(tmp_path):
    found = look(tmp_path / "no" / "file")
    assert not found.found
    assert found.last.path == str(tmp_path)
    root = Who(name="root", uid=0, groups=frozenset())
    assert why_not(found, root, Want.READ) == f"{tmp_path}/no/file: No such file or directory"


def test_master_cf_is_read_as_postfix_reads_it():
    text = (
        "# comment\n"
        "smtp      inet  n       -       y       -       -       smtpd\n"
        "127.0.0.1:10025 inet n - y - - smtpd\n"
        "  -o content_filter= -o mynetworks=127.0.0.0/8,10.0.0.0/8\n"
        "# in between\n"
        "  -o { smtpd_banner = $myhostname ESMTP }\n"
        "[::1]:25 inet n - n - 1 postscreen -v\n"
        "too short\n"
    )
    assert read_mastercf(text) == (
        Service(name="smtp", kind="inet", command="smtpd", overrides={}),
        Service(
            name="127.0.0.1:10025",
            kind="inet",
            command="smtpd",
            overrides={
                "content_filter": "",
                "mynetworks": "127.0.0.0/8,10.0.0.0/8",
                "smtpd_banner": "$myhostname ESMTP",
            },
        ),
        Service(name="[::1]:25", kind="inet", command="postscreen", overrides={}),
    )
    assert [(s.host, s.takes_mail) for s in read_mastercf(text)] == [
        ("", True),
        ("127.0.0.1", False),
        ("::1", True),
    ]


TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: {v4}:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: {v4}:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 00000000:0019 0101A8C0:1234 01 00000000:00000000 00:00000000 00000000     0
"""


@pytest.mark.skipif(sys.byteorder != "little", reason="the sample is of a little-endian machine")
def test_kernel_lists_who_listens_on_port_25(tmp_path):
    assert smtp_listeners(tmp_path) is None
    (tmp_path / "tcp").write_text(TCP.format(v4="0100007F"))
    (tmp_path / "tcp6").write_text(TCP.format(v4="00000000000000000000000001000000"))
    assert smtp_listeners(tmp_path) == {"127.0.0.1", "::1"}
    (tmp_path / "tcp6").write_text(TCP.format(v4="0000000000000000FFFF00000100007F"))
    assert smtp_listeners(tmp_path) == {"127.0.0.1"}


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "postconf").write_text(
        '#!/bin/sh\ncase "$1" in -m) echo hash lmdb;; *)'
        f" echo 'config_directory = {tmp_path}'; echo 'inet_interfaces = 10.0.0.1';; esac\n"
    )
    (tmp_path / "postconf").chmod(0o755)
    (tmp_path / "maillog").write_text("")
    return Settings(
        source=Source(files=(f"{tmp_path}/maillog*", f"{tmp_path}/none")),
        mta=MtaSettings(
            postconf=str(tmp_path / "postconf"), sendmail_cf=tmp_path / "mail/sendmail.cf"
        ),
        respond=Respond(postfix_map=tmp_path / "transport", sendmail_map=tmp_path / "route"),
        state=StateSettings(path=tmp_path / "state.db"),
    )


def test_a_host_with_postfix_alone_is_read_whole(tmp_path, settings):
    (tmp_path / "master.cf").write_text("smtp inet n - y - - smtpd\n")
    host = gather(settings, WHO, config=tmp_path / "config.toml", ask_helper=lambda: "no")
    assert host.unread == ()
    assert host.postfix is not None
    assert host.postfix.value("inet_interfaces") == "10.0.0.1"
    assert [service.name for service in host.postfix.services] == ["smtp"]
    assert host.table_types == {"hash", "lmdb"}
    assert host.cfs == {}
    assert host.logs == {f"{tmp_path}/maillog*": (f"{tmp_path}/maillog",), f"{tmp_path}/none": ()}
    assert (host.helper, host.configs) == ("no", (f"{tmp_path}/config.toml",))
    assert not host.nodes[f"{tmp_path}/transport.lmdb"].found
    assert host.nodes[f"{tmp_path}/maillog"].found


def test_daemons_of_sendmail_lie_beside_each_other(tmp_path, settings):
    (tmp_path / "mail").mkdir()
    for name in ("sendmail.cf", "rx.cf", "submit.cf"):
        (tmp_path / "mail" / name).write_text(f"Dj{name}\nO DaemonPortOptions=Name=MTA\n")
    (tmp_path / "mail" / "other.cf").write_text("required_score 5\n")
    host = gather(settings, WHO, config=None, ask_helper=lambda: None)
    assert {Path(path).name for path in host.cfs} == {"sendmail.cf", "rx.cf"}
    # Postfix is there too, without its master.cf.
    assert host.unread != ()


def test_what_cannot_be_read_is_said(tmp_path, settings):
    (tmp_path / "postconf").write_text("#!/bin/sh\necho 'fatal: no' >&2; exit 1\n")
    host = gather(settings, WHO, config=None, ask_helper=lambda: None)
    assert host.postfix is None
    assert host.unread == (
        f"Postfix: {tmp_path}/postconf: failed with 1: fatal: no",
        f"sendmail: {tmp_path}/mail/sendmail.cf: not found",
    )


def test_saved_configuration_is_read_without_looking_at_this_host():
    host = gather_saved(
        WHO,
        postconf=DATA / "spinning.main.cf",
        master_cf=DATA / "spinning.master.cf",
        cfs=[DATA / "k.cf"],
    )
    assert (host.on_this_host, host.nodes, list(host.cfs)) == (False, {}, [str(DATA / "k.cf")])
    assert host.postfix.services is not None


def test_user_of_the_daemon():
    root = find_user("root")
    assert (root.name, root.uid) == ("root", 0)
    with pytest.raises(KeyError):
        find_user("no-such-user")


def test_mode_is_shown_as_ls_shows_it(tmp_path):
    path = tmp_path / "x"
    path.write_text("")
    path.chmod(0o640)
    node = look(path).last
    assert stat.filemode(node.mode) == "-rw-r-----"
