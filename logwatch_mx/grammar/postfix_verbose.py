"""What Postfix says with ``-v``, to a client in ``debug_peer_list``, or when it starts and stops.

Comes in: the text of a line of any Postfix daemon. Goes out: ``Other``. Each shape is a sentence of
Postfix' source (the file is named), told by its own words: what stands between them may be
anything. A function's name in front (``match_list_match: …``) is enough, as nobody else writes so.
"""

from logwatch_mx.grammar.postfix_session import other_kind
from logwatch_mx.grammar.postfix_tokens import PEER, any_of

# match_list_match: unknown: no match · smtpd_sasl_auth_cmd(…) · dict_ldap_lookup[3]: Leaving …
_FUNCTION = r"[a-z][a-z0-9]*+_[a-z0-9_]*+"
_function = any_of(
    rf"{_FUNCTION}(?:\[[0-9]+\])?: .*",
    rf"{_FUNCTION}\([^=]*(?:=.*)?\)(?: .*)?",
    # tls_proxy_client_init_print ret=0 · vstream_tweak_tcp(7) · trw_report_success
    rf"(?:(?:begin|enter|leave) )?{_FUNCTION}(?: (?:ret|count|dane|have_[a-z]+|fd|type)=.*|:? *)",
    r"(?:been_here|fsspace|maps|dict|event|watchdog|vstream|vstring|masquerade)[a-z_]*: .*",
    r"[a-z0-9_]+(?:\[[0-9]+\])?: set user_attr: .*",
)

_requests = any_of(
    # util/attr_*.c, anvil: private/anvil: wanted attribute: status · send attr request = connect
    r"(?:send|input) attr(?:ibute)? .*",
    r"[^ ]+(?: socket)?: (?:wanted attribute: |terminator \(consumed\)|non-terminator ').*",
    r"[^ ]+(?: socket)?: (?:\(end\)|EOF) *",
    r"--- (?:start|end) request --- *",
    r"[a-z_]+ fd=-?[0-9]+ stream=0x[0-9a-f]+(?: ident=.*)?",
    r"client socket not found for fd=[0-9]+ *",
    r">>> (?:START|END|CHECKING) .* <<< *",
    # global/clnt_stream.c, master/*_server.c
    r"(?:connection (?:established|closed)|proxymap stream disconnect|[^ ]+ stream disconnect)"
    r"(?: fd [0-9]+)? *",
    r"(?:idle timeout|time to retire|master disconnect|TLS support is not compiled in) -- .*",
    r"(?:process generation:?|trying\.\.\.|user =|running) .*|running: .*|daemon started *",
    r"connect(?:ed)? to (?:subsystem|service) .*|received master trigger *",
    r"using config files in .*|chroot [^ ]+ user .*|setugid: uid .*",
    r"(?:source|origin)=[^ ]* (?:address|name)=[^ ]*(?: (?:acl|item)=.*| - no match) *",
)

_master = any_of(
    r"====(?:start|end) service entry *|got sigchld *|ignoring status update from child .*",
    r"(?:flags|name|type|listen_on_[a-z]+|wakeup|max_proc|path|arg\[[0-9]+\]|avail_proc|total_proc"
    r"|throttle_delay|status_fd|children|next|listen_fd_count|listen_fd(?:\[[0-9]+\])?): .*",
    r"(?:throttl(?:e released for|ing)|spawn|start conditional timer for) .*|status_fd [0-9 -]+"
    r"|reload configuration /.*",
    r"(?:import_service_path|import_hostname|myhostname)=.*|export [^ =]+=.*",
)

# local, virtual: deliver_attr_dump
_delivery = any_of(
    r"(?:level|fp|offset|sender|recipient|domain|local|user|extension|unmatched|owner|delivered"
    r"|relay|why|exp_type|exp_from|home|request|dsn_[a-z]+|saved): .*",
    r"spool_uid/gid [0-9/]+ chown_uid/gid [0-9/]+ *|forward delivered=[^ ]* sender=.*",
)

# cleanup, pickup, qmgr, showq, bounce, flush, verify, trivial-rewrite
_queue = any_of(
    r"(?:initial|extracted) envelope .(?: .*)?|(?:old-style scan )?record . .*",
    r"(?:client|server|cleanup) flags = .*|(?:before|after) [^ ]+: cleanup flags = .*",
    r"append_(?:rcpt|hdr)_pt_offset -?[0-9]+ .*|(?:flags|errs) = .*|ignoring: .*|closing .*",
    r"request: [0-9]+ \(.*|request ignored *|wakeup [^ ]+ after -?[0-9]+ secs *",
    r"(?:defer|enable) (?:transport|site) .*|(?:start|end) (?:move queue|sorted recipient) .*",
    r"done [^ ]+ queue scan *|[^ ]+: [^ ]+ feedback type [0-9]+ value at .*",
    r"site .* to path .*|(?:PUT|GOT|PROBE) .* status=-?[0-9]+ probed=.*|open [^ ]+(?: [^ ]+)? *",
    r"(?:`[^`']*' )?`.*' -> `.*|wildcard_\{chan:hop\}=.*|(?:PUSH|POP) boundary .*",
    r"garbage in [^ ]+ header *|header_token: .*|lookup .* type [^ ]+ flags .*",
    r"(?:chdir|removed file|remove (?:sub)?directory|remove|renamed file) [^ ]+(?: as .*)? *",
    r"deliver_file \([0-9]+,[0-9]+\): .*|anvil_[a-z_]+ .*",
    r"queue: [a-z]+ *|allowlisting .* from .*|-.{1,2} option ignored *",
)

# smtp, smtpd, postscreen, milter
_session = any_of(
    r"(?:begin|end) [^ ]+ address list *|pref +-?[0-9]+ host .*|v6_target=.*",
    r"(?:skipping|no) (?:SRV|TLSA|MX) lookup for .*|connecting to .* (?:service|port) .*",
    # smtpd_init, mynetworks_host
    r"mynetworks: .*|(?:unknown|unverified)_[a-z_]+_tempfail_action = [a-z_]+ *",
    r"server features: 0x.*|Using (?:E?SMTP|LMTP) PIPELINING, .*|host name lookup methods: .*",
    r"(?:starting new|disposing) SASL .*|SASL authentication (?:info|debug|trace|pass|note): .*",
    r"MX name '.*' matches STS MX pattern .*|[^ ]+: (?:no tls policy lookup|asciified to .*) *",
    r"[^ ]+ TLS level: .*|TLS policy lookup (?:error )?for .*",
    r"(?:[^ ]+: )?[^ ]+ (?:asciified|internationalzied) to [^ ]+ *",
    r"CLIENT wrappermode \(port .*|instead, send to \(port .*|cleanup: just closed .*",
    # 2.6: a client that talks before smtpd's greeting
    rf"PREGREET (?:[0-9]+ )?from {PEER}: .*",
    r"[^ ]+: (?:internationalized )?domain [^ ]+ (?:asciified to|has policy) .*",
    r"[^ ]+: no policy for domain .*|Relaying allowed for .*|skip [^ ]+ test for .*",
    r"flags for [^ ]+: .*|(?:stress)?: stress=.*|[<>] .*",
    r"report (?:connect|helo|sender|recipient|data|unknown command) to all milters(?: .*)?",
    r"(?:query milter states for other|disconnect) event(?: to all milters)? *",
    r"(?:inspect content by|abort|free) all milters *|(?:send|receive) [0-9]+ milters *",
    r"skipping (?:non-protocol |reply for )?event .*|reply: [^ ]+ data [0-9]+ bytes *",
    r"free milter .*|override [^ ]+ macro list with .*|milter [^ ]+: .*",
    r"frag_len=[0-9]+ text=.*| ?'.*' received a response that is DNSSEC .*",
)

# tables: util/dict*.c, global/dict_*.c, mkmap_*.c, myflock
_tables = any_of(
    r"pausing to let (?:file )?.* cool down *|Compiled against Berkeley DB.*|loaded .* = .*",
    r"[^ ]+ (?:lookup|update|delete|sequence): (?:\"|found EOF).*",
    r"dict_[a-z]+ type=.*|ni_lookup .*|[^ ]+ cache cleanup will start after .*",
    r"expanded and quoted query.*|[^ :]+:[^ :]*: (?:successful query|skipping lookup).*",
    r"[^ :]+:[^ :]*: installing .*",
    r"[^ ]+: (?:delegated '|installing custom han+dlers).*|[^ :]+:[^ :]+ table ignores .*",
    r"[^ ]+ (?:got|read|write)(?::| EOF).*|(?:lookup|free) .* refcount=.*|name_cache=.*",
    r"myflock\(.*|res_n[a-z]+\(\) failed *|list (?:before|after) sort/uniq *",
    r"fd=[0-9]+: stream buffer size .*|(?:path=[^ ]+ )?(?:client_)?fd ?= ?[0-9]+(?:, fix=.*)? *",
    r"open O_RDWR makes fifo .*|sendmsg error .*|[^ ]+ select (?:timed out|wakeup) *",
    r"[^ ]+: uid [0-9]+: file has [0-9]+ links *|skipping .* setting - all network protocols .*",
)

# tls_misc.c, tls_prng_*.c, tls_certkey.c, tlsmgr.c
_tls = any_of(
    r"cannot (?:seek|read|write)(?: [0-9]+ bytes)? (?:(?:entropy|from|to) )?.*(?:EGD|entropy) .*",
    r"(?:read [0-9]+ bytes from entropy|EGD server|lost connection to EGD|exiting to reopen) .*",
    r"cannot (?:load|set) .*: disabling TLS support *|using DANE RR: .*",
    rf"{PEER}(?::[0-9]+)? (?:Matched |)(?:CommonName|fingerprint) .*",
    # 2.2
    r"cannot (?:load|set) .*(?:data|paths|DH parameters.*) *|verify return: -?[0-9]+ *",
    r"Could not (?:allocate|set|obtain|parse) .*|OpenSSL <= .* workaround called: .*",
    r"(?:SSL session|Reusing old session|Re-used session without peer certificate)(?: removed)? *",
    r"(?:SSL|TLS|undefined)[A-Za-z0-9_]*:.*|Verified .*",
    r"[^ ]+: (?:[^ ]+: )?[0-9]+ [0-9]+ [0-9]+ [0-9A-Fa-f.]+.*",
    r"[0-9a-f]{4} - <SPACES/NULLS> *",
)

VERBOSE_KINDS = (
    other_kind("verbose_function", _function),
    other_kind("verbose_requests", _requests),
    other_kind("verbose_master", _master),
    other_kind("verbose_delivery", _delivery),
    other_kind("verbose_queue", _queue),
    other_kind("verbose_session", _session),
    other_kind("verbose_tables", _tables),
    other_kind("verbose_tls", _tls),
)
