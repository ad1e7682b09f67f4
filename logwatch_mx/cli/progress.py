"""A progress bar over the bytes of the input: on stderr, and only on a terminal."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class HasPaths(Protocol):
    """What is read: a log with its files."""

    paths: tuple[Path, ...]


@contextmanager
def progress_over(streams: Sequence[HasPaths]) -> Iterator[Callable[[int], None] | None]:
    """Yield what to call with each number of bytes read, or None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415  # only a person needs it
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    from logwatch_mx.sources.archive import total_size  # noqa: PLC0415

    total = total_size(path for stream in streams for path in stream.paths)
    with Progress(
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda size: bar.advance(task, size)
