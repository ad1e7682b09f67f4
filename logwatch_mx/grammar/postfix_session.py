"""Postfix lines about connections: who came, who went, how it was encrypted.

Comes in: the text of a line of smtpd, postscreen, tlsproxy, dnsblog or anvil. Goes out: ``Other``:
nothing was queued and nothing delivered. Only known shapes are here; the text behind a known start
may be anything.
"""

from collections.abc import Mapping

from pyparsing import ParserElement, Regex

from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.postfix_tokens import (
    PEER,
    any_of,
    message_prefix,
)
from logwatch_mx.model.event import Other


def build_other(head: Head, tokens: Mapping[str, str]) -> Other:
    """Return a known line that says nothing about a delivery."""
    return Other(
        line=head.line,
        time=head.time,
        host=head.host,
        program=head.program,
        agent=head.agent,
        pid=head.pid,
        mta=head.mta,
        queue_id=tokens.get("queue_id"),
    )


def other_kind(name: str, expr: ParserElement) -> LineKind:
    """Return the kind *name* of known lines that say nothing about a delivery."""
    return LineKind(name=f"postfix.{name}", expr=expr, build=build_other, makes=Other)


# connect from unknown[192.0.2.7]
# disconnect from unknown[192.0.2.7] ehlo=2 starttls=1 mail=1 rcpt=0/1 data=0/1 quit=1 commands=5/7
# lost connection after DATA (7774180 bytes) from unknown[192.0.2.7]       (3.10: behind `NOQUEUE:`)
# timeout after END-OF-MESSAGE from … · too many errors after RCPT from …
# improper command pipelining after EHLO from …: MAIL FROM:<> · bare <LF> received after CONNECT …
_session = message_prefix() + any_of(
    rf"(?:dis)?connect from {PEER}.*",
    r"(?:lost connection|timeout|too many errors|improper command pipelining|bare <LF> received)"
    rf" after [^\[]+ from {PEER}.*",
    # qmqpd: NOQUEUE: unknown[192.0.2.7]: lost connection while receiving sender
    rf"{PEER}: .* while .*",
)

# postscreen/postscreen*.c: CONNECT from [192.0.2.7]:53024 to [192.0.2.1]:25
# PREGREET 6 after 1.2 from [192.0.2.7]:4: RSET
# COMMAND TIME LIMIT from [192.0.2.7]:5 after CONNECT
_postscreen = any_of(
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
) + Regex(rf"{PEER}.*")
_stress = Regex(r"(?:entering|leaving) STRESS mode with [0-9]+ connections *")

# Trusted TLS connection established to mx.a.test[192.0.2.1]:25: TLSv1.3 with cipher …
# SSL_accept error from unknown[192.0.2.7]: lost connection
# certificate verification failed for mx.a.test[192.0.2.1]:25: untrusted issuer /C=de/…
_tls = any_of(
    # without the first word until 2.4
    r"(?:[A-Z][a-z]+ )?TLS connection (?:established|reused) (?:from|to) .*",
    r"setting up TLS connection (?:from|to) .*",
    r"(?:SSL_(?:accept|connect|set_fd)|SSL3 alert)[: ].*",
    r"(?:[a-zA-Z]+ )?certificate (?:peer name )?(?:verification|verified|verify|not|did).*",
    r"[Ii]nitializing the (?:client|server)-side TLS engine *",
    r"Host offered STARTTLS: .*",
    r"(?:TLS SNI|TLS handshake failed|TLS protocol trace|skipping TLS trace) .*",
    r"(?:save|remove|looking for|looking up|re-using|reloaded) session .*",
    # 2.2 and 2.3, tls_client.c and tls_verify.c
    r"(?:Unv|V)erified: subject_CN=.*",
    r"(?:Peer|Server) certificate could not be verified *",
    r"Peer verification: CommonName in certificate does not match: .*",
    r"(?:verify error:num=|Peer cert verify depth=|fingerprint=|subject=|issuer=).*",
    # tlsmgr and smtpd_tls_loglevel = 3 and 4: tls_scache.c, tls_misc.c, tls_stream.c
    r"(?:open|close|lookup|read|write|put|delete) [a-z]+ (?:TLS cache |session id=).*",
    r"(?:read from|write to) [0-9A-F]{8,16} \[.*|(?:Read|Write) -?[0-9]+ chars: .*",
    r"[0-9a-f]{4} (?:- |(?:[0-9a-f]{2}[ -])).*",
)
# mx.a.test[192.0.2.1]:25: subject_CN=mx.a.test, issuer=x, fingerprint=…
_tls_peer = (
    Regex(rf"{PEER}: ")
    + any_of(
        r"(?:[Uu]ntrusted|[Tt]rusted|[Uu]nverified|[Vv]erified|[Aa]nonymous)[: ]",
        r"(?:subject_CN|depth|verify|pkey_fingerprint)=",
        r"(?:[Mm]atched|certificate|TLS cipher list|raw public key) ",
        r"(?:Issuing|Decrypting) session ticket",
        r"(?:re-using|Reusing|reloaded|save|remove|looking for|looking up) ",
        r"SNI hostname: ",
    )
    + Regex(r".*")
)

# debug_peer_list: < unknown[192.0.2.7]: EHLO mx.a.test
_debug_peer = Regex(rf"[<>] {PEER}: .*")

# anvil: statistics: max connection rate 1/60s for (smtpd:192.0.2.7) at Oct 26 18:13:50
# scache: statistics: domain lookup hits=0 miss=1 success=0%
_statistics = Regex(
    r"statistics: (?:max |start interval |(?:domain|address|connection) lookup )"
) + Regex(r".*")

# dnsblog: addr 192.0.2.7 listed by domain zen.example.org as 127.0.0.2
_dnsblog = Regex(r"addr [0-9A-Fa-f:.]+ listed by domain [^ ]+ as .*")


SESSION_KINDS = (
    other_kind("session", _session),
    other_kind("statistics", _statistics),
    other_kind("tls", _tls),
    other_kind("tls_peer", _tls_peer),
    other_kind("postscreen", _postscreen),
    other_kind("stress", _stress),
    other_kind("dnsblog", _dnsblog),
    other_kind("debug_peer", _debug_peer),
)
