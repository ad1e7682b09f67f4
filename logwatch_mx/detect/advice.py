"""What operators do about a spike or an outage: its reasons in, a sentence and steps out. Pure.

The sentence says what to think of first; the steps are lines to read or to paste, one each. They
were tried with Postfix 3.7 and sendmail 8.17 (``tests/lab``). Every reason class has its own.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from logwatch_mx.detect.reasons import FULL_SERVER, GREYLISTED, LOCAL, OWN_SERVICE
from logwatch_mx.model.event import Mta
from logwatch_mx.model.incident import Cause, Facts, IncidentKind

#: So many domains get a line of their own in what is pasted.
NAMED_DOMAINS = 3
_GREY = (
    "wait: the next try should do; if none does, this host sends each try from another address"
    " (several interfaces, a pool behind NAT)"
)
_ADD_TRANSPORT = (
    'postconf -e "transport_maps = $(postconf -h transport_maps),'
    ' $(postconf -h default_database_type):/etc/postfix/transport"'
)
_SPUN = "delivered to ourselves"
#: A stranger's loop spins here because this host does not know that it talks to itself.
PREVENT = (
    "what lets this host deliver to itself, with the fix: logwatch-mx doctor",
    "refuse such mail before it starts: logwatch-mx prevent postfix (or sendmail)",
)
#: Names come from strangers, and steps are pasted into a shell: anything else is not repeated.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_OWN_SIDE = ("127.", "::1", "0:0:0:0:0:0:0:1", "localhost")


class Advice(Struct, frozen=True):
    """One sentence, and what to do, a line each."""

    sentence: str
    steps: tuple[str, ...] = ()


def suggest(
    kind: IncidentKind,
    subject: str,
    reasons: Mapping[str, int],
    facts: Facts,
    mta: Mta,
    cause: Cause,
) -> Advice:
    """Return what to do about an incident of this *kind*, by the most frequent of its *reasons*."""
    match kind:
        case IncidentKind.SPIKE | IncidentKind.OUTAGE if reasons:
            main = max(reasons.items(), key=lambda item: (item[1], item[0]))[0]
            return advise(kind, subject, main, tuple(facts.domains)[:NAMED_DOMAINS], mta)
        case IncidentKind.FORWARDING_LOOP:
            return advise_circle(subject, mta)
        case IncidentKind.LOOP if cause is Cause.THEIRS and _SPUN in reasons:
            return Advice("", PREVENT)
    return Advice("")


@lru_cache(maxsize=1024)
def advise(
    kind: IncidentKind, subject: str, reason: str, domains: tuple[str, ...], mta: Mta
) -> Advice:
    """Return what to do about a spike or an outage whose main *reason* this is.

    *domains*: the recipient domains behind it, those with most messages first.
    """
    named = tuple(safe_name(name) for name in domains[:NAMED_DOMAINS] or (subject,))
    first = named[0]
    if kind is IncidentKind.OUTAGE:
        return _outage(reason, named if domains else (), mta)
    if subject.startswith(_OWN_SIDE) or reason == OWN_SERVICE:
        where = subject if subject.startswith(_OWN_SIDE) else f"for mail to {subject}"
        return Advice(
            f"a filter, proxy or delivery agent of this host's own ({where}) does not answer",
            (
                "wait: nothing is lost; the queue goes out once it answers again",
                "see who listens: ss -ltnp   and start it again (systemctl status …)",
                *_flush(mta),
            ),
        )
    if reason.startswith(("throttled", "greylisted by", "Gmail wants")):
        return Advice(_limited(subject, reason), (*_note(reason), *_slower(named, mta)))
    match reason:
        case "content refused for now":
            return Advice(
                f"{subject} does not like what this host sends, or its address: is it spam?",
                (
                    *_who_sends(first),
                    *_hold(first),
                    "see whether this host's address is on a blocklist, before anything is sent on",
                    *_slow_transport(named, mta),
                ),
            )
        case "TLS trouble":
            return Advice(f"no secure connection to {subject} comes about", _tls(first, mta))
        case r if r == GREYLISTED:
            return Advice(
                f"{subject} greylists, and mail waits there for longer than half an hour",
                (_GREY,),
            )
        case r if r == LOCAL:
            return Advice(
                f"mailboxes or programs of this host take nothing for {subject}",
                (
                    "look for a full disk (df -h, df -i), a quota, a mailbox server that is down",
                    "wait: nothing is lost; the queue goes out once they take mail again",
                    *_flush(mta),
                ),
            )
        case r if r == FULL_SERVER:
            return Advice(
                f"the server of {subject} has no space left",
                ("wait: the queue tries again for days; tell its postmaster", *_hold(first)),
            )
    return Advice(*_unreached(subject, first, reason, mta))


def safe_name(name: str) -> str:
    """Return *name* where it is a host name, as it may be pasted, else a word in its place."""
    return name if _NAME.fullmatch(name) else "THE-DOMAIN"


def advise_circle(subject: str, mta: Mta) -> Advice:
    """Return what to do about mail that is forwarded in a circle at *subject*."""
    sentence = (
        f"an alias, a .forward or a sieve script at {subject} leads back to the same mailbox; no MX"
        " has to do with it"
    )
    if mta is Mta.POSTFIX:
        return Advice(
            sentence,
            (
                "the address is in the evidence; follow it, step by step, until it comes again:",
                "postalias -q NAME $(postconf -h alias_maps)",
                f"postmap -q NAME@{safe_name(subject)} $(postconf -h virtual_alias_maps)",
                "cat ~NAME/.forward",
            ),
        )
    return Advice(
        sentence,
        (
            "the address is in the evidence; see where it goes, and take the way back out:",
            f"sendmail -bv NAME@{safe_name(subject)}",
            "cat ~NAME/.forward",
        ),
    )


def _limited(subject: str, reason: str) -> str:
    if reason.startswith("greylisted by"):
        return f"{subject} greylists this host: its next tries will do, unless more is sent at once"
    if reason.startswith("Gmail wants"):
        return f"{subject} puts off what has no SPF, DKIM, DMARC or no name for its address"
    return f"{subject} limits what it takes from this host: find out who sends, then send slower"


#: What the codes say, and where the provider explains them.
_NOTES = (
    ("throttled by Gmail (4.7.28)", "Gmail 4.7.28: an unusual rate of mail from this address"),
    ("throttled by Gmail (4.7.0)", "Gmail 4.7.0: suspicious or too much for now; it passes"),
    ("throttled by Yahoo (TS03)", "Yahoo TS03: for good; retries do not help, hold the mail"),
    ("throttled by Yahoo", "Yahoo TSS0x/TS0x: unexpected volume, or its users complain"),
    ("greylisted by Yahoo", "Yahoo GL01: greylisting; it passes by itself"),
    ("throttled by Microsoft (RP-", "Microsoft RP-00x: over the rate limit of this reputation"),
    ("throttled by Microsoft", "Microsoft: limited by the reputation of this host's address"),
    ("Gmail wants", "Gmail 4.7.2x-4.7.4x: mend SPF, DKIM, DMARC and the PTR record of this host"),
)
_PAGES = (
    ("mail", "see https://support.google.com/mail/answer/81126"),
    ("Yahoo", "see https://senders.yahooinc.com/smtp-error-codes/"),
    ("Microsoft", "see https://sendersupport.olc.protection.outlook.com/snds/"),
)


def _note(reason: str) -> tuple[str, ...]:
    note = next((text for begin, text in _NOTES if reason.startswith(begin)), None)
    page = next((text for name, text in _PAGES if name in reason), None)
    return tuple(text for text in (note, page) if text)


def _slower(domains: tuple[str, ...], mta: Mta) -> tuple[str, ...]:
    return (
        *_who_sends(domains[0]),
        *_slow_transport(domains, mta),
        "wait: the queue tries again for days, nothing is lost",
        *_hold(domains[0]),
    )


def _who_sends(domain: str) -> tuple[str, ...]:
    return (f"who sends: logwatch-mx queue {domain}",)


def _hold(domain: str) -> tuple[str, ...]:
    return (f"hold: logwatch-mx queue {domain} --hold   (and later --release)",)


def _slow_transport(domains: tuple[str, ...], mta: Mta) -> tuple[str, ...]:
    """Return the lines that let mail for *domains* out slowly, and all other mail as before."""
    if mta is Mta.POSTFIX:
        return (
            "send slower, one message every five seconds to each of these domains:",
            "postconf -Me 'slow/unix=slow unix - - n - 2 smtp'",
            "postconf -e 'slow_destination_rate_delay = 5s'",
            *(f"echo '{domain} slow:' | tee -a /etc/postfix/transport" for domain in domains),
            "postmap /etc/postfix/transport",
            _ADD_TRANSPORT,
            "postfix reload",
        )
    return (
        "send slower: a queue of their own with one runner, in sendmail.mc:",
        "QUEUE_GROUP(`slow', `P=/var/spool/mqueue/slow, R=1, I=10m')dnl",
        "FEATURE(`access_db')dnl   (once, before other features)",
        "FEATURE(`queuegroup')dnl",
        "then: mkdir -m 700 /var/spool/mqueue/slow, and in /etc/mail/access:",
        *(f"QGRP:{domain} slow" for domain in domains),
        "then: make -C /etc/mail, and restart sendmail",
    )


def _flush(mta: Mta) -> tuple[str, ...]:
    command = "postqueue -f" if mta is Mta.POSTFIX else "sendmail -q -v"
    return (f"then, to wait no longer: {command}",)


def _tls(domain: str, mta: Mta) -> tuple[str, ...]:
    if mta is Mta.POSTFIX:
        return (
            f"see what is wrong: posttls-finger -c -l may {domain}",
            "see what this host demands: postconf smtp_tls_security_level smtp_tls_policy_maps",
            f"to demand less, '{domain} may' (any certificate) or '{domain} none' (no TLS) in the",
            "table that smtp_tls_policy_maps names, then postmap it",
            "wait: the queue tries again for days, nothing is lost",
        )
    return (
        f"see what is wrong: openssl s_client -starttls smtp -connect <the MX of {domain}>:25",
        f"to do without, in /etc/mail/access: Try_TLS:<the MX of {domain}> NO",
        "then: make -C /etc/mail",
        "wait: the queue tries again for days, nothing is lost",
    )


def _unreached(subject: str, domain: str, reason: str, mta: Mta) -> tuple[str, tuple[str, ...]]:
    unreachable = {"connection refused", "connection timed out", "connection lost"}
    steps = (
        "wait: the queue tries again for days, nothing is lost",
        "see whether only this host is kept out: try port 25 of its server from another network",
        *_hold(domain),
        *(_slow_transport((domain,), mta) if reason == "connection lost" else ()),
    )
    if reason in unreachable or reason == "no route to host":
        return f"the server of {subject} cannot be reached ({reason}): it is theirs to mend", steps
    return (
        f"{subject} puts mail off; what it says is in the evidence",
        (*_who_sends(domain), *steps, *_slow_transport((domain,), mta)),
    )


def _outage(reason: str, domains: tuple[str, ...], mta: Mta) -> Advice:
    if reason == "DNS failure" and len(domains) == 1:
        return Advice(
            f"all of it is for {domains[0]}, whose name servers do not answer: theirs to mend",
            (
                f"see: dig {domains[0]} MX; and another name, to be sure of your resolver",
                "wait: the queue tries again for days, nothing is lost",
                *_hold(domains[0]),
            ),
        )
    if reason == "DNS failure":
        sentence = "names are not found: look at this host's resolver first"
        steps: tuple[str, ...] = ("see: cat /etc/resolv.conf; dig . NS; is the resolver running?",)
    elif reason == "network unreachable":
        sentence = "this host has no way out: look at its own network first"
        ipv4 = (
            "postconf -e 'smtp_address_preference = ipv4', postfix reload"
            if mta is Mta.POSTFIX
            else "in sendmail.mc: CLIENT_OPTIONS(`Family=inet')dnl"
        )
        steps = (
            "see: ip route; ip -6 route",
            f"if only IPv6 is broken, until it works again: {ipv4}",
        )
    else:
        sentence = "many servers put mail off at once: look at this host's own network first"
        steps = (
            "see: ip route; is port 25 outwards open? (a firewall, the provider's block)",
            "see whether this host's address is on a blocklist, if they say so in the evidence",
        )
    return Advice(sentence, (*steps, "wait: nothing is lost", *_flush(mta)))
