"""What sendmail 8.17 logs of its day: mail in and out, retries, bounces, strangers."""

from world import LOOPING, OWN, SPIKING, Log, World

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
_PROGRAM = "sm-mta"
#: How often a deferral is a time-out, greylisting, a failed look-up, a refused connection.
_WEIGHTS = (30, 50, 3, 17)
LINES_A_MESSAGE = 3.3


class Sendmail:
    """Writes messages; *truth* counts what was said of them."""

    def __init__(self, log: Log, world: World, *, truth: dict[str, int]) -> None:
        self.log, self.world, self.truth = log, world, truth

    def message(self, at: float) -> None:
        """One message, to one or several recipients."""
        w = self.world
        sender = f"office@{OWN}" if w.chance(0.5) else w.address()
        queue_id, size = self._queue_id(), w.size()
        recipients = 1 if w.chance(0.86) else w.random.randrange(2, 7)
        relay = f"mail.{w.domain()} [{w.ip()}]"
        if w.chance(0.4):
            self._say(
                at - 0.2,
                f"STARTTLS=server, relay={relay}, version=TLSv1.3, verify=NO,"
                " cipher=TLS_AES_256_GCM_SHA384, bits=256/256",
            )
        self._accept(at, queue_id, sender, recipients, size, relay)
        for _ in range(recipients):
            self._deliver(at + 0.5 + w.random.random() * 3, at, queue_id, w.address(), sender, size)

    def stranger(self, at: float) -> None:
        """A client that is turned away, or only knocks."""
        w = self.world
        queue_id, ip, domain, kind = self._queue_id(), w.ip(), w.domain(), w.random.random()
        if kind < 0.4:
            self.truth["rejects"] += 1
            self._say(
                at,
                f"{queue_id}: ruleset=check_rcpt, arg1=<info@{domain}>, relay={domain} [{ip}],"
                f" reject=550 5.7.1 <info@{domain}>... Relaying denied",
            )
        elif kind < 0.75:
            text = f"[{ip}] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA"
            self._say(at, f"{queue_id}: {text}")
        else:
            self._say(at, f"{queue_id}: lost input channel from [{ip}] to MTA after rcpt")

    def loop(self, at: float) -> None:
        """A message to a domain whose MX is 127.0.0.1 comes back until the hops are too many."""
        w = self.world
        to, size, queue_id = w.address(LOOPING), 3200, self._queue_id()
        relay, sender = f"mail.{w.domain()} [{w.ip()}]", f"office@{OWN}"
        self.truth["loop messages"] += 1
        for _ in range(25):
            again = self._queue_id()
            self._accept(at, queue_id, sender, 1, size, relay)
            self.truth["loop passes"] += 1
            stat = f"Sent ({again} Message accepted for delivery)"
            self._status(at + 0.6, queue_id, to, f"mail.{LOOPING}. [127.0.0.1]", "2.0.0", stat)
            relay, queue_id, size = "localhost [127.0.0.1]", again, size + 380
            at += 1 + w.random.random()
        self._accept(at, queue_id, sender, 1, size, relay)
        hops = f"Too many hops 26 (25 max): from <{sender}> via localhost, to <{to}>"
        self._say(at + 0.1, f"{queue_id}: SYSERR(root): {hops}")

    def spike(self, at: float) -> None:
        """A message to a provider that suddenly puts mail off."""
        w = self.world
        queue_id, to = self._queue_id(), w.address(SPIKING)
        self._accept(at, queue_id, f"news@{OWN}", 1, 8000, f"mail.{w.domain()} [{w.ip()}]")
        for again in range(3):
            self.truth["spike deferrals"] += 1
            self._status(
                at + 1 + 400 * again,
                queue_id,
                to,
                f"mx1.{SPIKING}. [192.0.2.77]",
                "4.7.1",
                "Deferred: 421 4.7.0 Rate limit of your network exceeded",
                delay=1 + 400 * again,
            )

    def _queue_id(self) -> str:
        w = self.world
        return f"622{w.letters(_LETTERS, 5)}{w.random.randrange(1000, 999_999):06d}"

    def _say(self, at: float, text: str) -> None:
        self.log.say(at, _PROGRAM, text, self.log.pid(_PROGRAM, 30))

    def _accept(
        self, at: float, queue_id: str, sender: str, recipients: int, size: int, relay: str
    ) -> None:
        w = self.world
        message_id = f"{w.random.getrandbits(48):x}.{w.random.randrange(10**6)}@{OWN}"
        self._say(
            at,
            f"{queue_id}: from=<{sender}>, size={size}, class=0, nrcpts={recipients},"
            f" msgid=<{message_id}>, proto=ESMTP, daemon=MTA, relay={relay}",
        )

    def _status(
        self,
        at: float,
        queue_id: str,
        to: str,
        relay: str,
        dsn: str,
        stat: str,
        *,
        delay: int = 1,
    ) -> None:
        word = stat.split(maxsplit=1)[0].lower().rstrip(":")
        self.truth[word if word in {"sent", "deferred"} else "bounced"] += 1
        clock = f"{delay // 3600:02}:{delay // 60 % 60:02}:{delay % 60:02}"
        mailer, where = ("esmtp", f"relay={relay}, ") if relay else ("local", "")
        self._say(
            at,
            f"{queue_id}: to=<{to}>, delay={clock}, xdelay=00:00:01, mailer={mailer},"
            f" pri={120_000 + self.world.random.randrange(90_000)}, {where}dsn={dsn}, stat={stat}",
        )

    def _deliver(
        self,
        at: float,
        begun: float,
        queue_id: str,
        to: str,
        sender: str,
        size: int,
        tried: int = 0,
    ) -> None:
        w = self.world
        domain = to.partition("@")[2]
        host, ip = w.mx(domain)
        relay, delay, fate = f"{host}. [{ip}]", int(at - begun), w.random.random()
        if fate < 0.86:
            if w.chance(0.1):
                self._status(at, queue_id, to, "", "2.0.0", "Sent", delay=delay)
                return
            said = w.random.choice(
                (
                    f"Ok: queued as {w.letters('0123456789ABCDEF', 10)}",
                    f"OK {int(at)} xyz - gsmtp",
                    f"{self._queue_id()} Message accepted for delivery",
                )
            )
            self._status(at, queue_id, to, relay, "2.0.0", f"Sent ({said})", delay=delay)
        elif fate < 0.94 and tried < 4:
            dsn, stat = w.random.choices(
                (
                    ("4.0.0", f"Deferred: Connection timed out with {host}."),
                    (
                        "4.2.0",
                        f"Deferred: 450 4.2.0 <{to}>: Recipient address rejected: Greylisted",
                    ),
                    ("4.0.0", f"Deferred: Name server: {domain}.: host name lookup failure"),
                    ("4.0.0", f"Deferred: Connection refused by {host}."),
                ),
                weights=_WEIGHTS,
            )[0]
            self._status(at, queue_id, to, relay, dsn, stat, delay=delay)
            later = at + 1800 + w.random.random() * 30
            self._deliver(later, begun, queue_id, to, sender, size, tried + 1)
        else:
            self._status(at, queue_id, to, relay, "5.1.1", "User unknown", delay=delay)
            notice = self._queue_id()
            self._say(at + 0.05, f"{queue_id}: {notice}: DSN: User unknown")
            self._status(at + 0.3, notice, sender, "", "2.0.0", "Sent")
