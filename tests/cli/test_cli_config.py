import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from logwatch_mx.cli.config import config
from logwatch_mx.cli.init import init
from logwatch_mx.config.load import load_settings
from logwatch_mx.config.settings import Settings, Source
from logwatch_mx.config.starter import starter_config
from logwatch_mx.errors import ConfigErrors, LogwatchError


def run(command, *words):
    return CliRunner().invoke(command, list(map(str, words)))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("option", [["--config"], []])
def test_good_configuration_is_said_to_be(path, option):
    ran = run(config, "check", *option, path)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, f"{path}: good\n", "")


def test_every_fault_is_told(path):
    path.write_text("x = 1\ny = 2\n")
    ran = run(config, "check", path)
    assert isinstance(ran.exception, ConfigErrors)
    assert len(ran.exception.exceptions) == 2


def test_hooks_are_looked_at_unless_told_otherwise(path):
    path.write_text('[[hook]]\ncommand = ["/nowhere"]\n')
    assert isinstance(run(config, "check", path).exception, ConfigErrors)
    assert run(config, "check", path, "--no-hooks").exit_code == 0


# apprise imports a module that Python 3.13 no longer has.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
def test_url_that_apprise_does_not_know_is_a_fault_without_its_secret(path):
    path.write_text('[[notify]]\nurl = "nosuchservice://SECRET"\n')
    (fault,) = run(config, "check", path).exception.exceptions
    assert str(fault) == (
        f"{path}: notify[1]: nosuchservice://…: not a notification URL that apprise knows"
    )


def test_loose_permissions_are_a_warning(path):
    path.chmod(0o666)
    ran = run(config, "check", path)
    assert ran.exit_code == 0
    assert ran.stderr == f"logwatch-mx: warning: {path}: group or others may write it: chmod go-w\n"


def test_file_is_named_once(path):
    assert run(config, "check", path, "--config", path).exit_code == 2


def test_shown_configuration_is_whole_and_without_secrets(path):
    path.write_text('mode = "act"\n[[notify]]\nurl = "slack://SECRET"\n')
    shown = run(config, "show", path).stdout
    assert shown.startswith(f'# {path}\nmode = "act"\n')
    assert 'expiry = "24h"' in shown
    assert "SECRET" not in shown


def test_without_a_file_the_defaults_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("logwatch_mx.config.load.DEFAULT_PATH", tmp_path / "none")
    assert "the defaults are in force" in run(config, "show").stdout
    assert "the defaults are in force" in run(config, "check").stdout


def test_init_writes_a_configuration_that_is_good(tmp_path):
    path = tmp_path / "etc" / "config.toml"
    ran = run(init, "--config", path)
    assert ran.stdout == f"{path}: written. Next: logwatch-mx config check --config {path}\n"
    assert load_settings(path).mode == "observe"
    assert stat.S_IMODE(path.stat().st_mode) & ~0o640 == 0
    assert run(config, "check", path).exit_code == 0


def test_init_replaces_only_when_forced(path):
    path.write_text("mine")
    ran = run(init, "--config", path)
    assert isinstance(ran.exception, LogwatchError)
    assert path.read_text() == "mine"
    assert run(init, "--config", path, "--force").exit_code == 0
    assert load_settings(path).mode == "observe"
    assert [each.name for each in path.parent.iterdir()] == ["config.toml"]


def test_init_writes_to_standard_output(tmp_path):
    out = tmp_path / "c.toml"
    out.write_text(run(init, "--config", "-").stdout)
    assert load_settings(out).mode == "observe"


def test_starter_follows_the_log_that_is_there(path):
    path.write_text(starter_config("/var/log/mail.log"))
    assert load_settings(path) == Settings(source=Source(files=("/var/log/mail.log",)))


@pytest.mark.parametrize(
    "command", [config, init, config.commands["check"], config.commands["show"]]
)
def test_help_shows_an_example(command):
    assert "Example: logwatch-mx" in run(command, "--help").stdout


def test_configuration_path_of_the_help_is_the_usual_one():
    assert str(Path("/etc/logwatch-mx/config.toml")) in run(config, "check", "--help").stdout
