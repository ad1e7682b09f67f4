"""The units are checked by systemd's own programs; where there are none, that is said aloud."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from logwatch_mx.config.settings import Respond

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = sorted(path.name for path in SYSTEMD.glob("logwatch-mx*.s*") if path.suffix != ".sysusers")
#: The requirement for the daemon; the helper is root, and its unit says what more would break.
MOST_EXPOSED = {"logwatch-mx.service": 1.5, "logwatch-mx-helper.service": 2.2}


def need(program):
    if shutil.which(program) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed: apt-get install systemd")
        pytest.skip(f"NOT CHECKED: {program} is not installed (apt-get install systemd)")


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def units(tmp_path):
    """The units, with programs that are there."""
    for name in UNITS:
        text = (SYSTEMD / name).read_text()
        text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text)
        (tmp_path / name).write_text(text)
    return tmp_path


def unit(name):
    # A key may stand twice and mean both; here the last one is enough.
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string((SYSTEMD / name).read_text())
    return parser


def test_systemd_has_nothing_to_say_about_the_units(units):
    need("systemd-analyze")
    code, said = run("systemd-analyze", "verify", "--man=no", *(str(units / n) for n in UNITS))
    assert (code, said) == (0, "")


@pytest.mark.parametrize("name", sorted(MOST_EXPOSED))
def test_units_are_exposed_no_more_than_they_must(units, name):
    need("systemd-analyze")
    _, said = run("systemd-analyze", "security", "--offline=yes", "--no-pager", str(units / name))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) <= MOST_EXPOSED[name], said


def test_user_is_made_with_the_log_group(tmp_path):
    need("systemd-sysusers")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text("adm:x:4:\n")
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    file = str(SYSTEMD / "logwatch-mx.sysusers")
    code, said = run("systemd-sysusers", f"--root={tmp_path}", file)
    assert code == 0, said
    user = (tmp_path / "etc/passwd").read_text().splitlines()[-1].split(":")
    assert (user[0], user[5]) == ("logwatch-mx", "/var/lib/logwatch-mx")
    assert user[6].endswith("nologin")
    assert "adm:x:4:logwatch-mx" in (tmp_path / "etc/group").read_text().splitlines()


def test_directories_are_made_and_never_cleaned_up():
    lines = (SYSTEMD / "logwatch-mx.tmpfiles").read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    # kind, path, mode, user, group, age: main.cf names a map in /var/lib/logwatch-mx.
    assert [(row[0], row[1], row[5]) for row in rows] == [
        ("d", "/run/logwatch-mx", "-"),
        ("d", "/var/lib/logwatch-mx", "-"),
        ("d", "/etc/logwatch-mx", "-"),
    ]


def test_daemon_is_watched_reloaded_and_not_restarted_on_a_wrong_configuration():
    service = unit("logwatch-mx.service")["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) > 0
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert service["RestartPreventExitStatus"].split() == ["2", "78"]
    assert (service["User"], service["CapabilityBoundingSet"]) == ("logwatch-mx", "")


def test_socket_is_where_the_daemon_looks_for_it_and_lets_its_group_in():
    socket = unit("logwatch-mx-helper.socket")["Socket"]
    assert socket["ListenStream"] == str(Respond().helper)
    assert (socket["SocketGroup"], socket["SocketMode"]) == ("logwatch-mx", "0660")
    assert socket["Accept"] == "no"
