"""What on this host makes loops or backscatter possible, what keeps the daemon from its work.

Root causes come first, then what is ours; what was read comes in (``gather.py``), findings go out.
Nothing is changed: a fix is text for a human to paste.
"""

from logwatch_mx.config.settings import Settings
from logwatch_mx.mta.doctor_backscatter import backscatter_findings
from logwatch_mx.mta.doctor_daemon import daemon_findings, notice_findings
from logwatch_mx.mta.doctor_loop import loop_findings
from logwatch_mx.mta.doctor_maps import postfix_map_findings
from logwatch_mx.mta.doctor_sendmail import sendmail_findings
from logwatch_mx.mta.finding import Finding, by_severity
from logwatch_mx.mta.host import Host
from logwatch_mx.mta.own import Own
from logwatch_mx.mta.postconf import read_postconf
from logwatch_mx.mta.sendmailcf import read_sendmailcf
from logwatch_mx.mta.site import merge_site


def examine(host: Host, settings: Settings) -> tuple[Finding, ...]:
    """Return everything that is not as it should be, the worst first."""
    findings: list[Finding] = []
    owns: list[Own] = []
    if host.postfix is not None:
        findings += postfix_map_findings(host.postfix, host, settings)
        findings += loop_findings(host.postfix, host, settings.mta.own_addresses)
        findings += backscatter_findings(host.postfix, host)
        owns.append(read_postconf(host.postfix.text, [settings.respond.postfix_map]))
    findings += sendmail_findings(host.cfs, host, settings)
    owns += [read_sendmailcf(text, host.hostname) for text in host.cfs.values()]
    site = merge_site(settings, owns, host.addresses, host.hostname)
    findings += notice_findings(settings, site.domains | site.names, site.addresses)
    findings += daemon_findings(settings, host)
    return by_severity(findings)
