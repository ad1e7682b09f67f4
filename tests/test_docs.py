"""The README's and docs' commands are run: what a newcomer copies works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Commands that run for ever, ask the outside, need a daemon, change the machine, or install.
NOT_HERE = re.compile(
    r"logwatch-mx (?:run|status|notify test|undo|ignore|incidents|queue|doctor|init\b(?!.*-))"
    r"|logwatch-mx (?:check|replay --dns live)|logwatch-mx explain [a-z.]+$|^(?:make|python3|ln|/opt|git|sudo|systemctl|journalctl|apt|postconf|postmap|makemap|cp|install|kill|sendmail|m4|cat|curl|printf|echo)"
)


def commands():
    for path in DOCS:
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(), re.DOTALL):
            for line in block.splitlines():
                words = line.split("#")[0].strip()
                if words.startswith("logwatch-mx "):
                    yield pytest.param(words, id=f"{path.name}: {words}")


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_of_the_docs_works(command, tmp_path):
    """Run it on a sample where it reads a log; where it cannot run here, its options must exist."""
    log = tmp_path / "maillog"
    log.write_bytes((ROOT / "samples/maillog/postfix-spike.log").read_bytes())
    words = shlex.split(
        command.replace("/var/log/maillog*", str(log)).replace("/var/log/maillog", str(log))
    )
    program = [str(Path(sys.executable).parent / "logwatch-mx"), *words[1:]]
    if NOT_HERE.search(command) or any(w.startswith("/etc") or w == ">" for w in words):
        known = [w for w in words[1:] if not w.startswith("-")][:2]
        done = run([program[0], known[0], "--help"], tmp_path)
        assert done.returncode == 0, done.stderr
        options = {w for w in words if w.startswith("--")}
        subcommand = run([program[0], *known, "--help"], tmp_path)
        assert options <= set(re.findall(r"--[a-z-]+", done.stdout + subcommand.stdout))
        return
    done = run(program, tmp_path)
    assert done.returncode in {0, 3}, done.stderr
    assert "Traceback" not in done.stderr


def run(words, folder):
    return subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=100, cwd=folder
    )


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_links_in_the_docs_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target
