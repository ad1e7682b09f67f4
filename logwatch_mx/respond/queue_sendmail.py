"""sendmail's queue: its control files are read, ``sendmail -Q`` quarantines and lets go.

``mailq`` would do without root, but it cuts recipients off at its column, and a cut domain is
another domain. So ``qf`` (queued) and ``hf`` (quarantined) files are read (Operation Guide,
appendix B; 8.17.1 writes V8): ``T`` arrival, ``S`` sender, ``R`` flags and recipient, ``q`` why it
is quarantined, ``M`` why it waits, ``.`` the end. A file without its end is being written.

``-qI`` matches any part of an id, so ids are given only where no other id in the queue contains
them. sendmail ends with 0 whatever it did; the queue is looked at again afterwards.
"""

import glob
import os
import re
import stat
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from logwatch_mx.errors import EffectError, PermissionDeniedError
from logwatch_mx.respond.mail_program import last_words, run_program
from logwatch_mx.respond.queue import Queued, Step

#: Eight base-60 digits of time, then the pid (sendmail 8.12 and later; queue.c, assign_queueid).
QUEUE_ID = r"^[0-9A-Za-x]{8}[0-9]{5,10}\Z"
#: What is ours is released by us, and nothing else.
REASON = "logwatch-mx hold"

_ID = re.compile(QUEUE_ID, re.ASCII)
_DIRECTORY = re.compile(r"^O\s*QueueDirectory\s*=\s*(\S+)", re.MULTILINE)
_GROUP = re.compile(r"^Q[^,\n]*,.*?\bP(?:ath)?=([^,\s]+)", re.MULTILINE)
_USUAL = "/var/spool/mqueue"
_RECIPIENT = re.compile(r"R(?:[A-Z0-9]*:)?(.*)", re.DOTALL)
_VERSION = re.compile(r"^Version 8\.[0-9]", re.MULTILINE)
#: A control file holds headers too; what is larger is nobody's mail.
_MAX_CONTROL = 4 << 20
#: Arguments of one run.
_AT_ONCE = 100


class SendmailQueue:
    """The queue that the sendmail.cf at *cf* names; a ``MailQueue``."""

    def __init__(
        self, *, sendmail: str = "sendmail", cf: Path = Path("/etc/mail/sendmail.cf")
    ) -> None:
        self._sendmail = sendmail
        self._cf = cf

    def messages(self) -> Iterator[Queued]:
        """Yield every message that has a control file."""
        for path in self._files():
            if (message := _read(path)) is not None:
                yield message

    def step(self, step: Step, ids: Collection[str]) -> None:
        """Quarantine or let go exactly these ids."""
        if strange := [id_ for id_ in ids if not _ID.match(id_)]:
            raise EffectError(f"{strange[0]!r}: no queue id of sendmail; nothing was done")
        shortest = min((len(id_) for id_ in ids), default=0)
        # Nearly all ids are of one length, so that this is seldom more than a few.
        longer = [p.name[2:] for p in self._files() if len(p.name) - 2 > shortest]
        for id_ in ids:
            if doubles := sorted(other for other in longer if id_ in other and id_ != other):
                raise EffectError(
                    f"{id_}: is a part of {doubles[0]}, which sendmail would touch too;"
                    " nothing was done"
                )
        self._check_program()
        options = [f"-Q{REASON}"] if step is Step.HOLD else ["-qQ", "-Q"]
        chosen = [f"-qI{id_}" for id_ in ids]
        for start in range(0, len(chosen), _AT_ONCE):
            argv = [self._sendmail, *options, *chosen[start : start + _AT_ONCE]]
            status, said, complaints = run_program(argv)
            if status:
                raise EffectError(f"sendmail -Q: {last_words(complaints or said, status)}")

    def _check_program(self) -> None:
        """Raise unless the program is sendmail: that of Postfix has its name and other options."""
        _, said, _ = run_program([self._sendmail, "-d0.1", "-bt"])
        if not _VERSION.search(said):
            raise EffectError(f"{self._sendmail}: is not sendmail 8 (perhaps Postfix's program)")

    def _files(self) -> list[Path]:
        try:
            text = self._cf.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise EffectError(f"{self._cf}: {error.strerror}") from error
        found: list[Path] = []
        for folder in queue_directories(text):
            try:
                names = sorted(path.name for path in folder.iterdir())
            except PermissionError as error:
                raise PermissionDeniedError(f"{folder}: only root may look into it") from error
            except OSError as error:
                raise EffectError(f"{folder}: {error.strerror}") from error
            found += [folder / name for name in names if name[:2] in {"qf", "hf"}]
        return found


def queue_directories(cf: str) -> list[Path]:
    """Return the directories in which the configuration *cf* has control files kept.

    A path may end in ``*`` and then means every directory of that name; with a subdirectory ``qf``
    the files are in there (Operation Guide, 4.7 and 5.8).
    """
    patterns = _DIRECTORY.findall(cf)[-1:] or [_USUAL]
    patterns += [pattern for pattern in _GROUP.findall(cf) if pattern.startswith("/")]
    folders: dict[Path, None] = {}
    for pattern in patterns:
        head = glob.escape(pattern.rstrip("*"))
        names = glob.glob(f"{head}*") if pattern.endswith("*") else [pattern]  # noqa: PTH207  a text
        for folder in map(Path, sorted(names)):
            if folder.is_dir() or not pattern.endswith("*"):
                folders[folder / "qf" if (folder / "qf").is_dir() else folder] = None
    return list(folders)


def read_control(name: str, content: bytes, size: int | None = None) -> Queued | None:
    """Return the message that the control file *name* tells of; None when it is none.

    A file that is not whole gives a message without recipients.
    """
    id_ = name[2:]
    if not _ID.match(id_):
        return None
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    # A line that begins with a blank goes on with the header before it.
    values: dict[str, str] = {}
    recipients: list[str] = []
    for line in lines:
        if line.startswith("R") and (match := _RECIPIENT.fullmatch(line)):
            recipients.append(match[1])
        elif line[:1] in {"T", "S", "q", "M"}:
            values.setdefault(line[0], line[1:])
    whole = "." in lines
    sender = values.get("S", "").removeprefix("<").removesuffix(">")
    held = name.startswith("hf")
    reason = values.get("q" if held else "M", "")
    return Queued(
        id=id_,
        queue="quarantine" if held else "queue",
        held=held,
        ours=held and reason == REASON,
        sender="" if sender == "MAILER-DAEMON" else sender,
        recipients=tuple(recipients) if whole else (),
        size=size,
        arrived=_time(values.get("T", "")),
        reason=reason,
    )


def _read(path: Path) -> Queued | None:
    try:
        # The directory is sendmail's user's: root follows no link there and waits for no FIFO.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            regular = stat.S_ISREG(os.fstat(handle).st_mode)
            content = file.read(_MAX_CONTROL + 1) if regular else b""
    except FileNotFoundError:  # delivered meanwhile
        return None
    except PermissionError as error:
        raise PermissionDeniedError(f"{path}: only root may read it") from error
    except OSError as error:
        raise EffectError(f"{path}: {error.strerror}") from error
    if len(content) > _MAX_CONTROL:
        content = b""
    beside = path.parent.parent / "df" if path.parent.name == "qf" else path.parent
    try:
        size = (beside / f"df{path.name[2:]}").lstat().st_size
    except OSError:
        size = None
    return read_control(path.name, content, size)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
