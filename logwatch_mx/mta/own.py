"""What an MTA's configuration says is this site's own, before it is joined with our settings."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from logwatch_mx.config.domain import a_labels


class Own(Struct, frozen=True, kw_only=True):
    """What one MTA calls its own; domains are A-labels, addresses canonical text.

    *domains*: local, relay and virtual. *parents*: domains whose subdomains are meant too. *names*:
    of the host. *routed*: domains with a route of their own, so that their MX is not used.
    *origins*: domains that the site's own mail comes from. *notes*: what could not be read or is
    worth knowing, a sentence each. *lists*, *routes*, *settings*, *unread*: as ``Site`` has
    them.
    """

    domains: frozenset[str] = frozenset()
    parents: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    routed: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    lists: Mapping[str, str] = {}
    routes: Mapping[str, str] = {}
    settings: Mapping[str, str] = {}
    unread: frozenset[str] = frozenset()


def legal_domains(names: Iterable[str]) -> set[str]:
    """Return those of *names* that are domains, as A-labels; lists hold addresses and more too."""
    legal = set()
    for name in names:
        try:
            legal.add(a_labels(name))
        except ValueError:
            continue
    return legal


class Gathering:
    """The sets of an Own while a configuration is read; strange words are left out."""

    def __init__(self) -> None:
        self.domains: set[str] = set()
        self.parents: set[str] = set()
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self.routed: set[str] = set()
        self.origins: set[str] = set()
        self.notes: dict[str, None] = {}
        self.lists: dict[str, str] = {}
        self.routes: dict[str, str] = {}
        self.settings: dict[str, str] = {}
        self.unread: set[str] = set()

    def note(self, sentence: str) -> None:
        """Keep *sentence* once, safe for a terminal."""
        said = "".join(each if each.isprintable() else "?" for each in sentence)
        self.notes.setdefault(said)

    def enlist(self, names: Iterable[str], setting: str) -> None:
        """Note that *setting* makes the domains *names* ours; the first that does so counts."""
        for name in names:
            self.lists.setdefault(name, setting)

    def route(self, name: str, hop: str) -> None:
        """Note that mail for *name* (or, with a dot before it, for all below it) goes to *hop*."""
        legal = legal_domains([name.removeprefix(".")])
        self.routed |= legal
        self.routes |= dict.fromkeys(legal, hop)

    def done(self) -> Own:
        """Return what was gathered."""
        return Own(
            domains=frozenset(self.domains),
            parents=frozenset(self.parents),
            names=frozenset(self.names),
            addresses=frozenset(self.addresses),
            routed=frozenset(self.routed),
            origins=frozenset(self.origins),
            notes=tuple(self.notes),
            lists=self.lists,
            routes=self.routes,
            settings=self.settings,
            unread=frozenset(self.unread),
        )
