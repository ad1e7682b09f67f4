"""What is this site's own: what its MTA says, joined with the settings. Never raises.

What cannot be read becomes a note: too little known means less protection, and the operator must
hear of it.
"""

import socket
from collections.abc import Iterable
from pathlib import Path

from logwatch_mx.config.address import parse_address
from logwatch_mx.config.settings import Settings
from logwatch_mx.model.site import Site
from logwatch_mx.mta.interfaces import PROC_NET, own_addresses
from logwatch_mx.mta.own import Own, legal_domains
from logwatch_mx.mta.postconf import read_postconf, run_postconf
from logwatch_mx.mta.sendmailcf import read_sendmailcf


def discover_site(
    settings: Settings, *, hostname: str | None = None, proc_net: Path = PROC_NET
) -> tuple[Site, tuple[str, ...]]:
    """Return what is ours on this host under *settings*, and notes for the operator."""
    name = hostname if hostname is not None else socket.gethostname()
    found, notes = _ask_mtas(settings, name)
    addresses = own_addresses(proc_net).union(*(own.addresses for own in found))
    site = merge_site(settings, found, addresses, name)
    return site, (*notes, *(note for own in found for note in own.notes))


def host_name(site: Site, hostname: str | None = None) -> str:
    """Return what people call this host: its name, in full where the mail server knows it so."""
    name = hostname if hostname is not None else socket.gethostname()
    whole = sorted(each for each in site.names if each.startswith(f"{name.lower()}."))
    return whole[0] if whole else name


def configured_site(settings: Settings) -> Site:
    """Return what *settings* alone say is ours: a replay on another machine asks no MTA."""
    return merge_site(settings, (), frozenset(), "")


def merge_site(
    settings: Settings, found: Iterable[Own], addresses: frozenset[str], hostname: str
) -> Site:
    """Return *settings*, what MTAs said (*found*), *addresses* and *hostname* as one Site."""
    owns = list(found)
    mta = settings.mta
    every = addresses.union(mta.own_addresses)
    return Site(
        domains=frozenset(mta.own_domains).union(*(own.domains for own in owns)),
        parents=frozenset().union(*(own.parents for own in owns)),
        names=frozenset(legal_domains([hostname])).union(*(own.names for own in owns)),
        # Loopback is everybody's own; it is judged as loopback and as nothing else.
        addresses=frozenset(text for text in every if not _is_loopback(text)),
        routable=settings.dns.routable,
        protected=frozenset(settings.respond.protected_domains).union(
            *(own.routed | own.origins for own in owns)
        ),
        unread=frozenset().union(*(own.unread for own in owns)),
        # Where two MTAs are installed, the first that says it is told: Postfix.
        lists={name: text for own in reversed(owns) for name, text in own.lists.items()},
        routes={name: text for own in reversed(owns) for name, text in own.routes.items()},
        settings={name: text for own in reversed(owns) for name, text in own.settings.items()},
    )


def _ask_mtas(settings: Settings, hostname: str) -> tuple[list[Own], list[str]]:
    flavour = settings.mta.flavour
    found: list[Own] = []
    notes: list[str] = []
    missing: list[str] = []
    if flavour in {"auto", "postfix"}:
        try:
            text = run_postconf(settings.mta.postconf)
            found.append(read_postconf(text, [settings.respond.postfix_map]))
        except FileNotFoundError as error:
            missing.append(f"Postfix: {error}")
        except OSError as error:
            notes.append(f"Postfix: {error}; its domains are not known")
            found.append(Own(unread=frozenset({"all of Postfix"})))
    if flavour in {"auto", "sendmail"}:
        path = settings.mta.sendmail_cf
        try:
            found.append(read_sendmailcf(path.read_bytes().decode(errors="replace"), hostname))
        except FileNotFoundError:
            missing.append(f"sendmail: {path}: not found")
        except OSError as error:
            notes.append(f"sendmail: {path}: {error.strerror}; its domains are not known")
            found.append(Own(unread=frozenset({str(path)})))
    if missing and (flavour != "auto" or not (found or notes)):
        ours = "only domains of the configuration are known to be ours"
        notes.append(f"{'; '.join(missing)}; {ours}")
    return found, notes


def _is_loopback(text: str) -> bool:
    address = parse_address(text)
    return address.is_loopback or address.is_unspecified
