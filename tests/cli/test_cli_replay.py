import gzip
import json
import os
import pty
import subprocess
import sys

import pytest

OPTIONS = ("--year", "2026", "--tz", "UTC")


def dns(samples):
    return ("--dns", f"zone:{samples / 'dns.zone'}")


def test_the_loop_is_told_in_a_block_for_people(logwatch, seaton, samples):
    code, out, err = logwatch("replay", *OPTIONS, *dns(samples), seaton)
    assert (code, err) == (0, "")
    head = out.splitlines()
    assert head[:3] == [str(seaton), "7,811 lines, 2026-11-23 16:26:51 to 16:28:41 +00:00", ""]
    assert head[3:7] == [
        "MAIL LOOP  seaton.biz  confirmed",
        "  when      2026-11-23 16:27:32 to 16:28:10 +00:00, alarm at 16:27:32",
        "  what      24 messages in 1,176 log lines; one of them came back 48 times",
        "  reasons   delivered to ourselves (1,152), too many hops (24)",
    ]
    assert "  action    observe mode: would pause mail for seaton.biz" in head


def test_a_loop_that_nobody_was_asked_about_is_only_suspected(logwatch, seaton):
    code, out, err = logwatch("replay", *OPTIONS, seaton)
    assert code == 0
    assert "MAIL LOOP  seaton.biz  suspected\n" in out
    assert "not asked; log lines alone confirm nothing" in out
    assert err == "logwatch-mx: DNS was not asked; --dns live tells whether a loop is one\n"


def test_json_is_whole_and_of_schema_1(logwatch, seaton, samples):
    code, out, _ = logwatch("replay", *OPTIONS, *dns(samples), "--json", seaton)
    answer = json.loads(out)
    assert (code, answer["schema"]) == (0, 1)
    assert answer["input"] == {
        "files": [str(seaton)],
        "lines": 7811,
        "first": "2026-11-23T16:26:51+00:00",
        "last": "2026-11-23T16:28:41+00:00",
        "stats": None,
        "skipped": {},
    }
    assert [i["id"] for i in answer["incidents"]] == ["loop/seaton.biz/2026-11-23T16:27:32Z"]


@pytest.mark.parametrize(("log", "code"), [("seaton", 3), ("healthy", 0)])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_exit_code_tells_a_script_whether_something_was_found(logwatch, request, log, code, form):
    path = request.getfixturevalue(log)
    assert logwatch("replay", *OPTIONS, "--exit-code", *form, path).code == code
    assert logwatch("replay", *OPTIONS, *form, path).code == 0


def incidents(ran):
    """Return the incidents without what depends on the file's name."""
    return [
        {**i, "evidence": [(e["line"], e["text"]) for e in i["evidence"]]}
        for i in json.loads(ran.out)["incidents"]
    ]


def test_standard_input_and_an_archive_give_what_the_file_gives(spawn, seaton, samples, tmp_path):
    words = ("replay", *OPTIONS, *dns(samples), "--json")
    plain = spawn(*words, seaton)
    packed = tmp_path / "maillog.gz"
    packed.write_bytes(gzip.compress(seaton.read_bytes()))
    with seaton.open("rb") as piped:
        from_pipe = spawn(*words, "-", stdin=piped)
    assert incidents(spawn(*words, packed)) == incidents(plain)
    assert incidents(from_pipe) == incidents(plain)
    assert json.loads(from_pipe.out)["input"]["files"] == ["-"]


def test_a_log_cut_in_two_is_one_log(logwatch, seaton, samples, tmp_path):
    lines = seaton.read_bytes().splitlines(keepends=True)
    (tmp_path / "maillog.1").write_bytes(b"".join(lines[:3000]))
    (tmp_path / "maillog").write_bytes(b"".join(lines[3000:]))
    words = ("replay", *OPTIONS, *dns(samples), "--json")
    (whole,), (cut,) = incidents(logwatch(*words, seaton)), incidents(logwatch(*words, tmp_path))
    assert {**cut, "evidence": [t for _, t in cut["evidence"]]} == {
        **whole,
        "evidence": [t for _, t in whole["evidence"]],
    }


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--since", "2026-11-23T16:28"), 1),
        (("--since", "2026-11-23T16:28:11"), 0),
        (("--since", "2026-11-23T17:28:11+01:00"), 0),
        (("--until", "2026-11-23T16:27:00"), 0),
        (("--until", "2026-11-23T16:27:35"), 1),
        (("--since", "2000w"), 1),
    ],
)
def test_a_part_of_the_time_may_be_asked_for(logwatch, seaton, options, count):
    ran = logwatch("replay", *OPTIONS, "--json", *options, seaton)
    assert len(json.loads(ran.out)["incidents"]) == count


def test_until_cuts_the_numbers_too(logwatch, seaton):
    ran = logwatch("replay", *OPTIONS, "--json", "--until", "2026-11-23T16:27:35", seaton)
    answer = json.loads(ran.out)
    assert answer["input"]["last"] == "2026-11-23T16:27:35+00:00"
    assert answer["incidents"][0]["last"] <= "2026-11-23T16:27:35+00:00"


@pytest.mark.parametrize("own", ["seaton.biz", "SEATON.biz.", "sub.example"])
def test_an_own_domain_makes_the_fault_ours(logwatch, seaton, samples, own):
    ran = logwatch("replay", *OPTIONS, *dns(samples), "--json", "--own-domain", own, seaton)
    (incident,) = json.loads(ran.out)["incidents"]
    ours = own != "sub.example"
    assert incident["cause"] == ("ours" if ours else "theirs")
    assert [a["state"] for a in incident["actions"]] == ["skipped" if ours else "planned"]


def test_stamps_without_a_zone_are_read_in_the_zone_given(logwatch, seaton):
    ran = logwatch("replay", "--year", "2025", "--tz", "Europe/Berlin", "--json", seaton)
    answer = json.loads(ran.out)
    assert answer["input"]["first"] == "2025-11-23T16:26:51+01:00"
    assert answer["incidents"][0]["id"] == "loop/seaton.biz/2025-11-23T15:27:32Z"


def test_stats_count_the_whole_log(logwatch, seaton):
    ran = logwatch("replay", *OPTIONS, "--json", "--stats", seaton)
    stats = json.loads(ran.out)["input"]["stats"]
    assert sum(stats["kinds"].values()) == 7811
    assert stats["deliveries"]["sent"] >= 1152
    assert stats["domains"]["seaton.biz"] >= 1152
    shown = logwatch("replay", *OPTIONS, "--stats", seaton).out
    assert "\nLines by kind\n" in shown
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []


def test_a_report_is_written_in_place_of_the_table(logwatch, seaton, samples, tmp_path):
    out = tmp_path / "r.html"
    ran = logwatch("replay", *OPTIONS, *dns(samples), "--html", out, seaton)
    assert [*ran] == [0, "", f"{out} written: 1 incident\n"]
    page = out.read_text()
    assert "7,811 lines, 2026-11-23 16:26:51 to 16:28:41 +00:00" in page
    assert "seaton.biz" in page


def test_a_report_may_come_with_json(logwatch, healthy, tmp_path):
    ran = logwatch("replay", *OPTIONS, "--json", "--html", tmp_path / "r.html", healthy)
    assert json.loads(ran.out)["incidents"] == []
    assert ran.err == f"{tmp_path}/r.html written: 0 incidents\n"


def test_a_report_that_cannot_be_written_is_one_line(logwatch, healthy, tmp_path):
    out = tmp_path / "no" / "r.html"
    ran = logwatch("replay", *OPTIONS, "--html", out, healthy)
    assert [*ran] == [1, "", f"logwatch-mx: {out}: No such file or directory\n"]


def test_what_is_no_mail_log_is_asked_about(logwatch, tmp_path):
    log = tmp_path / "x.log"
    log.write_text("one\ntwo\n")
    code, out, err = logwatch("replay", "--stats", log)
    assert code == 0
    assert out.startswith(f"{log}\n2 lines\n\nNo incident: ")
    assert err == "logwatch-mx: no line of Postfix or sendmail is in it: is it a mail log?\n"


def test_a_last_line_without_its_end_is_left_out_and_told(logwatch, tmp_path, healthy):
    log = tmp_path / "x.log"
    log.write_bytes(healthy.read_bytes()[:-1])
    code, out, err = logwatch("replay", *OPTIONS, log)
    assert code == 0
    assert "2,319 lines" in out
    assert err == "logwatch-mx: 1 last lines had no end and were left out\n"


def test_a_progress_bar_is_for_eyes_only(seaton, spawn):
    assert spawn("replay", *OPTIONS, seaton, env={"TERM": "xterm"}).err.startswith("logwatch-mx: ")
    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "logwatch_mx", "replay", *OPTIONS, str(seaton)],
        stdout=subprocess.PIPE,
        stderr=other,
        env={**os.environ, "TERM": "xterm"},
    ) as child:
        os.close(other)
        out = child.stdout.read().decode()
        shown = b""
        while True:
            try:
                more = os.read(main, 65536)
            except OSError:  # the terminal is gone: the child ended
                break
            if not more:
                break
            shown += more
    os.close(main)
    assert child.returncode == 0
    assert "MAIL LOOP" in out
    assert "\x1b" not in out
    assert "\u2501" in shown.decode()


def test_the_answer_is_the_same_for_every_number_of_processes(logwatch, seaton):
    one, two = (logwatch("replay", *OPTIONS, "--json", "--jobs", n, seaton) for n in (1, 2))
    assert tuple(one) == tuple(two)
    assert one.code == 0
    assert logwatch("replay", *OPTIONS, "--jobs", 0, seaton).code == 2
