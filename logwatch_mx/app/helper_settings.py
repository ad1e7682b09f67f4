"""The helper's own configuration, ``/etc/logwatch-mx/helper.toml``: who may ask, and which paths.

No request ever names a path or a program. The file must be root's (or the helper's own user's) and
writable by nobody else; without it the defaults hold.
"""

import os
import pwd
import stat
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from logwatch_mx.errors import ConfigError, PermissionDeniedError

DEFAULT_PATH = Path("/etc/logwatch-mx/helper.toml")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_MAX_SIZE = 64 * 1024


class HelperSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """*allow*: users by name or number, besides root. *sendmail_map*: in /etc/mail, or none."""

    allow: tuple[str | int, ...] = ("logwatch-mx",)
    postqueue: str = "postqueue"
    postsuper: str = "postsuper"
    postfix: str = "postfix"
    sendmail: str = "sendmail"
    sendmail_cf: Path = Path("/etc/mail/sendmail.cf")
    makemap: str = "makemap"
    sendmail_map: Path | None = None


def load_helper_settings(path: Path | None) -> HelperSettings:
    """Return what *path* says (None: the usual place, which may be missing), or ConfigError."""
    chosen = path if path is not None else DEFAULT_PATH
    try:
        with chosen.open("rb") as file:
            about = os.fstat(file.fileno())
            content = file.read(_MAX_SIZE)
    except FileNotFoundError:
        if path is None:
            return HelperSettings()
        raise ConfigError(f"{chosen}: not found") from None
    except PermissionError:
        raise PermissionDeniedError(f"{chosen}: permission denied") from None
    except OSError as error:
        raise ConfigError(f"{chosen}: {error.strerror}") from None
    if about.st_mode & _OTHERS_WRITE or about.st_uid not in {0, os.geteuid()}:
        raise ConfigError(f"{chosen}: only root may own and write it: chown root, chmod go-w")
    try:
        table = tomllib.loads(content.decode())
        settings = msgspec.convert(table, HelperSettings, dec_hook=_to_path)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"{chosen}: {error}") from None
    for name in ("postqueue", "postsuper", "postfix", "sendmail", "makemap"):
        program = getattr(settings, name)
        if not program or ("/" in program and not program.startswith("/")):
            raise ConfigError(f"{chosen}: {name}: expected a name or an absolute path")
    where = settings.sendmail_map
    if where is not None and (where.parent != Path("/etc/mail") or where.name.startswith(".")):
        raise ConfigError(f"{chosen}: sendmail_map: expected a file in /etc/mail itself")
    return settings


def allowed_uids(names: Iterable[str | int]) -> frozenset[int]:
    """Return the uids that *names* mean, and root's; ConfigError for a user who is not there."""
    uids = {0}
    for name in names:
        try:
            uids.add(int(name) if str(name).isdigit() else pwd.getpwnam(str(name)).pw_uid)
        except KeyError:
            raise ConfigError(f"helper.toml: allow: there is no user {name!r}") from None
    return frozenset(uids)


def _to_path(kind: type, value: object) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise TypeError("expected a path")
    return Path(value)
