"""What `prevent` prints as text, and what it says of a running configuration."""

from pathlib import Path

import pytest

from logwatch_mx.respond.prevent_postfix import (
    Lack,
    missing_in_postfix,
    postfix_script,
)
from logwatch_mx.respond.prevent_sendmail import action_in_cf, missing_in_cf, sendmail_m4

MAIN_CF = """\
# a comment = nothing
smtpd_restriction_classes = greylist, loopmx_check_from,
    loopmx_check_to
loopmx_check_from = check_sender_mx_access cidr:/etc/postfix/loopmx.cidr
loopmx_check_to = check_recipient_mx_access cidr:$config_directory/loopmx.cidr
smtpd_sender_restrictions =
    check_sender_access regexp:/etc/postfix/loopmx_from
    permit_mynetworks
smtpd_recipient_restrictions = check_recipient_access regexp:/etc/postfix/loopmx_to,
    permit_mynetworks, reject_unauth_destination
"""
CIDR = postfix_script().partition("loopmx.cidr\" <<'END'\n")[2].partition("END\n")[0]
TABLES = {
    "loopmx.cidr": CIDR,
    "loopmx_from": "/[@.]example\\.net$/\tDUNNO\n/./\tloopmx_check_from\n",
    "loopmx_to": "# ours\n/./  loopmx_check_to\n",
}


def test_a_main_cf_with_all_of_it_lacks_nothing():
    assert missing_in_postfix(MAIN_CF, TABLES) == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("greylist, loopmx_check_from,\n", "greylist,\n", "smtpd_restriction_classes"),
        ("check_sender_mx_access", "check_sender_ns_access", "loopmx_check_from"),
        ("check_recipient_mx_access", "warn_if_reject", "loopmx_check_to"),
        ("check_sender_access regexp", "check_sender_access hash", "smtpd_sender_restrictions"),
        # Our own address is in mynetworks, and it is the one that loops.
        (
            "= check_recipient_access",
            "= permit_mynetworks, check_recipient_access",
            "smtpd_recipient_restrictions",
        ),
    ],
)
def test_a_main_cf_with_one_fault_is_told_where(old, new, where):
    assert old in MAIN_CF
    lacks = missing_in_postfix(MAIN_CF.replace(old, new), TABLES)
    assert [lack.where for lack in lacks] == [where]


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("loopmx.cidr", "127.0.0.0/8 550 no\n", "every loopback network, with 550"),
        ("loopmx_from", "", "/./ loopmx_check_from as last line"),
        (
            "loopmx_to",
            "/./ loopmx_check_to\n/x/ DUNNO\n",
            "/./ loopmx_check_to as last line",
        ),
    ],
)
def test_a_table_with_a_fault_is_told(name, text, what):
    lacks = missing_in_postfix(MAIN_CF, {**TABLES, name: text})
    assert lacks == [Lack(where=name, what=what)]


def test_nothing_at_all_lacks_all():
    assert len(missing_in_postfix("", {})) == 8


def test_without_the_recipient_check_the_senders_check_is_enough():
    without = "\n".join(line for line in MAIN_CF.splitlines() if "recipient" not in line)
    tables = {name: text for name, text in TABLES.items() if name != "loopmx_to"}
    assert (
        missing_in_postfix(without.replace("loopmx_check_to", ""), tables, recipients=False) == []
    )
    assert [lack.where for lack in missing_in_postfix("", {}, recipients=False)] == [
        "smtpd_restriction_classes",
        "loopmx_check_from",
        "smtpd_sender_restrictions",
        "loopmx.cidr",
        "loopmx_from",
    ]


@pytest.mark.parametrize("recipients", [True, False])
def test_each_variant_of_the_script_says_what_it_still_refuses_and_only_that(recipients):
    script = postfix_script(recipients=recipients)
    assert ("check_recipient_mx_access" in script) is recipients
    assert ("mail FROM a domain with a good MX besides (partial)" in script) is not recipients
    assert ("so a domain with a good MX besides (partial) is refused" in script) is recipients
    assert "@to@" not in script
    assert "@from@" not in script
    assert max(map(len, script.partition("set -eu")[0].splitlines())) <= 105


def test_the_script_spares_what_it_is_told_in_lower_case_and_once():
    script = postfix_script(["Partner.example.", "b.example", "partner.example"])
    assert "    echo b.example\n    echo partner.example\n}\n" in script
    assert "@" not in script.replace("/[@.]&", "").partition("set -eu")[2]


@pytest.mark.parametrize("word", ["", "a b", "$(reboot)", "-n", "x;y", "a\nb", "ü.example", "a'b"])
def test_the_script_takes_no_word_that_a_shell_would_read(word):
    with pytest.raises(ValueError, match="is no domain name"):
        postfix_script([word])


@pytest.mark.parametrize("path", ["relative", "/a b", "/a'b", "/a`b", "/$HOME", "/a;b", "/a\nb"])
@pytest.mark.parametrize("build", [sendmail_m4, postfix_script])
def test_a_path_that_m4_or_a_shell_would_misread_is_refused(build, path):
    with pytest.raises(ValueError, match="absolute, of letters"):
        build(map_path=Path(path))


def test_the_head_of_the_m4_file_is_nothing_that_m4_reads():
    text = sendmail_m4("discard", Path("/var/lib/x/route"))
    head = text.partition("divert(-1)\n")[0]
    assert {line[:3] for line in head.splitlines()} == {"dnl"}
    assert "@" not in head.replace("user@DOMAIN", "")
    assert "define(`confLWMX_MAP', `/var/lib/x/route')" in text


def cf(m4):
    """Return the lines that m4 would copy for a server without mailertable and access map."""
    return "\n".join(line for line in m4.splitlines() if line[:1] in "RSKFM")


@pytest.mark.parametrize("action", ["discard", "reject"])
def test_a_cf_with_every_line_is_told_from_one_without(action):
    text = sendmail_m4(action)
    assert missing_in_cf(cf(text)) == []
    # m4 and an editor may change white space.
    assert missing_in_cf(cf(text).replace("\t", " ")) == []
    assert "SLoopMXHost" in missing_in_cf(cf(text).replace("SLoopMXHost", "SOther"))
    assert len(missing_in_cf("")) > 50


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("R$* < @ $+ > $* $| LOOP\t\t$#loopdiscard $@ $2 $: $1 < @ $2 > $3", "discard"),
        ("R$* < @ $+ > $* $| LOOP\t\t$>LoopMXRefuse $1 < @ $2 > $3", "reject"),
        ("R$* < @ $+ > $* $| LOOP\t$: $1", None),
        ("", None),
    ],
)
def test_the_action_of_a_cf_is_read(line, action):
    assert action_in_cf(f"Sx\n{line}\n") == action
