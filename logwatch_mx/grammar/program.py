"""Tell from a syslog tag which MTA, and which of its daemons, wrote the line.

Comes in: the tag as printed, without its pid. Goes out: the MTA (None: another program) and the
agent, the tag's last part in lower case.
"""

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
        return Mta.POSTFIX, agent
    if (agent.startswith(("sendmail", "sm-"))) and agent not in _NOT_SENDMAIL:
        return Mta.SENDMAIL, agent
    if others and agent in _POSTFIX_DAEMONS:
        return Mta.POSTFIX, agent
    return None, agent
