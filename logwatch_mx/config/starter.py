"""The configuration to start from: every key with its default and what it is for."""

import json

from logwatch_mx.config.settings import Source

_DEFAULT_LOG = Source().files[0]


def starter_config(log: str = _DEFAULT_LOG) -> str:
    """Return a commented config.toml that says the defaults, but follows *log*."""
    return _TEXT.replace(json.dumps(_DEFAULT_LOG), json.dumps(log))


_TEXT = """\
# Configuration of logwatch-mx. Check it with: logwatch-mx config check
# Durations: "90s", "10m", "24h", "7d". Reload the daemon after a change (SIGHUP).

# observe: look and tell, touch nothing. act: do what [loop] says about confirmed loops.
mode = "observe"

# Directories of rules beyond the shipped ones.
# rules = ["/etc/logwatch-mx/rules.d"]

[source]
# Logs to follow; globs are welcome. Debian: /var/log/mail.log
files = ["/var/log/maillog"]
# In place of files:
# journal = true
# syslog = "unix:/run/logwatch-mx/syslog"    # or "udp:127.0.0.1:5514": whoever reaches it can write

[mta]
# Added to what Postfix or sendmail itself says is local. Mail for these is never touched.
own_domains = []
# Public addresses behind NAT that lead to this machine.
own_addresses = []
# auto, postfix, sendmail or none
flavour = "auto"
# postconf = "postconf"
# sendmail_cf = "/etc/mail/sendmail.cf"

[dns]
# "IP", "IP:PORT" or "[IPV6]:PORT", asked in turn; empty: those of /etc/resolv.conf
nameservers = []
# Asked too before anything is done. Choose one that does not filter private addresses. While one of
# the two gives no answer, the other is enough for a pause after a minute, never to lose mail.
second_opinion = []
# Special networks (private, CGN, ...) that are good here: exchangers in them can be reached.
routable = []
# For one try, and for one question.
timeout = "1s"
lifetime = "3s"

[loop]
# About a confirmed loop: none, pause (loses nothing), reject, discard (loses mail, silently)
action = "pause"
# Passes of one message, or messages that the MTA itself calls looping, within the window.
passes = 3
window = "10m"
# Over after this time without evidence.
close_after = "1h"

[spike]
# Deferrals are counted in this window; so many are always an alarm.
window = "10m"
ceiling = 50

[respond]
# An action is taken back after this time.
expiry = "24h"
# Limits; the first is for reject and discard.
max_domains_per_hour = 3
max_pauses_per_hour = 50
# Between two actions on the same domain.
cooldown = "1h"
# Never acted on, whatever DNS says.
protected_domains = []
# Our own maps; the MTA's configuration names them (logwatch-mx prevent).
# postfix_map = "/var/lib/logwatch-mx/transport"
# sendmail_map = "/var/lib/logwatch-mx/sendmail-route"
# postmap = "postmap"
# makemap = "makemap"
# sendmail = "sendmail"
# helper = "/run/logwatch-mx/helper.sock"

# Programs to run: argv without a shell, the incident as JSON on standard input.
# on: opened, confirmed, acted, closed
# [[hook]]
# on = ["confirmed"]
# command = ["/etc/logwatch-mx/hooks.d/ticket"]
# timeout = "10s"
# Also run it in observe mode:
# observe = true

# Notices: any apprise URL. Better in a file of its own, for it holds a secret.
# on: confirmed, suspected, refuted, closed, health
# [[notify]]
# url_file = "/etc/logwatch-mx/slack.url"
# on = ["confirmed", "suspected", "refuted", "closed"]

[state]
path = "/var/lib/logwatch-mx/state.db"

[metrics]
# Prometheus text format.
# listen = "127.0.0.1:9254"

[health]
# A notice so often that all is well: when it does not come, the daemon or its machine is down.
# heartbeat = "24h"
"""
