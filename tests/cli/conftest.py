import os
import subprocess
import sys
from pathlib import Path

import pytest

from logwatch_mx.cli.main import main

MAILLOG = Path(__file__).parents[2] / "samples" / "maillog"


class Ran:
    """How a command ended: its code and what it printed."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __iter__(self):
        return iter((self.code, self.out, self.err))


@pytest.fixture
def logwatch(capsys, monkeypatch):
    """Run the command in this process, through the very function that the shell's command calls."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["logwatch-mx", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ran(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def spawn():
    """Run the command as a shell would."""

    def run(*words, env=None, **options):
        done = subprocess.run(
            [sys.executable, "-m", "logwatch_mx", *map(str, words)],
            capture_output=True,
            check=False,
            timeout=60,
            env={**os.environ, "COLUMNS": "80", **(env or {})},
            **options,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def samples():
    return MAILLOG


@pytest.fixture
def healthy():
    return MAILLOG / "postfix-healthy.log"


@pytest.fixture
def seaton():
    return MAILLOG / "postfix-seaton.log"
