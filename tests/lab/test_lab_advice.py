"""The lines that incidents tell to paste, pasted: into Debian's own Postfix and sendmail."""

import subprocess

import pytest
from mailworld.chroots import build, missing

from logwatch_mx.detect.advice import advise
from logwatch_mx.detect.ours import blame
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import IncidentKind
from logwatch_mx.model.site import Site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]
COMMANDS = ("post", "echo '", "make ")
#: A copy that is thrown away: an overlay in a mount namespace of its own, with a name and no net.
COPY = """
set -e
mount -t tmpfs tmpfs {over}
mkdir {over}/up {over}/work {over}/root
mount -t overlay overlay -o lowerdir={root},upperdir={over}/up,workdir={over}/work {over}/root
mount -t proc proc {over}/root/proc
hostname mx.home.test
echo '127.0.0.1 mx.home.test mx localhost' > {over}/root/etc/hosts
: > {over}/root/etc/resolv.conf
ip link set lo up
cat > {over}/root/tmp/run.sh
chroot {over}/root env PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -e /tmp/run.sh
"""


def paste(mta, script, over):
    if (lack := missing()) is not None:
        pytest.skip(lack)
    over.mkdir()
    return subprocess.run(
        ["unshare", "-m", "-n", "-u", "sh", "-c", COPY.format(root=build(mta), over=over)],
        input=script, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def commands(steps):
    return [step.partition("   (")[0] for step in steps if step.startswith(COMMANDS)]


def steps_of(mta, reason="throttled by Gmail (4.7.28)"):
    return advise(IncidentKind.SPIKE, "google.com", reason, ("a.test", "b.test"), mta).steps


def test_postfix_takes_the_slow_transport(tmp_path):
    lines = [step for step in commands(steps_of(Mta.POSTFIX)) if step != "postfix reload"]
    lines += ["postfix check", "postmap -q b.test hash:/etc/postfix/transport",
              "postconf -h transport_maps slow_destination_rate_delay", "postconf -M slow/unix"]  # fmt: skip
    done = paste("postfix", "\n".join(lines), tmp_path / "over")
    assert done.returncode == 0, done.stderr
    assert "unused parameter" not in done.stderr
    assert done.stdout.splitlines()[-4:-1] == ["slow:", ", hash:/etc/postfix/transport", "5s"]
    assert done.stdout.split()[-8:] == ["slow", "unix", "-", "-", "n", "-", "2", "smtp"]


@pytest.mark.parametrize("lists", [{}, {"d.test": "relay_domains"}])
def test_postfix_takes_the_mended_settings(tmp_path, lists):
    known = Site(lists=lists, settings={"mydestination": "mx.home.test", "relay_domains": "r.test"})
    line = "to=<n@d.test>, relay=mail.d.test[127.0.0.1]:25, status=sent"
    told = blame("d.test", routed=False, mta=Mta.POSTFIX, spins=True, texts=(line,), site=known)
    lines = [step for step in commands(told.steps) if step != "postfix reload"]
    script = "\n".join([*lines, "postfix check", "postconf -h proxy_interfaces mydestination"])
    done = paste("postfix", script, tmp_path / "over")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["127.0.0.1", "mx.home.test, d.test"]


def test_sendmail_queues_slow_mail_apart(tmp_path):
    steps = steps_of(Mta.SENDMAIL)
    macros = [
        step.partition("   (")[0] for step in steps if step.endswith("dnl") or "dnl  " in step
    ]
    entries = [step for step in steps if step.startswith("QGRP:")]
    script = "\n".join(
        [
            "cd /etc/mail",
            "cat > /tmp/macros <<'END'",
            *macros,
            "END",
            "sed -i '/^MAILER_DEFINITIONS/e cat /tmp/macros' sendmail.mc",
            "cat >> access <<'END'",
            *entries,
            "END",
            "makemap hash access < access",
            "m4 sendmail.mc > sendmail.cf",
            "mkdir -m 700 /var/spool/mqueue/slow",
            "for d in b far; do printf 'Subject: x\\n\\nx\\n' | sendmail -C sendmail.cf -bm -odq u@$d.test; done",
            "cd /var/spool/mqueue",
            "grep -l b.test slow/qf* | wc -l",
            "grep -l far.test qf* | wc -l",
        ]
    )
    done = paste("sendmail", script, tmp_path / "over")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == ["1", "1"]
