import os
import re
import shutil
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
def spool(tmp_path, postmap):
    """Yield a Postfix queue of its own with the real programs, none of which is running."""
    if os.geteuid() != 0:
        pytest.skip("only root may look into a queue while Postfix is down")
    return Spool(tmp_path, Path(postmap).parent)


class Spool:
    """``postqueue`` and ``postsuper`` on a queue of their own in *folder*."""

    def __init__(self, folder, tools):
        etc, queue, root = folder / "postfix-etc", folder / "postfix-queue", tools / "root"
        etc.mkdir()
        for name in [
            "maildrop",
            "incoming",
            "active",
            "deferred",
            "hold",
            "public",
            "private",
            "pid",
            "corrupt",
        ]:
            (queue / name).mkdir(parents=True)
        shutil.copy(tools / "etc/dynamicmaps.cf", etc)
        # Postfix forgets the environment, and with it where its libraries are.
        kept = "MAIL_CONFIG TZ LANG LD_LIBRARY_PATH"
        (etc / "main.cf").write_text(
            (tools / "etc/main.cf").read_text()
            + f"queue_directory = {queue}\ndata_directory = {queue}\n"
            + f"import_environment = {kept}\nexport_environment = {kept}\n"
        )
        libraries = re.search(r"LD_LIBRARY_PATH=\S+", (tools / "postmap").read_text())[0]
        for name in ("postqueue", "postsuper"):
            program = folder / name
            program.write_text(
                f"#!/bin/sh\nexport {libraries} MAIL_CONFIG={etc}\n"
                f'exec {root}/usr/sbin/{name} -c {etc} "$@"\n'
            )
            program.chmod(0o755)
        self.folder = folder
        self.count = 0

    def program(self, name):
        return str(self.folder / name)

    def put(self, *recipients, sender="nicholas@forged.test"):
        """Put a message into the deferred queue, in the records that cleanup(8) writes."""
        records = [("C", f"{400:15} {300:15} {len(recipients):15} {0:15} {400:15} {0:15}")]
        records += [("T", "1795444000 0"), ("S", sender)]
        for recipient in recipients:
            records += [("O", recipient), ("R", recipient)]
        records += [("M", ""), ("N", "Subject: x"), ("X", ""), ("E", "")]
        content = b"".join(
            kind.encode() + bytes([len(text)]) + text.encode() for kind, text in records
        )
        self.count += 1
        name = f"{self.count:05X}{0xABC00 + self.count:X}"
        made = self.folder / "postfix-queue/deferred" / name[0] / name
        made.parent.mkdir(exist_ok=True)
        made.write_bytes(content)
        made.chmod(0o700)  # executable: it is complete
        for path in (made, made.parent, *(self.folder / "postfix-queue").iterdir()):
            shutil.chown(path, "mail")  # the mail_owner of this configuration
        return name


@pytest.fixture
def open_folder():
    """Yield a folder that everybody may enter: pytest's own are closed, and so are those above."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
