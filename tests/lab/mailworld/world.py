"""A mail server and the world around it, for one test: start, send, look at log and queue.

The MTA lives in a chroot (an overlay above the cached one) with its own network, host name and
pids; the outside has a network of its own; one cable joins them and nothing leads further.
*home*, a directory of the machine, is mounted inside at the same path: logs appear there, and
files that the test puts there are seen by the MTA.
"""

import json
import subprocess
import sys
import time
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path

import dns.name
import dns.zone
from mailworld import chroots, places
from mailworld.postfix import Postfix
from mailworld.sendmail import Sendmail
from mailworld.space import DIE_WITH_ME, Space, run, wait_for

LAB = Path(__file__).resolve().parents[1]
ZONES = (LAB.parents[1] / "samples/maillog/dns.zone", LAB / "kinds.zone")
RSYSLOG = """\
global(localHostname="mx" workDirectory="/var/spool/rsyslog")
module(load="imuxsock" SysSock.Name="/dev/log")
input(type="imuxsock" Socket="/var/spool/postfix/dev/log" CreatePath="on")
$EscapeControlCharactersOnReceive on
mail.* action(type="omfile" file="{home}/maillog" template="RSYSLOG_TraditionalFileFormat")
mail.* action(type="omfile" file="{home}/maillog.3339" template="RSYSLOG_FileFormat")
"""
#: How sendmail writes ::1.
SENDMAIL_V6 = "IPv6:0:0:0:0:0:0:0:1"
_message_ids = count(1)


def mail(sender, recipients, *, source=places.ISP, helo="client.isp.example", at=0.0, subject=""):
    """Return one mail of a plan; *at* is in seconds after the plan's start."""
    recipients = [recipients] if isinstance(recipients, str) else list(recipients)
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = f"<{sender}>", f"<{recipients[0]}>"
    message["Subject"] = subject or "a word"
    message["Message-ID"] = f"<{next(_message_ids)}.lab@{helo}>"
    message.set_content("hello\n")
    return {
        "server": places.MX_ADDRESS, "sender": sender, "recipients": recipients, "source": source,
        "helo": helo, "at": at, "text": message.as_string(),
    }  # fmt: skip


class World:
    """*mta* is ``postfix`` or ``sendmail``, *variant* ``default``, ``spinning`` or ``filter``."""

    def __init__(self, mta: str, variant: str, home: Path) -> None:
        self.home = home
        self._zone = home / "dns.zone"
        self._resolvers = count()
        self._parts = []
        self.chroot = chroots.build(mta)
        #: Where the mail server's root directory is in its own mount namespace.
        self.root = home.parent / f"{home.name}.root/root"
        try:
            self._inside = self._open_inside(self.chroot)
            self._outside = self._open_outside()
            self._cable()
            self._serve_outside()
            self.mta = {"postfix": Postfix, "sendmail": Sendmail}[mta](self, variant)
            self._prepare()
            self.mta.configure()
            self._start_logging()
            if variant == "filter":
                program = [sys.executable, LAB / "mailworld/filter.py"]
                self._start([*DIE_WITH_ME, *self._inside.enter("--net"), *program])
            self.mta.start()
            self.wait_for_port()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.mta.stop()
        self.close()

    def close(self) -> None:
        """End everything that this world started; what is in *home* stays."""
        for part in reversed(self._parts):
            part.close()
        self._parts.clear()

    # -- what a test does

    def send(self, sender: str, recipient: str | list[str], **more) -> str:
        """Send one mail over SMTP from outside; return the server's last word."""
        return self.send_plan([mail(sender, recipient, **more)])[0]

    def send_plan(self, plan: list[dict]) -> list[str]:
        """Send each mail at its time; return the server's words in the order of the plan."""
        argv = [*self._outside.enter("--net"), sys.executable, str(LAB / "mailworld/client.py")]
        return json.loads(run(argv, json.dumps(plan), timeout=1200))

    def submit(self, sender: str, recipient: str) -> None:
        """Submit one mail on the server itself, as a local program does."""
        text = f"From: {sender}\nTo: {recipient}\nSubject: local\n\nhello\n"
        self.run(["sendmail", "-i", "-f", sender, recipient], stdin=text, check=False)

    def queue(self) -> list[str]:
        """Return the queue ids of all mail that is waiting.

        What moves from one folder to another while it is listed may be missed: twice the same.
        """
        before, now = None, sorted(self.mta.queue())
        while now and now != before:
            time.sleep(0.2)
            before, now = now, sorted(self.mta.queue())
        return now

    def log_path(self, stamp: str = "3164") -> Path:
        """Return the log with RFC 3164 or RFC 3339 stamps, as rsyslog writes it."""
        return self.home / {"3164": "maillog", "3339": "maillog.3339"}[stamp]

    def etc(self) -> Path:
        """Return where this machine sees the folder with the MTA's configuration and maps."""
        return self._path({"postfix": "/etc/postfix", "sendmail": "/etc/mail"}[self.mta.name])

    def log(self, stamp: str = "3164") -> list[str]:
        path = self.log_path(stamp)
        return path.read_text(errors="surrogateescape").splitlines() if path.exists() else []

    def passes(self, domain: str) -> int:
        """Count deliveries of mail for *domain* that this server made to itself, by its log."""
        return len(self.pass_times(domain))

    def pass_times(self, domain: str) -> list[datetime]:
        """Return when each of these passes was logged."""
        to_self = ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::ffff:127.0.0.1", SENDMAIL_V6)
        return [
            datetime.fromisoformat(line.split(maxsplit=1)[0])
            for line in self.log("3339")
            if f"@{domain}>" in line
            and ("status=sent" in line or "stat=Sent" in line)
            and any(f"[{address}]" in line for address in (*to_self, places.MX_ADDRESS))
        ]

    def kept(self) -> list[str]:
        """Return what the hosts outside took: ``address <sender> recipients``."""
        path = self.home / "kept"
        return path.read_text().splitlines() if path.exists() else []

    def mailbox(self, user: str) -> int:
        """Count the messages in the mailbox of a local *user*."""
        # Each message of an mbox starts with such a line; a mailbox that is not there has none.
        return int(
            self.run(["sh", "-c", f"cat /var/mail/{user} 2>/dev/null | grep -c '^From ' || :"])
        )

    def settle(self, seconds: float = 60.0, quiet: float = 2.0) -> bool:
        """Wait until nothing more happens; False when *seconds* were not enough.

        That is: nothing logged for *quiet* seconds and an empty queue, or, for mail that only a
        later queue run (every 5 s) or nobody will take, nothing logged for five times as long
        (procmail sleeps 8 s when two mails want one mailbox).
        """
        end = time.monotonic() + seconds
        size, since = -1, time.monotonic()
        while time.monotonic() < end:
            now = self.log_path().stat().st_size if self.log_path().exists() else 0
            silence = time.monotonic() - since
            if now != size:
                size, since = now, time.monotonic()
            elif silence >= 5 * quiet or (silence >= quiet and not self.queue()):
                return True
            time.sleep(0.2)
        return False

    def run(self, argv: list[str], stdin: str = "", *, check: bool = True) -> str:
        """Run a program of the chroot inside; return what it said."""
        return run([*self._command(), *argv], stdin, check=check)

    def program(self, name: str) -> Path:
        """Return a script of this machine that runs the chroot's program *name* inside."""
        path = self.home / f"bin/{name}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {" ".join(self._command())} {name} "$@"\n')
        path.chmod(0o755)
        return path

    def write(self, path: str, text: str) -> None:
        self._path(path).write_text(text)

    def read(self, path: str) -> str:
        return self._path(path).read_text()

    def resolvers(self, number: int = 2) -> list[str]:
        """Return ``IP:PORT`` of so many name servers with the world's zone, outside of it."""
        return [self.resolver() for _ in range(number)]

    def resolver(self, *words: str, zone: str | None = None) -> str:
        """Return ``IP:PORT`` of one more name server: with *zone* in place of the world's own.

        Of *words*, ``mute`` never answers, ``filtered`` answers as a filter against rebinding does.
        """
        number = next(self._resolvers)
        said, path = self.home / f"resolver-{number}.said", self._zone
        if zone is not None:
            path = self.home / f"resolver-{number}.zone"
            path.write_text(zone)
        program = LAB / "mailworld/resolver.py"
        self._start([*DIE_WITH_ME, sys.executable, program, path, *words], said)
        wait_for(lambda: said.read_text().endswith("\n"), f"the name server ({said})")
        return f"127.0.0.1:{said.read_text().strip()}"

    def zone_with(self, domain: str, *records: str) -> str:
        """Return the world's zone with *records* in place of what *domain* and their names have.

        Names are relative to the root: ``good.test MX 1 new.good.test``.
        """
        zone = dns.zone.from_text(self._zone.read_text(), origin=dns.name.root, relativize=False)
        for name in (domain, *(record.split()[0] for record in records)):
            zone.delete_node(dns.name.from_text(name))
        more = "".join(f"{record}\n" for record in records)
        return f"{zone.to_text()}\n$TTL 300\n$ORIGIN .\n{more}"

    def mend_mx(self, domain: str, address: str) -> None:
        """Have all mail for *domain* go to *address* from now on."""
        new = f"new.{domain}"
        self.change_zone(self.zone_with(domain, f"{domain} MX 1 {new}", f"{new} A {address}"))

    def change_zone(self, text: str) -> None:
        """Put *text* in place of the whole zone."""
        fresh = self._zone.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self._zone)

    def wait_for_port(self) -> None:
        """Wait until the MTA greets on its public address."""
        probe = (
            f"import socket; s = socket.create_connection(('{places.MX_ADDRESS}', 25), 3)\n"
            "assert s.recv(99)[:3] == b'220'; s.sendall(b'QUIT\\r\\n'); s.recv(99)"
        )
        argv = [*self._outside.enter("--net"), sys.executable, "-c", probe]
        wait_for(lambda: not run(argv, check=False), "the MTA's greeting")

    # -- how it is made

    def _open_inside(self, chroot: Path) -> Space:
        self.home.mkdir(parents=True, exist_ok=True)
        root, place = self.root, self.root.parent
        place.mkdir()
        setup = f"""
            hostname {places.MX_NAME}
            ip link set lo up
            mount -t tmpfs lab {place}
            mkdir {place}/upper {place}/work {root}
            mount -t overlay overlay -o lowerdir={chroot},upperdir={place}/upper,workdir={place}/work {root}
            mount -t proc proc {root}/proc
            mkdir -p {root}{self.home}
            mount --bind {self.home} {root}{self.home}
        """
        kinds = ["--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child"]
        return self._keep(Space(kinds, setup, root))

    def _open_outside(self) -> Space:
        addresses = "\n".join(f"ip addr add {a}/32 dev lo" for a in places.OUTSIDE)
        setup = f"ip link set lo up\n{addresses}\nsysctl -qw net.ipv4.ip_forward=1"
        return self._keep(Space(["--net"], setup))

    def _cable(self) -> None:
        inside, outside = self._inside.enter("--net"), self._outside.enter("--net")
        peer = ["peer", "name", "eth0", "netns", str(self._inside.pid)]
        run([*outside, "ip", "link", "add", "mx", "type", "veth", *peer])
        run([*outside, "ip", "link", "set", "mx", "up"])
        run([*outside, "ip", "route", "add", f"{places.MX_ADDRESS}/32", "dev", "mx"])
        run([*inside, "ip", "addr", "add", f"{places.MX_ADDRESS}/24", "dev", "eth0"])
        run([*inside, "ip", "link", "set", "eth0", "up"])
        run([*inside, "ip", "route", "add", "default", "via", places.GATEWAY])

    def _serve_outside(self) -> None:
        argv = [*DIE_WITH_ME, *self._outside.enter("--net"), sys.executable]
        self.change_zone("\n".join(zone.read_text() for zone in ZONES))
        argv += [LAB / "mailworld/outside.py", self.home / "kept", self._zone]
        self._start(argv, self.home / "outside.said")
        said = self.home / "outside.said"
        wait_for(lambda: said.read_text() == "ready\n", f"the outside world ({said})")

    def _prepare(self) -> None:
        self.write("/etc/resolv.conf", f"nameserver {places.NAME_SERVER}\noptions timeout:2\n")
        hosts = f"127.0.0.1 localhost\n::1 localhost\n{places.MX_ADDRESS} {places.MX_NAME} mx\n"
        self.write("/etc/hosts", hosts)
        self.write("/etc/mailname", f"{places.OWN_DOMAIN}\n")
        self.write("/etc/aliases", "mailer-daemon: postmaster\npostmaster: root\nroot: alice\n")
        for user in places.USERS:
            self.run(["useradd", "-m", user])

    def _start_logging(self) -> None:
        self.write("/etc/rsyslog.conf", RSYSLOG.format(home=self.home))
        self.run(["mkdir", "-p", "/var/spool/postfix/dev"])
        self._start([*self._command(), "rsyslogd", "-n", "-i", "/run/rsyslogd.pid"])
        wait_for(lambda: self._path("/dev/log").is_socket(), "rsyslogd")

    def _command(self) -> list[str]:
        return self._inside.enter("--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd")

    def _path(self, path: str) -> Path:
        return Path(f"/proc/{self._inside.pid}/root{path}")

    def _start(self, argv, said: Path | None = None) -> None:
        with (said or self.home / "programs.said").open("a") as out:
            process = subprocess.Popen(
                [str(word) for word in argv], env=chroots.ENV, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        self._keep(_Program(process))

    def _keep(self, part):
        self._parts.append(part)
        return part


class _Program:
    """A program of this world; killed with it."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
