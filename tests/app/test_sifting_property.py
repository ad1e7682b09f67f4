"""Any sequence of lines, in blocks of any size, in one log or two: the hits say the same."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from test_sifting import SIEVES, WHOLE, assert_same

GEN = Path(__file__).parents[2] / "bench" / "gen.py"
IDS = st.integers(1, 6)
PF = "postfix/smtp[{pid}]: 8A0{id}: to=<u@{domain}>, relay={relay}, delay=1, dsn={dsn}, status={said}"
SM = "sm-mta[{pid}]: 6ANEJPCm00000{id}: to=<u@{domain}>, delay=00:00:01, mailer=esmtp, relay={smrelay}, dsn={dsn}, stat={smsaid}"
WARNINGS = (
    "postfix/smtp[{pid}]: warning: host m.{domain}[192.0.2.1]:25 greeted me with my own hostname h",
    "postfix/smtp[{pid}]: warning: mailer loop: best MX host for {domain} is local",
    "sm-mta[{pid}]: 6ANEJPCm00000{id}: SYSERR(root): m.{domain}. config error: mail loops back to me (MX problem?)",
    "sm-mta[{pid}]: 6ANEJPCm00000{id}: SYSERR(root): Too many hops 26 (25 max): from <> via localhost, to <u@{domain}>",
    "postfix/qmgr[9]: 8A0{id}: removed",
    "postfix/cleanup[{pid}]: warning: 8A0{id}: message rejected: hopcount exceeded",
    "postfix/bounce[{pid}]: 8A0{id}: status=deferred (bounce failed)",
    "cron[{pid}]: stat=Deferred relay=[127.0.0.1]:25, status=deferred",
)
FIELDS = st.fixed_dictionaries(
    {
        "pid": st.sampled_from([7, 71, 1234]),
        "id": IDS.map(lambda n: f"{n:04}"),
        "domain": st.sampled_from(["loop.test", "Loop.Test", "far.test"]),
        "relay": st.sampled_from(
            ["m.loop.test[127.0.0.1]:25", "f[10.0.0.5]:10025", "none", "m.far.test[192.0.2.1]:25"]
        ),
        "smrelay": st.sampled_from(
            ["m.loop.test. [127.0.0.1]", "[10.0.0.5] [10.0.0.5]", "far.test."]
        ),
        "dsn": st.sampled_from(["2.0.0", "4.4.1", "5.3.5"]),
        "next": IDS.map(lambda n: f"{n:04}"),
    }
)


@st.composite
def lines(draw):
    fields = draw(FIELDS)
    following = fields.pop("next")
    said = draw(
        st.sampled_from(
            [
                f"sent (250 2.0.0 Ok: queued as 8A0{following})",
                "deferred (connect to m: Connection refused)",
                f"bounced (mail for {fields['domain']} loops back to myself)",
            ]
        )
    )
    smsaid = draw(
        st.sampled_from(
            [
                f"Sent (6ANEJPCm00000{following} Message accepted for delivery)",
                "Deferred: Connection refused by m.",
                "Local configuration error",
            ]
        )
    )
    shape = draw(st.sampled_from([PF, PF, PF, SM, SM, SM, *WARNINGS]))
    return shape.format(**fields, said=said, smsaid=smsaid)


def stamped(texts, step):
    begin = datetime(2026, 11, 23, 14, tzinfo=UTC)
    return [
        f"{begin + timedelta(seconds=step * n):%b %d %H:%M:%S} mx {text}\n"
        for n, text in enumerate(texts)
    ]


@pytest.mark.parametrize("sieve", SIEVES)
@given(
    texts=st.lists(lines(), min_size=1, max_size=60),
    size=st.sampled_from([64, 300, 2000]),
    step=st.sampled_from([0, 1, 20, 400]),
    logs=st.integers(1, 2),
)
@settings(max_examples=12, deadline=None)
def test_any_lines_in_any_blocks(sieve, texts, size, step, logs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    written = stamped(texts, step)
    for number in range(logs):
        (folder / f"log{number}x").write_text("".join(written[number::logs]))
    assert_same([folder], sieve, sizes=(size, WHOLE))


@pytest.mark.parametrize("sieve", SIEVES)
@pytest.mark.parametrize("mta", ["postfix", "sendmail"])
def test_a_busy_day(mta, sieve, tmp_path):
    log = tmp_path / "maillog"
    words = ["--mta", mta, "--lines", "8000", "--domains", "500"]
    subprocess.run([sys.executable, GEN, *words, log], check=True)
    incidents, *_ = assert_same([log], sieve, sizes=(1 << 16, WHOLE))
    assert "seaton.biz" in {i.subject for i in incidents}
