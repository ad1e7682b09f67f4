from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from logwatch_mx.config.document import read_document
from logwatch_mx.config.files import check_hook, file_warnings
from logwatch_mx.config.load import Overrides, find_config, load_settings
from logwatch_mx.config.schema import ARRAYS, TABLES, TOP
from logwatch_mx.config.settings import (
    Dns,
    Hook,
    LoopSettings,
    MtaSettings,
    NotifyTarget,
    Settings,
    Source,
)
from logwatch_mx.config.show import show_settings
from logwatch_mx.config.starter import starter_config
from logwatch_mx.errors import ConfigErrors, PermissionDeniedError


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def hook(tmp_path):
    path = tmp_path / "ticket"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def faults_of(path, **kwargs):
    with pytest.raises(ConfigErrors) as caught:
        load_settings(path, **kwargs)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.exceptions]


def test_no_file_gives_the_defaults():
    assert load_settings(None) == Settings()


def test_empty_file_gives_the_defaults(config):
    assert load_settings(config("")) == Settings()


def test_starter_says_the_defaults_and_names_every_key(config):
    text = starter_config()
    assert load_settings(config(text)) == Settings()
    keys = {
        *TOP,
        *(key for table in (TABLES, ARRAYS) for part in table.values() for key in part.keys),
    }
    assert {key for key in keys - {"url"} if f"{key} = " not in text} == set()


def test_starter_with_its_examples_uncommented_is_valid(config, hook):
    lines = starter_config().replace("/etc/logwatch-mx/hooks.d/ticket", str(hook)).splitlines()
    examples = [line[2:] for line in lines if line.startswith("# ") and " = " in line]
    examples = [line for line in examples if not line.startswith("url_file")]
    text = "\n".join(lines) + "\n"
    for example_line in (
        "[[hook]]",
        *(e for e in examples if e.split()[0] in {"command", "timeout", "observe"}),
    ):
        text = text.replace(f"# {example_line}", example_line)
    loaded = load_settings(config(text))
    assert loaded.hook == (Hook(command=(str(hook),), timeout=timedelta(seconds=10), observe=True),)


def test_every_kind_of_value_is_read(config, hook, tmp_path):
    secret = tmp_path / "slack.url"
    secret.write_text("slack://a/b/c\n")
    secret.chmod(0o600)
    path = config(f"""
mode = "act"
rules = ["/etc/logwatch-mx/rules.d"]
[source]
files = ["/var/log/mail.log", "/var/log/mail/*.log"]
[mta]
own_domains = ["Home.Test", "münchen.de"]
own_addresses = ["::ffff:10.99.0.10", "2001:DB8::1"]
[dns]
nameservers = ["9.9.9.9", "[::1]:5300", "::1"]
routable = ["10.99.0.0/24", "fd00::/8", "10.1.1.1"]
timeout = "500ms"
[loop]
action = "discard"
window = "1h30m"
[[hook]]
command = ["{hook}", "a", "a"]
on = ["opened", "closed"]
[[notify]]
url = "mailto://postmaster@home.test"
[[notify]]
url_file = "{secret}"
on = ["confirmed"]
""")
    assert load_settings(path) == Settings(
        mode="act",
        rules=(Path("/etc/logwatch-mx/rules.d"),),
        source=Source(files=("/var/log/mail.log", "/var/log/mail/*.log")),
        mta=MtaSettings(
            own_domains=("home.test", "xn--mnchen-3ya.de"),
            own_addresses=("10.99.0.10", "2001:db8::1"),
        ),
        dns=Dns(
            nameservers=("9.9.9.9:53", "[::1]:5300", "[::1]:53"),
            routable=(ip_network("10.99.0.0/24"), ip_network("fd00::/8"), ip_network("10.1.1.1")),
            timeout=timedelta(milliseconds=500),
        ),
        loop=LoopSettings(action="discard", window=timedelta(minutes=90)),
        hook=(Hook(command=(str(hook), "a", "a"), on=("opened", "closed")),),
        notify=(
            NotifyTarget(url="mailto://postmaster@home.test"),
            NotifyTarget(url="slack://a/b/c", url_file=secret, on=("confirmed",)),
        ),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('mode = "obsreve"', '1: mode: expected one of "observe", "act", not "obsreve"'),
        ('\nmoed = "act"', '2: moed: unknown key, did you mean "mode"?'),
        ('expiry = "1h"', "1: expiry: unknown key, it belongs in [respond]"),
        ("[loop]\npases = 3", '2: loop.pases: unknown key, did you mean "passes"?'),
        ("[state]\nxyz = 3", "2: state.xyz: unknown key, expected one of path"),
        ("[lop]", '1: lop: unknown key, did you mean "loop"?'),
        ("[loop]\n\npasses = -1", "3: loop.passes: expected a whole number from 2 to 1000, not -1"),
        ("loop.passes = true", "1: loop.passes: expected a whole number from 2 to 1000, not true"),
        (
            "loop = {passes = 1.5}",
            "1: loop.passes: expected a whole number from 2 to 1000, not 1.5",
        ),
        ("loop = 3", "1: loop: expected a table [loop], not 3"),
        (
            "[loop]\nwindow = 10",
            '2: loop.window: expected a duration with its unit in quotes, such as "10m", not 10',
        ),
        (
            '[loop]\nwindow = "5 parsecs"',
            '2: loop.window: expected a duration such as "90s", "10m", "24h" or "7d", not "5 parsecs"',
        ),
        (
            '[loop]\nwindow = "0s"',
            '2: loop.window: expected a duration longer than zero and at most 3650 days, not "0s"',
        ),
        (
            "[spike]\nceiling = 0",
            "2: spike.ceiling: expected a whole number from 1 to 1000000, not 0",
        ),
        ("[source]\nfiles = []", "2: source.files: expected at least one file, journal or syslog"),
        ('[source]\nfiles = "/x"', '2: source.files: expected a list, not "/x"'),
        ('[source]\nfiles = ["x"]', '2: source.files[1]: expected an absolute path, not "x"'),
        ('[source]\nfiles = ["/a", ""]', '2: source.files[2]: expected a text in quotes, not ""'),
        ('[source]\njournal = "yes"', '2: source.journal: expected true or false, not "yes"'),
        (
            '[source]\nsyslog = "/run/x"',
            (
                '2: source.syslog: expected a socket such as "unix:/run/logwatch-mx/syslog"'
                ' or "udp:127.0.0.1:5514", not "/run/x"'
            ),
        ),
        (
            '[source]\nsyslog = "udp:mx.test:514"',
            '2: source.syslog: expected "IP", "IP:PORT" or "[IPV6]:PORT", not "udp:mx.test:514"',
        ),
        (
            '[mta]\nown_domains = ["a.test", "no domain"]',
            '2: mta.own_domains[2]: expected a domain such as "example.com" (not a domain), not "no domain"',
        ),
        (
            '[mta]\nown_addresses = ["localhost"]',
            '2: mta.own_addresses[1]: expected an IP address, not "localhost"',
        ),
        (
            '[dns]\nnameservers = ["dns.test"]',
            '2: dns.nameservers[1]: expected "IP", "IP:PORT" or "[IPV6]:PORT", not "dns.test"',
        ),
        (
            '[dns]\nroutable = ["10.0.0.1/8"]',
            '2: dns.routable[1]: expected a network without host bits, such as "10.0.0.0/8", not "10.0.0.1/8"',
        ),
        (
            '[dns]\nroutable = ["ten"]',
            '2: dns.routable[1]: expected a network such as "10.0.0.0/8", not "ten"',
        ),
        (
            '[dns]\ntimeout = "4s"',
            "1: dns.lifetime: expected at least as long as dns.timeout",
        ),
        ('[metrics]\nlisten = "9254"', '2: metrics.listen: expected "HOST:PORT", not "9254"'),
        (
            '[metrics]\nlisten = "::1:9254"',
            '2: metrics.listen: expected "HOST:PORT", not "::1:9254"',
        ),
        (
            '[metrics]\nlisten = "a:99999"',
            '2: metrics.listen: expected a port between 1 and 65535, not "a:99999"',
        ),
        ('[state]\npath = "state.db"', '2: state.path: expected an absolute path, not "state.db"'),
        ("[hook]\ncommand = []", "1: hook: expected tables [[hook]], not a table"),
        ('[[hook]]\non = ["closed"]', '1: hook[1]: expected a key "command" in it'),
        (
            "[[hook]]\ncommand = []",
            "2: hook[1].command: expected a list that is not empty, not an empty list",
        ),
        (
            '[[hook]]\ncommand = ["/bin/true"]\non = ["judged"]',
            '3: hook[1].on[1]: expected one of "opened", "confirmed", "acted", "closed", not "judged"',
        ),
        (
            '[[hook]]\ncommand = ["ticket"]',
            '2: hook[1].command: expected the absolute path of a program, not "ticket"',
        ),
        (
            '[[hook]]\ncommand = ["/nowhere/x"]',
            '2: hook[1].command: expected a program (No such file or directory), not "/nowhere/x"',
        ),
        (
            '[[hook]]\ncommand = ["/etc/passwd"]',
            '2: hook[1].command: expected a file that may be executed, not "/etc/passwd"',
        ),
        ("[[notify]]", '1: notify[1]: expected either a key "url" or a key "url_file"'),
        (
            '[[notify]]\nurl = "slack://x"\nurl_file = "/x"',
            '1: notify[1]: expected either a key "url" or a key "url_file"',
        ),
        (
            '[[notify]]\nurl_file = "/nowhere"',
            '2: notify[1].url_file: expected a file that can be read (No such file or directory), not "/nowhere"',
        ),
        (
            '[[notify]]\nurl_file = "/dev/null"',
            '2: notify[1].url_file: expected an ordinary file, not "/dev/null"',
        ),
        (
            "d = 1979-05-27",
            "1: d: unknown key, expected one of dns, health, hook, loop, metrics, mode, mta, notify, respond, rules, source, spike, state",
        ),
        ("mode = 1979-05-27", '1: mode: expected one of "observe", "act", not 1979-05-27'),
        (
            f"spike.ceiling = 0x{'f' * 5000}",  # Python refuses to print so long a number
            "1: spike.ceiling: expected a whole number from 1 to 1000000, not a very large number",
        ),
    ],
)
def test_fault_names_line_key_and_what_was_expected(config, text, fault):
    assert faults_of(config(text)) == [fault]


def test_every_fault_is_told_at_once_in_the_order_of_the_file(config):
    path = config(
        'mode = "x"\n[loop]\npasses = 0\nwidnow = "1m"\n[[hook]]\n[[notify]]\nurl = "x"\n'
    )
    assert [fault.split(": ")[:2] for fault in faults_of(path)] == [
        ["1", "mode"],
        ["3", "loop.passes"],
        ["4", "loop.widnow"],
        ["5", "hook[1]"],
        ["7", "notify[1].url"],
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"mode = ", "not TOML: Invalid value (at end of document)"),
        (b"a = 1\nb = = 2\n", "not TOML: Invalid value (at line 2, column 5)"),
        (b"\xff", "not UTF-8 text (byte 0)"),
        (b"a = " + b"[" * 5000, "not TOML that can be read: too deep or too long"),
        (b"a = " + b"9" * 5000, "not TOML that can be read: too deep or too long"),
        (b"#" * (1 << 20) + b"#", "larger than 1 MiB"),
    ],
)
def test_file_that_is_no_toml_is_one_fault(tmp_path, content, fault):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    assert faults_of(path) == [f" {fault}"]


def test_missing_file_is_a_fault_with_its_name(tmp_path):
    path = tmp_path / "none.toml"
    assert faults_of(path) == [" No such file or directory"]
    assert faults_of(tmp_path) == [" Is a directory"]


def test_unreadable_file_is_a_matter_of_permission():
    class Forbidden(type(Path())):
        def open(self, mode):
            raise PermissionError(13, "Permission denied")

    with pytest.raises(PermissionDeniedError, match="permission denied"):
        load_settings(Forbidden("/c.toml"))


@pytest.mark.parametrize(
    "text",
    [
        '[[notify]]\nurl = "slack:/SECRET"',
        '[[notify]]\nurl = ["slack://SECRET"]',
        '[[notify]]\nurl_file = "slack://SECRET"',
        '[[notify]]\nurls = "slack://SECRET"',
        'mode = "slack://SECRET"',
        '[[notify]]\nurl = "slack://SECRET"\nurl_file = "/x"',
    ],
)
def test_secret_is_in_no_fault(config, text):
    assert "SECRET" not in "".join(faults_of(config(text)))


def test_hostile_key_and_value_reach_no_terminal(config):
    faults = faults_of(config('"\\u001b[2J" = 1\nmode = "\\u001b[2J\\u202e"\n'))
    assert all(fault.isprintable() for fault in faults)


def test_secret_file_with_junk_is_not_repeated(config, tmp_path):
    secret = tmp_path / "url"
    secret.write_text("SECRET without a scheme")
    secret.chmod(0o600)
    assert faults_of(config(f'[[notify]]\nurl_file = "{secret}"')) == [
        f'2: notify[1].url_file: expected a file with one notification URL in it, not "{secret}"'
    ]


def test_secret_file_that_others_may_write_is_refused(config, tmp_path):
    secret = tmp_path / "url"
    secret.write_text("slack://a")
    secret.chmod(0o602)
    (fault,) = faults_of(config(f'[[notify]]\nurl_file = "{secret}"'))
    assert "others may not write: chmod o-w" in fault


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (0o775, "group and others may not write"),
        (0o757, "group and others may not write"),
        (0o644, "may be executed"),
    ],
)
def test_hook_that_others_might_change_is_refused(hook, mode, said):
    hook.chmod(mode)
    with pytest.raises(ValueError, match=said):
        check_hook(str(hook))


def test_hook_in_a_directory_of_everybody_is_refused(tmp_path, hook):
    shared = tmp_path / "shared"
    shared.mkdir()
    moved = hook.rename(shared / "ticket")
    shared.chmod(0o777)
    with pytest.raises(ValueError, match="in a directory that others may not write"):
        check_hook(str(moved))
    shared.chmod(0o1777)
    check_hook(str(moved))


def test_hooks_are_not_looked_at_when_told(config):
    path = config('[[hook]]\ncommand = ["/nowhere/x"]')
    assert load_settings(path, check_hooks=False).hook == (Hook(command=("/nowhere/x",)),)


def test_journal_in_place_of_files(config):
    assert load_settings(config("source.journal = true")).source == Source(files=(), journal=True)


def test_command_line_goes_before_the_file(config):
    path = config(
        'mode = "observe"\nrules = ["/a"]\n[mta]\nown_domains = ["a.test"]\n[dns]\nnameservers = ["9.9.9.9"]'
    )
    words = Overrides(
        mode="act",
        nameservers=("127.0.0.1:5300",),
        own_domains=("B.test", "a.test"),
        own_addresses=("10.0.0.1",),
        rules=(Path("mine"),),
    )
    assert load_settings(path, words) == Settings(
        mode="act",
        rules=(Path("/a"), Path("mine")),
        mta=MtaSettings(own_domains=("a.test", "b.test"), own_addresses=("10.0.0.1",)),
        dns=Dns(nameservers=("127.0.0.1:5300",)),
    )


def test_faults_of_the_command_line_name_the_option():
    words = Overrides(mode="x", nameservers=("y",), own_domains=("z z",), own_addresses=("w",))
    assert faults_of(None, overrides=words) == [
        '--mode: expected one of "observe", "act", not "x"',
        '--own-domain: expected a domain such as "example.com" (not a domain), not "z z"',
        '--own-address: expected an IP address, not "w"',
        '--nameserver: expected "IP", "IP:PORT" or "[IPV6]:PORT", not "y"',
    ]


def test_asked_for_file_is_used_though_it_is_missing(tmp_path):
    assert find_config(tmp_path / "none") == tmp_path / "none"


def test_files_that_others_may_touch_are_warned_of(config, tmp_path):
    secret = tmp_path / "url"
    secret.write_text("slack://a")
    secret.chmod(0o644)
    path = config(f'[[notify]]\nurl = "slack://b"\n[[notify]]\nurl_file = "{secret}"')
    path.chmod(0o664)
    assert file_warnings(path, load_settings(path)) == (
        f"{path}: group or others may write it: chmod go-w",
        f"{path}: holds a notification URL and others may read it: chmod o-r",
        f"{secret}: others may read this secret: chmod o-r",
    )
    path.chmod(0o600)
    secret.chmod(0o600)
    assert file_warnings(path, load_settings(path)) == ()


def test_lines_are_found_through_texts_and_dotted_keys(config):
    document = read_document(
        config(
            'a.b = 1\nc = """\n[x]\ny = 1\n"""\n[x]\n"y" = 2\n[[z]]\n[[z]]\nk = 3\n[z.t]\nu = 1\n'
        )
    )
    assert document.lines == {
        ("a", "b"): 1,
        ("c",): 2,
        ("x",): 6,
        ("x", "y"): 7,
        ("z", 1): 8,
        ("z", 2): 9,
        ("z", 2, "k"): 10,
        ("z", "t"): 11,
        ("z", "t", "u"): 12,
    }


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("unix:/run/x", "unix:/run/x"),
        ("udp:127.0.0.1:5514", "udp:127.0.0.1:5514"),
        ("udp:[::1]:5514", "udp:[::1]:5514"),
        ("udp:127.0.0.1", "udp:127.0.0.1:514"),
    ],
)
def test_syslog_may_come_by_a_unix_or_a_udp_socket(config, said, meant):
    settings = load_settings(config(f'[source]\nsyslog = "{said}"\n'))
    assert settings.source.syslog == meant


def test_shown_settings_are_read_back_the_same(config, hook):
    path = config(f"""
mode = "act"
[source]
files = ["/var/log/\\u007f\\"mail\\\\.log"]
syslog = "unix:/run/x"
[dns]
routable = ["10.99.0.0/24"]
[[hook]]
command = ["{hook}", "--flag", "ä"]
timeout = "1m30s"
[metrics]
listen = "[::1]:9254"
""")
    loaded = load_settings(path)
    assert load_settings(config(show_settings(loaded))) == loaded


def test_shown_settings_hold_no_secret(config, hook, tmp_path):
    secret = tmp_path / "url"
    secret.write_text("slack://SECRET")
    secret.chmod(0o600)
    command = [
        str(hook),
        "--token",
        "SECRET",
        "--api-key=SECRET",
        "https://u:SECRET@x/",
        "PASSWORD=SECRET",
    ]
    path = config(
        f'[[notify]]\nurl = "mailto://me:SECRET@home.test"\n[[notify]]\nurl_file = "{secret}"\n'
        f"[[hook]]\ncommand = {command}"
    )
    shown = show_settings(load_settings(path))
    assert "SECRET" not in shown
    assert 'url = "mailto://…"' in shown
    assert f'url_file = "{secret}"' in shown


_scalars = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12),
    st.sampled_from(["10m", "observe", "/x", "9.9.9.9", "home.test", "slack://x", "10.0.0.0/8"]),
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=5,
)
_keys = sorted({*TOP, *(k for t in (TABLES, ARRAYS) for s in t.values() for k in s.keys)} | {"x"})
_tables = st.dictionaries(st.sampled_from(_keys), _values, max_size=5)
_documents = st.dictionaries(
    st.sampled_from([*TOP, *TABLES, *ARRAYS, "x"]),
    st.one_of(_values, _tables, st.lists(_tables, max_size=3)),
    max_size=6,
)


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def outcome_of(path):
    try:
        return load_settings(path)
    except ConfigErrors as faults:
        return [str(fault) for fault in faults.exceptions]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_documents)
def test_any_toml_gives_settings_or_faults(config, document):
    path = config("".join(f"{key} = {toml(value)}\n" for key, value in document.items()))
    told = outcome_of(path)
    assert isinstance(told, Settings) or all(
        line.startswith(f"{path}") and line.isprintable() for line in told
    )


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
@example(b"\x00")
@example(b'"""')
@example(b"[[hook]]\n[hook]")
def test_any_bytes_give_settings_or_faults(tmp_path, content):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    assert outcome_of(path)
