import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch_mx.notify.plain import plain, quoted

HOSTILE = (
    # terminal
    ("\x1b[2J\x1b]0;owned\x07gone", "�[2J�]0;owned�gone"),
    ("\x9b31mred", "�31mred"),
    ("a\x00b\x08c\x7f", "a�b�c�"),
    # Order and width: a right-to-left override makes "exe.txt" of "txt.exe".
    ("bill\u202etxt.exe", "bill�txt.exe"),
    ("\u2066x\u2069 zero\u200bwidth \ufeff", "�x� zero�width �"),
    # One line stays one line, whatever Unicode calls a line.
    ("a\r\nBcc: eve@evil.example", "a Bcc: eve@evil.example"),
    ("a\x85b\u2028c\u2029d\x0be\x0cf", "a b c d e f"),
    ("tab\tand   blanks  ", "tab and blanks"),
    # Bytes that are not UTF-8 come as surrogates; no encoder may stumble on them later.
    ("caf\udce9", "caf�"),
    ("private \ue000", "private �"),
)
MARKUP = (
    ("<!channel> <!here>", "‹!channel› ‹!here›"),
    ("<@U024BE7LH>", "‹＠U024BE7LH›"),
    ("<https://evil.example|bank.example>", "‹https://evil.example|bank.example›"),
    ("[bank](https://evil.example)", "[bank] (https://evil.example)"),
    ("<script>alert(1)</script>", "‹script›alert(1)‹/script›"),
    ("&lt;b&gt;", "＆lt;b＆gt;"),
    ("`rm`", "'rm'"),
    ("@everyone and @here", "＠everyone and ＠here"),
    ("x@everyone x@HERE", "x＠everyone x＠HERE"),
    ("=@bob .@bob (@bob", "=＠bob .＠bob (＠bob"),
    ("@@everyone", "＠＠everyone"),
    # Addresses stay what they are: people copy them.
    ("from=<nicholas@seaton.biz>,", "from=‹nicholas@seaton.biz›,"),
    ("a+b_c@d.example", "a+b_c@d.example"),
    ("bob@everyones.example", "bob@everyones.example"),
    ("bob@[192.0.2.1]", "bob@[192.0.2.1]"),
    ("jürgen@exämple.de", "jürgen@exämple.de"),
)


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_plain_leaves_nothing_that_steers(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(("text", "shown"), MARKUP)
def test_quoted_leaves_nothing_that_is_markup_or_mention(text, shown):
    assert quoted(text) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc…"),
        ("ab cd", 3, "ab…"),
        ("a" * 10_000_000, 3, "aaa…"),
        ("a" + " " * 10_000_000, 3, "a…"),
        ("", 3, ""),
    ],
)
def test_long_text_is_cut_and_says_so(text, limit, shown):
    assert plain(text, limit) == shown


@settings(deadline=None)
@given(st.text(st.characters() | st.sampled_from("@<>&`[]()\x1b\u202e\udc80\n everyone")))
def test_any_text_is_one_harmless_line(text):
    shown = quoted(text)
    assert shown.isprintable()
    assert len(shown) <= 301
    assert not set("<>&`") & set(shown)
    assert "](" not in shown
    assert not re.search(r"(?<!\w)@|@(everyone|here|channel|all|room|team)\b", shown, re.IGNORECASE)
    shown.encode()


@settings(deadline=None)
@given(st.text())
def test_what_is_harmless_already_stays(text):
    once = quoted(text)
    assert quoted(once, 301) == once
