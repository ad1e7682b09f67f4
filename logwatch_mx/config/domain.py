"""Texts of domains: in comes what a person wrote, out comes the lower-case A-label form.

Letters, digits and hyphens only (RFC 1123 section 2.1), 63 octets a label and 253 a name
(RFC 1035 section 2.3.4); what is not ASCII goes through IDNA 2008 with the UTS 46 mapping.
"""

import re

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_MAX_NAME = 253
# IDNA costs time with the square of the length; no name of A-labels needs as many characters.
_MAX_TEXT = 1000


def a_labels(text: str) -> str:
    """Return *text* as lower-case A-labels without a final dot; ValueError if it is no domain."""
    name = text.strip()
    if len(name) > _MAX_TEXT:
        raise ValueError("not a domain: too long")
    name = (name if name.isascii() else _encode(name)).removesuffix(".").lower()
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("not a domain")
    if len(name) > _MAX_NAME:
        raise ValueError("not a domain: longer than 253 characters")
    # An address is no domain, and no top-level domain is a number (RFC 3696 section 2).
    if labels[-1].isdigit():
        raise ValueError("not a domain: its last label is a number")
    return name


def _encode(name: str) -> str:
    # A table of megabytes, needed for the few names that are not ASCII.
    import idna  # noqa: PLC0415

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except UnicodeError as error:  # IDNAError is one; so is a surrogate escape
        raise ValueError("not a domain: not a name that IDNA allows") from error
