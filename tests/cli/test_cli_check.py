import json
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from logwatch_mx.cli.check import check
from logwatch_mx.errors import ConfigErrors, SourceError

LAB = Path(__file__).parent.parent / "confirm" / "data" / "dns.zone"


@pytest.fixture
def config(tmp_path):
    def write(text=""):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return ["--config", str(path)]

    return write


def run(*words):
    return CliRunner().invoke(check, list(map(str, words)), terminal_width=80)


def test_json_has_the_evidence_in_the_order_asked(config):
    ran = run("nullmx.test", "MX127.test.", "--zone", LAB, "--json", *config())
    assert json.loads(ran.stdout) == {
        "schema": 1,
        "verdicts": [
            {
                "domain": "nullmx.test",
                "outcome": "null_mx",
                "mx": [{"preference": 0, "host": ".", "addresses": []}],
                "resolver": f"zone:{LAB}",
                "why": "nullmx.test takes no mail: its only exchanger is the root (RFC 7505)",
            },
            {
                "domain": "mx127.test",
                "outcome": "loopback",
                "mx": [{"preference": 10, "host": "mail.mx127.test", "addresses": ["127.0.0.1"]}],
                "resolver": f"zone:{LAB}",
                "why": "every exchanger is this machine itself: mail.mx127.test 127.0.0.1 is loopback",
            },
        ],
    }


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["mx127.test"], 3),
        (["healthy.test", "partial.test"], 3),
        (["ownip.test", "--own-address", "10.99.0.10"], 3),
        (["ownip.test", "--own-address", "::ffff:10.99.0.10"], 3),
        (["ownip.test"], 0),
        (["healthy.test", "nullmx.test", "nosuch.test", "rfc1918.test"], 0),
    ],
)
def test_exit_code_tells_a_loop(config, words, code):
    assert run(*words, "--zone", LAB, *config()).exit_code == code


def test_own_domain_with_own_exchanger_is_at_home_and_no_loop(config):
    ours = config('[mta]\nown_domains = ["home.test"]\nown_addresses = ["10.99.0.10"]\n')
    ran = run("home.test", "--zone", LAB, *ours)
    assert ran.exit_code == 0
    assert "this site's own" in ran.stdout


def test_routable_networks_of_the_configuration_count(config):
    ran = run("healthy.test", "--zone", LAB, "--json", *config('dns.routable = ["10.99.0.0/24"]'))
    assert json.loads(ran.stdout)["verdicts"][0]["outcome"] == "healthy"


def test_nothing_answered_is_unavailable(config, tmp_path):
    zone = tmp_path / "z"
    zone.write_text("other.test. SOA a. b. 1 1 1 1 1\n")
    ran = run("joe.test", "--zone", zone, "--json", *config())
    assert (ran.exit_code, json.loads(ran.stdout)["verdicts"][0]["outcome"]) == (69, "unanswered")


def test_several_nameservers_are_all_asked_and_named(config):
    places = []
    quick = config('[mta]\nflavour = "none"\n[dns]\ntimeout = "50ms"\nlifetime = "50ms"\n')
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        for deaf in (one, two):
            deaf.bind(("127.0.0.1", 0))
            places.append(f"127.0.0.1:{deaf.getsockname()[1]}")
        options = [word for place in places for word in ("--nameserver", place)]
        ran = run("joe.test", "--json", *options, *quick)
    (verdict,) = json.loads(ran.stdout)["verdicts"]
    assert (ran.exit_code, verdict["resolver"]) == (69, ", ".join(places))
    assert all(f"{place}: unanswered" in verdict["why"] for place in places)


def test_junk_is_no_domain_and_nobody_is_asked(config):
    ran = run("mx127.test", "no domain", "--zone", "/nowhere", *config())
    assert ran.exit_code == 2
    assert "'no domain': not a domain" in ran.output


def test_missing_zone_is_no_input(config):
    assert isinstance(run("a.test", "--zone", "/nowhere", *config()).exception, SourceError)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a.test", "--nameserver", "dns.test"],
        ["a.test", "--own-address", "x"],
        ["a.test", "--zone", "z", "--nameserver", "127.0.0.1"],
    ],
)
def test_wrong_words_are_wrong_usage(words):
    ran = run(*words)
    assert (ran.exit_code, ran.stdout) == (2, "")


def test_bad_configuration_is_told(config):
    ran = run("a.test", "--zone", LAB, *config("x = 1"))
    assert isinstance(ran.exception, ConfigErrors)


def test_table_fits_eighty_columns_and_loses_nothing(config):
    long = ".".join(["a" * 60] * 3) + ".test"
    ran = run("partial2.test", "mx127.test", long, "--zone", LAB, *config())
    assert max(map(len, ran.stdout.splitlines())) <= 80
    words = "".join(ran.stdout.split())
    assert "MX20backup.partial2.test127.0.0.1" in words
    assert words.count("a") >= 180


def test_hostile_exchanger_reaches_no_terminal(config, tmp_path):
    zone = tmp_path / "z"
    zone.write_text("joe.test. MX 10 [bold]\\027[2J.test.\n[bold]\\027[2J.test. A 127.0.0.1\n")
    ran = run("joe.test", "--zone", zone, *config())
    assert "\x1b" not in ran.stdout
    assert "[bold]" in ran.stdout


def test_help_shows_an_example():
    assert "Example: logwatch-mx check seaton.biz" in " ".join(run("--help").stdout.split())


def test_unreadable_default_configuration_does_not_stop_a_question(tmp_path, monkeypatch):
    class Forbidden(type(Path())):
        def open(self, *args, **kwargs):
            raise PermissionError(13, "Permission denied")

    (tmp_path / "config.toml").touch()
    path = Forbidden(tmp_path / "config.toml")
    monkeypatch.setattr("logwatch_mx.config.load.DEFAULT_PATH", path)
    ran = run("mx127.test", "--zone", shutil.copy(LAB, tmp_path / "z"))
    assert ran.exit_code == 3
    assert "going on without it" in ran.stderr
