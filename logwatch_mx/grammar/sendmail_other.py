r"""sendmail's lines that say nothing about who got what, and what became of whole messages.

Comes in: the text of the line. Goes out: ``Other``, ``Removed``, or a ``Delivery`` without
recipients where a message as a whole was set aside. Each shape is a sentence of sendmail's source
(the file is named), told by its first words or by what stands behind the peer's name; a line that
is none of them is not read here.
"""

from collections.abc import Mapping

from pyparsing import MatchFirst

from logwatch_mx.grammar.fields import place
from logwatch_mx.grammar.kind import Head, LineKind
from logwatch_mx.grammar.sendmail_tokens import (
    QUEUE_ID,
    gap,
    maybe_queue_id,
    queue_id,
    rest,
    token,
    word,
)
from logwatch_mx.model.event import Delivery, Other, Removed, Status

# ``$_`` or a host name; a peer is never a queue id, a number or several words.
_PEER = (
    # Possessive, since strangers choose names: `a@a@a@…` would cost the square of its length.
    r"(?:[^ ,=@]*+@)*+[^ ,:=@\[]*+(?:\[[^\]]*+\])?+(?: \[[^\]]*+\])?+(?: \(may be forged\))?+"
)
_SHAPES = (
    # srvrsmtp.c: localhost [127.0.0.1] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA
    rf"{_PEER} did not issue [A-Z/]+ during connection to .*",
    r"lost input channel from .*",
    rf"{_PEER}: (?:probable open proxy|possible SMTP attack): .*",
    rf"{_PEER}: (?:Possible SMTP RCPT flood|SMTP violation), .*",
    # NOQUEUE: [192.168.11.200]: expn root
    rf"{_PEER}: (?i:expn|vrfy|etrn)(?: .*)?",
    r"SMTP (?:MAIL|AUTH|STARTTLS|VRFY|EXPN|ETRN|RCPT|DATA) command \(.*",
    r"invalid domain name \(.*",
    r"unauthorized PIPELINING, .*",
    r"\"[A-Za-z]+\" command from .*",
    r"rejecting commands",
    r"smtps: TLS not available, exiting",
    r"delaying=[A-Za-z]+, load average=.*",
    r"(?:<--|---|-->) .*",
    # util.c, dumpfd: n4H6nmsw018794:   0: fl=0x8000, mode=20666: CHR: dev=0/14, ino=7147, …
    r" *-?[0-9]+: (?:fl=|CANNOT STAT|cannot ).*",
    r"Sending \".*\" to Milter",
    r"srvfeatures: unknown feature .*",
    r"rcpt=.*, rcpt_flags=.*",
    # util.c, main.c: timeout waiting for input from mail.b.test. during client greeting
    r"timeout waiting for input .*",
    r"POSSIBLE ATTACK from .*",
    r"(?:SMTP )?connect from .*",
    r"Null connection from .*",
    r"Authentication-Warning: .*",
    # AUTH and STARTTLS: srvrsmtp.c, usersmtp.c, tls.c, sfsasl.c, deliver.c
    # STARTTLS=client, relay=b.test., version=TLSv1.3, verify=FAIL, cipher=…, bits=256/256
    r"STARTTLS(?:=[a-z]+)?[,:] .*",
    r"AUTH=client, .*",
    r"AUTH(?::| warning:| error:| error \[| (?:en|de)code64 error| flags=| username | authid ).*",
    r"encode64 for AUTH failed",
    r"error: safesasl\(.*",
    r"server=.* returned extensions despite HELO command",
    r"(?:TLSA|SSL_CTX_dane_enable|DANE_depth|fipsmode|engine)=.*",
    r"tls_(?:srv|clt|client|server)_features=.*",
    # milter.c: Milter (x): init success to negotiate · Milter add: header: X-Spam: yes
    # milter=x, action=mail, continue
    r"Milter(?: \([^()]*\))?(?::| (?:add|insert|delete|change|message|accept|chgfrom|read\()).*",
    r"milter=[^,]*, .*",
    r"milter_(?:data|read|write|sys_read|send_command)\(.*",
    # collect.c, envelope.c, headers.c, savemail.c
    r"collect: .*",
    r"header overflow from .*",
    r"headers too large \(.*",
    r"message size \(-?[0-9]+\) exceeds maximum .*",
    r"dferror: .*",
    r"setsender: .*: invalid or unparsable, received from .*",
    r"cannot prescan from \(.*",
    r"(?:Dropped invalid comments from header address|Truncated (?:long )?MIME .*|Fixed MIME .*)",
    r"Saved message in .*",
    r"returntosender: .*",
    r"possible spam from <> to list: .*",
    # alias.c, recipient.c, udb.c, map.c
    r"alias database .*",
    r"[^ ]+: [0-9]+ aliases, longest [0-9]+ bytes, [0-9]+ bytes total",
    r"(?:alias|forward|expand|hesiod|dns) .* => .*",
    r"(?:forward|include) .*: .*",
    r"[^ ]+: (?:unsafe directory path, marked unsafe|user .* has bad shell .*)",
    r"[^ ]+: (?:world|group) writable .* file, marked unsafe",
    r"deferred: udbexpand: .*",
    r"no fchown\(\): .*",
    r"[^ ]+: lookup error, expected .*",
    r"ldap=.*",
    r"(?:timeout connecting to|timeout during) (?:LDAP|PH) .*",
    r"(?:socket_map_lookup|ph_map_[a-z_]+|db_?open|arith_map|dynamic class|rewrite)[(:].*",
    # daemon.c, conf.c, main.c: starting daemon (8.17.1.9): SMTP+queueing@00:00:02
    r"starting daemon \(.*",
    r"started as: .*",
    r"File descriptors missing on startup: .*",
    r"stopping daemon, .*",
    r"restarting .* due to .*",
    r"could not (?:restart: need full path|exec .*|drop privileges: .*)",
    r"accepting connections again for daemon .*",
    r"(?:rejecting|delaying|deferring) connections on daemon .*",
    r"have been rejecting connections on daemon .*",
    r"(?:accepting|rejecting) new messages.*",
    r"daemon (?:[^ ]+: problem creating SMTP socket|could not open control socket .*)",
    r"Could not remove (?:daemon|control) .*",
    r"My unqualified host name \(.*",
    r"unable to qualify my own domain name \(.*",
    r"gethostbyaddr(?:\(.*\) failed: .*|: .* != .*)",
    r"unable to write pid to .*",
    r"Unsupported address family .*",
    r"tcpwrappers \(.*\) rejection",
    r"user -?[0-9]+ (?:changed syslog label|attempted to .*)",
    r"ownership change on .*",
    r"SMTP outgoing connect on .*",
    r"makeconnection[ :(].*",
    r"daemon (?:process .*; see syslog|invoked without full pathname; .*)",
    r"\*\*\* .* \*\*\*",
    r"(?:CurChildren|NextMacroId) = .*",
    r"cannot get memory statistics, .*",
    r"can't (?:open|read) [^ ]+: .*",
    r"getmodifiers too long, ignored",
    r"connection_rate_check entering.*",
    r"(?:x-connect|haproxy)[:=] ?.*",
    r"Bad line on .*",
    r"usershellok: .*",
    # deliver.c, mci.c, usersmtp.c
    r"Timeout\.to_aconnect occurred .*",
    r"clt_features=.*",
    r"stat=occ_exceeded, .*",
    rf"{_PEER}: SMTP (?:MAIL|RCPT|DATA-[123]) protocol error: .*",
    r"(?:MAIL|RCPT) too long: .*",
    r"smtpquit: .*",
    r"sync_dir: .*",
    r"hostsignature for host .*",
    r"[^ ]+: line [0-9]+: Unknown host status line .*",
    r"getauth [^ ]+=.*",
    r"mci_(?:cache|uncache|purge_persistent): .*",
    # queue.c, sched.c: runqueue: Flushing queue from …
    r"unquarantine",
    r"Adding .* to stab, path: .*",
    r"quarantine_queue_item: .*",
    r"(?:runqueue|queueup|dowork|doworklist|gatherq|checkqueuerunner|sqr|rwg|rqe|rq)[:, ].*",
    r"Losing .*: .*",
    r"bogus queue file, .*",
    r"low on space \(.*",
    r"split: (?:maxrcpts|count)=.*",
    r"dup_df: .*",
    r"(?:grew|FAILED to grow) WorkList .*|WorkList for .*",
    r"queue directory .*|queue group name .*|can't find queue group name .*",
    r"(?:persistent queue runner|queue control process|restart queue runner|queue manager).*",
    r"(?:unlock|changed|assigned id|interrupt(?: \(.*\))?|too young \(.*|unlink.*)",
    r"(?:dropenvelope|sendenvelope|finis|in background|disconnect|proc_list_probe|main)[:, ].*",
    r"(?:sm_shmstop failed|key|func|poststats|stab|total|global connection rate|str_union)[=:].*",
    r"can't (?:initialize|attach to) shared memory, .*|shared memory does not contain .*",
    r"dangerous permissions=.*|filesys_update failed: .*|unable to (?:read|write) .*",
    r"smtp: doublequeue.*|proxy mode requested but not possible",
    r"conn_limits: .*",
    r"rscheck\(.*\)=failed, .*",
    r"(?:fcntl\(|set automode for ).*",
    r"[^ ]+ too old \(require version [0-9]+\)",
    r"[^ ]+; e_timers=.*",
    r"[^ ]+: (?:unlink-fail [0-9]+|changed fds:)",
    # domain.c, queue.c, daemon.c, map.c, srvrsmtp.c, ratectrl.c of 8.12 to 8.14
    r"MX records for [^ ]+ contain empty string",
    r"(?:locked|queue alg: .*|(?:cln|srv): cnt=\(.*)",
    r"(?:timeout conning to LDAP server|ldap [^ ]+ =>) .*",
    rf"{_PEER} did not use CRLF",
    # err.c, usrerr: what deliver.c, mime.c, collect.c and main.c tell the user, without its code
    r"(?:Message is too large; -?[0-9]+ bytes max|Message can't be delivered in time; .*)",
    r"(?:Cannot send 8-bit data to 7-bit destination|Server does not support Deliver By)",
    r"TLS session initiation failed|cannot open [^ ]+: .*|reply: read error from .*",
    r"mime8to7: .*|bogus xtext: .*|Invalid time unit .*|No recipient addresses found in header",
    r"(?:Bad hop count \(|Can not use -|Invalid -[A-Z] argument|Invalid -[a-zA-Z] value).*",
    r"(?:More than one \"from\" person|Recipient names must be specified|Illegal body type .*)",
    r"(?:Mail submission program (?:cannot|must) .*|Queue group [^ ]+ unknown)",
    r"(?:You (?:do not have permission to process|are not permitted to see) the queue)",
    r"(?:User -?[0-9]+ cannot rebuild aliases .*|Cannot rebuild aliases: .*)",
    r"Permission denied \(real uid not trusted\)|Can't initialize mailbox database .*",
    # anywhere
    r"[Ww]arning: .*|WARNING: .*|ERROR: .*|ERROR=.*|[^ ]+: WARNING: .*",
)
_other = maybe_queue_id() + MatchFirst([gap(shape) for shape in _SHAPES]).leave_whitespace()
# conf.c, sm_syslog: a line of more than 1024 characters goes on under the same id.
# 6ANEJ9Ja004004[2]: relay=mail.b.test. [192.0.2.1], dsn=2.0.0, stat=Sent
_continued = token(QUEUE_ID, "queue_id") + gap(r"\[[0-9]{1,3}\]: .*")

# envelope.c, dropenvelope (LogLevel 10): 6ANEJ9Ja004004: done; delay=00:00:01, ntries=1
_done = queue_id() + word("done; delay=") + rest()

# deliver.c, sendall: a ruleset or a milter said so: 6ANET7wP032572: discarded
_discarded = queue_id() + word("discarded")
# queue.c, sendmail -Q: 6ANEJ9Ja004004: quarantine=why
_quarantined = queue_id() + word("quarantine=") + rest("reason")


def _build_other(head: Head, tokens: Mapping[str, str]) -> Other:
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


def _build_removed(head: Head, tokens: Mapping[str, str]) -> Removed:
    return Removed(**place(head, tokens))


def _build_discarded(head: Head, tokens: Mapping[str, str]) -> Delivery:
    return Delivery(**place(head, tokens), status=Status.DISCARDED, reply="discarded")


def _build_quarantined(head: Head, tokens: Mapping[str, str]) -> Delivery:
    return Delivery(**place(head, tokens), status=Status.QUARANTINED, reply=tokens["reason"])


KINDS = (
    LineKind(name="done", expr=_done, build=_build_removed, makes=Removed),
    LineKind(name="discarded", expr=_discarded, build=_build_discarded),
    LineKind(name="quarantined", expr=_quarantined, build=_build_quarantined),
    LineKind(name="other", expr=_other, build=_build_other, makes=Other),
    LineKind(name="continued", expr=_continued, build=_build_other, makes=Other),
)
