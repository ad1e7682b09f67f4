"""Tell from a syslog tag which MTA, and which of its daemons, wrote the line.

Comes in: the tag as printed, without its pid. Goes out: the MTA (None: another program) and the
agent, the tag's last part in lower case.
"""

import re
from functools import lru_cache

from logwatch_mx.model.event import Mta

# The commands and daemons of Postfix 3.x, by the names under which they log (postfix.org, master(8)
# and the manual pages it lists). A second instance may have any syslog_name: `mta2/smtp`.
_POSTFIX_NAMES = """
    anvil bounce cleanup discard dnsblog error flush lmtp local master nqmgr oqmgr pickup pipe
    postalias postcat postconf postdrop postfix postfix-script post-install postkick postlock
    postlog postlogd postmap postmulti postqueue postscreen postsuper proxymap proxywrite qmgr
    qmqpd scache showq smtp smtpd spawn tlsmgr tlsproxy trivial-rewrite verify virtual
"""
_POSTFIX_DAEMONS = frozenset(_POSTFIX_NAMES.split())
# Programs beside Postfix that log under its name: `postfix/policy-spf[812]: Policy action=DUNNO`,
# `postfix-policyd: rcpt=7, greylist=update, host=192.0.2.7 (mx.a.test), from=…`
_BESIDE_NAMES = """
    policy policy-spf policyd policyd-spf policyd-weight spf-policy postgrey sqlgrey
    postfwd postfwd2 postfwd3 postfix-policyd postfix-policyd-spf-perl postfix-policyd-spf-python
    postfix-mta-sts-daemon postfix-mta-sts-resolver postfix-tlspol postfix_exporter
    postfix-exporter postfixadmin
"""
_BESIDE = frozenset(_BESIDE_NAMES.split())
# Others have daemons of the same names: `cyrus/lmtp`, `cyrus/master`.
_OTHER_SUITES = frozenset({"citadel", "courier", "cyrus", "dbmail", "dovecot", "kopano", "zarafa"})
# What stands beside an MTA in its log, and may begin a line with a queue id and a stranger's words.
_NEIGHBOUR = re.compile(
    "amavis|(?:open)?(?:dkim|dmarc|arc)|d[ks]-filter|sid-filter|spam|clam|freshclam|dovecot|imap"
    "|pop3|managesieve|lmtpunix|postgrey|(?:cb)?policyd|postfwd|postsrsd|sasl|cyrus|courier"
    "|authdaemon|fetchmail|getmail|mailman|mimedefang|rspamd|rmilter|milter-|sqlgrey|gld|smf-"
    "|smtp-vilter|mailscanner|greylist|vacation|procmail|maildrop|exim|nullmailer|[sm]smtp"
    "|opensmtpd|zarafa|kopano|dbmail|fail2ban|logwatch"
)
# NFS's status notifier, not sendmail's.
_NOT_SENDMAIL = frozenset({"sm-notify"})


# Tags come from any local user, so the memory of them is bounded.
@lru_cache(maxsize=1024)
def read_tag(tag: str) -> tuple[Mta | None, str]:
    """Return the MTA that logs as *tag*, or None, and the agent.

    ``postfix/submission/smtpd`` is smtpd, ``postfix-incoming/smtpd`` and ``mta2/smtpd`` too.
    """
    first, *others = tag.lower().split("/")
    agent = others[-1] if others else first
    if first.startswith("postfix"):
        return None if agent in _BESIDE else Mta.POSTFIX, agent
    if (agent.startswith(("sendmail", "sm-"))) and agent not in _NOT_SENDMAIL:
        return Mta.SENDMAIL, agent
    if others and agent in _POSTFIX_DAEMONS and first not in _OTHER_SUITES:
        return Mta.POSTFIX, agent
    return None, agent


@lru_cache(maxsize=1024)
def is_neighbour(program: str) -> bool:
    """Say whether *program* is one that is known, and known to be no MTA of ours under a new name.

    A sendmail that was renamed (``-L out``) is told by its lines; whoever quotes them is not.
    """
    name = program.lower()
    return _NEIGHBOUR.match(name) is not None or name.rpartition("/")[2] in _BESIDE
