"""Debian's Postfix as a gateway: its variants, and how it is started, asked and stopped."""

from mailworld import places

SETTINGS = {
    "myhostname": places.MX_NAME,
    "myorigin": places.OWN_DOMAIN,
    "mydestination": f"$myhostname, {places.OWN_DOMAIN}, localhost",
    "inet_interfaces": "all",
    "mynetworks": "127.0.0.0/8 [::1]/128 10.1.0.0/24",
    "relay_domains": places.INNER_DOMAIN,
    "transport_maps": "texthash:/etc/postfix/transport",
    "smtpd_tls_security_level": "none",
    "smtp_tls_security_level": "none",
    # Shorter than in life, so that a story fits into seconds.
    "smtp_connect_timeout": "4s",
    "smtp_helo_timeout": "5s",
    "queue_run_delay": "5s",
    "minimal_backoff_time": "5s",
    "maximal_backoff_time": "20s",
}
# Spinning needs all three: loopback not among our interfaces, another name behind 127.0.0.1:25
# (a filter, a second instance), and leave to relay for the address that Postfix connects from.
SPINNING = {
    "inet_interfaces": places.MX_ADDRESS,
    "mynetworks": f"127.0.0.0/8 [::1]/128 10.1.0.0/24 {places.MX_ADDRESS}/32",
}
SPINNING_SERVICES = {
    f"{address}:smtp/inet": (
        f"{address}:smtp inet n - y - - smtpd",
        {"syslog_name": "postfix/loopback", "myhostname": "filter.example.net"},
    )
    for address in ("127.0.0.1", "127.0.0.2", "[::1]")
}
FILTER = {
    "content_filter": "smtp-amavis:[127.0.0.1]:10024",
    "mailbox_transport": "lmtp:inet:127.0.0.1:24",
}
FILTER_SERVICES = {
    "smtp-amavis/unix": (
        "smtp-amavis unix - - y - 2 smtp",
        {"smtp_send_xforward_command": "yes", "disable_dns_lookups": "yes"},
    ),
    "127.0.0.1:10025/inet": (
        "127.0.0.1:10025 inet n - y - - smtpd",
        {
            "content_filter": "",
            "mynetworks": "127.0.0.0/8",
            "smtpd_recipient_restrictions": "permit_mynetworks,reject",
            "smtpd_relay_restrictions": "",
            "smtpd_authorized_xforward_hosts": "127.0.0.0/8",
            "receive_override_options": "no_header_body_checks,no_unknown_recipient_checks",
        },
    ),
}
VARIANTS = {
    "default": ({}, {}),
    "spinning": (SPINNING, SPINNING_SERVICES),
    "filter": (FILTER, FILTER_SERVICES),
}


class Postfix:
    """How a world drives Postfix; *world* runs the programs."""

    name = "postfix"

    def __init__(self, world, variant: str) -> None:
        self._world = world
        settings, services = VARIANTS[variant]
        self._settings, self._services = {**SETTINGS, **settings}, services

    def configure(self) -> None:
        """Write main.cf and master.cf by postconf alone."""
        world = self._world
        world.write("/etc/postfix/transport", f"inner.example.net smtp:[{places.INNER_ADDRESS}]\n")
        world.run(["postalias", "/etc/aliases"])
        self.set(self._settings)
        for service, (line, options) in self._services.items():
            world.run(["postconf", "-M", f"{service}={line}"])
            world.run(["postconf", "-P", *(f"{service}/{k}={v}" for k, v in options.items())])
        # Debian's copies for the daemons that live in /var/spool/postfix.
        world.run(["/usr/lib/postfix/configure-instance.sh", "-"], check=False)
        for name in ("resolv.conf", "hosts", "services", "nsswitch.conf"):
            world.run(["cp", f"/etc/{name}", f"/var/spool/postfix/etc/{name}"], check=False)

    def set(self, settings: dict[str, str]) -> None:
        """Change main.cf; ``reload`` puts it in force."""
        self._world.run(["postconf", "-e", *(f"{k}={v}" for k, v in settings.items())])

    def start(self) -> None:
        self._world.run(["postfix", "start"])

    def reload(self) -> None:
        self._world.run(["postfix", "reload"])

    def stop(self) -> None:
        self._world.run(["postfix", "stop"], check=False)

    def queue(self) -> list[str]:
        """Return the queue ids of all mail that is waiting."""
        lines = self._world.run(["postqueue", "-j"], check=False).splitlines()
        # What moves from deferred to active while postqueue looks is listed twice.
        return sorted(
            {line.split('"queue_id": "')[1].split('"')[0] for line in lines if "queue_id" in line}
        )

    def flush(self) -> None:
        """Try everything in the queue now."""
        self._world.run(["postqueue", "-f"])
