import pytest
from click.testing import CliRunner

from logwatch_mx.cli.prevent import prevent
from logwatch_mx.errors import SourceError
from logwatch_mx.respond.prevent_postfix import postfix_script
from logwatch_mx.respond.prevent_sendmail import sendmail_m4


@pytest.fixture
def call():
    def run(*words, stdin=None):
        return CliRunner().invoke(prevent, words, input=stdin, standalone_mode=False)

    return run


def test_sendmail_prints_the_m4_file_of_the_chosen_action(call):
    assert call("sendmail").output == sendmail_m4("discard")
    assert call("sendmail", "--action", "reject").output == sendmail_m4("reject")


def test_postfix_prints_the_script(call):
    said = call("postfix", "--spare", "partner.example")
    assert said.output == postfix_script(["partner.example"])


def test_the_output_goes_to_a_file(call, tmp_path):
    out = tmp_path / "x.m4"
    assert call("sendmail", "--output", str(out)).output == ""
    assert out.read_text() == sendmail_m4()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("postfix", "--spare", "a b"), "'a b' is no domain name"),
        (("sendmail", "--map", "here"), "'here': absolute, of letters, digits and . _ / - only"),
    ],
)
def test_a_bad_word_is_a_usage_error(call, words, said):
    assert said in str(call(*words).exception)


def test_the_check_of_a_cf_ends_with_three_when_lines_are_missing(call):
    found = call("sendmail", "--check", "--running", "-", stdin="SLoopMX\n")
    assert found.return_value == 3
    assert "lines are not in sendmail.cf, the first:\n  " in found.output


def test_the_check_of_a_whole_cf_says_the_action(call):
    found = call("sendmail", "--check", "--running", "-", stdin=sendmail_m4("reject"))
    assert (found.return_value, found.output) == (
        0,
        "in force: sendmail.cf has every line (reject)\n",
    )


def test_the_check_of_main_cf_says_each_thing_that_is_missing(call):
    found = call("postfix", "--check", "--running", "-", stdin="myhostname = mx.example.net\n")
    assert found.return_value == 3
    lines = found.output.splitlines()
    assert lines[0].startswith("missing: smtpd_restriction_classes: ")
    assert lines[-1] == "not in force"


def test_a_machine_without_postfix_is_told_how_to_go_on(call, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    fault = call("postfix", "--check").exception
    assert isinstance(fault, SourceError)
    assert str(fault) == "postconf: not found: give its output with --running"
