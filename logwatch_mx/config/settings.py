"""The settings: every key of config.toml with its type and default.

Frozen once they were checked.
"""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from msgspec import Struct


class Source(Struct, frozen=True, kw_only=True):
    """Where lines come from: *files* may be globs.

    *journal* and *syslog* are for sites without a log file.
    """

    files: tuple[str, ...] = ("/var/log/maillog",)
    journal: bool = False
    syslog: str | None = None


class MtaSettings(Struct, frozen=True, kw_only=True):
    """What is ours beyond what the MTA itself says, and where the MTA's configuration is."""

    own_domains: tuple[str, ...] = ()
    own_addresses: tuple[str, ...] = ()
    flavour: str = "auto"  # auto | postfix | sendmail | none
    postconf: str = "postconf"
    sendmail_cf: Path = Path("/etc/mail/sendmail.cf")


class Dns(Struct, frozen=True, kw_only=True):
    """Which resolvers confirm (empty: the system's), and which special networks are good here."""

    nameservers: tuple[str, ...] = ()
    second_opinion: tuple[str, ...] = ()
    routable: tuple[IPv4Network | IPv6Network, ...] = ()
    timeout: timedelta = timedelta(seconds=1)
    lifetime: timedelta = timedelta(seconds=3)


class LoopSettings(Struct, frozen=True, kw_only=True):
    """When a loop is an incident, and what is done about a confirmed one."""

    action: str = "pause"  # none | pause | reject | discard
    passes: int = 3
    window: timedelta = timedelta(minutes=10)
    close_after: timedelta = timedelta(minutes=60)


class SpikeSettings(Struct, frozen=True, kw_only=True):
    """The window of the deferral test, and the count that is always an alarm."""

    window: timedelta = timedelta(minutes=10)
    ceiling: int = 50


class Respond(Struct, frozen=True, kw_only=True):
    """The limits of acting, and where our own map is."""

    expiry: timedelta = timedelta(hours=24)
    max_domains_per_hour: int = 3
    max_pauses_per_hour: int = 50
    cooldown: timedelta = timedelta(hours=1)
    protected_domains: tuple[str, ...] = ()
    postfix_map: Path = Path("/var/lib/logwatch-mx/transport")
    sendmail_map: Path = Path("/var/lib/logwatch-mx/sendmail-route")
    postmap: str = "postmap"
    makemap: str = "makemap"
    sendmail: str = "sendmail"
    helper: Path = Path("/run/logwatch-mx/helper.sock")


class Hook(Struct, frozen=True, kw_only=True):
    """A program that is run, without a shell, with the incident as JSON on its standard input."""

    command: tuple[str, ...]
    on: tuple[str, ...] = ("confirmed",)  # opened | confirmed | acted | closed
    timeout: timedelta = timedelta(seconds=10)
    observe: bool = False


class NotifyTarget(Struct, frozen=True, kw_only=True):
    """One apprise URL; it may hold a secret, so it is never printed whole.

    *url_file*: where it was read from, when the configuration names a file in its place.
    """

    url: str
    url_file: Path | None = None
    on: tuple[str, ...] = ("confirmed", "suspected", "refuted", "closed")


class StateSettings(Struct, frozen=True, kw_only=True):
    """Where the daemon's memory is."""

    path: Path = Path("/var/lib/logwatch-mx/state.db")


class Metrics(Struct, frozen=True, kw_only=True):
    """Where metrics are served (``HOST:PORT``), if at all."""

    listen: str | None = None


class Health(Struct, frozen=True, kw_only=True):
    """How often a notice says that the daemon is alive, if at all."""

    heartbeat: timedelta | None = None


class Settings(Struct, frozen=True, kw_only=True):
    """The whole configuration; *mode* is ``observe`` (look and tell) or ``act``."""

    mode: str = "observe"
    source: Source = Source()
    mta: MtaSettings = MtaSettings()
    dns: Dns = Dns()
    loop: LoopSettings = LoopSettings()
    spike: SpikeSettings = SpikeSettings()
    respond: Respond = Respond()
    hook: tuple[Hook, ...] = ()
    notify: tuple[NotifyTarget, ...] = ()
    state: StateSettings = StateSettings()
    metrics: Metrics = Metrics()
    health: Health = Health()
    rules: tuple[Path, ...] = ()
