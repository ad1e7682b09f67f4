"""Compressed bytes → plain bytes, streaming, by magic number and never by name.

An archive may hold several members one behind the other (``pigz``, ``cat a.gz b.gz``) and zeros
behind them. What was unpacked before an archive breaks off or proves corrupt is handed on first,
then ``DataError`` is raised.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from logwatch_mx.errors import DataError, SourceError
from logwatch_mx.sources.export import MAGIC

MAGIC_LENGTH = 6

# A log that spins on one line packs 300:1 under zstd; bzip2, xz and zstd bombs reach tens of
# thousands to one. gzip cannot exceed 1032:1 by its format.
RATIO_CAP = 2000
RATIO_FREE = 64 << 20
# xz -9 needs 65 MiB to unpack, zstd --long=27 needs 128 MiB. Beyond that nobody packs logs.
_XZ_MEMORY = 160 << 20
_ZSTD_WINDOW = 1 << 27
# zstd unpacks all that it is fed: 1 KiB is at most 341 blocks (3 + 1 bytes) of 128 KiB.
_ZSTD_FEED = 1 << 10
_PIECE = 1 << 20


class _Member(Protocol):
    """What bz2 and lzma offer, and what zlib and zstandard are fitted to."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def sniff(head: bytes) -> str | None:
    """Return the format that *head* (its first ``MAGIC_LENGTH`` bytes) begins, None for plain."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head.startswith(MAGIC):
        return "export"
    # "BZh" alone might begin a line of text; with its level and the block's magic it cannot.
    if head[:3] == b"BZh" and head[3:4].isdigit() and head[4:6] in (b"1A", b"\x17r"):
        return "bzip2"
    return None


def unpack(chunks: Iterable[bytes], kind: str, place: str) -> Iterator[bytes]:
    """Yield the plain bytes of the archive in *chunks*; *kind* is that of ``sniff``.

    Raises ``DataError``, behind the last good byte, for an archive that breaks off, is corrupt or
    packed absurdly densely, ``SourceError`` when the library for *kind* is not installed. *place*
    names the archive in both.
    """
    make = _MAKERS[kind]
    member: _Member | None = make(place)
    given = taken = 0
    for fed in _small(chunks) if kind == "zstd" else chunks:
        data = fed
        taken += len(fed)
        while data or (member is not None and not member.needs_input):
            if member is None:
                data = data.lstrip(b"\0")
                if not data:
                    break
                if not _begins(data, kind):
                    raise DataError(f"{place}: rubbish behind the end of the {kind} archive")
                member = make(place)
            try:
                plain = member.decompress(data, _PIECE)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
                raise DataError(f"{place}: corrupt {kind} archive: {error}") from error
            data = b""
            if plain:
                given += len(plain)
                yield plain
            _check_ratio(given, taken, place)
            if member.eof:
                data, member = member.unused_data, None
    if member is not None:
        raise DataError(f"{place}: the {kind} archive breaks off")


def _check_ratio(given: int, taken: int, place: str) -> None:
    if given > RATIO_FREE and given > RATIO_CAP * taken:
        raise DataError(
            f"{place}: the archive unpacks to more than {RATIO_CAP} times its size: stopped"
        )


def _begins(data: bytes, kind: str) -> bool:
    # A member's magic may be cut by the end of a chunk; what is not it fails when it is unpacked.
    return len(data) < MAGIC_LENGTH or sniff(data[:MAGIC_LENGTH]) == kind


def _small(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for at in range(0, len(chunk), _ZSTD_FEED):
            yield chunk[at : at + _ZSTD_FEED]


class _Gzip:
    """One gzip member, with the interface of bz2's."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        plain = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        # A full piece may leave output inside zlib even when all input was taken.
        self.needs_input = not self._inner.unconsumed_tail and len(plain) < max_length
        return plain


class _Zstd:
    """One zstd frame, with the interface of bz2's; *max_length* is not kept, see ``_ZSTD_FEED``."""

    needs_input = True

    def __init__(self, place: str) -> None:
        try:
            import zstandard  # noqa: PLC0415  # an extra: only a reader of .zst needs it
        except ImportError as error:
            raise SourceError(
                f"{place}: reading zstd needs the package zstandard (logwatch_mx[zstd])"
            ) from error
        self._error = zstandard.ZstdError
        self._inner = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:  # noqa: ARG002  # as bz2's
        try:
            return bytes(self._inner.decompress(data))
        except self._error as error:
            raise ValueError(str(error)) from error


_MAKERS: dict[str, Callable[[str], _Member]] = {
    "gzip": lambda _: _Gzip(),
    "bzip2": lambda _: bz2.BZ2Decompressor(),
    "xz": lambda _: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY),
    "zstd": _Zstd,
}
