"""Every key of config.toml with the reader of its value, section by section."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from logwatch_mx.config import reading
from logwatch_mx.config.reading import ListOf, Reader
from logwatch_mx.config.settings import (
    Dns,
    Health,
    Hook,
    LoopSettings,
    Metrics,
    MtaSettings,
    NotifyTarget,
    Respond,
    Source,
    SpikeSettings,
    StateSettings,
)


class Section(Struct, frozen=True):
    """A table of the file: what it is *made* into, its *keys*, and those that must be there."""

    made: Callable[..., Struct]
    keys: Mapping[str, Reader | ListOf]
    required: tuple[str, ...] = ()


#: Keys that stand above the first table.
TOP: Mapping[str, Reader | ListOf] = {
    "mode": reading.word("observe", "act"),
    "rules": ListOf(reading.path),
}

#: Tables that stand once.
TABLES: Mapping[str, Section] = {
    "source": Section(
        Source,
        {
            "files": ListOf(reading.pattern),
            "journal": reading.flag,
            "syslog": reading.syslog,
        },
    ),
    "mta": Section(
        MtaSettings,
        {
            "own_domains": ListOf(reading.domain),
            "own_addresses": ListOf(reading.address),
            "flavour": reading.word("auto", "postfix", "sendmail", "none"),
            "postconf": reading.text,
            "sendmail_cf": reading.path,
        },
    ),
    "dns": Section(
        Dns,
        {
            "nameservers": ListOf(reading.nameserver),
            "second_opinion": ListOf(reading.nameserver),
            "routable": ListOf(reading.network),
            "timeout": reading.duration,
            "lifetime": reading.duration,
        },
    ),
    "loop": Section(
        LoopSettings,
        {
            "action": reading.word("none", "pause", "reject", "discard"),
            # A content filter hands every message over once: two passes are nothing.
            "passes": reading.count(2, 1000),
            "window": reading.duration,
            "close_after": reading.duration,
        },
    ),
    "spike": Section(SpikeSettings, {"window": reading.duration, "ceiling": reading.count(1)}),
    "respond": Section(
        Respond,
        {
            "expiry": reading.duration,
            "max_domains_per_hour": reading.count(0),
            "max_pauses_per_hour": reading.count(0),
            "cooldown": reading.duration,
            "protected_domains": ListOf(reading.domain),
            "postfix_map": reading.path,
            "sendmail_map": reading.path,
            "postmap": reading.text,
            "makemap": reading.text,
            "sendmail": reading.text,
            "helper": reading.path,
        },
    ),
    "state": Section(StateSettings, {"path": reading.path}),
    "metrics": Section(Metrics, {"listen": reading.listener}),
    "health": Section(Health, {"heartbeat": reading.duration}),
}

#: Tables that may stand often: ``[[hook]]``, ``[[notify]]``.
ARRAYS: Mapping[str, Section] = {
    "hook": Section(
        Hook,
        {
            "command": ListOf(reading.text, at_least=1),
            "on": ListOf(reading.word("opened", "confirmed", "acted", "closed"), at_least=1),
            "timeout": reading.duration,
            "observe": reading.flag,
        },
        required=("command",),
    ),
    "notify": Section(
        NotifyTarget,
        {
            "url": reading.url,
            "url_file": reading.path,
            "on": ListOf(
                reading.word("confirmed", "suspected", "refuted", "closed", "health"), at_least=1
            ),
        },
    ),
}

#: Keys whose values are never repeated in a message.
SECRET = frozenset({"url"})
