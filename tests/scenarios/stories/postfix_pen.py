"""Postfix' lines, after Postfix 3.7.11."""

from dataclasses import dataclass

from stories.pen import Pen, mail_host, seconds

_ERRORS = {
    "refused": ("4.4.1", "connect to {h}[{ip}]:25: Connection refused"),
    "timeout": ("4.4.1", "connect to {h}[{ip}]:25: Connection timed out"),
    "lost": ("4.4.2", "lost connection with {h}[{ip}] while receiving the initial server greeting"),
    "throttled": (
        "4.7.28",
        (
            "host {h}[{ip}] said: 421-4.7.28 Our system has detected an unusual rate of unsolicited mail"
            " 421 4.7.28 gsmtp (in reply to end of DATA command)"
        ),
    ),
    "grey": (
        "4.2.0",
        (
            "host {h}[{ip}] said: 450 4.2.0 <{to}>: Recipient address rejected: Greylisted,"
            " see http://postgrey.example/help (in reply to RCPT TO command)"
        ),
    ),
    "mailbox": (
        "4.2.2",
        "host {h}[{ip}] said: 452 4.2.2 <{to}> mailbox full (in reply to RCPT TO command)",
    ),
    "dns": (
        "4.4.3",
        (
            "Host or domain name not found. Name service error for name={d} type=MX:"
            " Host not found, try again"
        ),
    ),
    "unreachable": ("4.4.1", "connect to {h}[{ip}]:25: Network is unreachable"),
    "noroute": ("4.4.1", "connect to {h}[{ip}]:25: No route to host"),
    "tls": ("4.7.5", "Server certificate not trusted"),
    "policy": (
        "4.7.1",
        "host {h}[{ip}] said: 421 4.7.1 message blocked, poor reputation (in reply to MAIL FROM)",
    ),
}
#: Causes with which a connection was there, so that relay= names it.
_CONNECTED = frozenset({"throttled", "grey", "mailbox", "tls", "policy", "lost"})


@dataclass
class PostfixPen(Pen):
    """Writes as Postfix does."""

    name = "postfix"
    limit = 48

    def queue_id(self):
        return f"{self.rng.randrange(1 << 20):05X}{self.rng.randrange(1 << 24):06X}"

    def arrive(self, at, qid, sender, client="client.isp.test[198.51.100.31]"):
        if not self.full:
            return
        self.put(at, "postfix/smtpd", self.pid(), f"{qid}: client={client}")
        self.put(
            at, "postfix/cleanup", self.pid(), f"{qid}: message-id=<{self.letters(20)}@isp.test>"
        )
        self.put(
            at, "postfix/qmgr", 701, f"{qid}: from=<{sender}>, size=2210, nrcpt=1 (queue active)"
        )

    def _deliver(self, at, qid, to, relay, dsn, status, said, *, delay=0.1, agent="smtp", pid=None):
        text = (
            f"{qid}: to=<{to}>, relay={relay}, delay={delay:.6g}, delays=0.05/0.01/0.02/0.02,"
            f" dsn={dsn}, status={status} ({said})"
        )
        self.put(at, f"postfix/{agent}", pid or self.pid(), text)

    def removed(self, at, qid):
        if self.full:
            self.put(at, "postfix/qmgr", 701, f"{qid}: removed")

    def healthy(self, at, sender, to, host=None):
        """A message that another server takes at once."""
        qid = self.queue_id()
        self.arrive(at, qid, sender)
        relay = f"{host or mail_host(to.rpartition('@')[2])}[{self.ip()}]:25"
        self._deliver(
            at + seconds(0.1), qid, to, relay, "2.0.0", "sent",
            f"250 2.0.0 Ok: queued as {self.queue_id()}",
        )  # fmt: skip
        self.removed(at + seconds(0.1), qid)

    def filtered(self, at, sender, to):
        """A message through a content filter on 10024, back on 10025."""
        first, second = self.queue_id(), self.queue_id()
        self.arrive(at, first, sender)
        self.arrive(at + seconds(0.05), second, sender, "localhost[127.0.0.1]")
        self._deliver(
            at + seconds(0.1), first, to, "127.0.0.1[127.0.0.1]:10024", "2.0.0", "sent",
            f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {second}",
        )  # fmt: skip
        relay = f"{mail_host(to.rpartition('@')[2])}[{self.ip()}]:25"
        self._deliver(
            at + seconds(0.2), second, to, relay, "2.0.0", "sent",
            f"250 2.0.0 Ok: queued as {self.queue_id()}",
        )  # fmt: skip

    def proxied(self, at, sender, to):
        """A message through a proxy on port 25 of this host: one delivery to ourselves, no more."""
        first, second = self.queue_id(), self.queue_id()
        self.arrive(at, first, sender)
        self._deliver(
            at + seconds(0.1), first, to, "localhost[127.0.0.1]:25", "2.0.0", "sent",
            f"250 2.0.0 Ok: queued as {second}",
        )  # fmt: skip
        relay = f"{mail_host(to.rpartition('@')[2])}[{self.ip()}]:25"
        self._deliver(
            at + seconds(0.2), second, to, relay, "2.0.0", "sent",
            f"250 2.0.0 Ok: queued as {self.queue_id()}",
        )  # fmt: skip

    def submitted(self, at, to):
        """Mail from this host's own programs."""
        qid = self.queue_id()
        self.put(at, "postfix/pickup", 702, f"{qid}: uid=1000 from=<alice@home.test>")
        relay = f"{mail_host(to.rpartition('@')[2])}[{self.ip()}]:25"
        self._deliver(at, qid, to, relay, "2.0.0", "sent", "250 2.0.0 Ok: queued as 4F00BA7")

    def listed(self, at, recipients):
        """One message to many, delivered under one queue id."""
        qid = self.queue_id()
        self.arrive(at, qid, "list@home.test")
        for to in recipients:
            relay = f"{mail_host(to.rpartition('@')[2])}[{self.ip()}]:25"
            self._deliver(
                at + seconds(self.rng.random() * 20), qid, to, relay, "2.0.0", "sent",
                f"250 2.0.0 Ok: queued as {self.queue_id()}",
            )  # fmt: skip

    def spin(self, at, to, *, passes=48, gap=0.012, address="127.0.0.1", late=False):
        """A message that this host delivers to itself *passes* times; *late*: links come after."""
        host = mail_host(to.rpartition("@")[2])
        relay = f"{host}[{address}]:25"
        qid = self.queue_id()
        self.arrive(at, qid, "", "spam.badguy.test[192.0.2.7]")
        for n in range(passes):
            at += seconds(gap)
            after = self.queue_id()
            self.arrive(at, after, "", "mx.home.test[203.0.113.10]")
            self._deliver(
                at + seconds(gap * 1.5 if late and n % 2 == 0 else 0.0), qid, to, relay, "2.0.0",
                "sent", f"250 2.0.0 Ok: queued as {after}", delay=0.01 + gap,
            )  # fmt: skip
            qid = after
        if passes >= self.limit:
            self._deliver(
                at + seconds(0.02), qid, to, relay, "5.4.0", "bounced",
                f"host {host}[{address}] said: 554 5.4.0 Error: too many hops"
                " (in reply to end of DATA command)", delay=0.01,
            )  # fmt: skip

    def refuses_itself(self, at, to):
        """A message to a domain whose best MX has an address of ours."""
        qid, domain = self.queue_id(), to.rpartition("@")[2]
        self.arrive(at, qid, "")
        self._deliver(
            at, qid, to, "none", "5.4.6", "bounced", f"mail for {domain} loops back to myself"
        )

    def greets_itself(self, at, to):
        """A message to a domain whose MX connects to ourselves, and we know our own greeting."""
        qid, domain, pid = self.queue_id(), to.rpartition("@")[2], self.pid()
        host = f"{mail_host(domain)}[127.0.0.2]"
        self.arrive(at, qid, "")
        for text in ("greeted me", "replied to HELO/EHLO"):
            self.put(
                at, "postfix/smtp", pid,
                f"warning: host {host}:25 {text} with my own hostname mx.home.test",
            )  # fmt: skip
        self._deliver(
            at, qid, to, f"{host}:25", "5.4.6", "bounced",
            f"mail for {domain} loops back to myself", pid=pid,
        )  # fmt: skip

    def put_off(
        self, at, to, cause, *, qid=None, delay=0.3, host=None, suspended=False, address=None
    ):
        """One attempt that is deferred; return the queue id."""
        qid = qid or self.queue_id()
        domain = to.rpartition("@")[2]
        name, ip = host or mail_host(domain), address or self.ip()
        dsn, said = _ERRORS[cause]
        said = said.format(h=name, ip=ip, d=domain, to=to)
        if suspended:
            said = f"delivery temporarily suspended: {said}"
        relay = f"{name}[{ip}]:25" if cause in _CONNECTED and not suspended else "none"
        agent = "error" if suspended else "smtp"
        self._deliver(at, qid, to, relay, dsn, "deferred", said, delay=delay, agent=agent)
        return qid

    def paused(self, at, to):
        """Our own remedy at work."""
        self._deliver(
            at, self.queue_id(), to, "none", "4.4.6", "deferred",
            "logwatch-mx: paused, its MX leads back to this host", agent="error",
        )  # fmt: skip
