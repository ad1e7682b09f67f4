"""Syslog datagrams, from a unix socket or UDP → blocks, for sites that write no log file.

One datagram is one line. Its ``<22>`` stays, the header is grammar's to read. A newline inside
becomes ``#012``, as rsyslog writes it, so that no sender makes a second line; newlines and NULs at
the end, which some senders add, are dropped. What the kernel drops of UDP while nobody reads is
lost, and counted (with the next datagram that it keeps); the senders to a unix socket wait (Linux:
after ten datagrams, ``net.unix.max_dgram_qlen``), and what comes while we are down is lost: a file
or the journal is better where there is one.
"""

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from logwatch_mx.errors import PermissionDeniedError, SourceError
from logwatch_mx.sources.block import MAX_LINE, Block
from logwatch_mx.sources.losses import Losses

SOURCE = "syslog"
# RFC 5426: up to 65 527 bytes by UDP; a unix datagram may be as long as the socket's buffer.
_RECEIVED = 1 << 20
# Room for bursts while an answer from DNS or the disk is slow; the kernel caps it.
_KERNEL_BUFFER = 8 << 20
_BLOCK = 1 << 16
# Linux, socket(7): with each datagram comes how many were dropped so far. Python does not name it.
_SO_RXQ_OVFL = 40
_COUNTER = struct.Struct("=I")
_ROOM = socket.CMSG_SPACE(_COUNTER.size)


class SyslogSocket:
    """Listens at *address*: ``unix:/run/…`` or ``udp:HOST:PORT``, IPv6 as ``udp:[::1]:514``.

    A socket file that nobody listens on is replaced, any other file is not. Raises
    ``SourceError`` for an address that cannot be listened on.
    """

    def __init__(self, address: str, *, losses: Losses | None = None) -> None:
        self.losses = Losses() if losses is None else losses
        self._offset, self._number = 0, 1
        self._path: Path | None = None
        kind, _, where = address.partition(":")
        try:
            if kind == "unix" and where:
                self._path = Path(where)
                self._socket = _unix(self._path)
            elif kind == "udp" and where:
                self._socket = _udp(where)
            else:
                raise SourceError(f"{address!a}: neither unix:PATH nor udp:HOST:PORT")
        except PermissionError as error:
            raise PermissionDeniedError(f"{address}: permission denied") from error
        except (OSError, ValueError) as error:
            raise SourceError(f"{address}: cannot listen: {_reason(error)}") from error
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BUFFER)
        with suppress(OSError):  # another kernel does not count
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        self._socket.settimeout(0)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when a datagram has come."""
        return self._socket.fileno()

    @property
    def name(self) -> str:
        """The address that is listened on, with the port that was given for port 0."""
        if self._path is not None:
            return f"unix:{self._path}"
        host, port = self._socket.getsockname()[:2]
        return f"udp:[{host}]:{port}" if ":" in host else f"udp:{host}:{port}"

    def poll(self, budget_bytes: int = 64 << 20) -> Iterator[Block]:
        """Yield what has come, as lines, and return when there is no more."""
        rows: list[bytes] = []
        held, left = 0, budget_bytes
        while left > 0 and (row := self._receive()) is not None:
            left -= len(row)
            held += len(row)
            rows.append(row)
            if held >= _BLOCK:
                yield self._block(rows)
                rows, held = [], 0
        if rows:
            yield self._block(rows)

    def close(self) -> None:
        """Stop listening; a unix socket's file is removed."""
        self._socket.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    def _receive(self) -> bytes | None:
        """Return one datagram as a line with its newline, None when there is none waiting."""
        try:
            data, told, flags, _ = self._socket.recvmsg(_RECEIVED, _ROOM)
        except BlockingIOError:
            return None
        except OSError:
            # A report about an earlier datagram (ICMP), none of ours.
            return None
        for level, kind, value in told:
            if (level, kind) == (socket.SOL_SOCKET, _SO_RXQ_OVFL):
                (self.losses.dropped,) = _COUNTER.unpack(value)
        if flags & socket.MSG_TRUNC:
            self.losses.long_lines += 1
        data = data.rstrip(b"\n\0\r").replace(b"\n", b"#012")
        if len(data) > MAX_LINE:
            self.losses.long_lines += 1
            self.losses.cut += len(data) - MAX_LINE
        return data[:MAX_LINE] + b"\n"

    def _block(self, rows: list[bytes]) -> Block:
        block = Block(SOURCE, b"".join(rows), self._offset, self._number)
        self._offset, self._number = block.end, block.number + len(rows)
        return block


def _unix(path: Path) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        with suppress(FileNotFoundError):
            _refuse_if_used(path)
            path.unlink()
        opened.bind(os.fspath(path))
        # syslog daemons and programs of any user write here, as they do to /dev/log.
        path.chmod(0o666)
    except (OSError, ValueError):
        opened.close()
        raise
    return opened


def _refuse_if_used(path: Path) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise ValueError("there is a file that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            return
    raise ValueError("another program listens there")


def _udp(where: str) -> socket.socket:
    host, _, port = where.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("HOST:PORT expected")
    host = host.removeprefix("[").removesuffix("]")
    family, kind, protocol, _, place = socket.getaddrinfo(
        host, int(port), type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICHOST
    )[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.bind(place)
    except OSError:
        opened.close()
        raise
    return opened


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
