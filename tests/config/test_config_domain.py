import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logwatch_mx.cli.options import DomainType
from logwatch_mx.config.domain import a_labels


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("seaton.biz", "seaton.biz"),
        ("Seaton.BIZ.", "seaton.biz"),
        (" seaton.biz\n", "seaton.biz"),
        ("localhost", "localhost"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("München.de", "xn--mnchen-3ya.de"),
        ("straße.de", "xn--strae-oqa.de"),  # IDNA 2003 would ask about strasse.de
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),  # the ideographic full stop separates labels
        ("3com.com", "3com.com"),
        ("a" * 63 + ".test", "a" * 63 + ".test"),
    ],
)
def test_domain_becomes_lower_case_a_labels(text, domain):
    assert a_labels(text) == domain


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a b.test",
        "-a.test",
        "a-.test",
        "under_score.test",
        "user@seaton.biz",
        "127.0.0.1",
        "[127.0.0.1]",
        "::1",
        "10.in-addr.1",
        "a" * 64 + ".test",
        ".".join(["a" * 60] * 5),
        "a\x00b.test",
        "\x1b[31mred.test",
        "a.test\nb.test",
        "\udcff.test",
        "é" * 2000,
        "\u202eevil.test",  # right-to-left override
    ],
)
def test_junk_is_no_domain(text):
    with pytest.raises(ValueError, match="not a domain"):
        a_labels(text)


def test_fault_quotes_hostile_text_escaped_and_short():
    with pytest.raises(click.UsageError) as caught:
        DomainType().convert("\x1b]0;owned\x07" + "x" * 5000, None, None)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


@given(st.text(max_size=80))
@example("\ud800")
def test_any_text_is_a_domain_or_a_data_error(text):
    try:
        domain = a_labels(text)
    except ValueError:
        return
    assert domain == a_labels(domain)
    assert domain.isascii()
