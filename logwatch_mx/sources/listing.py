"""The directory of a log → its files as they stand, in time order, or the word that they move.

Between any two calls another program may rename, copy or truncate: what is returned stood there
all at once.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from logwatch_mx.sources.follow import Checkpoint, Seen
from logwatch_mx.sources.losses import Losses
from logwatch_mx.sources.names import parse_name, siblings
from logwatch_mx.sources.reader import look_at


def list_files(log: Path, mark: Checkpoint, losses: Losses) -> list[Seen]:
    """Return the files of *log* up to the one under its path, compared with *mark*.

    Raises ``FileNotFoundError`` when they were renamed meanwhile: a file that moved while the
    directory was listed may be missing from the list.
    """
    # A link names one file of a series whose other files stand beside its target.
    linked = log.is_symlink()
    path = Path(os.path.realpath(log)) if linked else log
    # One file of a series that was named by itself has no successors.
    series = linked or parse_name(path.name).current
    files = siblings(path) if series else (path,)
    listed = _identities(files)
    seen: list[Seen] = []
    for file in files:
        try:
            one = look_at(file, mark, current=file == path)
        except FileNotFoundError:
            continue
        except OSError:
            if file == path:
                raise
            losses.refused += 1
            listed.pop(file, None)
            continue
        seen.append(one)
    if [one.identity for one in seen] != list(listed.values()):
        raise FileNotFoundError(path)
    # A copy that is being made tells nothing yet; the log may be truncated behind it.
    if any(not one.current and _size(one.path) != one.size for one in seen):
        raise FileNotFoundError(path)
    again = siblings(path) if series else files
    if again != files or {**_identities(again), **listed} != _identities(again):
        raise FileNotFoundError(path)
    return seen


def _identities(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    found: dict[Path, tuple[int, int]] = {}
    for file in files:
        with suppress(OSError):
            stat = file.stat()
            found[file] = stat.st_dev, stat.st_ino
    return found


def _size(path: str) -> int | None:
    with suppress(OSError):
        return os.stat(path).st_size  # noqa: PTH116  # as above
    return None
