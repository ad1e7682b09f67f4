import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from logwatch_mx.cli.doctor import doctor

DATA = Path(__file__).parents[1] / "mta" / "data" / "doctor"


@pytest.fixture
def run(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("")
    config.chmod(0o600)

    def run(*words, text=""):
        config.write_text(text)
        argv = [*map(str, words), "--config", str(config)]
        return CliRunner().invoke(doctor, argv, standalone_mode=False)

    return run


def test_saved_postfix_is_judged_and_told_with_its_fix(run):
    ran = run("--postconf", DATA / "spinning.main.cf", "--master-cf", DATA / "spinning.master.cf")
    assert ran.return_value == 3
    assert ran.stdout.splitlines()[:5] == [
        "DANGER postfix: Postfix does not know 127.0.0.1 as its own address: mail for a domain whose MX is loopback is delivered there, comes back, and is delivered again  [loopback-not-own]",
        "  seen  inet_interfaces = 10.99.0.10; proxy_interfaces = (default); master.cf: 127.0.0.1:smtp smtpd",
        "  fix   postconf -e 'proxy_interfaces = 127.0.0.1'",
        "        postfix reload",
        "",
    ]
    assert ran.stdout.splitlines()[-1] == "Looked at Postfix. Found: 3 danger, 0 warning, 1 note."


def test_json_has_the_same(run):
    ran = run("--sendmail-cf", DATA / "k.cf", "--json")
    told = json.loads(ran.stdout)
    assert ran.return_value == 3
    assert told["examined"] == {
        "postfix": False,
        "sendmail": [str(DATA / "k.cf")],
        "user": told["examined"]["user"],
        "this_host": False,
    }
    first = told["findings"][0]
    assert (told["schema"], first["key"], first["severity"], first["about"]) == (
        1,
        "flag-k",
        "danger",
        "sendmail",
    )
    assert isinstance(first["fix"], list)


def test_two_saved_daemons_are_compared(run):
    ran = run("--sendmail-cf", DATA / "default.cf", "--sendmail-cf", DATA / "rx.cf")
    assert ran.return_value == 3
    assert "[two-names]" in ran.stdout


def test_notes_alone_are_no_fault(run):
    ran = run("--sendmail-cf", DATA / "default.cf")
    assert ran.return_value == 0
    assert "Found: 0 danger, 0 warning, 1 note." in ran.stdout


def test_this_host_is_looked_at_without_a_word(run, tmp_path):
    (tmp_path / "postconf").write_text("#!/bin/sh\necho 'inet_interfaces = all'\n")
    (tmp_path / "postconf").chmod(0o755)
    (tmp_path / "log").write_text("")
    text = (
        f"[source]\nfiles = ['{tmp_path}/log']\n[state]\npath = '{tmp_path}/state.db'\n"
        f"[mta]\nflavour = 'postfix'\npostconf = '{tmp_path}/postconf'\n"
        f"[respond]\nhelper = '{tmp_path}/helper.sock'\n"
    )
    ran = run("--user", "root", "--json", text=text)
    told = json.loads(ran.stdout)
    assert told["examined"]["this_host"] is True
    keys = [finding["key"] for finding in told["findings"]]
    assert "no-helper" in keys
    assert not {"log-missing", "log-unreadable", "state-not-writable"} & set(keys)
    # master.cf could not be read: with nothing worse found, that is a failure to look.
    assert told["unread"] != []
    assert ran.return_value == 1


def test_a_configuration_that_others_may_change_is_told(run, tmp_path):
    config = tmp_path / "config.toml"
    config.chmod(0o666)
    ran = run("--json", text=f"[mta]\nflavour = 'none'\n[state]\npath = '{tmp_path}/s.db'\n")
    told = {finding["key"]: finding for finding in json.loads(ran.stdout)["findings"]}
    assert told["file-mode"]["fix"] == [f"chmod go-w {config}"]


def test_no_word_of_a_configuration_reaches_the_terminal_raw(run, tmp_path):
    (tmp_path / "main.cf").write_text("luser_relay = \x1b]0;owned\x07x@a.test\nmydestination = a\n")
    ran = run("--postconf", tmp_path / "main.cf")
    assert "?]0;owned?x@a.test" in ran.stdout
    assert "\x1b" not in ran.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--postconf", "/no/such/file"], "no such file"),
        (["--master-cf", DATA / "spinning.master.cf"], "--master-cf goes with --postconf"),
        (["--user", "no-such-user"], "no-such-user: there is no such user"),
    ],
)
def test_wrong_words_are_told(run, words, said):
    assert said in str(run(*words).exception)


@pytest.mark.parametrize(
    "junk", [b"", b"\x00\xff\xfe" * 50, b"= = =\n\t\n${{", b"inet_interfaces\n"]
)
def test_any_file_is_judged_without_a_traceback(run, tmp_path, junk):
    path = tmp_path / "junk"
    path.write_bytes(junk)
    for words in (["--postconf", path, "--master-cf", path], ["--sendmail-cf", path]):
        assert run(*words).exception is None
