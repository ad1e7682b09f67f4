"""Which lines the needles of the shipped rules hit, one by one."""

import subprocess
import sys
from pathlib import Path

import pytest

from logwatch_mx.app.needles import static_needles
from logwatch_mx.app.setup import load_all_rules
from logwatch_mx.model.site import Site
from logwatch_mx.sources.sieve import FindSieve

GEN = Path(__file__).parents[2] / "bench" / "gen.py"
SITE = Site(addresses=frozenset({"192.0.2.9"}), names=frozenset({"mx.home.test"}))
SIEVE = FindSieve(static_needles(load_all_rules(()), SITE))
PF = "8A10232BD1: to=<a@b.test>, relay={}, delay=1, delays=1/0/0/0, dsn={}, status={}"
SM = "6ANEJPCm000001: to=<a@b.test>, delay=00:00:01, mailer=esmtp, pri=1, relay={}, dsn={}, stat={}"
MX = "mx.b.test[192.0.2.1]:25"


@pytest.mark.parametrize(
    "line",
    [
        PF.format(MX, "4.4.1", "deferred (connect to b.test[192.0.2.1]:25: timed out)"),
        PF.format("none", "4.4.3", "deferred (Name service error)"),
        PF.format(MX, "5.1.1", "SOFTBOUNCE (host b.test said: 550)"),
        PF.format("none", "5.4.6", "bounced (mail for b.test loops back to myself)"),
        PF.format("x[127.0.0.1]:25", "5.4.0", "bounced (host x said: 554 Error: too many hops)"),
        PF.format("local", "5.4.6", "bounced (mail forwarding loop for a@b.test)"),
        PF.format("mail.b.test[127.0.0.1]:25", "2.0.0", "sent (250 Ok: queued as 8A10232BD2)"),
        PF.format("mail.b.test[127.9.9.9]:25", "2.0.0", "sent (250 Ok)"),
        PF.format("mail.b.test[192.0.2.9]:25", "2.0.0", "sent (250 Ok)"),
        PF.format("MX.Home.Test[192.0.2.70]:25", "2.0.0", "sent (250 Ok)"),
        PF.format("a.localhost[192.0.2.70]:25", "2.0.0", "sent (250 Ok)"),
        "warning: host b.test[192.0.2.1]:25 greeted me with my own hostname mx.home.test",
        "warning: host b.test[192.0.2.1]:25 replied to HELO/EHLO with my own hostname mx.home.test",
        "warning: mailer loop: best MX host for b.test is local",
        SM.format("b.test. [192.0.2.1]", "4.2.0", "Deferred: 450 4.2.0 try later"),
        SM.format("b.test.", "4.4.3", "queued"),
        "SAA1: to=<a@b.test>, delay=00:00:10, mailer=esmtp, relay=b.test., stat=Deferred: Refused",
        "SAA1: to=<a@b.test>, delay=00:00:10, mailer=esmtp, stat=Operating system error",
        SM.format("mail.b.test. [127.0.0.1]", "2.0.0", "Sent (6ANEJPCm000002 Message accepted)"),
        SM.format("mail.b.test. [IPv6:0:0:0:0:0:0:0:1]", "2.0.0", "Sent (ok)"),
        SM.format("mx.home.test. [192.0.2.70]", "2.0.0", "Sent (ok)"),
        "6A1: SYSERR(root): b.test. config error: mail loops back to me (MX problem?)",
        "6A1: SYSERR(root): MX list for b.test. points back to mx.home.test",
        "6A1: SYSERR(root): Too many hops 101 (100 max): from <> via localhost, to <a@b.test>",
    ],
)
def test_what_matters_is_a_hit(line):
    assert SIEVE.positions(line.encode() + b"\n")


@pytest.mark.parametrize(
    "line",
    [
        PF.format(MX, "2.0.0", "sent (250 2.0.0 Ok: queued as 8A10232BD2)"),
        PF.format(MX, "2.0.0", "sent (250 status=deferred relay=x[127.0.0.2]:24,)"),
        PF.format(MX, "5.1.1", "bounced (host b.test said: 550 5.1.1 User unknown)"),
        PF.format("local", "2.0.0", "sent (delivered to maildir)"),
        PF.format("127.0.0.1[127.0.0.1]:10024", "2.0.0", "sent (250 Ok: queued as 8A10232BD2)"),
        PF.format("mail.b.test[192.0.2.90]:25", "2.0.0", "sent (250 Ok)"),
        SM.format("b.test. [192.0.2.1]", "2.0.0", "Sent (ok)"),
        SM.format("b.test. [192.0.2.1]", "5.1.1", "User unknown"),
        SM.format("[127.0.0.1] [127.0.0.1]", "2.0.0", "Sent (ok)"),
        "connect from localhost[127.0.0.1]",
        "8A10232BD1: client=localhost[127.0.0.1]",
        "8A10232BD1: removed",
        "warning: 8A10232BD1: message rejected: hopcount exceeded",
    ],
)
def test_daily_life_is_passed_over(line):
    assert SIEVE.positions(line.encode() + b"\n") == []


@pytest.mark.parametrize(("mta", "share"), [("postfix", 0.03), ("sendmail", 0.10)])
def test_few_lines_of_a_busy_day_are_hits(mta, share, tmp_path):
    # The speed of replay hangs on it: a hit costs as much as a hundred other lines.
    log = tmp_path / "maillog"
    words = ["--mta", mta, "--lines", "10000", "--domains", "500", "--no-loops"]
    subprocess.run([sys.executable, GEN, *words, log], check=True)
    assert 0 < len(SIEVE.positions(log.read_bytes())) < share * 10_000
