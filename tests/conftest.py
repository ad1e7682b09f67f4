import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postmap():
    """The path of a real postmap; where none can be had, CI fails and others are told."""
    script = Path(__file__).with_name("respond") / "postfix_tools.py"
    made = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=600
    )
    if made.returncode == 0:
        return made.stdout.strip()
    reason = f"no real postmap: {made.stderr.strip()}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def makemap(postmap):
    """The path of a real makemap, unpacked together with postmap."""
    return str(Path(postmap).with_name("makemap"))


@pytest.fixture
def open_folder():
    """Yield a folder that everybody may enter: pytest's own are closed, and so are those above."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
