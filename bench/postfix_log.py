"""What Postfix 3.x logs of its day: mail in and out, retries, bounces, strangers."""

from world import LOOPING, OWN, SPIKING, Log, World

_HEX = "0123456789ABCDEF"
_BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_TLS = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
#: How often a deferral is a time-out, greylisting, a failed look-up, throttling, a broken line.
_WEIGHTS = (25, 40, 2, 20, 13)
LINES_A_MESSAGE = 9.5


class Postfix:
    """Writes messages; *truth* counts what was said of them."""

    def __init__(self, log: Log, world: World, *, long_ids: bool, truth: dict[str, int]) -> None:
        self.log, self.world, self.truth = log, world, truth
        self._long_ids = long_ids
        self._qmgr = world.random.randrange(800, 3000)

    def message(self, at: float) -> None:
        """One message, to one or several recipients."""
        w = self.world
        sender = w.random.choice(("billing", "news", "office")) + f"@{OWN}"
        if w.chance(0.4):
            sender = "" if w.chance(0.03) else w.address()
        recipients = 1 if w.chance(0.86) else w.random.randrange(2, 9)
        queue_id, size = self._queue_id(), w.size()
        self._accept(at, queue_id, sender, recipients, size)
        last = at
        for _ in range(recipients):
            begin = at + 0.6 + w.random.random() * 3
            last = max(last, self._deliver(begin, queue_id, w.address(), sender, size))
        self._removed(last + 0.05, queue_id)

    def stranger(self, at: float) -> None:
        """A client that is turned away, or only knocks."""
        w, say = self.world, self.log.say
        ip, kind = w.ip(), w.random.random()
        client = f"unknown[{ip}]" if w.chance(0.6) else f"host-{ip}.{w.domain()}[{ip}]"
        if kind < 0.1:
            at_stamp = "Mar  2 00:00:00"
            say(
                at,
                "postfix/anvil",
                f"statistics: max connection rate {w.random.randrange(1, 60)}/60s for (smtp:{ip})"
                f" at {at_stamp}",
            )
            return
        pid = say(at, "postfix/smtpd", f"connect from {client}")
        if kind < 0.45:
            self.truth["rejects"] += 1
            say(
                at + 1,
                "postfix/smtpd",
                f"NOQUEUE: reject: RCPT from {client}: 554 5.7.1 Service unavailable; Client host"
                f" [{ip}] blocked using zen.spamhaus.org; from=<{w.address()}> to=<info@{OWN}>"
                f" proto=ESMTP helo=<{w.domain()}>",
                pid,
            )
            end = "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"
        elif kind < 0.75:
            say(
                at + 1,
                "postfix/smtpd",
                f"warning: {client}: SASL LOGIN authentication failed: UGFzc3dvcmQ6,"
                f" sasl_username={w.address(OWN)}",
                pid,
            )
            end = "ehlo=1 auth=0/1 commands=1/2"
        else:
            say(at + 1, "postfix/smtpd", f"lost connection after CONNECT from {client}", pid)
            end = "commands=0/0"
        say(at + 1.2, "postfix/smtpd", f"disconnect from {client} {end}", pid)

    def loop(self, at: float) -> None:
        """A message to a domain whose MX is 127.0.0.1 comes back until the hops are too many."""
        w = self.world
        recipient, size, queue_id = w.address(LOOPING), 3000, self._queue_id()
        self.truth["loop messages"] += 1
        self._accept(at, queue_id, f"office@{OWN}", 1, size)
        for _ in range(48):
            at, again = at + 0.2 + w.random.random(), self._queue_id()
            self.truth["loop passes"] += 1
            relay = f"mail.{LOOPING}[127.0.0.1]:25"
            self._status(
                at, queue_id, recipient, relay, "2.0.0", "sent", f"250 2.0.0 Ok: queued as {again}"
            )
            self._removed(at + 0.01, queue_id)
            queue_id, size = again, size + 410
            self._accept(at, queue_id, f"office@{OWN}", 1, size, "localhost[127.0.0.1]")
        reply = (
            f"host mail.{LOOPING}[127.0.0.1] said: 554 5.4.0 Error: too many hops (in reply to"
            " end of DATA command)"
        )
        self._status(at + 1, queue_id, recipient, relay, "5.4.0", "bounced", reply)
        self._removed(at + 1.1, queue_id)

    def spike(self, at: float) -> None:
        """A message to a provider that suddenly puts mail off."""
        queue_id, recipient = self._queue_id(), self.world.address(SPIKING)
        self._accept(at, queue_id, f"news@{OWN}", 1, 8000)
        host = f"mx1.{SPIKING}[192.0.2.77]"
        for again in range(3):
            self.truth["spike deferrals"] += 1
            reply = (
                f"host {host} said: 451 4.7.1 Rate limit exceeded (in reply to MAIL FROM command)"
            )
            begin = at + 1 + 400 * again
            self._active(begin - 0.5, queue_id, f"news@{OWN}", 8000, 1)
            self._status(begin, queue_id, recipient, f"{host}:25", "4.7.1", "deferred", reply)

    def _queue_id(self) -> str:
        if self._long_ids:
            letters = self.world.letters
            return f"4{letters(_BASE52, 9)}z{letters(_BASE52, 3)}"
        return self.world.letters(_HEX, self.world.random.choice((10, 10, 11)))

    def _accept(
        self,
        at: float,
        queue_id: str,
        sender: str,
        recipients: int,
        size: int,
        client: str | None = None,
    ) -> None:
        w, say = self.world, self.log.say
        client = client or f"mail{w.random.randrange(1, 9)}.{w.domain()}[{w.ip()}]"
        pid = say(at, "postfix/smtpd", f"connect from {client}")
        if w.chance(0.35):
            say(
                at,
                "postfix/smtpd",
                f"Anonymous TLS connection established from {client}: {_TLS}",
                pid,
            )
        login = f", sasl_method=PLAIN, sasl_username={sender}" if sender.endswith(OWN) else ""
        say(at + 0.1, "postfix/smtpd", f"{queue_id}: client={client}{login}", pid)
        message_id = f"{w.letters(_HEX.lower(), 16)}@{sender.partition('@')[2] or OWN}"
        say(at + 0.15, "postfix/cleanup", f"{queue_id}: message-id=<{message_id}>")
        self._active(at + 0.2, queue_id, sender, size, recipients)
        said = f"ehlo=1 mail=1 rcpt={recipients} data=1 quit=1 commands={5 + recipients}"
        say(at + 0.2, "postfix/smtpd", f"disconnect from {client} {said}", pid)

    def _active(self, at: float, queue_id: str, sender: str, size: int, recipients: int) -> None:
        text = f"{queue_id}: from=<{sender}>, size={size}, nrcpt={recipients} (queue active)"
        self.log.say(at, "postfix/qmgr", text, self._qmgr)

    def _removed(self, at: float, queue_id: str) -> None:
        self.log.say(at, "postfix/qmgr", f"{queue_id}: removed", self._qmgr)

    def _status(
        self, at: float, queue_id: str, to: str, relay: str, dsn: str, status: str, reply: str
    ) -> None:
        self.truth[status] += 1
        agent = "local" if relay == "local" else "smtp"
        delay = 0.3 + self.world.random.lognormvariate(0, 0.9)
        times = f"delay={delay:.2g}, delays={delay / 4:.2g}/0.01/{delay / 4:.2g}/{delay / 2:.2g}"
        text = (
            f"{queue_id}: to=<{to}>, relay={relay}, {times}, dsn={dsn}, status={status} ({reply})"
        )
        program = f"postfix/{agent}"
        self.log.say(at, program, text, self.log.pid(program, 40))

    def _deliver(
        self, at: float, queue_id: str, to: str, sender: str, size: int, tried: int = 0
    ) -> float:
        w = self.world
        domain = to.partition("@")[2]
        host = "{}[{}]".format(*w.mx(domain))
        fate = w.random.random()
        if fate < 0.86:
            if w.chance(0.08):
                self._status(at, queue_id, to, "local", "2.0.0", "sent", "delivered to maildir")
                return at
            if w.chance(0.4):
                text = f"Trusted TLS connection established to {host}:25: {_TLS}"
                self.log.say(at - 0.2, "postfix/smtp", text, self.log.pid("postfix/smtp", 40))
            replies = (
                f"250 2.0.0 Ok: queued as {self._queue_id()}",
                f"250 2.0.0 OK  {int(at)} {w.letters(_HEX.lower(), 24)} - gsmtp",
                (
                    f"250 2.6.0 <{queue_id}@mail> [InternalId={w.random.randrange(10**9)}] {size} B"
                    " in 0.1, 99.1 KB/sec Queued mail for delivery"
                ),
                f"250 OK id=1p{w.letters(_HEX, 4)}-000{w.letters(_HEX, 3)}-0A",
            )
            reply = w.random.choice(replies)
            self._status(at, queue_id, to, f"{host}:25", "2.0.0", "sent", reply)
            return at
        if fate < 0.94 and tried < 3:
            self._defer(at, queue_id, to, host)
            again = at + 300 * 2**tried + w.random.random() * 60
            self._active(again - 0.3, queue_id, sender, size, 1)
            return self._deliver(again, queue_id, to, sender, size, tried + 1)
        said = f"host {host} said: 550 5.1.1 <{to}>: Recipient address rejected: User unknown"
        reply = f"{said} (in reply to RCPT TO command)"
        self._status(at, queue_id, to, f"{host}:25", "5.1.1", "bounced", reply)
        notice = self._queue_id()
        self.log.say(at, "postfix/cleanup", f"{notice}: message-id=<{notice}@{self.log.host}>")
        text = f"{queue_id}: sender non-delivery notification: {notice}"
        self.log.say(at + 0.02, "postfix/bounce", text)
        self._active(at + 0.03, notice, "", size + 2100, 1)
        to = sender or f"postmaster@{OWN}"
        self._status(at + 0.6, notice, to, "local", "2.0.0", "sent", "delivered to maildir")
        self._removed(at + 0.65, notice)
        return at

    def _defer(self, at: float, queue_id: str, to: str, host: str) -> None:
        domain = to.partition("@")[2]
        dsn, relay, reply = self.world.random.choices(
            (
                ("4.4.1", "none", f"connect to {host}:25: Connection timed out"),
                (
                    "4.2.0",
                    f"{host}:25",
                    (
                        f"host {host} said: 450 4.2.0 <{to}>: Recipient rejected: Greylisted"
                        " (in reply to RCPT TO command)"
                    ),
                ),
                (
                    "4.4.3",
                    "none",
                    (
                        "Host or domain name not found. Name service error for name="
                        f"{domain} type=MX: Host not found, try again"
                    ),
                ),
                (
                    "4.7.0",
                    f"{host}:25",
                    (
                        f"host {host} refused to talk to me: 421 4.7.0 [TSS04] Messages temporarily"
                        " deferred due to unexpected volume or user complaints"
                    ),
                ),
                (
                    "4.4.2",
                    f"{host}:25",
                    f"lost connection with {host} while receiving the greeting",
                ),
            ),
            weights=_WEIGHTS,
        )[0]
        self._status(at, queue_id, to, relay, dsn, "deferred", reply)
