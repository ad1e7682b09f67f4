"""Read what ``doctor`` looks at: programs are asked, files are read; nothing is changed.

Never raises for what is not there: it becomes a sentence in ``Host.unread``.
"""

import glob
import grp
import os
import pwd
import shutil
import socket
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from logwatch_mx.config.settings import Settings
from logwatch_mx.model.table_kind import SUFFIXES
from logwatch_mx.mta.doctor_daemon import JOURNALS
from logwatch_mx.mta.host import Host, PostfixConf
from logwatch_mx.mta.interfaces import own_addresses
from logwatch_mx.mta.listeners import smtp_listeners
from logwatch_mx.mta.mastercf import read_mastercf
from logwatch_mx.mta.permission import Nodes, Who, look
from logwatch_mx.mta.postconf import run_postconf

_SYSTEM_PATHS = "/usr/sbin:/usr/local/sbin:/sbin"
#: Configurations of more daemons lie beside the main one; submit.cf is the submission program's.
_NO_DAEMON = frozenset({"submit.cf"})
_LISTENS = "O DaemonPortOptions"
_MAX_SIZE = 8 << 20


def gather(
    settings: Settings, who: Who, *, config: Path | None, ask_helper: Callable[[], str | None]
) -> Host:
    """Return this host as it is.

    *config*: our configuration file. *ask_helper* says why the helper cannot be asked, or None.
    """
    unread: list[str] = []
    flavour = settings.mta.flavour
    postfix, types = None, None
    cfs: dict[str, str] = {}
    if flavour in {"auto", "postfix"}:
        postfix, types = _read_postfix(settings.mta.postconf, unread)
    if flavour in {"auto", "sendmail"}:
        main = str(settings.mta.sendmail_cf)
        cfs = _read_cfs(_cfs_beside(settings.mta.sendmail_cf), unread)
        cfs = {path: text for path, text in cfs.items() if path == main or _LISTENS in text}
    if flavour == "auto" and (postfix is not None or cfs):
        # One of the two is enough, and the other one's absence is no news.
        unread = [said for said in unread if "not found" not in said]
    logs = {pattern: _files(pattern) for pattern in settings.source.files}
    respond = settings.respond
    secrets = (target.url_file for target in settings.notify)
    configs = tuple(str(path) for path in (config, *secrets) if path is not None)
    paths = [
        *configs,
        *JOURNALS,
        str(respond.helper),
        *(file for files in logs.values() for file in files),
        str(settings.state.path.parent),
        str(settings.state.path),
        str(respond.postfix_map.parent),
        str(respond.postfix_map),
        *(f"{respond.postfix_map}{suffix}" for suffix in set(SUFFIXES.values())),
        f"{respond.sendmail_map}.db",
    ]
    return Host(
        postfix=postfix,
        cfs=cfs,
        hostname=socket.gethostname(),
        addresses=own_addresses(),
        listens=smtp_listeners(),
        table_types=types,
        programs=_programs([respond.postmap, respond.makemap, respond.sendmail]),
        nodes=_look(paths),
        logs=logs,
        configs=configs,
        who=who,
        helper=ask_helper(),
        unread=tuple(unread),
    )


def gather_saved(
    who: Who,
    *,
    postconf: Path | None,
    master_cf: Path | None,
    cfs: Sequence[Path],
) -> Host:
    """Return what saved configuration says, perhaps of another machine; files are not looked at."""
    services = None if master_cf is None else read_mastercf(_text(master_cf))
    return Host(
        postfix=None if postconf is None else PostfixConf(_text(postconf), services),
        cfs={str(path): _text(path) for path in cfs},
        hostname="",
        who=who,
        on_this_host=False,
    )


def find_user(name: str | None) -> Who:
    """Return the user *name*; None: the daemon's usual one if there is one, else who is asking.

    KeyError when there is no user of the name.
    """
    try:
        entry = pwd.getpwnam(name if name is not None else "logwatch-mx")
    except KeyError:
        if name is not None:
            raise
        uid = os.geteuid()
        return Who(name=_name_of(uid), uid=uid, groups=frozenset({os.getegid(), *os.getgroups()}))
    groups = {group.gr_gid for group in grp.getgrall() if entry.pw_name in group.gr_mem}
    return Who(name=entry.pw_name, uid=entry.pw_uid, groups=frozenset({entry.pw_gid, *groups}))


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _read_postfix(
    program: str, unread: list[str]
) -> tuple[PostfixConf | None, frozenset[str] | None]:
    try:
        text = run_postconf(program)
    except OSError as error:
        unread.append(f"Postfix: {error}")
        return None, None
    services, types = None, None
    folder = PostfixConf(text).value("config_directory") or "/etc/postfix"
    try:
        services = read_mastercf(_text(Path(folder, "master.cf")))
        types = frozenset(run_postconf(program, options=("-m",)).split())
    except OSError as error:
        unread.append(f"Postfix: {error}")
    return PostfixConf(text, services), types


def _cfs_beside(main: Path) -> list[Path]:
    beside = sorted(path for path in main.parent.glob("*.cf") if path.name not in _NO_DAEMON)
    return [main, *(path for path in beside if path != main)]


def _read_cfs(paths: Iterable[Path], unread: list[str]) -> dict[str, str]:
    found = {}
    for path in paths:
        try:
            found[str(path)] = _text(path)
        except FileNotFoundError:
            unread.append(f"sendmail: {path}: not found")
        except OSError as error:
            unread.append(f"sendmail: {path}: {error.strerror}")
    return found


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MAX_SIZE).decode(errors="replace")


def _files(pattern: str) -> tuple[str, ...]:
    # A plain name is looked at even when it is not there or cannot be seen.
    found = sorted(glob.glob(pattern))  # noqa: PTH207  absolute patterns, as the tail reads them
    return tuple(found)


def _programs(names: Iterable[str]) -> frozenset[str]:
    path = f"{os.environ.get('PATH', '')}:{_SYSTEM_PATHS}"
    return frozenset(name for name in names if shutil.which(name, path=path))


def _look(paths: Iterable[str]) -> dict[str, Nodes]:
    return {path: look(Path(path)) for path in dict.fromkeys(paths)}
