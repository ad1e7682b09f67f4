"""Postfix lines that are known and say nothing about a delivery; connections: postfix_session.py.

Comes in: the text of a line of any Postfix daemon or script. Goes out: ``Other``, with the queue id
where the line names one. Only known shapes are here: a line of an unknown shape stays unparsed, so
that it is seen. The text behind a known start may be anything.
"""

from pyparsing import Literal, Opt, Regex

from logwatch_mx.grammar.postfix_session import other_kind
from logwatch_mx.grammar.postfix_tokens import (
    PEER,
    QUOTED,
    any_of,
    message_prefix,
    queue_id,
    strict_queue_id,
)

_REST = Regex(r".*")

# smtpd/smtpd_check.c: NOQUEUE: reject_warning: RCPT from …: 553 5.7.1 …
# 5A40338B2: hold: DATA from …
# cleanup/cleanup_message.c: 66BFB3C3487: warning: header Subject: x from local; from=<a@a.test> …
# 4AA091855DA0: replace: header MIME-Version: 1.0 from …: Mime-Version: 1.0
# 4104E3D: milter-header-redirect: header X-Spam-Status: Yes … · NOQUEUE: proxy-accept: …
_action = (
    message_prefix()
    + any_of(
        r"(?:milter|proxy)-(?!reject)[a-z-]+",
        r"reject_warning|warning|warn|info|permit|trace|dunno|pass|ignore",
        r"hold|discard|filter|redirect|bcc|delay|hangup|abort",
        r"prepend|replace|strip",
    )
    + ": "
    + any_of(r"[A-Z][0-9A-Z-]*(?: content)?(?: from|:) ", r"(?:header|body|content|mime-error) ")
    + _REST
)

# smtp/smtp_connect.c: connect to mx.a.test[192.0.2.1]:25: Connection timed out
# 2.2: connect to mx.a.test[192.0.2.1]: Connection timed out (port 25)
_connect = Regex(rf"connect to {PEER}: .*")

# smtp/smtp_trouble.c logs why it tries the next host; the delivery line comes later:
# ED59C3D: host mx.a.test[192.0.2.1] said: 450 4.7.1 … (in reply to RCPT TO command)
_interim = (
    queue_id()
    + ": "
    + any_of(
        rf"host {PEER} (?:said|refused to talk to me): .*",
        rf"(?:lost connection|conversation) with {PEER} .*",
        r"enabling PIX .*",
        r"(?:SASL (?:\[CACHED\] )?authentication failed|authentication protocol loop).*",
        r"(?:Cannot start TLS|TLS is required|Server certificate|Sender requested REQUIRETLS).*",
        r"(?:REQUIRETLS policy|client TLS configuration|TLSA lookup error|no TLSA records).*",
        r"(?:non DNSSEC destination|SMTPUTF8 is required).*",
        r"(?:message size [0-9]+ exceeds size limit|mail for [^ ]+ loops back to myself).*",
        r"(?:Host or domain name not found|Name service error|unable to (?:look up|find)) .*",
        r"(?:network address|local data error|server unavailable|protocol error).*",
        rf"connect to {PEER}: .*",
        r"breaking line > [0-9]+ bytes .*",
        # qmgr: 27AB942D3: skipped, still being delivered
        r"skipped, still being delivered *",
        # local: 665A5232C51: passing <bob@a.test> to transport=lmtp
        rf"passing <(?:{QUOTED})?[^>]*> to transport=.*",
        # cleanup: 17CCA8044: virtual_alias_maps map lookup problem -- message not accepted, …
        r"[a-z_]+ map lookup problem .*",
        # bounce: 17CCA8044: not sending trace/success notification for double-bounce message
        r"not sending trace/success notification .*",
        r"no trace file -- not sending a notification *",
        # cleanup and qmgr
        r"placed in [a-z]+ queue *",
        r"enabling VERP for sender .*",
        r"recipient limit [0-9]+ *|read . .*",
        r"ignoring redundant or conflicting milter reply: .*",
        r"reply filter (?:in|out): .*",
        # postsuper: D4F2023DB: placed on hold
        r"(?:placed on hold|released from hold|requeued|expired) *",
    )
)

# What any daemon may remark without a message:
_remark = any_of(
    # smtp_dns_reply_filter: ignoring DNS RR: mx.a.test. 60 IN A 127.0.0.1
    r"ignoring DNS RR: .*",
    rf"(?:{PEER}: )?discarding EHLO keywords: .*",
    rf"{PEER}: repl(?:acing|y filter) .*",
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
    # 3.11, nbdb_redirect.c and nbdb_process.c: redirecting hash:/etc/aliases to lmdb:/etc/aliases
    r"redirecting [^ ]+ to [^ ]+ *",
    r"successfully executed '.*' as uid [0-9]+ *|target file '.*' already exists, skipping .*",
)

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

# systemd keeps what a command prints: `postfix[246727]: postfix/postlog: starting the Postfix …`
_printed = Opt(Regex(r"postfix[0-9a-z-]*/[0-9a-z-]+: "))

# postfix-script: refreshing the Postfix mail system · the Postfix mail system is running: PID: 9507
# and what an upgrade says: To disable backwards compatibility use "postconf compatibility_level=…"
_script = _printed + any_of(
    r"(?:starting|stopping|refreshing|aborting|flushing|waiting for|the) .*Postfix mail .*",
    r"Postfix is (?:using|running with) backwards-compatible default settings *",
    r"See http[^ ]+ for details *",
    r"To disable backwards compatibility use .*",
)

# What msg_warn(3) and its kin put first: warning: hostname a.test does not resolve to address …
# fatal: file /etc/postfix/main.cf: parameter default_privs: unknown user name value: nobody
# warning: 9BECF3F19D: sender_canonical_maps map lookup problem for … names the message.
_level = (
    _printed
    + Regex(r"(?:warning|error|fatal|panic): ")
    + Opt(strict_queue_id() + Literal(":"))
    + _REST
)

OTHER_KINDS = (
    other_kind("connect", _connect),
    other_kind("interim", _interim),
    other_kind("action", _action),
    other_kind("remark", _remark),
    other_kind("master", _master),
    other_kind("postsuper", _postsuper),
    other_kind("script", _script),
    other_kind("level", _level),
)
