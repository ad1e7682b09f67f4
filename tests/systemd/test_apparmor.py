"""The AppArmor profiles are read by AppArmor's own parser, and know the places of the units."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from logwatch_mx.config.settings import Respond, Settings

SYSTEMD = Path(__file__).parents[2] / "systemd"
PROFILES = SYSTEMD / "logwatch-mx.apparmor"


def parse(path):
    """Return the parser's status and complaints; nothing is loaded and nothing is kept."""
    parser = shutil.which("apparmor_parser", path=f"{os.defpath}:/usr/sbin:/sbin")
    if parser is None:
        if os.environ.get("CI"):
            pytest.fail("apparmor_parser is not installed: apt-get install apparmor")
        pytest.skip("NOT CHECKED: apparmor_parser is not installed (apt-get install apparmor)")
    words = [parser, "-Q", "-K", "--warn=all", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100)
    # What this kernel would not enforce is no fault of the profiles.
    said = [x for x in done.stderr.splitlines() if str(path) in x and "not enforced" not in x]
    return done.returncode, said


def test_the_parser_has_nothing_to_say_about_the_profiles():
    assert parse(PROFILES) == (0, [])


def test_the_profiles_compile_for_the_kernel_that_is_here():
    if not Path("/sys/kernel/security/apparmor/features").exists():
        pytest.skip("NOT LOADED: this kernel has no AppArmor; the profiles were only parsed")
    parser = shutil.which("apparmor_parser", path=f"{os.defpath}:/usr/sbin:/sbin")
    if parser is None:
        pytest.skip("NOT CHECKED: apparmor_parser is not installed (apt-get install apparmor)")
    # Written out, not loaded: a test must not confine what runs on this machine.
    words = [parser, "-S", "-K", str(PROFILES)]
    done = subprocess.run(words, capture_output=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_parser_would_have_something_to_say(tmp_path):
    broken = tmp_path / "broken"
    broken.write_text(PROFILES.read_text().replace(" rwkl,", " rwkz,", 1))
    status, said = parse(broken)
    assert status != 0
    assert said


@pytest.mark.parametrize("unit", ["logwatch-mx", "logwatch-mx-helper"])
def test_the_units_ask_for_profiles_that_there_are(unit):
    asked = re.search(r"(?m)^AppArmorProfile=-(\S+)$", (SYSTEMD / f"{unit}.service").read_text())
    assert asked is not None
    assert f"\nprofile {asked[1]} " in PROFILES.read_text()


def test_the_daemon_may_write_where_it_writes_by_default_and_nowhere_else():
    (daemon, _) = re.findall(r"(?ms)^profile .*?^}", PROFILES.read_text())
    allowed = [line for line in daemon.splitlines() if not line.strip().startswith("deny")]
    writable = {
        path.rstrip("*")
        for path, rights in re.findall(r"(?m)^  (/\S+) ([a-z]+),$", "\n".join(allowed))
        if "w" in rights
    }
    assert writable == {
        "/var/lib/logwatch-mx/",
        "/run/logwatch-mx/",
        "/tmp/",
        "/run/systemd/notify",
        "/run/systemd/journal/{socket,stdout,dev-log}",
    }
    for path in (Settings().state.path, Respond().postfix_map, Respond().sendmail_map):
        assert str(path).startswith("/var/lib/logwatch-mx/")
    assert str(Respond().helper).startswith("/run/logwatch-mx/")
