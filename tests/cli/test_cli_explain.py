import pytest

OPTIONS = ("--year", "2026", "--tz", "UTC")


def test_a_line_is_explained_rule_by_rule(logwatch, seaton):
    code, out, err = logwatch("explain", *OPTIONS, f"{seaton}:597")
    assert (code, err) == (0, "")
    shown = out.splitlines()
    assert shown[0].startswith("Nov 23 16:27:32 mx postfix/smtp[349]: F0ACC240: to=<nicholas@")
    assert "  yes  postfix.usual_delivery" in shown
    assert "  next_queue_id   017AC242" in shown
    assert "  yes  loop-self-delivery     A message was delivered to this host itself" in shown
    assert [line for line in shown if line.startswith("  yes  ") and "spike" in line] == []


@pytest.mark.parametrize(
    ("what", "code", "told"),
    [
        ("{log}:99999", 66, "{log}: has 2320 lines, no line 99999"),
        ("{log}x:3", 66, "{log}x: no such file"),
    ],
)
def test_a_line_that_is_not_there_is_no_input(logwatch, healthy, what, code, told):
    ran = logwatch("explain", what.format(log=healthy))
    assert [*ran] == [code, "", f"logwatch-mx: {told.format(log=healthy)}\n"]


def test_hostile_lines_steer_no_terminal(logwatch, tmp_path):
    log = tmp_path / "x.log"
    log.write_bytes(b"Nov 23 16:32:08 mx postfix/smtp[1]: \x1b]0;owned\x07 \x9b31m \xff\n")
    code, out, _ = logwatch("explain", *OPTIONS, f"{log}:1")
    assert code == 0
    assert all(line.isprintable() for line in out.split("\n"))
