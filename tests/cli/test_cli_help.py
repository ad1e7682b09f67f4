"""Help is how a stranger begins: every command has it, with an example that can be copied."""

import re
import subprocess
import sys
from importlib.metadata import version

import click
import pytest

from logwatch_mx.cli.main import COMMANDS, cli


def all_commands():
    root = click.Context(cli)
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        yield (name,), command
        if isinstance(command, click.Group):
            for inner in command.list_commands(click.Context(command)):
                yield (name, inner), command.get_command(click.Context(command), inner)


ALL = list(all_commands())


@pytest.mark.parametrize("words", [words for words, _ in ALL], ids=" ".join)
def test_help_shows_an_example_of_this_command(logwatch, words):
    code, out, err = logwatch(*words, "--help")
    assert (code, err) == (0, "")
    # Two commands that make one thing have their examples on the page before.
    page = out if "Example" in out else logwatch(words[0], "--help").out
    examples = page[re.search(r"Example", page).start() :]
    assert f"logwatch-mx {' '.join(words)}" in examples


@pytest.mark.parametrize("words", [(), ("replay",), ("check",), ("rules", "try")], ids=" ".join)
def test_short_help_says_the_same(spawn, words):
    code, out, _ = spawn(*words, "-h")
    assert (code, out) == (0, spawn(*words, "--help").out)
    assert out.startswith(f"Usage: {' '.join(('logwatch-mx', *words))} [OPTIONS]")


@pytest.mark.parametrize("command", [c for _, c in ALL], ids=[" ".join(w) for w, _ in ALL])
def test_every_option_says_what_it_does(command):
    silent = [p.name for p in command.params if p.param_type_name == "option" and not p.help]
    assert silent == []


def test_the_first_page_lists_every_command_in_a_line(logwatch):
    code, out, _ = logwatch("--help")
    assert code == 0
    listed = re.findall(r"^  ([a-z]+)  +\S", out, re.MULTILINE)
    assert listed == [name for name in COMMANDS if name in listed]
    assert "logwatch-mx replay /var/log/maillog" in out
    assert "logwatch-mx undo --all" in out


def test_no_words_at_all_show_the_first_page(logwatch):
    code, out, err = logwatch()
    assert code == 2
    assert "logwatch-mx replay /var/log/maillog" in out + err


def test_the_version_is_that_of_the_package(logwatch):
    assert logwatch("--version").out == f"logwatch-mx, version {version('logwatch_mx')}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(logwatch, shell):
    code, out, _ = logwatch("completion", shell)
    assert code == 0
    assert "_LOGWATCH_MX_COMPLETE" in out


def test_help_loads_nothing_heavy():
    program = (
        "import sys\n"
        "sys.argv = ['logwatch-mx', '--help']\n"
        "from logwatch_mx.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'apprise', 'dns', 'rich', 'jinja2', 'pygal', 'pyparsing', 'prometheus_client'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
