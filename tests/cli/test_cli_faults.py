"""Each fault is one clear line on stderr, and its exit code tells a script whose fault it is."""

import gzip
import os
import pwd
import signal
import subprocess
import sys

import pytest

AS_ROOT = os.geteuid() == 0
COMMANDS = ("replay", "parse")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_file_is_no_input(logwatch, command, tmp_path):
    path = tmp_path / "nope.log"
    assert [*logwatch(command, path)] == [66, "", f"logwatch-mx: {path}: no such file\n"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_directory_without_logs_is_no_input(logwatch, command, tmp_path):
    told = f"logwatch-mx: {tmp_path}: no logs in this directory\n"
    assert [*logwatch(command, tmp_path)] == [66, "", told]


@pytest.mark.parametrize(
    "words",
    [
        ("doctor", "--postconf", "/nowhere/x"),
        ("doctor", "--sendmail-cf", "/nowhere/x"),
        ("undo", "--all", "--map", "/nowhere/x"),
        ("check", "a.test", "--zone", "/nowhere/x"),
    ],
)
def test_a_file_that_is_named_and_missing_is_no_input(logwatch, words):
    code, out, err = logwatch(*words)
    assert (code, out) == (66, "")
    assert "/nowhere/x: no" in err.lower()


@pytest.mark.parametrize("command", ["check", "ignore", "queue"])
@pytest.mark.parametrize("word", ["a b", "user@seaton.biz", "*", ".biz", "\x1b[31mx"])
def test_a_word_that_is_no_domain_is_wrong_usage(logwatch, command, word):
    code, out, err = logwatch(command, word)
    assert (code, out) == (2, "")
    assert f"{word!r}: not a domain" in err
    assert err.count("\n") == 1
    assert err.strip().isprintable()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become nobody")
@pytest.mark.parametrize(
    "words",
    [
        ("replay",),
        ("parse",),
        ("config", "check"),
        ("config", "check", "--config"),
        ("config", "show"),
        ("check", "a.test", "--zone"),
        ("check", "a.test", "--config"),
        ("doctor", "--sendmail-cf"),
        ("undo", "--all", "--config"),
        ("status", "--config"),
    ],
)
def test_a_file_that_may_not_be_read_is_named(words, open_folder, healthy):
    path = open_folder / "mail.log"
    path.write_bytes(healthy.read_bytes())
    path.chmod(0o600)
    nobody = pwd.getpwnam("nobody").pw_uid
    # The interpreter itself may be where nobody cannot go: so what the command needs is loaded as
    # root, by a first run, before it steps down.
    program = (
        "import contextlib, io, os, sys\n"
        "from logwatch_mx.cli.main import main\n"
        f"sys.argv = {['logwatch-mx', *words, str(path)]!r}\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit),"
        " contextlib.redirect_stderr(io.StringIO()):\n"
        "    main()\n"
        f"os.setuid({nobody})\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (done.returncode, done.stdout) == (77, "")
    assert done.stderr.count("\n") == 1
    assert str(path) in done.stderr
    assert "permission denied" in done.stderr.lower()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_corrupt_archive_is_bad_data(spawn, command, tmp_path, healthy):
    packed = bytearray(gzip.compress(healthy.read_bytes()))
    packed[len(packed) // 2 : len(packed) // 2 + 16] = b"\xff" * 16
    path = tmp_path / "mail.log.gz"
    path.write_bytes(packed)
    code, _, err = spawn(command, path)
    assert code == 65
    assert err.startswith(f"logwatch-mx: {path}: corrupt gzip archive")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("garbage ( in\n", "line 1: unbalanced parentheses"),
        ("seaton.biz. IN MX ten mail.seaton.biz.\n", "line 1: "),
    ],
)
def test_a_bad_zone_file_is_bad_data(logwatch, healthy, tmp_path, text, told):
    zone = tmp_path / "dns.zone"
    zone.write_text(text)
    code, out, err = logwatch("replay", "--dns", f"zone:{zone}", healthy)
    assert (code, out) == (65, "")
    assert err.startswith(f"logwatch-mx: {zone}: {told}")
    assert err.count("\n") == 1


def test_a_missing_zone_file_is_no_input(logwatch, healthy, tmp_path):
    zone = tmp_path / "dns.zone"
    assert [*logwatch("replay", "--dns", f"zone:{zone}", healthy)] == [
        66,
        "",
        f"logwatch-mx: {zone}: No such file or directory\n",
    ]


USAGE = (
    (("--dns", "wrong"), "--dns wrong: expected off, live or zone:FILE"),
    (("--dns", "zone:"), "--dns zone:: expected off, live or zone:FILE"),
    (
        ("--tz", "Nowhere/X"),
        "Invalid value for '--tz': 'Nowhere/X' is no time zone (try UTC or Europe/Berlin)",
    ),
    (
        ("--since", "yesterday"),
        "Invalid value for '--since': 'yesterday' is no time (try 2026-11-23T05:00 or 2h)",
    ),
    (("--own-address", "1.2.3"), "Invalid value for '--own-address': '1.2.3' is no IP address"),
    (("--year", "12"), "Invalid value for '--year': 12 is not in the range 1971<=x<=8999"),
    (("--rules", "nope"), "Invalid value for '--rules': Path 'nope' does not exist"),
)


@pytest.mark.parametrize(("options", "told"), USAGE)
def test_wrong_usage_is_one_line_that_says_where_help_is(logwatch, healthy, options, told):
    err = f"Error: {told}. Try: logwatch-mx replay --help\n"
    assert [*logwatch("replay", *options, healthy)] == [2, "", err]


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("nosuch",), "logwatch-mx"),
        (("--bogus",), "logwatch-mx"),
        (("replay", "--bogus", "x"), "logwatch-mx replay"),
        (("replay",), "logwatch-mx replay"),
        (("parse", "--body", "exim", "x"), "logwatch-mx parse"),
        (("rules", "nosuch"), "logwatch-mx rules"),
        (("rules", "try", "/"), "logwatch-mx rules try"),
        (("completion", "tcsh"), "logwatch-mx completion"),
        (("incidents", "report"), "logwatch-mx incidents report"),
    ],
)
def test_a_wrong_word_is_one_line_too(logwatch, words, where):
    code, out, err = logwatch(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.endswith(f". Try: {where} --help\n")


def test_every_fault_of_a_configuration_is_told_at_once(logwatch, healthy, tmp_path):
    toml = tmp_path / "c.toml"
    toml.write_text('mode = "x"\n[loop]\nfoo = 1\npasses = "a"\n')
    code, out, err = logwatch("replay", "--config", toml, healthy)
    assert (code, out) == (78, "")
    assert [line.partition(": ")[2].rpartition("c.toml:")[2] for line in err.splitlines()] == [
        '1: mode: expected one of "observe", "act", not "x"',
        "3: loop.foo: unknown key, expected one of action, close_after, passes, window",
        '4: loop.passes: expected a whole number from 2 to 1000, not "a"',
    ]


def test_a_configuration_that_is_not_there_is_a_configuration_fault(logwatch, healthy, tmp_path):
    code, _, err = logwatch("replay", "--config", tmp_path / "no.toml", healthy)
    assert (code, err.count("\n")) == (78, 1)


@pytest.mark.parametrize(
    "words",
    [
        ("incidents", "list"),
        ("incidents", "show", "x"),
        ("incidents", "close", "x"),
        ("explain", "x"),
        ("status",),
    ],
)
def test_a_host_where_the_daemon_never_ran_says_so(logwatch, tmp_path, words):
    toml = tmp_path / "c.toml"
    toml.write_text(f'[state]\npath = "{tmp_path}/state.db"\n')
    told = f"logwatch-mx: {tmp_path}/state.db: no state yet: the daemon has not run here\n"
    assert [*logwatch(*words, "--config", toml)] == [66, "", told]


def test_nobody_to_notify_is_a_configuration_fault(logwatch, tmp_path):
    toml = tmp_path / "c.toml"
    toml.write_text("")
    code, _, err = logwatch("notify", "test", "--config", toml)
    assert (code, err) == (
        78,
        "logwatch-mx: there is no [[notify]] in the configuration, so nobody would be told\n",
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("words", [("--help",), ("parse",), ("replay", "--json")])
def test_a_full_disk_is_one_line(words, healthy):
    paths = [] if words == ("--help",) else [str(healthy)]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "logwatch_mx", *words, *paths],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "logwatch-mx: No space left on device\n")


@pytest.mark.parametrize(
    "words", [("parse",), ("replay", "--json"), ("replay", "--stats"), ("parse", "--unparsed")]
)
def test_a_reader_that_has_seen_enough_is_no_error(words, seaton):
    with subprocess.Popen(
        [sys.executable, "-m", "logwatch_mx", *words, str(seaton)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        child.stdout.close()
        err = child.stderr.read().decode()
        code = child.wait(60)
    assert code == 0
    assert "Error" not in err
    assert "Exception" not in err


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_is_quiet(tmp_path, command):
    fifo = tmp_path / "mail.log"
    os.mkfifo(fifo)
    # A suite started in the background hands SIGINT on ignored; a terminal does not.
    as_from_a_terminal = ["env", "--default-signal=INT"]
    with (
        subprocess.Popen(
            [*as_from_a_terminal, sys.executable, "-m", "logwatch_mx", command, str(fifo)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as child,
        fifo.open("wb"),
    ):  # this opens when the command reads: it is past its imports
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, b"")
    assert err.decode().strip() == "logwatch-mx: stopped"


def test_a_locale_without_the_letters_ends_nothing(tmp_path):
    log = tmp_path / "mail.log"
    log.write_text("Nov 23 16:32:08 mx postfix/smtp[1]: caf\u00e9 \u2026 \u4e2d\n")
    done = subprocess.run(
        [sys.executable, "-m", "logwatch_mx", "parse", "--unparsed", str(log)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert done.returncode == 0
    assert done.stdout.decode("latin-1").splitlines() == [
        r"      1  postfix/smtp  café \u2026 \u4e2d".replace(r"\u00e9", "\u00e9"),
        r"         café \u2026 \u4e2d".replace(r"\u00e9", "\u00e9"),
    ]
    assert done.stderr == b"1 of 1 lines of mail servers were not understood\n"
