"""Our maps on this host: where each has its text and its table, and by whose hand it is changed."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from logwatch_mx.config.settings import Settings
from logwatch_mx.errors import LogwatchError
from logwatch_mx.model.event import Mta
from logwatch_mx.mta.postconf import run_postconf, split_words
from logwatch_mx.respond.helper_maker import HelperMaker
from logwatch_mx.respond.postfix import PostfixMap, choose_kind
from logwatch_mx.respond.reload import ask_for_reload
from logwatch_mx.respond.route import RouteMap
from logwatch_mx.respond.sendmail import SendmailMap

#: Where sendmail keeps its maps: root's directory, so a map of ours there is made by the helper.
SENDMAIL_FOLDER = Path("/etc/mail")


def open_maps(settings: Settings, log: Callable[[str], None]) -> Mapping[Mta, RouteMap]:
    """Return the map of ours that this host's mail server reads, by the server.

    Only in act mode is one made where there is none.
    """
    respond = settings.respond
    flavour = settings.mta.flavour
    if flavour == "auto":
        programs = {"postfix": respond.postmap, "sendmail": respond.makemap}
        flavour = next((name for name, found in programs.items() if shutil.which(found)), "none")
    maps: dict[Mta, RouteMap] = {}
    text = respond.postfix_map
    if flavour == "postfix":
        maps[Mta.POSTFIX] = postfix_map(settings)
    elif flavour == "sendmail":
        maps[Mta.SENDMAIL] = sendmail_map(settings)
        text = sendmail_text(settings)
    # Taking back may have been cut off: in observe mode too, what is live is what the text says.
    if settings.mode == "act" or _is_there(text):
        for route in maps.values():
            try:
                route.mend()
            except LogwatchError as error:
                log(f"{error}; nothing can be paused until that is mended")
    return maps


def postfix_map(settings: Settings, text: Path | None = None) -> PostfixMap:
    """Return our Postfix map (*text*: in place of the one that *settings* name), not yet opened."""
    respond = settings.respond
    path = text or respond.postfix_map
    return PostfixMap(
        path,
        postmap=respond.postmap,
        kind=_kind(settings, path),
        reload=lambda: ask_for_reload(respond.helper),
    )


def sendmail_map(settings: Settings, text: Path | None = None) -> SendmailMap:
    """Return our sendmail map (*text*: in place of the one that *settings* name), not yet opened.

    In ``/etc/mail`` the helper makes the table, unless we are root.
    """
    respond = settings.respond
    path = text or sendmail_text(settings)
    if path != sendmail_text(settings):
        return SendmailMap(path, makemap=respond.makemap, sendmail=respond.sendmail)
    helped = path != respond.sendmail_map and os.geteuid() != 0
    return SendmailMap(
        path,
        makemap=respond.makemap,
        sendmail=respond.sendmail,
        named=respond.sendmail_map,
        maker=HelperMaker(respond.helper, respond.makemap) if helped else None,
    )


def sendmail_text(settings: Settings) -> Path:
    """Return where the text of our sendmail map is: beside it, but never in root's directory."""
    path = settings.respond.sendmail_map
    return settings.state.path.with_name(path.name) if path.parent == SENDMAIL_FOLDER else path


def _kind(settings: Settings, path: Path) -> str:
    """Return the kind of the table at *path*, by what Postfix reads and can read."""
    program = settings.mta.postconf
    try:
        named = split_words(run_postconf(program, options=("-xh", "transport_maps")))
        types = run_postconf(program, options=("-m",)).split()
    except OSError:  # no Postfix, or none that answers: postmap itself will say more
        named, types = [], []
    return choose_kind(path, named=named, types=types)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
