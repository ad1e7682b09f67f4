"""Write NAME.expected.json beside each samples/maillog/NAME.log: what replay makes of it.

``python samples/expect.py [NAME...]`` writes (all, or those named), ``--check`` compares only and
exits with 1 where something differs. Read a difference before you commit it:
samples/maillog/README.md says what happened in each log. Left out is prose (*why*, *advice* and
*steps*).
"""

import argparse
import difflib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
LOGS = sorted((TOP / "samples" / "maillog").glob("*.log"))
OPTIONS = ("--json", "--year", "2026", "--tz", "UTC", "--dns", "zone:samples/maillog/dns.zone")
PROSE = frozenset({"why", "advice", "steps"})
INPUT = ("files", "lines", "first", "last")


def replay(*paths: Path | str) -> dict[str, Any]:
    """Return what the real command says of *paths*, run from the repository's top."""
    done = subprocess.run(
        [sys.executable, "-m", "logwatch_mx", "replay", *OPTIONS, *map(str, paths)],
        cwd=TOP,
        capture_output=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def keep(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the part of *answer* that stays the same while words are polished."""
    return {
        "schema": answer["schema"],
        "input": {name: answer["input"][name] for name in INPUT},
        "incidents": [_without_prose(incident) for incident in answer["incidents"]],
    }


def _without_prose(value: Any) -> Any:  # noqa: ANN401  # any JSON
    match value:
        case dict():
            return {name: _without_prose(v) for name, v in value.items() if name not in PROSE}
        case list():
            return [_without_prose(v) for v in value]
        case _:
            return value


def expected_of(log: Path) -> Path:
    """Return the path of what is expected of *log*."""
    return log.with_suffix(".expected.json")


def main() -> int:
    """Write or compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--check", action="store_true", help="compare only")
    options = parser.parse_args()
    differs = False
    for log in LOGS:
        if options.names and log.stem not in options.names:
            continue
        path = expected_of(log)
        text = json.dumps(keep(replay(log.relative_to(TOP))), indent=1) + "\n"
        before = path.read_text() if path.exists() else ""
        lines = difflib.unified_diff(
            before.splitlines(),
            text.splitlines(),
            f"{path.name} before",
            f"{path.name} now",
            "",
            "",
            1,
            "",
        )
        if before != text:
            differs = True
            print(*lines, sep="\n")
            if not options.check:
                path.write_text(text)
    return int(differs and options.check)


if __name__ == "__main__":
    sys.exit(main())
