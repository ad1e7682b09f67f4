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
RULES = load_all_rules(())
SIEVE = FindSieve(static_needles(RULES, SITE))
PF = "8A10232BD1: to=<a@b.test>, relay={}, delay=1, delays=1/0/0/0, dsn={}, status={}"
SM = "6ANEJPCm000001: to=<a@b.test>, delay=00:00:01, mailer=esmtp, pri=1, relay={}, dsn={}, stat={}"
MX = "mx.b.test[192.0.2.1]:25"


def sent(relay, said="250 Ok"):
    return PF.format(relay, "2.0.0", f"sent ({said})")


def taken(relay, said="ok"):
    return SM.format(relay, "2.0.0", f"Sent ({said})")


def put_off(relay, dsn, why):
    return PF.format(relay, dsn, f"deferred ({why})")


def returned(relay, dsn, why):
    return PF.format(relay, dsn, f"bounced ({why})")


@pytest.mark.parametrize(
    "line",
    [
        put_off(MX, "4.4.1", "connect to b.test[192.0.2.1]:25: timed out"),
        put_off("none", "4.4.3", "Name service error"),
        PF.format(MX, "5.1.1", "SOFTBOUNCE (host b.test said: 550)"),
        returned("none", "5.4.6", "mail for b.test loops back to myself"),
        returned("x[127.0.0.1]:25", "5.4.0", "host x said: 554 Error: too many hops"),
        returned("local", "5.4.6", "mail forwarding loop for a@b.test"),
        sent("mail.b.test[127.0.0.1]:25", "250 Ok: queued as 8A10232BD2"),
        sent("mail.b.test[127.9.9.9]:25"),
        sent("mail.b.test[192.0.2.9]:25"),
        sent("MX.Home.Test[192.0.2.70]:25"),
        "warning: host b.test[192.0.2.1]:25 greeted me with my own hostname mx.home.test",
        "warning: host b.test[192.0.2.1]:25 replied to HELO/EHLO with my own hostname mx.home.test",
        "warning: mailer loop: best MX host for b.test is local",
        SM.format("b.test. [192.0.2.1]", "4.2.0", "Deferred: 450 4.2.0 try later"),
        SM.format("b.test.", "4.4.3", "queued"),
        "SAA1: to=<a@b.test>, delay=00:00:10, mailer=esmtp, relay=b.test., stat=Deferred: Refused",
        "SAA1: to=<a@b.test>, delay=00:00:10, mailer=esmtp, stat=Operating system error",
        taken("mail.b.test. [127.0.0.1]", "6ANEJPCm000002 Message accepted"),
        taken("mail.b.test. [IPv6:0:0:0:0:0:0:0:1]"),
        taken("mx.home.test. [192.0.2.70]"),
        "6A1: SYSERR(root): b.test. config error: mail loops back to me (MX problem?)",
        "6A1: SYSERR(root): MX list for b.test. points back to mx.home.test",
        "6A1: SYSERR(root): Too many hops 101 (100 max): from <> via localhost, to <a@b.test>",
        "6A1: aliasing/forwarding loop broken: /etc/aliases (11 aliases deep; 10 max)",
        "warning: 8A1: unreasonable virtual_alias_maps map expansion size for a@b.test -- message",
    ],
)
def test_what_matters_is_a_hit(line):
    assert SIEVE.positions(line.encode() + b"\n")


@pytest.mark.parametrize(
    "line",
    [
        sent(MX, "250 2.0.0 Ok: queued as 8A10232BD2"),
        returned(MX, "5.1.1", "host b.test said: 550 5.1.1 User unknown"),
        sent("local", "delivered to maildir"),
        sent("127.0.0.1[127.0.0.1]:10024", "250 Ok: queued as 8A10232BD2"),
        sent("mail.b.test[192.0.2.90]:25"),
        taken("b.test. [192.0.2.1]"),
        SM.format("b.test. [192.0.2.1]", "5.1.1", "User unknown"),
        taken("[127.0.0.1] [127.0.0.1]"),
        "connect from localhost[127.0.0.1]",
        "8A10232BD1: client=localhost[127.0.0.1]",
        "8A10232BD1: removed",
        "warning: 8A10232BD1: message rejected: hopcount exceeded",
    ],
)
def test_daily_life_is_passed_over(line):
    assert SIEVE.positions(line.encode() + b"\n") == []


def test_what_hyperscan_looks_for_has_no_repetition():
    # Several of `relay=[^,]*x` in one automaton took half a second to compile, one a millisecond.
    scanned = [text for needle in static_needles(RULES, SITE) for text in needle.scan]
    assert scanned
    assert [text for text in scanned if b"*" in text or b"+" in text or b"{" in text] == []


@pytest.mark.parametrize(("mta", "share"), [("postfix", 0.03), ("sendmail", 0.10)])
def test_few_lines_of_a_busy_day_are_hits(mta, share, tmp_path):
    # The speed of replay hangs on it: a hit costs as much as a hundred other lines.
    log = tmp_path / "maillog"
    words = ["--mta", mta, "--lines", "10000", "--domains", "500", "--no-loops"]
    subprocess.run([sys.executable, GEN, *words, log], check=True)
    assert 0 < len(SIEVE.positions(log.read_bytes())) < share * 10_000
