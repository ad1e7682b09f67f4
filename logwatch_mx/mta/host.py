"""What ``doctor`` looks at: the mail servers' configuration, the host, and who we are on it."""

import operator
import re
from collections.abc import Mapping

from msgspec import Struct

from logwatch_mx.mta.mastercf import Service
from logwatch_mx.mta.permission import Nodes, Who
from logwatch_mx.mta.postconf import expand_value, parse_settings, split_words

#: postconf(5), 3.7; only what is looked at. A saved ``postconf -n`` does not say defaults.
_DEFAULTS = {
    "inet_interfaces": "all",
    "local_recipient_maps": "proxy:unix:passwd.byname $alias_maps",
    "mydestination": "$myhostname, localhost.$mydomain, localhost",
    "smtpd_reject_unlisted_recipient": "yes",
    "smtpd_recipient_restrictions": "",
}


# postconf(5), "${{expr1} op {expr2} ? {expr3} : {expr4}}"; defaults compare compatibility levels.
# `postconf -x` has decided them already, plain `postconf` has not.
_CONDITION = re.compile(
    r"\$\{\{\s*([0-9.]+)\s*\}\s*([<>]=?)level\s*\{\s*([0-9.]+)\s*\}\s*"
    r"\?\s*\{([^{}]*)\}(?:\s*:\s*\{([^{}]*)\})?\s*\}"
)
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class PostfixConf:
    """The settings that *text* (``postconf``, ``postconf -n`` or main.cf) says, and services.

    *services*: None where master.cf is not known.
    """

    def __init__(self, text: str, services: tuple[Service, ...] | None = None) -> None:
        self.text = text
        self._settings = parse_settings(text)
        self.services = services

    def says(self, key: str) -> bool:
        """Return whether the text has a line for *key*."""
        return key in self._settings

    def value(self, key: str) -> str:
        """Return the value of *key*, expanded; its default where the text has no line for it."""
        return _decide(expand_value(key, {**_DEFAULTS, **self._settings})).strip()

    def words(self, key: str) -> list[str]:
        """Return the words of the list *key*."""
        return split_words(self.value(key))

    def mentions(self, text: str) -> bool:
        """Return whether any value has *text* in it."""
        return any(text in value for value in self._settings.values())

    def line(self, key: str) -> str:
        """Return ``key = value`` as evidence."""
        default = "" if self.says(key) else " (default)"
        return f"{key} = {self.value(key)}".rstrip() + default


class Host(Struct, frozen=True, kw_only=True):
    """Everything that is looked at, already read; None or empty is "not known".

    *cfs*: texts of sendmail.cf by path, one a daemon. *addresses*: of the interfaces, without
    loopback. *listens*: addresses at which somebody listens on port 25. *table_types*: of
    ``postconf -m``. *programs*: those that were found. *nodes*: what was seen of each path.
    *logs*: the files that the configured globs mean. *configs*: our own configuration. *helper*:
    why the helper cannot be asked. *unread*: what should have been read and could not be, a
    sentence each.
    """

    postfix: PostfixConf | None = None
    cfs: Mapping[str, str] = {}
    hostname: str = ""
    addresses: frozenset[str] = frozenset()
    listens: frozenset[str] | None = None
    table_types: frozenset[str] | None = None
    programs: frozenset[str] = frozenset()
    nodes: Mapping[str, Nodes] = {}
    logs: Mapping[str, tuple[str, ...]] = {}
    configs: tuple[str, ...] = ()
    who: Who
    helper: str | None = None
    unread: tuple[str, ...] = ()
    on_this_host: bool = True


def _decide(value: str) -> str:
    def chosen(match: re.Match[str]) -> str:
        left, right = (tuple(map(int, match[i].strip(".").split("."))) for i in (1, 3))
        return match[4] if _COMPARE[match[2]](left, right) else match[5] or ""

    try:
        return _CONDITION.sub(chosen, value)
    except ValueError:  # "3..6"
        return value
