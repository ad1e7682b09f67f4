"""The line: raw text with its place in the log."""

from msgspec import Struct


class Line(Struct, frozen=True):
    """One newline-terminated line of a log.

    *text* is the line without its newline, decoded as UTF-8 with surrogate escapes, so that no byte
    is lost.
    *number* counts from 1 within *source*; *offset* is the byte offset of its first byte in the
    (uncompressed)
    source, *end* that of the byte after its newline.
    """

    text: str
    source: str = ""
    number: int = 0
    offset: int = 0
    end: int = 0
