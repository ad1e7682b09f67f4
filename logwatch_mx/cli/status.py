"""``logwatch-mx status``: how the daemon is, by what it saved last."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from logwatch_mx.cli.options import config_option
from logwatch_mx.errors import Exit

#: A daemon that is alive saves at least this often, if only because a minute has passed.
STALE_SECONDS = 180
#: More bytes than this unread: it takes seconds to read them, so something holds the daemon up.
FAR_BEHIND = 64 * 2**20


@click.command(epilog="Example: logwatch-mx status --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def status(config: Path | None, *, as_json: bool) -> int:
    """Say how the daemon is; exit with 1 when it is not running or far behind."""
    from logwatch_mx.config.load import find_config, load_settings  # noqa: PLC0415  # --help is quick
    from logwatch_mx.state.lock import is_held  # noqa: PLC0415
    from logwatch_mx.state.store import Store  # noqa: PLC0415

    settings = load_settings(find_config(config), check_hooks=False)
    with Store.open(settings.state.path, read_only=True) as store:
        told = json.loads(store.meta("status") or "{}")
        found = {
            **told,
            "open_incidents": len(store.incidents(open_only=True)),
            "pending_notices": len(store.pending_notices()),
        }
    saved = datetime.fromisoformat(found["saved"]) if "saved" in found else None
    age = (datetime.now(UTC) - saved).total_seconds() if saved else None
    held = is_held(settings.state.path)
    found["running"] = held is not False and age is not None and age < STALE_SECONDS
    found["far_behind"] = (found.get("lag") or 0) > FAR_BEHIND
    if as_json:
        sys.stdout.write(json.dumps({"schema": 1, **found}, indent=1) + "\n")
    else:
        _print(found, age, is_gone=held is False)
    return Exit.OK if found["running"] and not found["far_behind"] else Exit.FAILED


def _print(found: dict[str, object], age: float | None, *, is_gone: bool) -> None:
    if age is None:
        click.echo("The daemon has not saved anything yet.")
        return
    state = "running" if found["running"] else "NOT running" if is_gone else "NOT running, or stuck"
    if found["running"] and found["far_behind"]:
        state = "running, but FAR BEHIND"
    click.echo(f"{state}: last sign of life {age:.0f} s ago")
    kinds = found.get("kinds")
    lines = found.get("lines")
    click.echo(f"lines read since its start  {lines}")
    if isinstance(kinds, dict) and isinstance(lines, int) and lines:
        # Of a backlog most lines are not looked at: nobody knows what they are.
        sifted = kinds.get("sifted", 0)
        share = 100 * kinds.get("unparsed", 0) / max(lines - sifted, 1)
        passed = f" of those looked at; {sifted} of a backlog were passed over" if sifted else ""
        click.echo(f"not understood              {share:.3f} %{passed}")
    click.echo(f"bytes behind                {found.get('lag')}")
    click.echo(f"last stamp in the log       {found.get('last') or 'none yet'}")
    click.echo(f"open incidents              {found['open_incidents']}")
    click.echo(f"notices waiting             {found['pending_notices']}")
    if found.get("gaps"):
        click.echo(f"lines that the logger lost  {found['gaps']}")
    lost = found.get("lost")
    for what, count in lost.items() if isinstance(lost, dict) else ():
        click.echo(f"gone before it was read     {count} x {what}")
    troubles = found.get("troubles")
    for trouble in troubles if isinstance(troubles, list) else []:
        click.echo(f"trouble                     {trouble}")
    forgotten = found.get("forgotten")
    if isinstance(forgotten, dict):
        for name, count in forgotten.items():
            if count:
                click.echo(f"forgotten for want of room  {count} {name}")
