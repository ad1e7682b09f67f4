#!/bin/sh
@to@# logwatch-mx prevent postfix: mail from and to a foreign domain whose MX is this host's loopback
@from@# logwatch-mx prevent postfix --no-recipient-check: mail from a foreign domain whose MX is a loopback
# address is refused at RCPT with 550 5.4.6. Read it, then run it as root; run again it changes nothing.
#
# Refused: 127.0.0.0/8, 0.0.0.0, ::1, :: and ::ffff:127/104 behind any MX (or, without MX, behind the
@to@# domain itself), as envelope sender (the joe job: no bounce is made at all) and as recipient (own
@to@# mail, and the first re-entry of what slipped through). A DNS failure refuses nothing.
@from@# domain itself), as envelope sender (the joe job: no bounce is made at all). A DNS failure
@from@# refuses nothing.
# Left alone: null senders, null MX, domains that do not exist, our own name or address as MX.
# Our own domains, as main.cf lists them, are spared, and so is what was named with --spare.
@from@# Mail TO a domain that has a good MX besides (partial) goes where it went before.
#
# Not covered, and what to do:
@to@# - Postfix fires on ANY loopback address, so a domain with a good MX besides (partial) is refused
@to@#   too: name it with --spare, or leave its mail alone with --no-recipient-check, or try with
@to@#   warn_if_reject first (see below).
@from@# - Postfix fires on ANY loopback address, so mail FROM a domain with a good MX besides (partial) is
@from@#   still refused: name it with --spare.
@from@# - own mail to a loopback domain, and bounces made here to one, are not checked and may spin: the
@from@#   daemon's transport map (last lines) stops them.
# - our own domains that come from a table (mysql:, ldap:, hash:): name them with --spare.
@to@# - a second smtpd with its own -o smtpd_recipient_restrictions in master.cf is not checked.
@from@# - a second smtpd with its own -o smtpd_sender_restrictions in master.cf is not checked.
@to@# - mail that enters without smtpd (sendmail command, bounces) is caught only when it comes back in
@to@#   by smtpd; the daemon's transport map (last lines) catches it before.
# - an MX named localhost.localdomain that the DNS does not know; loops through other hosts or NAT.
# The root cause is better cured where it can be: see `logwatch-mx doctor`.
#
# Try: postmap -q 127.0.0.1 cidr:/etc/postfix/loopmx.cidr     (says 550 ...)
#      put warn_if_reject before each check_*_mx_access in main.cf for a day, and read the log.
@to@# Take it out: remove loopmx_check_from and loopmx_check_to, and the restrictions that name
@to@#      regexp:.../loopmx_from and loopmx_to, from main.cf; postfix reload.
@from@# Take it out: remove loopmx_check_from, and the restriction that names regexp:.../loopmx_from,
@from@#      from main.cf; postfix reload.
set -eu
umask 022
dir=$(postconf -h config_directory)
@from@
@from@if postconf -h smtpd_recipient_restrictions | grep -q loopmx_to; then
@from@    echo "the recipient check is in main.cf: take regexp:$dir/loopmx_to out of smtpd_recipient_restrictions first" >&2
@from@    exit 1
@from@fi

cat > "$dir/loopmx.cidr" <<'END'
@CIDR@
END

# A domain that is spared says DUNNO here; all others go on to the check in the restriction class.
spare() {
    postconf -xh mydestination relay_domains virtual_alias_domains virtual_mailbox_domains |
        tr ', ' '\n\n' | grep -v '[/:!$]' | grep . || :
@SPARE@
}
@to@for side in from to; do
@from@for side in from; do
    spare | sort -u | sed 's/^\.//; s/\./\\./g; s|.*|/[@.]&$/\tDUNNO|' > "$dir/loopmx_$side.new"
    printf '/./\tloopmx_check_%s\n' "$side" >> "$dir/loopmx_$side.new"
    mv "$dir/loopmx_$side.new" "$dir/loopmx_$side"
done

# Put $2 in front of what parameter $1 says, unless it is there already.
first() {
    now=$(postconf -h "$1")
    case " $now " in
        *"$2"*) ;;
        *) postconf -e "$1 = $2${now:+, $now}" ;;
    esac
}
@to@first smtpd_restriction_classes "loopmx_check_from, loopmx_check_to"
@from@first smtpd_restriction_classes "loopmx_check_from"
postconf -e "loopmx_check_from = check_sender_mx_access cidr:$dir/loopmx.cidr"
@to@postconf -e "loopmx_check_to = check_recipient_mx_access cidr:$dir/loopmx.cidr"
first smtpd_sender_restrictions "check_sender_access regexp:$dir/loopmx_from"
@to@first smtpd_recipient_restrictions "check_recipient_access regexp:$dir/loopmx_to"

# The daemon's own map, for mail and bounces that never pass smtpd; it must exist before main.cf
# names it, or all mail is put off.
if [ -e @MAP@.lmdb ]; then
    first transport_maps "lmdb:@MAP@"
fi

postfix check
postfix reload
