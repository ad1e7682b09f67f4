"""A loop of our own making: which setting is wrong, and how to mend it.

The evidence and what the MTA says of itself (``Site``) in, a sentence and steps out. Two questions:
why does mail for this domain go out by SMTP and come here, and why was it taken in again? What is
not known of the MTA (a replay elsewhere) is told as what to look at.
"""

import re
from collections.abc import Collection, Mapping

from logwatch_mx.detect.advice import Advice, safe_name
from logwatch_mx.detect.domains import domain_of
from logwatch_mx.model.event import Delivery, Event, Mta
from logwatch_mx.model.incident import SignalKind
from logwatch_mx.model.site import Site

_POSTFIX_RELAY = re.compile(r"relay=[^\[\s,]{1,255}\[([0-9a-fA-F:.]{2,45})\]")
_SENDMAIL_RELAY = re.compile(r"relay=\S{1,255} \[(?:IPv6:)?([0-9a-fA-F:.]{2,45})\]")
#: postconf(5) before Postfix 3.0 and after.
_LOCAL = "$myhostname, localhost.$mydomain, localhost"
_RESTART = "then restart sendmail (its daemon reads classes when it starts)"
_LOOPS_BACK = re.compile(r"mail for ([^ ]{1,255}) loops back to myself")
_PORT = re.compile(r"(?<=\]):\w+\Z|(?<!:):\w+\Z(?<!\[)")
_ALIASES = frozenset({"virtual_alias_domains"})


def blame(
    domain: str, *, routed: bool, mta: Mta, spins: bool, texts: tuple[str, ...], site: Site
) -> Advice:
    """Return whose setting sends mail for *domain* back to this host, and what to change.

    *routed*: *domain* is a configured next hop, none of the recipients'.
    *spins*: mail was taken in again, not refused. *texts*: lines of the evidence.
    """
    name = safe_name(domain)
    if routed:
        return _routed(domain, name, mta, site)
    why = _why_postfix if mta is Mta.POSTFIX else _why_sendmail
    sentence, steps = why(domain, name, site)
    address = _address(texts, mta)
    if mta is Mta.POSTFIX and (spins or any("my own hostname" in text for text in texts)):
        steps += _unknown_address(address, site)
    if mta is Mta.SENDMAIL and spins:
        steps += _unchecked(site)
    return Advice(sentence, steps)


def subject_of(event: Event, domain: str, signals: Collection[SignalKind]) -> tuple[str, bool]:
    """Return what loops: the recipient's *domain*, or a next hop that was configured (True).

    Postfix names the next hop in its words (``mail for
    [relay.home.test] loops back to myself``), sendmail in ``relay=``, by a mailer of its own or
    without the final dot of a name found through MX.
    """
    hop = ""
    if not isinstance(event, Delivery) or SignalKind.MTA_VERDICT not in signals:
        return domain, False
    if event.mta is Mta.POSTFIX:
        found = _LOOPS_BACK.fullmatch(event.reply or "")
        hop = found[1] if found else ""
    elif event.relay is not None and (event.mailer == "relay" or not event.relay.absolute):
        # Spun to the limit of hops is no configured route that was refused.
        hop = event.relay.host or "" if event.dsn == "5.3.5" else ""
    bare = domain_of(f"@{_PORT.sub('', hop).strip('[]').removeprefix('IPv6:')}")
    return (domain, False) if bare in {None, domain} else (bare or domain, True)


def _listed(domain: str, site: Site) -> str:
    """Return the setting that makes *domain*, or what it is below, ours; empty when unknown."""
    rest = domain
    while rest:
        found = site.lists.get(rest)
        if found is not None and (rest == domain or rest in site.parents):
            return found
        rest = rest.partition(".")[2]
    return ""


def _routed(hop: str, name: str, mta: Mta, site: Site) -> Advice:
    """Advise on a next hop that was configured: relayhost, SMART_HOST, transport, mailertable."""
    if mta is Mta.SENDMAIL:
        if hop in site.settings.get("SMART_HOST", "").lower():
            return Advice(
                f"SMART_HOST sends all mail to {hop}, which is this host itself",
                (
                    (
                        "in sendmail.mc: take the SMART_HOST line out, or name the server that"
                        " shall send for this one"
                    ),
                    "make -C /etc/mail, and restart sendmail",
                ),
            )
        return Advice(
            f"SMART_HOST or mailertable names {hop} as a next hop, which is this host itself",
            (
                f"see: grep -n {name} /etc/mail/mailertable /etc/mail/sendmail.mc",
                "name the host that holds the mailboxes, or take the line out",
                "make -C /etc/mail, and restart sendmail",
            ),
        )
    if hop in site.settings.get("relayhost", "").lower():
        return Advice(
            f"relayhost sends all mail to {hop}, which is this host itself",
            (
                "postconf -e 'relayhost ='   (or the server that shall send for this one)",
                "postfix reload",
            ),
        )
    return Advice(
        f"relayhost or transport_maps names {hop} as a next hop, which is this host itself",
        (
            "see: postconf relayhost transport_maps default_transport relay_transport",
            "name the host that holds the mailboxes, or take the entry out",
            "postfix reload",
        ),
    )


def _why_postfix(domain: str, name: str, site: Site) -> tuple[str, tuple[str, ...]]:
    known = site.settings
    if hop := site.routes.get(domain):
        return f"transport_maps sends mail for {domain} to {hop}, which is this host itself", (
            f"see: postmap -q {name} $(postconf -h transport_maps)",
            (
                f"name the host that holds the mailboxes ({name} smtp:[inner.example]), or take the"
                " entry out where they are on this host"
            ),
            "postfix reload",
        )
    setting = _listed(domain, site)
    if setting == "relay_domains":
        return f"relay_domains holds {domain}, so its MX is used, and that is this host itself", (
            "where the mailboxes are on another host, name it in transport_maps:",
            f"echo '{name} smtp:[inner.example]' | tee -a /etc/postfix/transport",
            "postmap /etc/postfix/transport",
            *_here(name, known),
        )
    if setting in _ALIASES:
        return f"virtual_alias_domains holds {domain}, and an alias of it leads back here", (
            f"see where: postmap -q NAME@{name} $(postconf -h virtual_alias_maps)",
            "an alias must end in a mailbox of this host, or at another host",
        )
    if setting:
        key = "virtual_transport" if setting.startswith("virtual") else "mailbox_transport"
        value = known.get(key) or known.get("fallback_transport", "")
        seen = f" ({value})" if value else ""
        return f"{setting} holds {domain}, but {key}{seen} sends its mail on to this host", (
            f"see: postconf {key} fallback_transport local_transport transport_maps",
            (
                f"let {key} name the program or socket that holds the mailboxes, no SMTP port of"
                " Postfix's own"
            ),
            "postfix reload",
        )
    unknown = "" if known else " (as far as is known here)"
    relayed = _added("$mydestination", known, "relay_domains", name)
    return (
        (
            f"the MX of {domain} is this host, but it is in none of mydestination, relay_domains,"
            f" virtual_alias_domains, virtual_mailbox_domains{unknown}"
        ),
        (
            *_here(name, known),
            "where they are on another host, for which this one takes mail in:",
            f"postconf -e 'relay_domains = {relayed}'",
            f"echo '{name} smtp:[inner.example]' | tee -a /etc/postfix/transport",
            "postmap /etc/postfix/transport",
            "postfix reload",
            f"where {name} is not ours at all: take this host out of its MX",
        ),
    )


def _here(name: str, known: Mapping[str, str]) -> tuple[str, ...]:
    return (
        "where the mailboxes are on this host:",
        f"postconf -e 'mydestination = {_added(_LOCAL, known, 'mydestination', name)}'",
        "postfix reload",
    )


def _added(default: str, known: Mapping[str, str], key: str, word: str) -> str:
    value = known.get(key, "") or default
    # What has quotes or braces in it is not repeated where it would be pasted.
    return f"{value}, {word}" if re.fullmatch(r"[\w.,:/$ -]+", value) else f"…, {word}"


def _address(texts: tuple[str, ...], mta: Mta) -> str:
    pattern = _POSTFIX_RELAY if mta is Mta.POSTFIX else _SENDMAIL_RELAY
    return next((found[1] for text in texts if (found := pattern.search(text))), "")


def _unknown_address(address: str, site: Site) -> tuple[str, ...]:
    """Return how Postfix learns that *address*, at which it talked to itself, is its own."""
    known = site.settings
    address = address or "192.0.2.1"
    proxies = known.get("proxy_interfaces", "")
    own = f"{known.get('inet_interfaces', '')} {proxies}".replace(",", " ").split()
    if address in own or ("all" in own and address in site.addresses):
        why = f"Postfix talked to itself at {address} under another name: one myhostname for all"
        return (f"{why} smtpd services on port 25 (postconf -P '*/*/myhostname')",)
    value = f"{proxies}, {address}" if re.fullmatch(r"[\w.,: -]+", proxies) else address
    return (
        (
            f"Postfix does not know {address} as its own (inet_interfaces, proxy_interfaces), so"
            " that it takes its own mail in again:"
        ),
        f"postconf -e 'proxy_interfaces = {value}'",
        "postfix reload",
    )


def _why_sendmail(domain: str, name: str, site: Site) -> tuple[str, tuple[str, ...]]:
    here = (
        "where the mailboxes are on this host (class w):",
        f"echo '{name}' | tee -a /etc/mail/local-host-names",
        _RESTART,
    )
    elsewhere = (
        "where they are on another host, name it in /etc/mail/mailertable:",
        f"echo '{name} esmtp:[inner.example]' | tee -a /etc/mail/mailertable",
        "make -C /etc/mail",
    )
    if hop := site.routes.get(domain):
        return f"mailertable sends mail for {domain} to {hop}, which is this host itself", (
            f"see: grep -n {name} /etc/mail/mailertable",
            "name the host that holds the mailboxes, or take the entry out where they are here",
            "make -C /etc/mail",
        )
    setting = _listed(domain, site)
    if setting == "class R":
        return (
            f"relay-domains (class R) holds {domain}, so its MX is used, and that is this host",
            (*elsewhere, *here),
        )
    if setting == "class w" or domain in site.names:
        return f"class w holds {domain}, yet its mail is sent on to this host", (
            f"see what becomes of an address: echo '3,0 user@{name}' | sendmail -bt",
            "a mailertable entry, LOCAL_RULE_0 or a second sendmail.cf sends it on: take that out",
        )
    if setting:
        return f"{setting} holds {domain}, but class w does not", (*here, *elsewhere)
    notes: tuple[str, ...] = ()
    if site.settings.get("DontExpandCnames", "").lower().startswith(("t", "y")):
        notes = (
            (
                f"DontExpandCnames is set: where {name} is only a CNAME of this host, class w must"
                " hold the alias itself"
            ),
        )
    unknown = "" if site.settings or site.lists else " (as far as is known here)"
    return (
        (
            f"the MX of {domain} is this host, but it is neither in class w (local-host-names) nor"
            f" in relay-domains or mailertable{unknown}"
        ),
        (
            *notes,
            *here,
            *elsewhere,
            f"echo '{name}' | tee -a /etc/mail/relay-domains",
            f"where {name} is not ours at all: take this host out of its MX",
        ),
    )


def _unchecked(site: Site) -> tuple[str, ...]:
    if mailers := site.settings.get("flag k"):
        return (
            (
                f"sendmail does not notice that it talks to itself: take the flag k from {mailers}"
                " (define(`SMTP_MAILER_FLAGS', …), MODIFY_MAILER_FLAGS in sendmail.mc)"
            ),
            "make -C /etc/mail, and restart sendmail",
        )
    return (
        (
            "sendmail took its own mail in again: no mailer may have the flag k, and two daemons of"
            " one host need the same name ($j: confDOMAIN_NAME in each .mc)"
        ),
    )
