"""Stand-ins for queue programs: small scripts that do to files what the real ones do to a queue.

Each notes its arguments and input in ``calls`` beside it, and refuses any that it does not know.
"""

import json
import sys

POSTQUEUE = """\
import json, pathlib, sys
here = pathlib.Path(__file__).parent
assert sys.argv[1:] == ["-j"], sys.argv
sys.stdout.write((here / "queue.json").read_text())
"""
POSTSUPER = """\
import json, pathlib, sys
here = pathlib.Path(__file__).parent
ids = sys.stdin.read().split("\\n")
assert sys.argv[1:] in (["-h", "-"], ["-H", "-"]) and ids.pop() == "", sys.argv
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([sys.argv[1], sorted(ids)]) + "\\n")
rows = [json.loads(line) for line in (here / "queue.json").read_text().splitlines()]
for row in rows:
    if row["queue_id"] in ids and row["queue_id"] not in (here / "busy").read_text().split():
        row["queue_name"] = "hold" if sys.argv[1] == "-h" else "deferred"
(here / "queue.json").write_text("".join(json.dumps(row) + "\\n" for row in rows))
"""
POSTFIX = """\
import json, pathlib, sys
here = pathlib.Path(__file__).parent
assert sys.argv[1:] == ["reload"], sys.argv
with (here / "calls").open("a") as calls:
    calls.write(json.dumps("reload") + "\\n")
"""
SENDMAIL = """\
import json, pathlib, sys
here = pathlib.Path(__file__).parent
words = sys.argv[1:]
if words == ["-d0.1", "-bt"]:
    print("Version 8.17.1.9\\n Compiled with: DNSMAP")
    sys.exit(0)
with (here / "calls").open("a") as calls:
    calls.write(json.dumps(words) + "\\n")
hold = words[0] == "-Qlogwatch-mx hold"
assert hold or words[:2] == ["-qQ", "-Q"], words
wanted = words[1 if hold else 2:]
assert all(word.startswith("-qI") for word in wanted), words
for path in sorted((here / "mqueue").iterdir()):
    # As the real one: any part of an id matches.
    if path.name[:2] != ("qf" if hold else "hf") or not any(w[3:] in path.name for w in wanted):
        continue
    lines = path.read_bytes().split(b"\\n")
    lines = [line for line in lines if not line.startswith(b"q")]
    if hold:
        lines.insert(1, b"q" + words[0][2:].encode())
    path.write_bytes(b"\\n".join(lines))
    path.rename(path.with_name(("hf" if hold else "qf") + path.name[2:]))
"""


def install(folder, **programs):
    """Write each program under its name; return their paths by name."""
    paths = {}
    for name, text in programs.items():
        paths[name] = str(folder / name)
        (folder / name).write_text(f"#!{sys.executable}\n{text}")
        (folder / name).chmod(0o755)
    (folder / "busy").touch()
    return paths


def calls(folder):
    path = folder / "calls"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
