"""``replay --tune``: thresholds are proposed from old logs, with the alarms of each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASS = (
    "Nov 23 10:{n:02}:{k:02} mx postfix/smtp[420]: AB{n:02}{k:02}AB01: to=<u@{d}>,"
    " relay=mail.{d}[127.0.0.1]:25, delay=1, delays=0.1/0/0.6/0.3, dsn=2.0.0,"
    " status=sent (250 2.0.0 Ok: queued as AB{n:02}{j:02}AB01)\n"
)
ZONE = """\
loop.test. 60 IN SOA ns.loop.test. root.loop.test. 1 60 60 60 60
loop.test. 60 IN MX 10 mail.loop.test.
mail.loop.test. 60 IN A 127.0.0.1
far.test. 60 IN SOA ns.far.test. root.far.test. 1 60 60 60 60
far.test. 60 IN MX 10 mail.far.test.
mail.far.test. 60 IN A 93.184.216.34
"""


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "logwatch_mx", "replay", "--year", "2026", "--tz", "UTC", *words],
        capture_output=True, text=True, check=False, timeout=100, cwd=ROOT,
    )  # fmt: skip


def tuned(tmp_path, passes):
    """*passes*: domain, and how often one message came back."""
    log, zone = tmp_path / "maillog", tmp_path / "zone"
    zone.write_text(ZONE)
    log.write_text(
        "".join(
            PASS.format(n=n, k=k, j=k + 1, d=domain)
            for n, (domain, count) in enumerate(passes)
            for k in range(count)
        )
    )
    done = run("--tune", "--json", "--dns", f"zone:{zone}", str(log))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def alarms(told, setting):
    return {
        trial["value"]: [(a["id"].split("/")[1], a["state"]) for a in trial["alarms"]]
        for trial in told["trials"]
        if trial["setting"] == setting
    }


def test_the_configured_threshold_stays_where_nothing_speaks_against_it(tmp_path):
    told = tuned(tmp_path, [("loop.test", 20)])
    found = [("loop.test", "confirmed")]
    assert alarms(told, "loop.passes") == dict.fromkeys((2, 3, 4, 6, 10), found)
    assert told["proposed"] == {"loop.passes": 3, "spike.ceiling": 50}


def test_a_chain_of_proxies_asks_for_more_passes(tmp_path):
    told = tuned(tmp_path, [("loop.test", 20), ("far.test", 4)])
    assert alarms(told, "loop.passes")[3] == [("loop.test", "confirmed"), ("far.test", "refuted")]
    assert alarms(told, "loop.passes")[6] == [("loop.test", "confirmed")]
    assert told["proposed"]["loop.passes"] == 6


def test_loops_that_end_after_two_passes_ask_for_fewer(tmp_path):
    told = tuned(tmp_path, [("loop.test", 2)])
    assert told["proposed"]["loop.passes"] == 2
    assert told["why"]["loop.passes"] == "finds 1 loops more that DNS confirms"


def test_one_man_s_many_messages_ask_for_a_higher_ceiling(tmp_path):
    log = tmp_path / "maillog"
    log.write_text(
        "".join(
            f"Nov 23 10:0{n // 20}:{n % 20 * 3:02} mx postfix/smtp[9]: {n:05X}BC1: to=<bob@far.test>,"
            " relay=none, delay=0.3, delays=0.1/0/0.2/0, dsn=4.4.1, status=deferred"
            " (connect to mail.far.test[192.0.2.25]:25: Connection timed out)\n"
            for n in range(60)
        )
    )
    told = json.loads(run("--tune", "--json", str(log)).stdout)
    found = {value: len(raised) for value, raised in alarms(told, "spike.ceiling").items()}
    assert found == {20: 1, 30: 1, 50: 1, 100: 0, 200: 0, 500: 0}
    assert told["proposed"]["spike.ceiling"] == 100


def test_the_table_ends_with_lines_for_the_configuration():
    done = run("--tune", "samples/maillog/postfix-spike.log")
    assert done.returncode == 0, done.stderr
    assert (
        "spike.ceiling, over 0.0 days\n    20  1 alarm\n          spike/elm.example/" in done.stdout
    )
    assert "    50  1 alarm  (configured)\n" in done.stdout
    assert "\nProposed for config.toml\n  [loop]\n  passes = 3    # nothing speaks" in done.stdout


@pytest.mark.parametrize("words", [["--tune", "-"]])
def test_standard_input_cannot_be_read_several_times(words):
    done = run(*words)
    assert (done.returncode, "name files, not -" in done.stderr) == (2, True)
