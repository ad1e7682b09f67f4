"""The systemd journal → blocks, by way of journalctl.

Each entry becomes one line as a syslog daemon would write it (``entry.py``). journalctl does the
following, the rotation and the waiting; when it dies it is started again behind the last entry
that was handed out, after a pause that doubles up to a minute.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Literal

import msgspec
from msgspec import Struct

from logwatch_mx.errors import SourceError
from logwatch_mx.sources.block import BLOCK_SIZE, Block, lines
from logwatch_mx.sources.entry import write_entry
from logwatch_mx.sources.losses import Losses
from logwatch_mx.sources.split import Splitter

SOURCE = "journal"
# --all: fields above 4 KiB are null without it. Facility 2 is mail, whoever the sender is.
COMMAND = ("journalctl", "--quiet", "--output=json", "--all")
MATCHES = ("SYSLOG_FACILITY=2",)
_LONGEST_PAUSE = 60.0
# So many starts without an entry, and the cursor is taken for lost with the journal it was in.
_BARREN = 2


class JournalCheckpoint(Struct, frozen=True):
    """A place in the journal.

    *cursor* is that of the last entry, *written* when that was (µs). The line after it has *number*
    and begins at *offset* of the stream of lines.
    """

    cursor: str = ""
    written: int = 0
    offset: int = 0
    number: int = 1


class _Entry(Struct, frozen=True, rename={"message": "MESSAGE"}):
    """The fields wanted; a field that is no UTF-8 comes as numbers, one given twice as a list."""

    message: str | list[int | str | list[int] | None] | None = None
    cursor: str = msgspec.field(name="__CURSOR", default="")
    written: str = msgspec.field(name="__REALTIME_TIMESTAMP", default="")
    host: str | list[object] | None = msgspec.field(name="_HOSTNAME", default=None)
    tag: str | list[object] | None = msgspec.field(name="SYSLOG_IDENTIFIER", default=None)
    command: str | list[object] | None = msgspec.field(name="_COMM", default=None)
    said_pid: str | list[object] | None = msgspec.field(name="SYSLOG_PID", default=None)
    pid: str | list[object] | None = msgspec.field(name="_PID", default=None)


_decode = msgspec.json.Decoder(_Entry).decode


class Journal:
    """Follows the journal behind *checkpoint*, without one from its *start*.

    Like ``Tail`` it is polled, never waits and reads no clock.
    """

    def __init__(
        self,
        checkpoint: JournalCheckpoint | None = None,
        *,
        start: Literal["begin", "end"] = "end",
        command: tuple[str, ...] = COMMAND,
        matches: tuple[str, ...] = MATCHES,
        losses: Losses | None = None,
    ) -> None:
        self.losses = Losses() if losses is None else losses
        self.checkpoint = checkpoint or JournalCheckpoint()
        self.trouble = ""
        self._start = start
        self._command = command
        self._matches = matches
        self._child: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._split = Splitter(SOURCE)
        self._pause = 0.0
        self._not_before = 0.0
        self._barren = 0

    def fileno(self) -> int | None:
        """Return the descriptor that becomes readable when there is more; None while it is down."""
        return None if self._child is None or self._child.stdout is None else self._out()

    def poll(self, budget_bytes: int = 64 << 20, now: float = 0.0) -> Iterator[Block]:
        """Yield the entries that have come, as lines; *now* is a clock in seconds, for pauses.

        Raises ``SourceError`` when journalctl is not installed.
        """
        if self._child is None:
            if now < self._not_before:
                return
            self._begin()
        left = budget_bytes
        while left > 0 and self._child is not None:
            try:
                data = os.read(self._out(), min(left, BLOCK_SIZE))
            except BlockingIOError:
                return
            if not data:
                self._end(now)
                return
            left -= len(data)
            for raw in self._split.feed(data):
                yield from self._converted(raw)

    def close(self) -> None:
        """Stop journalctl."""
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()
        if self._said is not None:
            self._said.close()

    def _out(self) -> int:
        assert self._child is not None and self._child.stdout is not None  # noqa: S101, PT018
        return self._child.stdout.fileno()

    def _begin(self) -> None:
        if self._start == "end" and not self.checkpoint.cursor:
            self._find_end()
        self._start = "begin"
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._child = subprocess.Popen(
                [*self._command, "--follow", *self._where(), *self._matches],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._said,
                bufsize=0,
            )
        except OSError as error:
            self._said.close()
            raise SourceError(f"{self._command[0]}: {error.strerror or error}") from error
        os.set_blocking(self._out(), False)
        self._split = Splitter(SOURCE)

    def _where(self) -> tuple[str, ...]:
        place = self.checkpoint
        if place.cursor and self._barren < _BARREN:
            return ("--no-tail", f"--after-cursor={place.cursor}")
        if place.cursor:
            # The cursor's journal is gone. What was written in that very microsecond comes again
            # and is passed over.
            return ("--no-tail", f"--since=@{place.written / 1e6:.6f}")
        return ("--no-tail",)

    def _find_end(self) -> None:
        """Take the last entry there is for the place; without one, whatever comes is new."""
        try:
            said = subprocess.run(
                [*self._command, "--lines=1", *self._matches],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_LONGEST_PAUSE,
                check=False,
            ).stdout
        except subprocess.TimeoutExpired as error:
            raise SourceError(f"{self._command[0]}: no answer") from error
        except OSError as error:
            raise SourceError(f"{self._command[0]}: {error.strerror or error}") from error
        with suppress(msgspec.DecodeError, ValueError):
            entry = _decode(said)
            self.checkpoint = JournalCheckpoint(cursor=entry.cursor, written=int(entry.written))

    def _end(self, now: float) -> None:
        if self._said is not None:
            self._said.seek(0)
            self.trouble = self._said.read(4096).decode("utf-8", "backslashreplace").strip()
        self.close()
        self.losses.restarts += 1
        self._barren += 1
        self._pause = min(max(1.0, self._pause * 2), _LONGEST_PAUSE)
        self._not_before = now + self._pause

    def _converted(self, raw: Block) -> Iterator[Block]:
        rows: list[bytes] = []
        last = self.checkpoint
        for line in lines(raw):
            try:
                entry = _decode(line.text.encode("utf-8", "surrogateescape"))
                written = int(entry.written)
                row = _row(entry, written)
            except (msgspec.DecodeError, UnicodeError, ValueError, OverflowError):
                self.losses.dropped += 1
                continue
            if self._barren >= _BARREN and written <= self.checkpoint.written:
                continue
            rows.append(row)
            last = JournalCheckpoint(cursor=entry.cursor, written=written)
        if not rows:
            return
        self._pause, self._barren, self.trouble = 0.0, 0, ""
        data = b"".join(rows)
        offset, number = self.checkpoint.offset, self.checkpoint.number
        self.checkpoint = JournalCheckpoint(
            cursor=last.cursor,
            written=last.written,
            offset=offset + len(data),
            number=number + len(rows),
        )
        yield Block(SOURCE, data, offset, number)


def _row(entry: _Entry, written: int) -> bytes:
    return write_entry(
        written,
        host=_word(entry.host),
        tag=_word(entry.tag) or _word(entry.command),
        pid=_word(entry.said_pid) or _word(entry.pid),
        text=_bytes(entry.message),
    )


def _word(value: object) -> bytes:
    if isinstance(value, list):
        value = value[0] if value and isinstance(value[0], str) else ""
    return _encoded(value) if isinstance(value, str) else b""


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return _encoded(value)
    if isinstance(value, list):
        if all(isinstance(part, int) for part in value):
            return bytes(value)
        return b" ".join(map(_bytes, value))
    return b""


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
