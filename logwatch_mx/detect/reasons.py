"""Why a delivery was deferred, in classes that an admin knows, and which of them are no news.

Text comes from remote servers and is hostile: it selects a class here, nothing else. What the big
providers' own codes say is told with the code (``providers.py``).
"""

import re
from datetime import timedelta
from functools import lru_cache

from logwatch_mx.detect.providers import word_of_provider
from logwatch_mx.model.deed import OWN_MARK
from logwatch_mx.model.event import Delivery, Mta, Status

GREYLISTED = "greylisted"
MAILBOX = "mailbox full or busy"
FULL_SERVER = "no space on the server"
LOCAL = "local delivery failed"
OWN_SERVICE = "a service of this host does not answer"
REMOTE = "deferred by the remote server"
#: Reasons that mean our own network or resolver: they share one key.
OUTAGE_REASONS = frozenset({"DNS failure", "network unreachable"})
#: Reasons that mean that a server could not be reached: theirs, or our network's.
UNREACHABLE = frozenset(
    {
        "connection timed out",
        "connection refused",
        "connection lost",
        "no route to host",
        *OUTAGE_REASONS,
    }
)

#: Older mail was news before; a greylisting server lets in what comes again before this age.
BACKLOG = timedelta(hours=1)
GREY_AGE = timedelta(minutes=30)

#: Our own remedies put ``OWN_MARK`` into their text (Postfix) or use these mailers (sendmail).
OWN_MAILERS = frozenset({"pause", "loopdiscard", "loopreject", "lwmxpause", "lwmxdiscard"})
#: Postfix agents that answer by themselves: only their text is ours to write.
LOCAL_AGENTS = frozenset({"error", "retry", "discard"})
#: Agents and mailers that put mail into mailboxes of this host, or into programs.
DELIVERERS = frozenset({"local", "virtual", "pipe", "prog", "*file*", "procmail"})

#: Codes that say it all (RFC 3463), and codes that decide where the text says nothing.
_EXACT = {
    "4.4.3": "DNS failure",
    "4.2.1": MAILBOX,
    "4.2.2": MAILBOX,
    "4.3.1": FULL_SERVER,
    "4.7.5": "TLS trouble",
}
_VAGUE = {"4.4.1": "connection timed out", "4.4.2": "connection lost"}
#: Reason, texts of which one is in all that the patterns find (to look for them takes a tenth of
#: the time), patterns.
_WORDS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (reason, pieces, re.compile("|".join(patterns)))
    for reason, pieces, *patterns in (
        (
            "DNS failure",
            ("name ",),
            r"name service error",
            r"host or domain name not found",
            r"host name lookup failure",
        ),
        ("network unreachable", ("network is ",), r"network is unreachable|network is down"),
        # One host behind a working network: a router near it answers so.
        ("no route to host", ("no route",), r"no route to host"),
        ("connection refused", ("refused",), r"connection refused"),
        (
            "connection timed out",
            ("timed out",),
            r"connection timed out|connect.{0,300}timed out|operation timed out",
        ),
        (
            "connection lost",
            ("lost conn", "reset", "timed out", "broken"),
            r"lost connection|connection reset|timed out while|broken pipe",
        ),
        # Postfix's own reject_unverified_recipient says so until its probe came back.
        (GREYLISTED, ("grey", "gray", "verif"), r"gr[ea]y.?list|address verification in progress"),
        # "451 4.7.1 Temporary rate limit exceeded, try again later": a limit is no greylisting.
        (
            "throttled",
            ("rate", "throttl", "too many ", "queue quota"),
            r"rate.?limit|throttl|unusual rate|too many (?:connections|messages|emails)",
            # Exchange Online, of a whole tenant: "450 4.7.3 Organization queue quota exceeded"
            r"queue quota",
        ),
        (
            GREYLISTED,
            ("try", "temporarily "),
            r"try (?:again|it again|later|back)|please (?:re)?try",
            r"temporarily (?:deferred|rejected).{0,40}(?:minutes|seconds)",
        ),
        ("TLS trouble", ("tls", "certificate", "ssl"), r"tls(?<=\btls)\b|starttls|certificate|ssl"),
        # "452 4.3.1 Insufficient system storage": the server's, no mailbox's (RFC 3463, X.3.1).
        (
            FULL_SERVER,
            ("insufficient ", "disk full", "no space"),
            r"insufficient (?:system|disk|storage)|disk full|no space left",
        ),
        (
            MAILBOX,
            ("quota", "full", "insufficient", "mailbox"),
            r"over.?quota|mailbox (?:is )?full|quota exceeded|insufficient",
            r"mailbox (?:size|storage|limit|has exceeded)",
        ),
        (
            "throttled",
            ("too many ", "exceeded", "concurren"),
            r"too many (?:recipients|errors)|exceeded|concurren",
        ),
        (
            "content refused for now",
            ("spam", "block", "reputation", "policy", "blacklist", "rbl"),
            r"spam|blocked|reputation|policy|blacklist|blocklist|rbl",
        ),
    )
)


#: A socket or a configured loopback address, not one that an MX led to: "connect to
#: mx.home.test[private/dovecot-lmtp]: Connection refused", "connect to 127.0.0.1[127.0.0.1]:10024".
_OWN_SIDE = re.compile(
    r"(?:delivery temporarily suspended: )?(?:connect to|conversation with|lost connection with) "
    r"(?:[^ \[]{1,255}\[(?:/|private/|public/)"
    r"|(127\.[0-9.]+|::1|localhost)\[(?:127\.[0-9.]+|::1)\])"
    r"|(?:Deferred: )?Connection [^\n]{1,100} (?:by|with) \[(?:127\.[0-9.]+|IPv6:::1|localhost)\]"
)
#: Postfix "host H[ip] said: 451 …" and "refused to talk to me"; sendmail "451 4.4.3 …" after
#: "Deferred: ".
_REMOTE = re.compile(
    r"(?:delivery temporarily suspended: )?host [^ ]{1,300} (?:said|refused)"
    r"|(?:Deferred: )?[45][0-9][0-9][ -]"
)
_NAMED = re.compile(
    r"(?:delivery temporarily suspended: )?"
    r"(?:connect to|conversation with|lost connection with|host) ([^ \[]{1,255}\[[^\] ]{0,64}\])"
)
_PERHAPS_OURS = UNREACHABLE | {REMOTE}
_PERHAPS_LOCAL = frozenset({REMOTE, FULL_SERVER})
_HOST = re.compile(
    r"(?:delivery temporarily suspended: )?"
    r"(?:connect to|conversation with|lost connection with|host) ([^ \[]{1,255})\["
)


def host_in(reply: str | None) -> str | None:
    """Return the host that a text of Postfix's own names (``connect to mail.d.test[192.0.2.1]``).

    Its throttle repeats the text that began it: ``delivery temporarily suspended: connect to …``.
    """
    found = _HOST.match(reply or "")
    return found.group(1).lower().rstrip(".") if found else None


def is_own_remedy(event: Delivery) -> bool:
    """Say whether *event* is the trace of a pause, reject or discard of our own."""
    if event.mta is Mta.POSTFIX:
        return event.agent in LOCAL_AGENTS and OWN_MARK in (event.reply or "").lower()
    return event.mailer is not None and event.mailer.lower() in OWN_MAILERS


def is_deferral(event: Delivery) -> bool:
    """Say whether *event* puts mail off.

    sendmail logs a failed DNS look-up as ``dsn=4.4.3, stat=queued``.
    """
    if event.status is Status.DEFERRED:
        return True
    return event.status is Status.QUEUED and (event.dsn or "").startswith("4.")


def left_out(event: Delivery, reason: str) -> str:
    """Return why the deferral *event* is no news to the test, in words; empty when it is."""
    if is_own_remedy(event):
        return "an action of logwatch-mx itself puts it off"
    return left_out_at(event.delay or 0.0, reason)


def left_out_at(age: float, reason: str) -> str:
    """Return why a deferral after *age* seconds is no news to the test; empty when it is."""
    if age > BACKLOG.total_seconds():
        return "the message is older than an hour: old backlog"
    if reason == MAILBOX:
        return "a mailbox is full or busy: one recipient's trouble"
    if reason == GREYLISTED and age <= GREY_AGE.total_seconds():
        return "greylisting, and the message is not older than 30 minutes"
    return ""


def reason_of(event: Delivery) -> str:
    """Return the class of a deferral in words; the DSN decides where it is exact (RFC 3463).

    Else the text. What a remote server says of its own DNS or network is not ours.
    """
    to = event.recipients[0] if event.recipients else ""
    return reason_in(event.dsn or "", event.reply or "", to, event.mailer or event.agent)


def reason_in(dsn: str, reply: str, to: str, agent: str | None) -> str:
    """Return the class of a deferral of mail to the address *to* in words: see ``reason_of``."""
    text = reply[:1000]
    reason = _reason(dsn, _without_names(text, to))
    if reason in OUTAGE_REASONS and _REMOTE.match(text):
        return REMOTE
    if reason in _PERHAPS_OURS and _OWN_SIDE.match(text):
        return OWN_SERVICE
    if reason in _PERHAPS_LOCAL and agent in DELIVERERS:
        return LOCAL
    return reason


def _without_names(text: str, to: str) -> str:
    """Return *text* without the names in it that say nothing of the reason.

    The host that it is about may be called ``mx.blocklist.test``, the recipient ``quota@d.test``.
    And what is left is the same for thousands of domains.
    """
    found, kept = _NAMED.match(text), ""
    if found is not None:
        # What Microsoft and Gmail say is known by their hosts.
        begin, stop = found.span(1)
        host = text[begin:stop].lower()
        told = "outlook.com" if "outlook.com" in host else "gmail" if "gmail" in host else ""
        kept, text = text[:begin] + told, text[stop:]
    domain = to.rpartition("@")[2]
    return kept + (text.replace(to, "").replace(domain, "") if "." in domain else text)


@lru_cache(maxsize=4096)
def _reason(dsn: str, text: str) -> str:
    if (exact := _EXACT.get(dsn)) is not None:
        return exact
    # Lowered once: a search without regard to case takes four times as long.
    lowered = text.lower()
    if (provider := word_of_provider(lowered)) is not None:
        return provider
    for reason, pieces, pattern in _WORDS:
        for piece in pieces:
            if piece in lowered:
                break
        else:
            continue
        # Others than greylisting servers say "try later" as well.
        if pattern.search(lowered) and ("try" not in pieces or _may_greylist(dsn, text)):
            return reason
    return _VAGUE.get(dsn, REMOTE)


def _may_greylist(dsn: str, text: str) -> bool:
    """Say whether the codes are those of greylisting: 450 or 451, with 4.2.0, 4.7.1 or none."""
    return dsn in {"4.2.0", "4.7.1", "4.0.0", ""} and bool(re.search(r"\b45[01]\b", text))
