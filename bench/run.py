"""Measure us and the tools of the trade on the same logs, in the same run, on one core.

    python bench/run.py [--quick] [--rounds N] [--install-peers]

Every program is started anew for each round, reads the whole file and ends: start-up is included.
The rounds go through all programs in turn, so that a busy moment of the machine hits them alike;
the best round counts, by processor time. Peers that are not installed are left out, and said so.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from gen import generate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "RESULTS.md"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "logwatch-mx-bench"
#: Debian's packages. None of them brings an MTA when recommendations are left out.
PACKAGES = {"pflogsumm": "pflogsumm", "mtail": "mtail", "sec": "sec", "fail2ban-regex": "fail2ban"}
LONG, WHOLE, PART = 5_000_000, 1_000_000, 100_000
#: Ends what would take too long to be waited for; nothing came near it yet.
PATIENCE = 900

US = (sys.executable, "-m", "logwatch_mx")
#: As if the extra `fast` were not installed.
PLAIN = (
    sys.executable,
    "-c",
    (
        "import sys; sys.modules['hyperscan'] = None;"
        " from logwatch_mx.cli.main import main; sys.exit(main())"
    ),
)
#: Compiled modules are kept, whatever the caller's environment says.
_ENVIRONMENT = {
    **{name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),
}
ZONE = ("--year", "2026", "--tz", "UTC")
_JAIL = {"postfix": "postfix[mode=normal]", "sendmail": "sendmail-reject"}
LOOP = "for line in open(__import__('sys').argv[1]): pass"


class Tool(NamedTuple):
    """A program and how it is asked; *share*: how much of the log it reads, slow ones a part."""

    name: str
    argv: tuple[str, ...]
    share: str = "whole"


class Cost(NamedTuple):
    """What one run took: processor and wall seconds, peak memory in MiB."""

    cpu: float
    wall: float
    rss: float


def tools_for(log: str, mta: str) -> list[Tool]:
    """Return all programs for *log*; ``{}`` stands for its path."""
    tools = [
        Tool("logwatch-mx replay", (*PLAIN, "replay", "--json", *ZONE, log), "long"),
        Tool("logwatch-mx replay --stats", (*PLAIN, "replay", "--json", "--stats", *ZONE, log)),
        Tool("logwatch-mx parse", (*PLAIN, "parse", *ZONE, log), "part"),
        Tool(
            "mtail",
            ("mtail", "--one_shot", "--progs", str(HERE / "peers"), "--logs", log),
        ),
        Tool(
            "SEC",
            ("sec", f"--conf={HERE / 'peers' / 'deferrals.sec'}", f"--input={log}", "--notail"),
            "part",
        ),
        Tool("python: for line in file", (sys.executable, "-c", LOOP, log), "long"),
        Tool("grep -c", ("grep", "-c", "eferred", log)),
        Tool("wc -l", ("wc", "-l", log)),
    ]
    if _has_hyperscan():
        fast = ("replay", "--json", *ZONE, log)
        tools.insert(1, Tool("logwatch-mx replay, extra fast", (*US, *fast), "long"))
    if mta == "postfix":
        tools.append(Tool("pflogsumm", ("pflogsumm", log)))
    tools.append(Tool("fail2ban-regex", ("fail2ban-regex", log, _JAIL[mta]), "part"))
    return [tool for tool in tools if shutil.which(tool.argv[0])]


def measure(argv: Sequence[str]) -> Cost:
    """Run *argv* once; raise when it fails to start or runs out of patience."""
    begin = time.monotonic()
    # A file, for grep stops at its first hit when it writes to /dev/null.
    with (
        TemporaryFile() as out,
        subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, env=_ENVIRONMENT
        ) as child,
    ):
        while True:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - begin > PATIENCE:
                child.kill()
            time.sleep(0.002)
        child.returncode = os.waitstatus_to_exitcode(status)
    # A program that fails is quick: it must not be taken for a fast one.
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(argv)}: exit status {child.returncode}")
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - begin, used.ru_maxrss / 1024)


def compare(mta: str, sizes: Mapping[str, int], rounds: int) -> list[str]:
    """Return the table for one MTA as lines of Markdown; *sizes*: lines of each share of a log."""
    logs = {lines: _log(mta, lines) for lines in set(sizes.values())}
    whole = sizes["whole"]
    named = [(tool, sizes[tool.share], logs[sizes[tool.share]]) for tool in tools_for("{}", mta)]
    best: dict[str, Cost] = {}
    for number in range(rounds):
        for tool, _, log in named:
            argv = [word.replace("{}", str(log)) for word in tool.argv]
            cost = measure(argv)
            said = f"{mta} {number + 1}/{rounds} {tool.name}: {cost.cpu:.2f} s"
            print(f"{said}, {cost.rss:.0f} MiB", flush=True)
            best[tool.name] = min(cost, best.get(tool.name, cost))
    rates = {tool.name: lines / best[tool.name].cpu for tool, lines, _ in named}
    ours = rates[named[0][0].name]
    table = [
        f"## {mta.capitalize()}, {whole:,} lines ({logs[whole].stat().st_size >> 20} MiB)",
        "",
        f"| program | lines/s | `{named[0][0].name}` is | seconds | peak RSS |",
        "|---|--:|--:|--:|--:|",
    ]
    for tool, lines, _ in sorted(named, key=lambda one: -rates[one[0].name]):
        cost, ratio = best[tool.name], ours / rates[tool.name]
        star = f" ({lines:,} lines)" if lines != whole else ""
        times = f"{ratio:.1f}x as fast" if ratio >= 1 else f"{1 / ratio:.1f}x slower"
        table.append(
            f"| {tool.name}{star} | {rates[tool.name]:,.0f} | {'—' if ratio == 1 else times}"
            f" | {cost.cpu:.2f} | {cost.rss:.0f} MiB |"
        )
    return [*table, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="100,000 lines, one round")
    parser.add_argument("--lines", type=int, default=WHOLE)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--install-peers", action="store_true", help="by apt-get, as root")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    if asked.install_peers:
        wanted = [PACKAGES[name] for name in PACKAGES if not shutil.which(name)]
        if wanted:
            command = ["apt-get", "install", "-qy", "--no-install-recommends", *wanted]
            subprocess.run(command, check=True)
    whole, rounds = (PART, 1) if asked.quick else (asked.lines, asked.rounds)
    long = whole if asked.quick or asked.lines != WHOLE else LONG
    sizes = {"long": long, "whole": whole, "part": min(whole, PART)}
    # All on one core, so that the time of one program is not another's.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    measure((*US, "--help"))  # its modules are compiled once, as they are where it is installed
    tables = [compare(mta, sizes, rounds) for mta in ("postfix", "sendmail")]
    start = min(measure((*US, "--help")).cpu for _ in range(5))
    asked.out.write_text("\n".join([*_preface(rounds), *tables[0], *tables[1], *_end(start)]))
    print(f"written to {asked.out}")


def _log(mta: str, lines: int) -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    # Whoever changes the generator gets new logs.
    changed = max(int(path.stat().st_mtime) for path in HERE.glob("*.py") if path.stem != "run")
    path = CACHE / f"{mta}-{lines}-{changed}.log"
    if not path.exists():
        print(f"making {path}")
        new = path.with_suffix(".new")
        generate(new, mta=mta, lines=lines)
        new.rename(path)
    return path


def _has_hyperscan() -> bool:
    command = [sys.executable, "-c", "import hyperscan"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _preface(rounds: int) -> list[str]:
    missing = [name for name in PACKAGES if not shutil.which(name)]
    return [
        "# Results",
        "",
        (
            f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {_processor()},"
            f" Python {platform.python_version()}, on one core; the best of {rounds} rounds by"
            " processor time, start-up included. Ratios say more than absolute figures."
            " Of peaks below 25 MiB most is the measuring program's own."
        ),
        *([f"Not installed here: {', '.join(missing)}."] if missing else []),
        "",
    ]


def _end(start: float) -> list[str]:
    lines = [f"`logwatch-mx --help` takes {start:.2f} s of processor time.", "", "## Commands", ""]
    for tool in tools_for("LOG", "postfix"):
        words = " ".join(f"'{word}'" if " " in word else word for word in tool.argv)
        words = words.replace(sys.executable, "python").replace(f"{ROOT}/", "")
        lines.append(f"- {tool.name}: `{words}`")
    lines += ["", "## Versions", ""]
    for name, package in PACKAGES.items():
        if shutil.which(name):
            lines.append(f"- {name}: {_version(package)}")
    return [*lines, ""]


def _version(package: str) -> str:
    command = ["dpkg-query", "-W", "-f", "${Version}", package]
    try:
        found = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return "unknown"
    return found.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "unknown processor"
    names = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else "unknown processor"


if __name__ == "__main__":
    main()
