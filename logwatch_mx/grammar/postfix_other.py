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


def _any_of(*patterns: str) -> ParserElement:
    """Return a token for one of *patterns*, the first that matches."""
    return Regex("|".join(patterns))


def _build_other(head: Head, tokens: Mapping[str, str]) -> Other:
    return Other(**place(head, tokens))


def _build_policy(head: Head, tokens: Mapping[str, str]) -> Other | None:
    # A line without a tag (`--body`) is nobody's, and anything would match.
    return _build_other(head, tokens) if head.agent in _POLICY else None


def _other(name: str, expr: ParserElement) -> LineKind:
    return LineKind(name=f"postfix.{name}", expr=expr, build=_build_other)


# --- smtpd, postscreen, tlsproxy: sessions --------------------------------------------------------

# connect from unknown[192.0.2.7]
# disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 mail=1 rcpt=0/1 data=0/1 quit=1 commands=5/7
# lost connection after DATA (7774180 bytes) from unknown[192.0.2.7]       (3.12: behind `NOQUEUE:`)
# timeout after END-OF-MESSAGE from … · too many errors after RCPT from …
# improper command pipelining after EHLO from …: MAIL FROM:<> · bare <LF> received after CONNECT …
_session = message_prefix() + _any_of(
    rf"(?:dis)?connect from {_PEER}.*",
    r"(?:lost connection|timeout|too many errors|improper command pipelining|bare <LF> received)"
    rf" after [^\[]+ from {_PEER}.*",
    # qmqpd: NOQUEUE: unknown[192.0.2.7]: lost connection while receiving sender
    rf"{_PEER}: .* while .*",
)

# postscreen/postscreen*.c: CONNECT from [192.0.2.7]:53024 to [192.0.2.1]:25
# PREGREET 6 after 1.2 from [192.0.2.7]:4: RSET
# COMMAND TIME LIMIT from [192.0.2.7]:5 after CONNECT
_postscreen = _any_of(
    r"CONNECT (?:from|to) ",
    r"DISCONNECT ",
    r"PASS (?:OLD|NEW) ",
    r"(?:WHITE|ALLOW|BLACK|DENY)LISTED ",
    r"(?:WHITE|ALLOW)LIST VETO ",
    r"PREGREET [0-9]+ after [0-9.]+ from ",
    r"DNSBL rank -?[0-9]+ for ",
    r"HANGUP after [0-9.]+ from ",
    r"COMMAND (?:TIME LIMIT|COUNT LIMIT|LENGTH LIMIT|PIPELINING) from ",
    r"NON-SMTP COMMAND from ",
    r"BARE (?:NEWLINE|LF) from ",
    r"(?:DATA|BDAT) without valid RCPT from ",
) + Regex(rf"{_PEER}.*")
_stress = Regex(r"(?:entering|leaving) STRESS mode with [0-9]+ connections *")

# smtpd/smtpd_check.c: NOQUEUE: reject_warning: RCPT from …: 553 5.7.1 …
# 5A40338B2: hold: DATA from …
# cleanup/cleanup_message.c: 66BFB3C3487: warning: header Subject: x from local; from=<a@a.test> …
# 4AA091855DA0: replace: header MIME-Version: 1.0 from …: Mime-Version: 1.0
# 4104E3D: milter-header-redirect: header X-Spam-Status: Yes … · NOQUEUE: proxy-accept: …
_action = (
    message_prefix()
    + _any_of(
        r"(?:milter|proxy)-(?!reject)[a-z-]+",
        r"reject_warning|warning|warn|info|permit|trace|dunno|pass|ignore",
        r"hold|discard|filter|redirect|bcc|delay|hangup|abort",
        r"prepend|replace|strip",
    )
    + ": "
    + _any_of(r"[A-Z][0-9A-Z-]*(?: content)?(?: from|:) ", r"(?:header|body|content|mime-error) ")
    + _REST
)

# --- delivery agents: what comes before the delivery line -----------------------------------------

# smtp/smtp_connect.c: connect to mx.a.test[192.0.2.1]:25: Connection timed out
# 2.2: connect to mx.a.test[192.0.2.1]: Connection timed out (port 25)
_connect = Regex(rf"connect to {_PEER}: .*")

# smtp/smtp_trouble.c logs why it tries the next host; the delivery line comes later:
# ED59C3D: host mx.a.test[192.0.2.1] said: 450 4.7.1 … (in reply to RCPT TO command)
_interim = (
    queue_id()
    + ": "
    + _any_of(
        rf"host {_PEER} (?:said|refused to talk to me): .*",
        rf"(?:lost connection|conversation) with {_PEER} .*",
        r"enabling PIX .*",
        r"(?:SASL (?:\[CACHED\] )?authentication failed|authentication protocol loop).*",
        r"(?:Cannot start TLS|TLS is required|Server certificate|Sender requested REQUIRETLS).*",
        r"(?:REQUIRETLS policy|client TLS configuration|TLSA lookup error|no TLSA records).*",
        r"(?:non DNSSEC destination|SMTPUTF8 is required).*",
        r"(?:message size [0-9]+ exceeds size limit|mail for [^ ]+ loops back to myself).*",
        r"(?:Host or domain name not found|Name service error|unable to (?:look up|find)) .*",
        r"(?:network address|local data error|server unavailable|protocol error).*",
        rf"connect to {_PEER}: .*",
        r"breaking line > [0-9]+ bytes .*",
        # qmgr: 27AB942D3: skipped, still being delivered
        r"skipped, still being delivered *",
        # local: 665A5232C51: passing <bob@a.test> to transport=lmtp
        rf"passing <(?:{QUOTED})?[^>]*> to transport=.*",
        # bounce: 17CCA8044: not sending trace/success notification for double-bounce message
        r"not sending trace/success notification .*",
        # postsuper: D4F2023DB: placed on hold
        r"(?:placed on hold|released from hold|requeued|expired) *",
    )
)

# What any daemon may remark without a message:
_remark = _any_of(
    # smtp_dns_reply_filter: ignoring DNS RR: mx.a.test. 60 IN A 127.0.0.1
    r"ignoring DNS RR: .*",
    rf"(?:{_PEER}: )?discarding EHLO keywords: .*",
    rf"{_PEER}: repl(?:acing|y filter) .*",
    # 3.10: TLSRPT: status=success, domain=a.test, receiving_mx=mx.a.test[192.0.2.1]
    r"TLSRPT: status=.*",
    # smtpd_dsn_fix.c: mapping DSN status 5.1.1 into Recipient address status 5.1.1
    r"mapping DSN status .*",
    # table hash:/etc/postfix/virtual(0,lock|fold_fix) has changed -- restarting
    r"table .* has changed -.*",
    r"(?:.*: )?using (?:using )?backwards-compatible default setting .*",
    r"(?:close )?database .*(?:Berkeley DB bug|MDB_|size limit).*",
    r"Run-time linked against Berkeley DB.*",
    r"cache .* (?:full|partial) cleanup: retained=[0-9]+ dropped=[0-9]+ entries *",
    r"skipping address family .*",
    r"host [^ ]+ offers SMTPUTF8 support, but not 8BITMIME *",
    r"SMTPS wrappermode \(TCP port 465\) requires .*",
)

# --- TLS, up to smtpd_tls_loglevel = 2 ------------------------------------------------------------

# Trusted TLS connection established to mx.a.test[192.0.2.1]:25: TLSv1.3 with cipher …
# SSL_accept error from unknown[192.0.2.7]: lost connection
# certificate verification failed for mx.a.test[192.0.2.1]:25: untrusted issuer /C=de/…
_tls = _any_of(
    r"[A-Z][a-z]+ TLS connection (?:established|reused) (?:from|to) .*",
    r"setting up TLS connection (?:from|to) .*",
    r"(?:SSL_(?:accept|connect|set_fd)|SSL3 alert)[: ].*",
    r"(?:[a-zA-Z]+ )?certificate (?:peer name )?(?:verification|verified|verify|not|did).*",
    r"[Ii]nitializing the (?:client|server)-side TLS engine *",
    r"Host offered STARTTLS: .*",
    r"(?:TLS SNI|TLS handshake failed|TLS protocol trace|skipping TLS trace) .*",
    r"(?:save|remove|looking for|looking up|re-using|reloaded) session .*",
)
# mx.a.test[192.0.2.1]:25: subject_CN=mx.a.test, issuer=x, fingerprint=…
_tls_peer = (
    Regex(rf"{_PEER}: ")
    + _any_of(
        r"(?:[Uu]ntrusted|[Tt]rusted|[Uu]nverified|[Vv]erified|[Aa]nonymous)[: ]",
        r"(?:subject_CN|depth|verify|pkey_fingerprint)=",
        r"(?:[Mm]atched|certificate|TLS cipher list|raw public key) ",
        r"(?:Issuing|Decrypting) session ticket",
        r"(?:re-using|Reusing|reloaded|save|remove|looking for|looking up) ",
        r"SNI hostname: ",
    )
    + _REST
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
_master = Regex(
    r"(?:daemon started|reload) -- version .*|terminating on signal [0-9]+ *"
    r"|master exit time has arrived *"
)

# postsuper: Placed on hold: 67 messages
_postsuper = Regex(
    r"(?:Deleted|Requeued|Placed on hold|Released from hold|Expired|Force-expired"
    r"|Renamed to match inode number): [0-9]+ messages? *"
)

# postfix-script: refreshing the Postfix mail system · the Postfix mail system is running: PID: 9507
# and what an upgrade says: To disable backwards compatibility use "postconf compatibility_level=…"
_script = Regex(
    r"(?:(?:starting|stopping|refreshing|aborting|flushing|waiting for|the) .*Postfix mail .*"
    r"|Postfix is (?:using|running with) backwards-compatible default settings *"
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
    _other("tls_peer", _tls_peer),
    _other("connect", _connect),
    _other("interim", _interim),
    _other("action", _action),
    _other("postscreen", _postscreen),
    _other("stress", _stress),
    _other("dnsblog", _dnsblog),
    _other("remark", _remark),
    _other("master", _master),
    _other("postsuper", _postsuper),
    _other("script", _script),
    _other("debug_peer", _debug_peer),
    _other("level", _level),
    LineKind(name="postfix.policy", expr=_REST, build=_build_policy, agents=_POLICY),
)
