"""The sample logs, replayed by the real command, against what is kept beside them.

What is kept was made by the program itself (``samples/expect.py``); so the numbers that matter are
held against the README's table too, which was written from what was sent, and against a plain
count of the lines.
"""

import gzip
import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
MAILLOG = TOP / "samples" / "maillog"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


expect = load(TOP / "samples" / "expect.py")


@pytest.mark.parametrize("log", expect.LOGS, ids=lambda log: log.stem)
def test_a_sample_gives_what_is_kept_beside_it(log):
    kept = json.loads(expect.expected_of(log).read_text())
    assert expect.keep(expect.replay(log.relative_to(TOP))) == kept


def test_every_sample_has_its_expectation_and_the_other_way_round():
    stems = {path.name.removesuffix(".expected.json") for path in MAILLOG.glob("*.expected.json")}
    assert stems == {log.stem for log in expect.LOGS}
    assert len(stems) == 7


def incidents_of(name):
    kept = json.loads((MAILLOG / f"{name}.expected.json").read_text())
    return kept["incidents"]


@pytest.mark.parametrize(
    ("name", "messages", "passes", "limit", "first", "last"),
    [
        ("postfix-seaton", 24, 24 * 48, 24, "16:27:31", "16:28:10"),
        ("sendmail-seaton", 20, 20 * 100, 40, "16:27:29", "16:28:07"),
    ],
)
def test_the_loop_has_the_numbers_of_the_readme(name, messages, passes, limit, first, last):
    (incident,) = incidents_of(name)
    assert (incident["kind"], incident["subject"]) == ("loop", "seaton.biz")
    assert (incident["state"], incident["cause"]) == ("confirmed", "theirs")
    assert incident["verdict"]["outcome"] == "loopback"
    assert incident["counts"] == {
        "events": passes + limit,
        "messages": messages,
        "recipients": 1,
        "max_hops": passes // messages,
    }
    assert incident["reasons"] == {"delivered to ourselves": passes, "too many hops": limit}
    (origin,) = incident["origin"]
    assert (origin["client_ip"], origin["sender"]) == ("192.0.2.7", "nicholas@seaton.biz")
    assert origin["messages"] == messages
    assert (origin["first"][11:19], origin["last"][11:19]) == (first, last)
    assert [a["verb"] + " " + a["state"] for a in incident["actions"]] == ["pause planned"]


@pytest.mark.parametrize(
    ("name", "first"), [("postfix-spike", "16:30:20"), ("sendmail-spike", "16:30:15")]
)
def test_the_spike_has_the_numbers_of_the_readme(name, first):
    (incident,) = incidents_of(name)
    assert (incident["kind"], incident["subject"]) == ("spike", "elm.example")
    assert incident["counts"]["messages"] == incident["counts"]["recipients"] == 70
    assert incident["first"][11:19] == first
    assert list(incident["reasons"]) == ["connection refused"]
    assert incident["actions"] == []


@pytest.mark.parametrize("name", ["postfix-filter", "postfix-healthy", "sendmail-healthy"])
def test_the_quiet_ones_are_quiet(name):
    assert incidents_of(name) == []


@pytest.mark.parametrize(
    ("name", "passes", "limit"),
    [
        (
            "postfix-seaton",
            r"relay=mail\.seaton\.biz\[127\.0\.0\.1\]:25.* status=sent",
            r"too many hops",
        ),
        (
            "sendmail-seaton",
            r"relay=mail\.seaton\.biz\. \[127\.0\.0\.1\].* stat=Sent",
            r"SYSERR\(root\): Too many hops [0-9]+ ",
        ),
    ],
)
def test_a_plain_count_of_the_lines_agrees(name, passes, limit):
    text = (MAILLOG / f"{name}.log").read_text()
    (incident,) = incidents_of(name)
    counted = [len(re.findall(words, text)) for words in (passes, limit)]
    assert list(incident["reasons"].values()) == counted


def stable(answer):
    """Return what does not depend on the file's name."""
    text = json.dumps(expect.keep(answer)["incidents"])
    return re.sub(r'"source": "[^"]*"', "", text)


@pytest.mark.parametrize("name", ["postfix-seaton", "sendmail-spike"])
def test_an_archive_gives_what_the_plain_log_gives(name, tmp_path):
    packed = tmp_path / f"{name}.log.gz"
    with (MAILLOG / f"{name}.log").open("rb") as plain, gzip.open(packed, "wb") as out:
        shutil.copyfileobj(plain, out)
    plain = expect.replay(f"samples/maillog/{name}.log")
    answer = expect.replay(packed)
    assert stable(answer) == stable(plain)
    assert answer["input"]["lines"] == plain["input"]["lines"]
