"""sendmail's lines, after sendmail 8.17.1.9."""

from dataclasses import dataclass

from stories.pen import Pen, mail_host, seconds

_ERRORS = {
    "refused": ("4.4.1", "", "Deferred: Connection refused by {h}."),
    "timeout": ("4.4.1", "[{ip}]", "Deferred: Connection timed out with {h}."),
    "lost": ("4.4.2", "[{ip}]", "Deferred: Connection reset by {h}."),
    "throttled": (
        "4.7.28",
        "[{ip}]",
        "Deferred: 421-4.7.28 Our system has detected an unusual rate of unsolicited mail gsmtp",
    ),
    "grey": ("4.2.0", "[{ip}]", "Deferred: 450 4.2.0 Greylisted, see http://postgrey.example/help"),
    "mailbox": ("4.2.2", "[{ip}]", "Deferred: 452 4.2.2 <{to}>... Mailbox full"),
    "dns": ("4.4.3", None, "queued"),
    "unreachable": ("4.4.1", "[{ip}]", "Deferred: {h}.: Network is unreachable"),
    "noroute": ("4.4.1", "[{ip}]", "Deferred: {h}.: No route to host"),
    "tls": ("4.7.0", "[{ip}]", "Deferred: 403 4.7.0 TLS handshake failed."),
    "policy": ("4.7.1", "[{ip}]", "Deferred: 421 4.7.1 message blocked, poor reputation"),
}


def _clock(delay):
    whole = int(delay)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


@dataclass
class SendmailPen(Pen):
    """Writes as sendmail does."""

    name = "sendmail"
    limit = 100

    def queue_id(self):
        return f"6ANE{self.letters(4)}{self.rng.randrange(1000000):06d}"

    def arrive(self, at, qid, sender, client="client.isp.test [198.51.100.31]"):
        if self.full:
            self.put(
                at, "sm-mta", self.pid(),
                f"{qid}: from=<{sender}>, size=2233, class=0, nrcpts=1, msgid=<{self.letters(20)}@isp.test>,"
                f" proto=ESMTP, daemon=MTA-v4, relay={client}",
            )  # fmt: skip

    def _deliver(
        self, at, qid, to, relay, dsn, stat, *, delay=0.0, mailer="esmtp", pid=None, tag="sm-mta"
    ):
        relay = f", relay={relay}" if relay else ""
        self.put(
            at, tag, pid or self.pid(),
            f"{qid}: to={to}, delay={_clock(delay)}, xdelay=00:00:00, mailer={mailer}, pri=30298{relay},"
            f" dsn={dsn}, stat={stat}",
        )  # fmt: skip

    def healthy(self, at, sender, to, host=None):
        """A message that another server takes at once."""
        qid = self.queue_id()
        self.arrive(at, qid, sender)
        relay = f"{host or mail_host(to.rpartition('@')[2])}. [{self.ip()}]"
        self._deliver(
            at + seconds(0.1), qid, f"<{to}>", relay, "2.0.0",
            f"Sent (Ok: queued as {self.letters(10)})",
        )  # fmt: skip

    def filtered(self, at, sender, to):
        """A message through a content filter on 10024, back on 10025: sendmail logs no port."""
        first, second = self.queue_id(), self.queue_id()
        self.arrive(at, first, sender)
        self.arrive(at + seconds(0.05), second, sender, "localhost [127.0.0.1]")
        self._deliver(
            at + seconds(0.1), first, f"<{to}>", "[127.0.0.1] [127.0.0.1]", "2.0.0",
            f"Sent (from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 {second} Message accepted for delivery)",
            mailer="amavis",
        )  # fmt: skip
        relay = f"{mail_host(to.rpartition('@')[2])}. [{self.ip()}]"
        self._deliver(
            at + seconds(0.2), second, f"<{to}>", relay, "2.0.0", "Sent (Ok: queued as 4F00BA7)"
        )

    def proxied(self, at, sender, to):
        """A message through a proxy on port 25, a host that was found by its name: one pass."""
        first, second = self.queue_id(), self.queue_id()
        self.arrive(at, first, sender)
        self._deliver(
            at + seconds(0.1), first, f"<{to}>", "proxy.home.test. [127.0.0.1]", "2.0.0",
            f"Sent ({second} Message accepted for delivery)",
        )  # fmt: skip
        relay = f"{mail_host(to.rpartition('@')[2])}. [{self.ip()}]"
        self._deliver(
            at + seconds(0.2), second, f"<{to}>", relay, "2.0.0", "Sent (Ok: queued as 4F00BA7)"
        )

    def submitted(self, at, to):
        """Mail from this host's own programs: the submission hands it to the daemon."""
        first, second = self.queue_id(), self.queue_id()
        self._deliver(
            at, first, to, "[127.0.0.1] [127.0.0.1]", "2.0.0",
            f"Sent ({second} Message accepted for delivery)", mailer="relay", tag="sendmail",
        )  # fmt: skip
        relay = f"{mail_host(to.rpartition('@')[2])}. [{self.ip()}]"
        self._deliver(at, second, f"<{to}>", relay, "2.0.0", "Sent (Ok: queued as 4F00BA7)")

    def listed(self, at, recipients):
        """One message to many: recipients of one exchanger share a line."""
        qid = self.queue_id()
        self.arrive(at, qid, "list@home.test")
        by_domain = {}
        for to in recipients:
            by_domain.setdefault(to.rpartition("@")[2], []).append(f"<{to}>")
        for domain, some in by_domain.items():
            relay = f"{mail_host(domain)}. [{self.ip()}]"
            self._deliver(
                at + seconds(self.rng.random() * 20), qid, ",".join(some), relay, "2.0.0",
                "Sent (Ok: queued as 4F00BA7)",
            )  # fmt: skip

    def spin(self, at, to, *, passes=100, gap=0.05, address="127.0.0.1", late=False):
        """A message that this host delivers to itself *passes* times; *late*: links come after."""
        relay = f"{mail_host(to.rpartition('@')[2])}. [{address}]"
        qid = self.queue_id()
        for n in range(passes):
            at += seconds(gap)
            after = self.queue_id()
            self.arrive(at, after, "", "localhost [127.0.0.1]")
            self._deliver(
                at + seconds(gap * 1.5 if late and n % 2 == 0 else 0.0), qid, f"<{to}>", relay,
                "2.0.0", f"Sent ({after} Message accepted for delivery)", delay=gap,
            )  # fmt: skip
            qid = after
        if passes >= self.limit:
            self.put(
                at + seconds(0.1), "sm-mta", self.pid(),
                f"{qid}: SYSERR(root): Too many hops 101 (100 max): from <> via localhost, to <{to}>",
            )  # fmt: skip

    def spin_dual(self, at, to, *, rounds=50, gap=0.05):
        """Two daemons: the second one relays to the first by its configured address."""
        out = f"{mail_host(to.rpartition('@')[2])}. [127.0.0.1]"
        qid = self.queue_id()
        for _ in range(rounds):
            at += seconds(gap)
            inner, after = self.queue_id(), self.queue_id()
            self._deliver(
                at, qid, f"<{to}>", out, "2.0.0", f"Sent ({inner} Message accepted for delivery)"
            )
            self._deliver(
                at + seconds(gap / 2), inner, f"<{to}>", "[203.0.113.10] [203.0.113.10]", "2.0.0",
                f"Sent ({after} Message accepted for delivery)", mailer="relay", tag="sm-rx",
            )  # fmt: skip
            qid = after

    def refuses_itself(self, at, to):
        """A message to a domain whose MX has an address of ours."""
        qid, pid, domain = self.queue_id(), self.pid(), to.rpartition("@")[2]
        host = mail_host(domain)
        self.put(
            at, "sm-mta", pid,
            f"{qid}: SYSERR(root): {host}. config error: mail loops back to me (MX problem?)",
        )  # fmt: skip
        self._deliver(
            at,
            qid,
            f"<{to}>",
            f"{host}. [127.0.0.1]",
            "5.3.5",
            "Local configuration error",
            pid=pid,
        )

    def greets_itself(self, at, to):
        """A message to a domain whose MX is a name of ours."""
        qid, pid, domain = self.queue_id(), self.pid(), to.rpartition("@")[2]
        self.put(
            at,
            "sm-mta",
            pid,
            f"{qid}: SYSERR(root): MX list for {domain}. points back to mx.home.test",
        )
        self._deliver(
            at, qid, f"<{to}>", f"{domain}.", "5.3.5", "Local configuration error", pid=pid
        )

    def put_off(
        self, at, to, cause, *, qid=None, delay=0.3, host=None, suspended=False, address=None
    ):
        """One attempt that is deferred; return the queue id. sendmail has no throttle of its own."""
        qid = qid or self.queue_id()
        name = host or mail_host(to.rpartition("@")[2])
        dsn, where, stat = _ERRORS[cause]
        ip = address or self.ip()
        relay = None if where is None else f"{name}. {where.format(ip=ip)}".rstrip()
        self._deliver(
            at, qid, f"<{to}>", relay, dsn, stat.format(h=name, ip=ip, to=to), delay=delay
        )
        return qid

    def paused(self, at, to):
        """Our own remedy at work."""
        self._deliver(
            at, self.queue_id(), f"<{to}>", "[127.0.0.1]", "4.4.1", "Deferred: Connection refused",
            mailer="pause",
        )  # fmt: skip
