"""``logwatch-mx rules``: the rules as shipped and the admin's own."""

import json
import sys
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

import click

from logwatch_mx.cli.options import LOG, config_option, log_options
from logwatch_mx.errors import DataError, Exit

_own = click.option(
    "--rules",
    "own",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="A rule file or directory to add (repeatable).",
)


@click.group(epilog="Example: logwatch-mx rules test --rules /etc/logwatch-mx/rules.d")
def rules() -> None:
    """List, test, explain or try rules."""


@rules.command("list", epilog="Example: logwatch-mx rules list")
@_own
@config_option
def list_(config: Path | None, *, own: tuple[Path, ...]) -> int:
    """List all rules; those that are switched off are marked."""
    for compiled in _load(config, own):
        rule = compiled.rule
        mark = " " if rule.enabled else "-"
        click.echo(f"{mark} {rule.id:24} {rule.kind.value:16} {rule.title}")
    return Exit.OK


@rules.command(epilog="Example: logwatch-mx rules explain loop-self-delivery")
@click.argument("identity", metavar="ID")
@_own
@config_option
def explain(identity: str, config: Path | None, *, own: tuple[Path, ...]) -> int:
    """Say in a sentence when rule ID raises an incident."""
    from logwatch_mx.rulebook.sentence import explain as say  # noqa: PLC0415

    for compiled in _load(config, own):
        if compiled.rule.id == identity:
            click.echo(say(compiled.rule, compiled.condition.tree))
            return Exit.OK
    raise DataError(f"{identity}: no such rule (see: logwatch-mx rules list)")


@rules.command(epilog="Example: logwatch-mx rules schema > rule.schema.json")
def schema() -> int:
    """Print the JSON Schema of a rule file, for editors."""
    from logwatch_mx.rulebook.schema import rule_schema  # noqa: PLC0415

    sys.stdout.write(json.dumps(rule_schema(), indent=1) + "\n")
    return Exit.OK


@rules.command(
    "test", short_help="Run every rule's own examples.", epilog="Example: logwatch-mx rules test"
)
@_own
@config_option
def test(config: Path | None, *, own: tuple[Path, ...]) -> int:
    """Run every rule's own examples; exit with 65 when one does not hold."""
    from logwatch_mx.app.trial import run_example  # noqa: PLC0415
    from logwatch_mx.rulebook.examples import check_examples  # noqa: PLC0415

    compiled = _load(config, own)
    failures = [
        failure
        for one in compiled
        for failure in check_examples(one.rule, partial(run_example, one))
    ]
    for failure in failures:
        click.echo(failure.said, err=True)
    count = sum(len(one.rule.examples) for one in compiled)
    click.echo(f"{count - len(failures)} of {count} examples of {len(compiled)} rules hold")
    return Exit.DATA if failures else Exit.OK


@rules.command(
    "try",
    short_help="Show what a rule finds in old logs.",
    epilog="Example: logwatch-mx rules try my-rule.toml /var/log/maillog.1",
)
@click.argument("rule", type=click.Path(path_type=Path, exists=True))
@click.argument("paths", nargs=-1, required=True, type=LOG)
@log_options
def try_(
    rule: Path,
    paths: tuple[Path, ...],
    *,
    year: int | None,
    zone: tzinfo,
    since: datetime | None,
    until: datetime | None,
) -> int:
    """Show what RULE would have raised in old logs, and how near it came elsewhere."""
    from logwatch_mx.app.trial import try_rules  # noqa: PLC0415
    from logwatch_mx.rulebook.load import load_rules  # noqa: PLC0415

    told = try_rules(load_rules([rule]), paths, year=year, zone=zone, since=since, until=until)
    for line in told:
        click.echo(line)
    return Exit.OK


def _load(config: Path | None, own: tuple[Path, ...]) -> Any:  # noqa: ANN401  # CompiledRule
    from logwatch_mx.config.load import find_config, load_settings  # noqa: PLC0415
    from logwatch_mx.rulebook.load import load_rules, shipped_place  # noqa: PLC0415

    settings = load_settings(find_config(config), check_hooks=False)
    return load_rules([shipped_place()], (*settings.rules, *own), disabled=True)
