"""``logwatch-mx explain``: how a line was read, or why an incident is one."""

import json
import re
from datetime import tzinfo
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click

from logwatch_mx.cli.options import ZoneType, config_option
from logwatch_mx.errors import Exit, SourceError
from logwatch_mx.model.incident import IncidentKind

_PLACE = re.compile(r"(?P<file>.+):(?P<line>[1-9][0-9]*)\Z", re.DOTALL)


@click.command(epilog="Example: logwatch-mx explain /var/log/maillog:812")
@click.argument("what", metavar="FILE:LINE|INCIDENT")
@click.option("--year", type=click.IntRange(1971, 8999), help="Year of stamps without one.")
@click.option("--tz", "zone", type=ZoneType(), default="local", help="Zone of stamps without one.")
@config_option
def explain(what: str, config: Path | None, *, year: int | None, zone: tzinfo) -> int:
    """Say how the line FILE:LINE was read, rule by rule, or all about INCIDENT.

    INCIDENT is an id, or a subject: then the newest incident about it.
    """
    place = _PLACE.match(what)
    if place is not None and Path(place["file"]).exists():
        _explain_line(Path(place["file"]), int(place["line"]), config, year=year, zone=zone)
    elif place is not None and not _names_incident(what):
        raise SourceError(f"{place['file']}: no such file")
    else:
        _explain_incident(what, config)
    return Exit.OK


def _names_incident(what: str) -> bool:
    """Say whether *what*, though it ends in a colon and a number, is an id or an IPv6 address."""
    try:
        ip_address(what)
    except ValueError:
        return what.partition("/")[0] in {kind.value for kind in IncidentKind}
    return True


def _explain_line(
    path: Path, number: int, config: Path | None, *, year: int | None, zone: tzinfo
) -> None:
    from logwatch_mx.app.explain import explain_line  # noqa: PLC0415  # --help is quick
    from logwatch_mx.report.shape import shape_event  # noqa: PLC0415
    from logwatch_mx.report.table import clean  # noqa: PLC0415

    told = explain_line(path, number, config, year=year, zone=zone)
    click.echo(clean(told.event.line.text))
    click.echo()
    click.echo("Read as")
    for name, matched in told.kinds:
        click.echo(f"  {'yes' if matched else ' no'}  {name}")
    click.echo()
    for key, value in shape_event(told.event).items():
        click.echo(f"  {key:15} {_shown(value)}")
    click.echo()
    click.echo("Rules")
    for rule in told.rules:
        mark = "yes" if rule.matched else " no"
        click.echo(f"  {mark}  {rule.id:22} {rule.sentence}")


def _explain_incident(name: str, config: Path | None) -> None:
    from logwatch_mx.cli.incidents import find_incident, open_store  # noqa: PLC0415
    from logwatch_mx.report.table import clean, open_console, print_incidents  # noqa: PLC0415

    with open_store(config) as (store, _):
        incident = find_incident(store, name)
        answers = store.confirmations(domain=incident.subject)
        deeds = store.deeds(incident=incident.id)
    print_incidents(open_console(), [incident])
    signals = incident.signals
    click.echo("Evidence by kind")
    for kind in signals.__struct_fields__:
        if count := getattr(signals, kind):
            click.echo(f"  {count:7}  {kind.replace('_', ' ')}")
    click.echo(f"\nLines: the first and the last ten of {incident.counts.events}")
    for line in incident.evidence:
        click.echo(f"  {clean(line.source)}:{line.line}: {clean(line.text)}")
    if incident.verdict is not None and incident.verdict.mx:
        click.echo("\nMail exchangers")
        for mx in incident.verdict.mx:
            click.echo(f"  {mx.preference:5} {clean(mx.host)}  {' '.join(mx.addresses)}")
    _print_answers(answers)
    _print_decisions(incident, deeds)


def _print_answers(answers: Any) -> None:  # noqa: ANN401  # Confirmations, imported when needed
    click.echo("\nDNS answers")
    for answer in answers:
        at = answer.at.isoformat(timespec="seconds")
        click.echo(f"  {at}  {answer.resolver}  {answer.outcome}")
    if not answers:
        click.echo("  none")


def _print_decisions(incident: Any, deeds: Any) -> None:  # noqa: ANN401  # as above
    from logwatch_mx.report.table import clean  # noqa: PLC0415

    click.echo("\nDecisions")
    for deed in deeds:
        action = deed.action
        said = f" ({clean(deed.said)})" if deed.said else ""
        click.echo(f"  {action.state.value:8} {action.verb.value} {clean(action.why)}{said}")
    for action in incident.actions:
        if all(action.id != deed.action.id for deed in deeds):
            click.echo(f"  {action.state.value:8} {action.verb.value} {clean(action.why)}")
    if not deeds and not incident.actions:
        click.echo("  none: nothing was to be decided")


def _shown(value: Any) -> str:  # noqa: ANN401  # plain JSON values
    return json.dumps(value) if not isinstance(value, str) else json.dumps(value)[1:-1]
