"""The world that the generated logs tell of: domains, hosts, people, and the clock of a logger.

Everything comes from one seeded generator, so that equal arguments make equal bytes.
"""

import bisect
import heapq
import random
from datetime import UTC, datetime
from typing import TextIO
from zlib import crc32

LOOPING = "seaton.biz"
SPIKING = "spike.example.net"
OWN = "example.org"

_BIG = (
    ("gmail.com", "gmail-smtp-in.l.google.com"),
    ("outlook.com", "outlook-com.olc.protection.outlook.com"),
    ("yahoo.com", "mta5.am0.yahoodns.net"),
    ("hotmail.com", "hotmail-com.olc.protection.outlook.com"),
    ("icloud.com", "mx01.mail.icloud.com"),
    ("gmx.de", "mx00.emig.gmx.net"),
    ("web.de", "mx-ha.web.de"),
    ("orange.fr", "smtp-in.orange.fr"),
)
_SYLLABLES = ("ba", "ber", "ca", "den", "do", "el", "far", "ge", "hol", "in", "ka", "lan", "mar")
_SYLLABLES += ("net", "or", "pa", "ri", "sol", "tec", "ver", "vi", "wa")
_ENDS = ("com", "com", "com", "com", "net", "org", "de", "fr", "co.uk", "nl", "info", "it", "pl")
_USERS = ("info", "sales", "john.smith", "maria", "office", "admin", "anna", "k.meyer", "hr")
#: First octets of addresses that are somebody's, and never this host's.
_NETS = (23, 37, 45, 62, 77, 81, 91, 104, 141, 178, 185, 193, 203, 212)
_START = datetime(2026, 3, 2, 0, 0, 3, tzinfo=UTC).timestamp()


class World:
    """Random choices, as real mail makes them: few domains get most of it."""

    def __init__(self, seed: int, domains: int) -> None:
        self.random = random.Random(seed)
        self.domains = [name for name, _ in _BIG]
        known = set(self.domains)
        while len(self.domains) < domains:
            stem = "".join(self.random.choices(_SYLLABLES, k=self.random.choice((2, 3, 3, 4))))
            name = f"{stem}{len(self.domains)}.{self.random.choice(_ENDS)}"
            if name not in known:
                known.add(name)
                self.domains.append(name)
        total, self._sums = 0.0, []
        for rank in range(len(self.domains)):
            total += (rank + 1.6) ** -1.05  # Zipf: what mail servers see
            self._sums.append(total)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def domain(self) -> str:
        at = bisect.bisect_left(self._sums, self.random.random() * self._sums[-1])
        return self.domains[min(at, len(self.domains) - 1)]

    def address(self, domain: str | None = None) -> str:
        number = str(self.random.randrange(1, 9999)) if self.chance(0.5) else ""
        return f"{self.random.choice(_USERS)}{number}@{domain or self.domain()}"

    def ip(self) -> str:
        pick = self.random.randrange
        return f"{self.random.choice(_NETS)}.{pick(256)}.{pick(256)}.{pick(1, 255)}"

    def mx(self, domain: str) -> tuple[str, str]:
        """Return host and address of the mail exchanger of *domain*: always the same."""
        number = crc32(domain.encode())
        host = dict(_BIG).get(domain) or f"mx{1 + number % 2}.{domain}"
        net = _NETS[number % len(_NETS)]
        return host, f"{net}.{number >> 8 & 255}.{number >> 16 & 255}.{1 + (number >> 24) % 254}"

    def letters(self, alphabet: str, count: int) -> str:
        return "".join(self.random.choices(alphabet, k=count))

    def size(self) -> int:
        return int(self.random.lognormvariate(9.6, 1.3)) + 420


class Log:
    """Lines by time; written when no earlier one can come."""

    def __init__(self, out: TextIO, world: World, *, lines: int, host: str, iso: bool) -> None:
        self.time = _START
        self.start = _START
        self.left = lines
        self.host = host
        self._out = out
        self._world = world
        self._iso = iso
        self._waiting: list[tuple[float, int, str]] = []
        self._count = 0
        self._second = (-1, "")
        self._pids: dict[tuple[str, int], int] = {}

    def pid(self, program: str, processes: int = 12) -> int:
        """Return the pid of one of the *processes* of *program*, which is replaced now and then."""
        key = (program, self._world.random.randrange(processes))
        if key not in self._pids or self._world.chance(0.002):
            self._pids[key] = self._world.random.randrange(900, 4_000_000)
        return self._pids[key]

    def say(self, at: float, program: str, text: str, pid: int | None = None) -> int:
        """Log *text* at the time *at*; return the pid."""
        pid = self.pid(program) if pid is None else pid
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, f"{program}[{pid}]: {text}"))
        return pid

    def write(self, until: float) -> None:
        """Write what is due *until* then."""
        while self._waiting and self._waiting[0][0] <= until and self.left:
            at, _, text = heapq.heappop(self._waiting)
            self._out.write(f"{self._stamp(at)} {self.host} {text}\n")
            self.left -= 1

    def _stamp(self, at: float) -> str:
        if self._iso:
            return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
        second = int(at)
        if self._second[0] != second:
            time = datetime.fromtimestamp(second, UTC)
            self._second = (second, f"{time:%b} {time.day:2} {time:%H:%M:%S}")
        return self._second[1]
