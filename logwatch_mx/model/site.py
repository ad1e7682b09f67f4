"""What is this site's own, as plain values that ``app`` hands to whoever must know."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct


class Site(Struct, frozen=True, kw_only=True):
    """Own domains and addresses, and networks that are routable here.

    They come from the MTA, the configuration and the command line. *domains*: mail for them is ours
    to deliver (mydestination, class w, relay and virtual domains). *parents*: domains whose
    subdomains are ours as well (relay and virtual domains). *names*: the host's own names.
    *addresses*: canonical text of own addresses that are not loopback. *routable*: special networks
    that are good at this site. *lists*: the setting that makes a domain ours, by domain. *routes*:
    the next hop of a domain that has one of its own. *settings*: what the MTA says of itself that a
    loop may come of, by the setting's name. *unread*: lists of own domains that could not be read:
    any domain may be in them.
    """

    domains: frozenset[str] = frozenset()
    parents: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    routable: tuple[IPv4Network | IPv6Network, ...] = ()
    protected: frozenset[str] = frozenset()
    lists: Mapping[str, str] = {}
    routes: Mapping[str, str] = {}
    settings: Mapping[str, str] = {}
    unread: frozenset[str] = frozenset()
