"""Note what a Python program writes to or runs: copied as sitecustomize.py, on its PYTHONPATH.

Each opening for writing, change of a name or mode, database and program becomes a JSON line
``[event, path or words]`` in the file that the environment's ``NOTE_WRITES`` names.
"""

import json
import os
import sys

_CHANGES = {
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "os.symlink", "os.truncate", "os.utime", "shutil.move", "sqlite3.connect", "subprocess.Popen",
}  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_note = os.open(os.environ["NOTE_WRITES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def _hear(event, args):
    if event == "open":
        path, _, flags = args
        if isinstance(path, int) or not flags & _WRITES:
            return
    elif event in _CHANGES:
        path = args[1] if event == "subprocess.Popen" else args[0]
    else:
        return
    text = [str(word) for word in path] if isinstance(path, (list, tuple)) else str(path)
    os.write(_note, json.dumps([event, text]).encode() + b"\n")


sys.addaudithook(_hear)
