#!/bin/sh
# Show the main job on the sample logs: what `make demo` runs. BIN is where logwatch-mx is.
set -eu
cd "$(dirname "$0")/.."
BIN=${BIN:-.venv/bin}
LOGS=samples/maillog

say() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi; }
replay() {
    printf '$ logwatch-mx replay --dns zone:%s/dns.zone %s\n\n' "$LOGS" "$1"
    "$BIN/logwatch-mx" replay --year 2026 --tz UTC --dns "zone:$LOGS/dns.zone" "$1"
}

say '1. The server that drowned, Postfix: spam forged from nicholas@seaton.biz, whose MX is 127.0.0.1'
replay $LOGS/postfix-seaton.log
say '2. The same story on sendmail'
replay $LOGS/sendmail-seaton.log
say '3. A domain that suddenly defers our mail'
replay $LOGS/postfix-spike.log
say '4. A content filter on the loopback: looks like a loop and is none'
replay $LOGS/postfix-filter.log
say 'Next'
echo "Your own logs:     $BIN/logwatch-mx replay --dns live /var/log/maillog"
echo "One domain:        $BIN/logwatch-mx check seaton.biz"
echo "Keep it away:      $BIN/logwatch-mx prevent sendmail    (or: prevent postfix)"
echo "As a daemon:       see README.md"
