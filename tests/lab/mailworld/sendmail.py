"""Debian's sendmail as a gateway: its variants, and how it is started, asked and stopped."""

import re

from mailworld import places

# What a server on the open net changes in Debian's sendmail.mc, which listens on loopback only.
OPENED = (
    (r"Port=smtp, Addr=127\.0\.0\.1'", "Port=smtp'"),
    (r"(?m)^FEATURE\(`(greet_pause|conncontrol|ratecontrol)'.*$", ""),
    (
        r"define\(`confCONNECTION_RATE_THROTTLE', `15'\)",
        "define(`confCONNECTION_RATE_THROTTLE',`0')",
    ),
    (r"(?m)^(MASQUERADE_AS|FEATURE\(`allmasq|FEATURE\(`masquerade_env).*$", ""),
)
# The load of the machine is not this server's: other worlds and other people work on it as well.
GATEWAY = f"""\
define(`confDOMAIN_NAME', `{places.MX_NAME}')dnl
define(`confTO_CONNECT', `4s')dnl
define(`confTO_ICONNECT', `4s')dnl
define(`confTO_INITIAL', `5s')dnl
define(`confQUEUE_LA', `500')dnl
define(`confREFUSE_LA', `500')dnl
FEATURE(`mailertable', `hash -o /etc/mail/mailertable')dnl
"""
# Flag k (M_NOLOOPCHECK) takes away sendmail's own look at the other side's name.
SPINNING = """\
define(`SMTP_MAILER_FLAGS', `k')dnl
DAEMON_OPTIONS(`Family=inet6, Name=MTA-v6, Port=smtp, Addr=::1')dnl
"""
FILTER = """\
DAEMON_OPTIONS(`Family=inet, Name=MTA-filter, Port=10025, Addr=127.0.0.1')dnl
FEATURE(`local_lmtp', `[IPC]', `TCP [127.0.0.1] 24')dnl
"""
FILTER_TAIL = """\
MAILER_DEFINITIONS
Mamavis, P=[IPC], F=mDFMuXa8k, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=2040,
\t\tT=DNS/RFC822/SMTP, A=TCP $h 10024
LOCAL_RULE_0
R$*\t\t$: $&{daemon_name} $| $1
R MTA-v4 $| $+ < @ $+ . >\t$#amavis $@ [127.0.0.1] $: $1 < @ $2 . >
R $* $| $*\t$: $2
"""
# Upstream gives up after 25 hops, Debian after 100.
UPSTREAM = f"define(`confMAX_HOP', `25')dnl\n{SPINNING}"
VARIANTS = {
    "default": ("", ""),
    "spinning": (SPINNING, ""),
    "spinning upstream": (UPSTREAM, ""),
    "filter": (FILTER, FILTER_TAIL),
}
PID_FILE = "/run/sendmail/mta/sendmail.pid"


class Sendmail:
    """How a world drives sendmail; *world* runs the programs."""

    name = "sendmail"

    def __init__(self, world, variant: str) -> None:
        self._world = world
        self._features, self._tail = VARIANTS[variant]
        self._debian = ""

    def configure(self) -> None:
        """Write Debian's sendmail.mc with the gateway's and the variant's lines, and the maps."""
        world = self._world
        self._debian = world.read("/etc/mail/sendmail.mc")
        for pattern, put in OPENED:
            self._debian = re.sub(pattern, put, self._debian)
        own = f"{places.OWN_DOMAIN}\n{places.MX_NAME}\nlocalhost\n"
        world.write("/etc/mail/local-host-names", own)
        self.map("mailertable", f"{places.INNER_DOMAIN}\tesmtp:[{places.INNER_ADDRESS}]\n")
        # Debian refuses the documentation network that the spammer sits in.
        access = world.read("/etc/mail/access").replace("Connect:192.0.2 REJECT", "")
        self.map("access", f"{access}\nTo:{places.INNER_DOMAIN}\tRELAY\nConnect:10.1.0\tRELAY\n")
        world.run(["newaliases"], check=False)
        self.write_cf()
        world.run(["sh", "-c", "cd /etc/mail && m4 submit.mc > submit.cf"])
        world.run(["sh", "-c", "mkdir -p /run/sendmail/mta && chown root:smmsp /run/sendmail/mta"])

    def write_cf(self, more: str = "") -> str:
        """Build sendmail.cf with *more* as the last lines of sendmail.mc; return what m4 said."""
        wanted = GATEWAY + self._features + "MAILER_DEFINITIONS"
        mc = self._debian.replace("MAILER_DEFINITIONS", wanted, 1) + self._tail + more
        self._world.write("/etc/mail/sendmail.mc", mc)
        return self._world.run(["sh", "-c", "cd /etc/mail && m4 sendmail.mc > sendmail.cf"])

    def map(self, name: str, text: str) -> None:
        """Write the hash map /etc/mail/*name*; it is in force at once."""
        self._world.write(f"/etc/mail/{name}", text)
        self._world.run(["sh", "-c", f"cd /etc/mail && makemap hash {name} < {name}"])

    def start(self) -> None:
        self._world.run(["/usr/sbin/sendmail-mta", "-L", "sm-mta", "-bd", "-q5s"])

    def reload(self) -> None:
        """Have the daemon read sendmail.cf anew."""
        self._world.run(["sh", "-c", f"kill -HUP $(head -1 {PID_FILE})"])
        self._world.wait_for_port()

    def stop(self) -> None:
        self._world.run(["sh", "-c", f"kill $(head -1 {PID_FILE})"], check=False)

    def queue(self) -> list[str]:
        """Return the queue ids of all mail that is waiting, here or for submission."""
        find = "find /var/spool/mqueue /var/spool/mqueue-client -name '[qhQ]f*'"
        return [line.rsplit("/", 1)[1][2:] for line in self._world.run(["sh", "-c", find]).split()]

    def flush(self) -> None:
        """Run both queues now."""
        self._world.run(["sh", "-c", "sendmail-mta -Ac -q; sendmail-mta -q"], check=False)

    def resolve(self, *addresses: str) -> list[str]:
        """Return what rule set 3,0 makes of each address: the mailer and its host."""
        script = "".join(f"3,0 {address}\n" for address in addresses)
        said = self._world.run(["sendmail-mta", "-bt"], stdin=script)
        return re.findall(r"parse\s+returns: (.*)", said)
