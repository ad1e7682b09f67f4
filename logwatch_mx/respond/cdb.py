"""List a cdb table, which postmap(1) can build and look up but not list.

The format (Bernstein, https://cr.yp.to/cdb/cdb.txt): 2048 bytes of pointers to hash tables, then
the records, each two little-endian 32-bit lengths, key and data, then the hash tables.
"""

import struct

from logwatch_mx.errors import EffectError

_HEAD = 2048
_PAIR = struct.Struct("<II")


def read_cdb(data: bytes) -> dict[str, str]:
    """Return keys and values of the cdb table *data*; ``EffectError`` when it is none."""
    if len(data) < _HEAD:
        raise EffectError("a cdb table is cut off")
    # Records end where the first hash table begins.
    end = min(_PAIR.unpack_from(data, place)[0] for place in range(0, _HEAD, _PAIR.size))
    rows: dict[str, str] = {}
    at = _HEAD
    while at < end:
        if at + _PAIR.size > len(data):
            raise EffectError("a cdb table is cut off")
        key_size, value_size = _PAIR.unpack_from(data, at)
        at += _PAIR.size
        if at + key_size + value_size > min(end, len(data)):
            raise EffectError("a cdb table is damaged")
        key, value = data[at : at + key_size], data[at + key_size : at + key_size + value_size]
        rows[_text(key)] = _text(value)
        at += key_size + value_size
    return rows


def _text(field: bytes) -> str:
    # Tables may be made with or without a final NUL in each field (postmap -N).
    return field.removesuffix(b"\0").decode("utf-8", "surrogateescape")
