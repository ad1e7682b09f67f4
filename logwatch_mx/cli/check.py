"""``logwatch-mx check``: ask DNS whether mail for a domain comes back to this machine."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from logwatch_mx.cli.options import READ, AddressType, DomainType, config_option
from logwatch_mx.config.address import Address, parse_endpoint
from logwatch_mx.config.load import Overrides, find_config, load_settings
from logwatch_mx.config.settings import Settings
from logwatch_mx.confirm.confirm import Resolver, confirm_by_all
from logwatch_mx.confirm.judge import never_ours
from logwatch_mx.confirm.open import open_resolver, open_zone
from logwatch_mx.errors import Exit, PermissionDeniedError
from logwatch_mx.model.site import Site
from logwatch_mx.model.verdict import LOOPS, Outcome, Verdict
from logwatch_mx.mta.interfaces import is_own_address
from logwatch_mx.mta.site import configured_site, discover_site

#: Domains asked about at the same time.
AT_ONCE = 8
_COLOURS = {
    **dict.fromkeys(LOOPS, "bold red"),
    Outcome.HEALTHY: "green",
    Outcome.UNANSWERED: "yellow",
    Outcome.FILTERED: "yellow",
}


class NameserverType(click.ParamType[Any]):
    """A DNS server: ``IP``, ``IP:PORT`` or ``[IPV6]:PORT``."""

    name = "ip[:port]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return *value* when it is an end point."""
        try:
            parse_endpoint(str(value), 53)
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)
        return str(value)


@click.command(
    epilog="Example: logwatch-mx check seaton.biz --nameserver 9.9.9.9 --nameserver 1.1.1.1"
)
@click.argument("domains", metavar="DOMAIN...", nargs=-1, required=True, type=DomainType())
@click.option(
    "--nameserver",
    "nameservers",
    type=NameserverType(),
    multiple=True,
    help="Ask this server; of several each is asked and they must agree (default: the system's).",
)
@click.option(
    "--zone",
    type=READ,
    help="Answer from this zone file and ask nobody.",
)
@click.option("--own-address", type=AddressType(), multiple=True, help="An address of ours.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
@config_option
@click.pass_context
def check(
    ctx: click.Context,
    domains: tuple[str, ...],
    *,
    nameservers: tuple[str, ...],
    zone: Path | None,
    own_address: tuple[str, ...],
    as_json: bool,
    config: Path | None,
) -> None:
    """Ask DNS whether the mail exchangers of each DOMAIN lead back to this machine.

    Exits with 3 when one does, 69 when DNS gave no answer at all.
    """
    if zone is not None and nameservers:
        raise click.UsageError("--zone answers from a file; it cannot go with --nameserver")
    settings = _load(config, Overrides(own_addresses=own_address))
    resolvers = _resolvers(settings, nameservers, zone)
    site, is_ours = _site(settings, zone)
    verdicts = asyncio.run(_ask(domains, resolvers, site, is_ours))
    if as_json:
        click.echo(json.dumps(_shape(verdicts), indent=1))
    else:
        _print(verdicts, site)
    ctx.exit(_exit_code(verdicts, site))


def _load(config: Path | None, overrides: Overrides) -> Settings:
    try:
        return load_settings(find_config(config), overrides, check_hooks=False)
    except PermissionDeniedError as error:
        # The daemon's configuration may hold secrets, so whoever asks by hand may not read it.
        if config is not None:
            raise
        click.echo(f"logwatch-mx: {error}: going on without it", err=True)
        return load_settings(None, overrides)


def _resolvers(
    settings: Settings, nameservers: tuple[str, ...], zone: Path | None
) -> list[Resolver]:
    if zone is not None:
        return [open_zone(zone)]
    groups: list[tuple[str, ...]] = [(each,) for each in dict.fromkeys(nameservers)]
    if not groups:
        groups = [settings.dns.nameservers]
        groups += [settings.dns.second_opinion] if settings.dns.second_opinion else []
    return [
        open_resolver(group, timeout=settings.dns.timeout, lifetime=settings.dns.lifetime)
        for group in groups
    ]


def _site(settings: Settings, zone: Path | None) -> tuple[Site, Callable[[Address], bool]]:
    """Return what is ours: offline only what was said, else this machine's addresses too."""
    if zone is not None:
        return configured_site(settings), never_ours
    return discover_site(settings)[0], is_own_address


async def _ask(
    names: Sequence[str],
    resolvers: Sequence[Resolver],
    site: Site,
    is_ours: Callable[[Address], bool],
) -> list[Verdict]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def ask(name: str) -> Verdict:
        async with slots:
            return await confirm_by_all(name, resolvers, site, is_ours=is_ours)

    return await asyncio.gather(*(ask(name) for name in names))


def _exit_code(verdicts: Sequence[Verdict], site: Site) -> Exit:
    if any(verdict.outcome in LOOPS and not _is_home(verdict, site) for verdict in verdicts):
        return Exit.FOUND
    if all(verdict.outcome is Outcome.UNANSWERED for verdict in verdicts):
        return Exit.UNAVAILABLE
    return Exit.OK


def _is_home(verdict: Verdict, site: Site) -> bool:
    """Return whether the domain is our own and its exchanger therefore rightly is, too."""
    return verdict.outcome is Outcome.SELF and verdict.domain in site.domains


def _shape(verdicts: Sequence[Verdict]) -> dict[str, object]:
    from logwatch_mx.report.shape import SCHEMA, shape_verdict  # noqa: PLC0415 -- for JSON alone

    return {"schema": SCHEMA, "verdicts": [shape_verdict(verdict) for verdict in verdicts]}


def _print(verdicts: Sequence[Verdict], site: Site) -> None:
    # rich takes longer to load than DNS to answer, and a script's --json has no use for it.
    from rich import box  # noqa: PLC0415 -- see above
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, leading=1)
    table.add_column("domain", overflow="fold", ratio=3)
    table.add_column("verdict", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=6)
    for verdict in verdicts:
        style = "green" if _is_home(verdict, site) else _COLOURS.get(verdict.outcome, "")
        # Text, never markup: exchangers are named by strangers.
        table.add_row(
            Text(verdict.domain),
            Text(verdict.outcome.value, style=style),
            Text("\n".join(_lines(verdict, site))),
        )
    Console(highlight=False).print(table)


def _lines(verdict: Verdict, site: Site) -> list[str]:
    from logwatch_mx.report.table import clean  # noqa: PLC0415 -- it loads rich

    # Several resolvers have a sentence each; a line of its own keeps each within bounds.
    lines = verdict.why.split("; ")
    if _is_home(verdict, site):
        lines.append("the domain is this site's own: mail for it stays here")
    lines += [
        f"MX {mx.preference} {mx.host} {', '.join(mx.addresses) or 'no address'}"
        for mx in verdict.mx
    ]
    lines.append(f"asked: {verdict.resolver}")
    return [clean(line) for line in lines]
