"""``logwatch-mx queue``: what the MTA's queue holds for a domain; hold it, or let it go."""

import json
import os
import shutil
from pathlib import Path

import click

from logwatch_mx.app.maps import sendmail_text as map_text
from logwatch_mx.cli.options import DomainType, config_option
from logwatch_mx.config.load import find_config, load_settings
from logwatch_mx.config.settings import Settings
from logwatch_mx.errors import (
    EffectError,
    Exit,
    LogwatchError,
    PermissionDeniedError,
    SourceError,
)
from logwatch_mx.model.action import Verb
from logwatch_mx.respond import sendmail_text, transport
from logwatch_mx.respond.helper_client import HelperClient
from logwatch_mx.respond.helper_protocol import Mta
from logwatch_mx.respond.queue import (
    MailQueue,
    Queued,
    Step,
    Stepped,
    can,
    do_all,
    do_step,
    is_whole,
    messages_for,
)
from logwatch_mx.respond.queue_postfix import PostfixQueue
from logwatch_mx.respond.queue_sendmail import SendmailQueue

#: Rows of the table; --json has all.
_MAX_ROWS = 50


@click.command(
    epilog="Example: logwatch-mx queue seaton.biz   ·   logwatch-mx queue seaton.biz --hold"
)
@click.argument("domain", type=DomainType())
@click.option("--hold", "step", flag_value=Step.HOLD, type=Step, help="Hold its messages back.")
@click.option("--release", "step", flag_value=Step.RELEASE, type=Step, help="Let them go again.")
@click.option("--force", is_flag=True, help="Release also what our own route then throws away.")
@click.option(
    "--mta",
    type=click.Choice(["auto", "postfix", "sendmail"]),
    default="auto",
    help="Whose queue (default: that of the configuration, or what is installed).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
@config_option
def queue(
    domain: str, *, step: Step | None, force: bool, mta: str, as_json: bool, config: Path | None
) -> int:
    """List the queued messages that have a recipient in exactly DOMAIN.

    Without --hold or --release nothing is changed. Only messages all of whose recipients are in
    DOMAIN are ever held or released, by their queue ids; nothing is deleted. A spinning loop is
    stopped by its route, not by this: route first, hold then, release last.
    """
    settings = load_settings(find_config(config), check_hooks=False)
    whose = _whose(settings, mta)
    route = _route(settings, whose, domain)
    if step is Step.RELEASE and route in {Verb.DISCARD, Verb.REJECT} and not force:
        raise LogwatchError(
            f"{domain}: our route says {route}: what is released now is lost; first"
            f" `logwatch-mx undo {domain}`, or say --force"
        )
    found = _look(settings, whose, domain, step)
    if as_json:
        click.echo(json.dumps(_shape(found, domain, whose, step), indent=1))
    else:
        _print(found, domain, step)
        if step is not None:
            click.echo(_about_route(step, route, domain), err=True)
    return Exit.FAILED if found.not_done else Exit.OK


def _whose(settings: Settings, asked: str) -> Mta:
    flavour = asked if asked != "auto" else settings.mta.flavour
    if flavour == "postfix":
        return "postfix"
    if flavour == "sendmail":
        return "sendmail"
    if shutil.which("postqueue", path=f"/usr/sbin:/usr/bin:{os.environ.get('PATH', '')}"):
        return "postfix"
    if settings.mta.sendmail_cf.exists():
        return "sendmail"
    raise SourceError("no postqueue and no sendmail.cf on this machine: say --mta")


def _look(settings: Settings, mta: Mta, domain: str, step: Step | None) -> Stepped:
    """Look, or do *step*: as root here, as anybody else through the helper where root is needed."""
    client = HelperClient(settings.respond.helper)
    mine: MailQueue = (
        PostfixQueue()
        if mta == "postfix"
        else SendmailQueue(sendmail=settings.respond.sendmail, cf=settings.mta.sendmail_cf)
    )
    root = os.geteuid() == 0
    try:
        if root and step is not None:
            return do_all(lambda: do_step(mine, domain, step), domain, step)
        if step is not None:
            return do_all(lambda: client.do_step(mta, domain, step), domain, step)
        try:
            return Stepped(messages=tuple(messages_for(mine, domain)))
        except PermissionDeniedError:
            return Stepped(messages=tuple(client.messages_for(mta, domain)))
    except EffectError as error:
        if not root and not settings.respond.helper.exists():
            raise PermissionDeniedError(
                f"{domain}: this needs root, or the helper (logwatch-mx-helper.socket): {error}"
            ) from error
        raise


def _route(settings: Settings, mta: Mta, domain: str) -> Verb | None:
    """Return what our own map does to *domain* now, as far as its text may be read."""
    path = settings.respond.postfix_map if mta == "postfix" else map_text(settings)
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    parse = transport.parse if mta == "postfix" else sendmail_text.parse
    entry = parse(text).entries.get(domain)
    return entry.verb if entry is not None else None


def _about_route(step: Step, route: Verb | None, domain: str) -> str:
    if step is Step.HOLD and route is None:
        return f"No route of ours is in force for {domain}: what arrives from now on is not held."
    if step is Step.RELEASE and route is None:
        return "No route of ours is in force: what was released goes where DNS says."
    return f"Our route for {domain} is in force: {route}."


def _shape(found: Stepped, domain: str, mta: Mta, step: Step | None) -> dict[str, object]:
    return {
        "schema": 1,
        "domain": domain,
        "mta": mta,
        "step": step,
        "done": list(found.done),
        "not_done": list(found.not_done),
        "messages": [
            {
                "id": message.id,
                "queue": message.queue,
                "held": message.held,
                "whole": is_whole(message, domain),
                "sender": message.sender,
                "recipients": list(message.recipients),
                "size": message.size,
                "arrived": message.arrived.isoformat() if message.arrived else None,
                "reason": message.reason,
            }
            for message in found.messages
        ],
    }


def _print(found: Stepped, domain: str, step: Step | None) -> None:
    for message in found.messages[:_MAX_ROWS]:
        click.echo(_row(message, domain))
    if (more := len(found.messages) - _MAX_ROWS) > 0:
        click.echo(f"… and {more} more (all: --json)")
    whole = [message for message in found.messages if is_whole(message, domain)]
    held = sum(message.held for message in whole)
    mixed = len(found.messages) - len(whole)
    said = f"{len(whole)} messages for {domain}, {held} of them held"
    if mixed:
        said += f"; {mixed} more have other recipients too and are never touched"
    click.echo(said)
    if step is None:
        could = sum(can(Step.HOLD, message, domain) for message in found.messages)
        if could:
            click.echo(f"--hold would hold {could}")
        if could := sum(can(Step.RELEASE, message, domain) for message in found.messages):
            click.echo(f"--release would release {could}")
        return
    past = {Step.HOLD: "held", Step.RELEASE: "released"}[step]
    click.echo(f"{past} {len(found.done)}: {' '.join(found.done)}".rstrip(": "))
    if found.not_done:
        click.echo(
            f"not {past} {len(found.not_done)} (gone, or being delivered):"
            f" {' '.join(found.not_done)}",
            err=True,
        )


def _row(message: Queued, domain: str) -> str:
    others = "" if is_whole(message, domain) else "  [not only this domain]"
    arrived = message.arrived.astimezone().isoformat(" ", "minutes") if message.arrived else "?"
    to = " ".join(message.recipients[:3]) + (" …" if len(message.recipients) > 3 else "")  # noqa: PLR2004  as many as fit
    words = f"{message.id}  {message.queue:<10}  {arrived}  <{message.sender}> → {to}{others}"
    return _plain(f"{words}  ({message.reason})" if message.reason else words)


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]
