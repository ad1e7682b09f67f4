from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from logwatch_mx.mta.own import Own
from logwatch_mx.mta.sendmailcf import parse_sendmailcf, read_sendmailcf

REAL = (Path(__file__).parent / "data" / "sendmail.cf").read_text()


def sets(own):
    """Return *own* without what only tells which setting it came from."""
    return structs.replace(own, lists={}, routes={}, settings={}, unread=frozenset())


@pytest.fixture
def real(tmp_path):
    (tmp_path / "local-host-names").write_text("home.test\n# a comment\nold.test # retired\n")
    (tmp_path / "relay-domains").write_text("inner.test\n10.99\n192.168.1.0\n")
    (tmp_path / "mailertable").write_text("inner.test\tesmtp:[10.99.0.30]\n.hub.test\tesmtp:x\n")
    (tmp_path / "access").write_text("Connect:10.99 RELAY\n")
    return REAL.replace("/etc/mail/", f"{tmp_path}/")


def test_generated_configuration_says_what_is_local(real):
    assert sets(read_sendmailcf(real, "mx.home.test")) == Own(
        domains=frozenset(
            {
                "localhost",
                "home.test",
                "old.test",
                "mx.home.test",
                "inner.test",
                "virt.test",
                "relay.test",
            }
        ),
        parents=frozenset({"inner.test", "virt.test", "relay.test"}),
        names=frozenset({"mx.home.test"}),
        routed=frozenset({"inner.test", "hub.test"}),
        origins=frozenset({"masq.test"}),
        notes=(
            "sendmail SMART_HOST: mail for others goes to smart.test; their MX is not used",
            (
                "sendmail: mailers dsmtp, esmtp, relay, smtp, smtp8 have flag k, so that it does not "
                "notice when it talks to itself"
            ),
        ),
    )


def test_files_that_are_missing_are_noted_unless_optional(tmp_path):
    text = f"Fw{tmp_path}/names\nFR-o {tmp_path}/relay\nKmailertable hash -o {tmp_path}/table\n"
    assert read_sendmailcf(text).notes == (
        f"sendmail class w: {tmp_path}/names: No such file or directory",
        f"sendmail mailertable: {tmp_path}/table: No such file or directory; its routes are not known",
    )


@pytest.mark.parametrize("value", ["|/usr/bin/names", "@LDAP", "@hash:/etc/mail/x"])
def test_classes_from_programs_and_servers_are_noted(value):
    own = read_sendmailcf(f"Fw{value}\n")
    assert sets(own) == Own(
        notes=(f"sendmail class w: {value}: is not read; what it holds may be ours",)
    )


def test_macros_are_expanded_from_the_name_of_the_host():
    parts = parse_sendmailcf("Dj$w.$m\nCw$j mail.$m $=x\nC{x}other.test\n", "mx.home.test")
    assert parts.macros["j"] == "mx.home.test"
    assert parts.classes["w"] == {"mx.home.test", "mail.home.test", "other.test"}


def test_only_mailers_that_talk_smtp_count():
    assert parse_sendmailcf(REAL).mailers == {
        "smtp": "mDFMuXk",
        "esmtp": "mDFMuXak",
        "smtp8": "mDFMuX8k",
        "dsmtp": "mDFMuXa%k",
        "relay": "mDFMuXa8k",
    }


def test_circles_end():
    parts = parse_sendmailcf("Da$b\nDb$a\nC{x}$={y} a.test\nC{y}$={x}\n")
    assert (parts.macros["a"], parts.classes["x"]) == ("", {"a.test"})


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    own = read_sendmailcf(text)
    assert all(note.isprintable() for note in own.notes)


@given(
    st.lists(st.sampled_from(["C", "w", "{", "}", "$", "=", "F", "D", "M", "K", " ", "a", "\n"]))
)
def test_any_cut_of_the_syntax_is_read(parts):
    assert isinstance(read_sendmailcf("".join(parts)), Own)


def test_domains_that_access_db_relays_for_are_ours(tmp_path):
    table = tmp_path / "access"
    table.write_text(
        "To:Partner.test\tRELAY\nbare.test RELAY\nConnect:192.0.2 RELAY\n192.0.2.9 RELAY\n"
        "From:sender.test RELAY\nTo:no.test REJECT\nTo:user@x.test RELAY\nspam.test DISCARD\n"
    )
    own = read_sendmailcf(f"Kaccess hash -T<TMPF> -o {table}\n", "mx.home.test")
    assert own.domains == {"mx.home.test", "partner.test", "bare.test"}
    assert own.parents == {"partner.test", "bare.test"}
    assert own.lists["partner.test"] == "access_db"


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("FR@LDAP\n", {"class R: @LDAP"}),
        ("Fw/nowhere/names\n", {"class w: /nowhere/names"}),
        ("FR-o /nowhere/relay\n", set()),
        ("Cwhome.test\n", set()),
        ("F{Tls}/nowhere/x\n", set()),  # no list of domains
    ],
)
def test_lists_that_cannot_be_read_are_known_by_name(text, unread):
    assert read_sendmailcf(text).unread == unread
