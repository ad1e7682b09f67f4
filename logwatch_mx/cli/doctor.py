"""``logwatch-mx doctor``: what on this machine makes loops possible, and the lines to mend it."""

import json
from pathlib import Path

import click

from logwatch_mx.cli.options import READ, config_option
from logwatch_mx.config.files import file_warnings
from logwatch_mx.config.load import find_config, load_settings
from logwatch_mx.config.settings import Settings
from logwatch_mx.errors import EffectError, Exit, LogwatchError, SourceError
from logwatch_mx.mta.doctor import examine
from logwatch_mx.mta.finding import Finding, Severity, by_severity
from logwatch_mx.mta.gather import find_user, gather, gather_saved
from logwatch_mx.mta.host import Host
from logwatch_mx.mta.permission import Who
from logwatch_mx.respond.helper_client import HelperClient

_COLOURS = {Severity.DANGER: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@click.command(
    epilog="Example: logwatch-mx doctor   ·   logwatch-mx doctor --postconf postconf.txt"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
@click.option(
    "--postconf", type=READ, help="Read this saved `postconf -x` (or main.cf), not this machine."
)
@click.option("--master-cf", type=READ, help="With --postconf: the master.cf (`postconf -M`).")
@click.option(
    "--sendmail-cf",
    type=READ,
    multiple=True,
    help="Read this saved sendmail.cf (repeatable: one a daemon).",
)
@click.option(
    "--user", help="The daemon's user (default: logwatch-mx if there is one, else yourself)."
)
@config_option
def doctor(
    *,
    as_json: bool,
    postconf: Path | None,
    master_cf: Path | None,
    sendmail_cf: tuple[Path, ...],
    user: str | None,
    config: Path | None,
) -> int:
    """Say what on this machine makes loops or backscatter possible, and what keeps us from working.

    Each finding comes with what shows it and the lines that mend it; nothing is changed. Exits with
    3 when there is a danger or a warning, 1 when something could not be looked at, else 0. Run it
    as root: an ordinary user cannot see everything.
    """
    if master_cf is not None and postconf is None:
        raise click.UsageError("--master-cf goes with --postconf")
    path = find_config(config)
    settings = load_settings(path, check_hooks=False)
    who = _who(user)
    if postconf is not None or sendmail_cf:
        try:
            host = gather_saved(who, postconf=postconf, master_cf=master_cf, cfs=sendmail_cf)
        except FileNotFoundError as error:
            raise SourceError(f"{error.filename}: no such file") from error
        findings = examine(host, settings)
    else:
        host = gather(settings, who, config=path, ask_helper=lambda: _helper_fault(settings))
        findings = by_severity([*examine(host, settings), *_file_findings(path, settings)])
    if as_json:
        click.echo(json.dumps(_shape(findings, host), indent=1))
    else:
        _print(findings, host)
    if any(finding.severity is not Severity.NOTE for finding in findings):
        return Exit.FOUND
    return Exit.FAILED if host.unread else Exit.OK


def _who(user: str | None) -> Who:
    try:
        return find_user(user)
    except KeyError:
        raise SourceError(f"{user}: there is no such user") from None


def _helper_fault(settings: Settings) -> str | None:
    try:
        HelperClient(settings.respond.helper, patience=3).hello()
    except (EffectError, LogwatchError) as error:
        return str(error)
    return None


def _file_findings(path: Path | None, settings: Settings) -> list[Finding]:
    findings = []
    for warning in file_warnings(path, settings):
        what, _, fix = warning.rpartition(": ")
        place = what.partition(":")[0]
        findings.append(
            Finding(
                key="file-mode",
                severity=Severity.WARNING,
                about="daemon",
                what="Others may read or change a file of the configuration",
                evidence=what,
                fix=f"{fix} {place}",
            )
        )
    return findings


def _shape(findings: tuple[Finding, ...], host: Host) -> dict[str, object]:
    return {
        "schema": 1,
        "examined": {
            "postfix": host.postfix is not None,
            "sendmail": sorted(host.cfs),
            "user": host.who.name,
            "this_host": host.on_this_host,
        },
        "unread": list(host.unread),
        "findings": [
            {
                "key": finding.key,
                "severity": finding.severity,
                "about": finding.about,
                "what": finding.what,
                "evidence": finding.evidence,
                "fix": finding.fix.split("\n"),
            }
            for finding in findings
        ],
    }


def _print(findings: tuple[Finding, ...], host: Host) -> None:
    for finding in findings:
        label = click.style(finding.severity.upper(), fg=_COLOURS[finding.severity], bold=True)
        click.echo(f"{label} {finding.about}: {_plain(finding.what)}  [{finding.key}]")
        click.echo(f"  seen  {_plain(finding.evidence)}")
        lines = [_plain(line) for line in finding.fix.split("\n")]
        click.echo("  fix   " + "\n        ".join(lines) + "\n")
    for said in host.unread:
        click.echo(f"not looked at: {_plain(said)}", err=True)
    looked = [
        *(["Postfix"] if host.postfix is not None else []),
        *(f"sendmail ({path})" for path in host.cfs),
    ]
    numbers = ", ".join(
        f"{sum(finding.severity is each for finding in findings)} {each}" for each in Severity
    )
    where = f"; the daemon's user: {host.who.name}" if host.on_this_host else ""
    click.echo(f"Looked at {', '.join(looked) or 'no mail server'}{where}. Found: {numbers}.")


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\t" else "?" for letter in text)
