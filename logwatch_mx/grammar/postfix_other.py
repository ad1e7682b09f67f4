"""Postfix lines that are known and say nothing about a delivery.

Comes in: the text of a line of any Postfix daemon or script. Goes out: ``Other``, with the queue id
where the line names one. Only known shapes are here: a line of an unknown shape stays unparsed, so
that it is seen. The text behind a known start may be anything.
"""

from collections.abc import Mapping

from pyparsing import Literal, Opt, ParserElement, Regex

from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.postfix_tokens import (
    QUOTED,
    message_prefix,
    place,
    queue_id,
    strict_queue_id,
)
from logwatch_mx.model.event import Other

_REST = Regex(r".*")
_PEER = r"[^\[\]<>() \t]*\[[^\] ]*\](?::[0-9]+)?"


def _build_other(head: Head, tokens: Mapping[str, str]) -> Other:
    return Other(**place(head, tokens))


def _other(name: str, expr: ParserElement, agents: frozenset[str] | None = None) -> LineKind:
    return LineKind(name=f"postfix.{name}", expr=expr, build=_build_other, agents=agents)


# --- smtpd, postscreen, tlsproxy: sessions -------------------------------------------------------

# connect from unknown[192.0.2.7]
# disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 mail=1 rcpt=0/1 data=0/1 quit=1 commands=5/7
# lost connection after DATA (7774180 bytes) from unknown[192.0.2.7]
# timeout after END-OF-MESSAGE from … · too many errors after RCPT from …
# improper command pipelining after EHLO from …: MAIL FROM:<> · bare <LF> received after CONNECT …
_session = Regex(
    r"(?:(?:dis)?connect from"
    r"|(?:lost connection|timeout|too many errors|improper command pipelining"
    r"|bare <LF> received) after [^\[]+ from"
    rf") {_PEER}.*"
)

# postscreen/postscreen*.c: CONNECT from [192.0.2.7]:53024 to [192.0.2.1]:25 · PASS NEW [192.0.2.7]:5
# PREGREET 6 after 1.2 from [192.0.2.7]:4: RSET · DNSBL rank 3 for [192.0.2.7]:5
# HANGUP after 63 from [192.0.2.7]:5 in tests after SMTP handshake
# COMMAND TIME LIMIT from [192.0.2.7]:5 after CONNECT · COMMAND PIPELINING from [192.0.2.7]:5 after .:
# entering STRESS mode with 10 connections
_postscreen = Regex(
    r"(?:(?:CONNECT|DISCONNECT|PASS (?:OLD|NEW)"
    r"|(?:WHITE|ALLOW|BLACK|DENY)LISTED|(?:WHITE|ALLOW)LIST VETO"
    r"|PREGREET [0-9]+ after [0-9.]+|DNSBL rank -?[0-9]+|HANGUP after [0-9.]+"
    r"|COMMAND (?:TIME LIMIT|COUNT LIMIT|LENGTH LIMIT|PIPELINING)|NON-SMTP COMMAND"
    r"|BARE (?:NEWLINE|LF)|(?:DATA|BDAT) without valid RCPT)"
    r"(?: from| for| to)? \[[^\] ]*\]:[0-9]+.*)"
) | Regex(r"(?:entering|leaving) STRESS mode with [0-9]+ connections")

# smtpd/smtpd.c: NOQUEUE: reject_warning: RCPT from …: 553 5.7.1 … · 5A40338B2: hold: DATA from …
# 4AA091855DA0: replace: header MIME-Version: 1.0 from …: Mime-Version: 1.0
# 4104E3D: milter-header-redirect: header X-Spam-Status: Yes … · NOQUEUE: proxy-accept: …
# 66BFB3C3487: warning: header Subject: from=<a@a.test> to=<b@b.test> from local; …
_action = (
    message_prefix()
    + Regex(
        r"(?:(?:milter|proxy)-(?!reject)[a-z-]+|reject_warning|warn|warning|info|hold|discard"
        r"|filter|redirect|prepend|replace|strip|bcc|ignore|permit|delay|trace|dunno|pass)"
        r": (?:[A-Z][0-9A-Z-]+(?: from|:)|(?:mime-|nested-)?(?:header|body)) "
    )
    + _REST
)

# --- delivery agents: what comes before the delivery line ----------------------------------------

# smtp/smtp_connect.c: connect to mx.a.test[192.0.2.1]:25: Connection timed out
# 2.2: connect to mx.a.test[192.0.2.1]: Connection timed out (port 25)
_connect = Regex(rf"connect to {_PEER}: .*")

# smtp/smtp_trouble.c: ED59C3D: host mx.a.test[192.0.2.1] said: 450 4.7.1 … (in reply to RCPT TO …)
# 40197AA: host mx.a.test[192.0.2.1] refused to talk to me: 450 4.3.2 try again later
# B99FE3D: lost connection with mx.a.test[192.0.2.1] while receiving the initial server greeting
# 78D6B41: conversation with mx.a.test[192.0.2.1] timed out while sending RCPT TO
# 380133F45: enabling PIX workarounds: disable_esmtp delay_dotcrlf for mx.a.test[192.0.2.1]:25
# D0F29603B4: SASL authentication failed; server mx.a.test[192.0.2.1] said: 535 5.7.8 Error
_interim = (
    queue_id()
    + ": "
    + (
        Regex(
            rf"(?:host {_PEER} (?:said|refused to talk to me):"
            rf"|(?:lost connection|conversation) with {_PEER}"
            r"|enabling PIX |SASL authentication failed;|Cannot start TLS: |TLS is required"
            r"|(?:Server certificate|TLSA lookup|SMTPUTF8 is required|RequireTLS|breaking line)"
            r"|no TLSA records|non DNSSEC destination|message size [0-9]+ exceeds size limit"
            r"|Host or domain name not found|Name service error|mail for [^ ]+ loops back to myself"
            r"|connect to |network address|uncertain )"
        )
        + _REST
        # qmgr: 27AB942D3: skipped, still being delivered
        | Regex(r"skipped, still being delivered *")
        # local: 665A5232C51: passing <bob@a.test> to transport=lmtp
        | Regex(rf"passing <(?:{QUOTED})?[^>]*> to transport=.*")
        # postsuper: D4F2023DB: placed on hold
        | Regex(r"(?:placed on hold|released from hold|requeued|expired|canceled) *")
    )
)

# smtp with smtp_dns_reply_filter: ignoring DNS RR: mx.a.test. 60 IN A 127.0.0.1
# smtp and smtpd: discarding EHLO keywords: CHUNKING ETRN · TLSRPT: status=success, domain=a.test, …
# smtpd/dsn_filter: mapping DSN status 5.1.1 into Recipient address status 5.1.1
# every daemon: table hash:/etc/postfix/virtual(0,lock|fold_fix) has changed -- restarting
_remark = Regex(
    r"(?:ignoring DNS RR: |discarding EHLO keywords: |TLSRPT: |mapping DSN status "
    r"|table [^ ]+ has changed -- |using backwards-compatible default setting "
    r"|close database |cache .* (?:full|partial) cleanup: retained=).*"
)

# --- TLS ----------------------------------------------------------------------------------------

# Trusted TLS connection established to mx.a.test[192.0.2.1]:25: TLSv1.3 with cipher …
# SSL_accept error from unknown[192.0.2.7]: lost connection
# certificate verification failed for mx.a.test[192.0.2.1]:25: untrusted issuer /C=de/…
# setting up TLS connection to mx.a.test[192.0.2.1]:25
_tls = Regex(
    r"(?:[A-Z][a-z]+ TLS connection (?:established|reused) (?:from|to) "
    r"|setting up TLS connection (?:from|to) |SSL_(?:accept|connect)[: ]|SSL3 alert "
    r"|(?:[Ss]erver |[Cc]lient |[Pp]eer )?certificate (?:peer name )?"
    r"(?:verification|verified|verify|not|did)"
    r"|[Ii]nitializing the (?:client|server)-side TLS engine|Host offered STARTTLS: |TLS SNI "
    r"|(?:save|remove|looking for|re-using|reloaded) session "
    rf"|{_PEER}: (?:(?:[Uu]ntrusted|[Tt]rusted|[Uu]nverified|[Vv]erified|[Aa]nonymous)[: ]"
    r"|subject_CN=|[Mm]atched |depth=|certificate |TLS cipher list |Issuing session ticket"
    r"|(?:re-|Re)using |SNI |(?:save|remove|looking for) session ))"
    r".*"
)

# debug_peer_list: < unknown[192.0.2.7]: EHLO mx.a.test
_debug_peer = Regex(rf"[<>] {_PEER}: .*")

# --- the rest of the house ------------------------------------------------------------------------

# anvil: statistics: max connection rate 1/60s for (smtpd:192.0.2.7) at Oct 26 18:13:50
# scache: statistics: domain lookup hits=0 miss=1 success=0%
_statistics = (
    Regex(r"statistics: (?:max |start interval |(?:domain|address|connection) lookup )") + _REST
)

# dnsblog: addr 192.0.2.7 listed by domain zen.example.org as 127.0.0.2
_dnsblog = Regex(r"addr [0-9A-Fa-f:.]+ listed by domain [^ ]+ as .*")

# master: daemon started -- version 3.7.11, configuration /etc/postfix · terminating on signal 15
_master = Regex(r"(?:daemon started|reload) -- version .*|terminating on signal [0-9]+ *")

# postsuper: Placed on hold: 67 messages
_postsuper = Regex(
    r"(?:Deleted|Requeued|Placed on hold|Released from hold|Expired"
    r"|Renamed to match inode number): [0-9]+ messages? *"
)

# postfix-script: refreshing the Postfix mail system · the Postfix mail system is running: PID: 9507
# and what an upgrade says: To disable backwards compatibility use "postconf compatibility_level=…"
_script = Regex(
    r"(?:(?:starting|stopping|refreshing|aborting|flushing|waiting for|the) .*Postfix mail .*"
    r"|Postfix is running with backwards-compatible default settings *"
    r"|See http[^ ]+ for details *|To disable backwards compatibility use .*)"
)

# What msg_warn(3) and its kin put first: warning: hostname a.test does not resolve to address …
# fatal: file /etc/postfix/main.cf: parameter default_privs: unknown user name value: nobody
# warning: 9BECF3F19D: sender_canonical_maps map lookup problem for … names the message.
_level = Regex(r"(?:warning|error|fatal|panic): ") + Opt(strict_queue_id() + Literal(":")) + _REST

# Programs that Postfix spawns under its own tag: `postfix/policy-spf[812]: Policy action=DUNNO`
_POLICY = frozenset({
    "policy-spf", "policyd-spf", "policyd-weight", "postgrey", "sqlgrey", "postfwd", "postfwd2",
    "postfwd3", "spf-policy",
})  # fmt: skip

OTHER_KINDS = (
    _other("session", _session),
    _other("statistics", _statistics),
    _other("tls", _tls),
    _other("connect", _connect),
    _other("interim", _interim),
    _other("action", _action),
    _other("postscreen", _postscreen),
    _other("dnsblog", _dnsblog),
    _other("remark", _remark),
    _other("master", _master),
    _other("postsuper", _postsuper),
    _other("script", _script),
    _other("debug_peer", _debug_peer),
    _other("level", _level),
    _other("policy", _REST, _POLICY),
)
