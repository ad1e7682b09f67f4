"""What the big providers' own codes say, in words: a deferral's text in, its reason out.

Only documented codes: Gmail's enhanced codes beside its signature ``gsmtp``, Yahoo's in brackets
(``[TSS04]``), Microsoft's in parentheses (``(S775)``) or as 4.7.5xx and 4.7.6xx from its own hosts.
"""

import re

_CODE = re.compile(
    r"\[(?P<yahoo>tss?[01][0-9]|gl01)\]"
    r"|\((?P<microsoft>s775|s77714|s3114|s3115|s844|s3150|s77[0-9]|rp-00[0-9])\)"
    r"|(?P<rp>rp-00[0-9])(?<=\brp-00[0-9])\b"
    r"|(?P<gmail>4\.7\.(?:28|0|2[3-9]|3[0-2]|40)) .{0,900}?gsmtp"
    r"|(?P<unusual>gmail.{0,100}?unusual rate)|(?P<rate>4\.7\.28)"
)
_OUTLOOK = re.compile(r"4\.7\.[56][0-9][0-9](?= )")
#: One of these is in each of them: a look for texts takes a tenth of the time.
_IN_CODES = ("[ts", "[gl01", "(s", "rp-00", "4.7.28", "gsmtp", "gmail", "outlook.com")
#: Gmail's codes for mail without SPF, DKIM, DMARC, TLS or a name for its address.
_UNPROVED = frozenset({"4.7.23", "4.7.24", "4.7.25", "4.7.26", "4.7.27", "4.7.29", "4.7.30",
                       "4.7.31", "4.7.32", "4.7.40"})  # fmt: skip


def word_of_provider(lowered: str) -> str | None:
    """Return the reason that a provider's code in the *lowered* text tells, None without one."""
    for piece in _IN_CODES:
        if piece in lowered:
            break
    else:
        return None
    found = _CODE.search(lowered)
    if found is None and "outlook.com" in lowered and (code := _OUTLOOK.search(lowered)):
        return f"throttled by Microsoft ({code[0]})"
    return None if found is None else _reason(str(found.lastgroup), found[found.lastgroup or 0])


def _reason(kind: str, code: str) -> str:
    match kind:
        case "yahoo" if code == "gl01":
            return "greylisted by Yahoo (GL01)"
        case "yahoo":
            return f"throttled by Yahoo ({code.upper()})"
        case "microsoft" | "rp":
            return f"throttled by Microsoft ({code.upper()})"
        case "gmail" if code in _UNPROVED:
            return f"Gmail wants proof of the sender ({code})"
        case "gmail":
            return f"throttled by Gmail ({code})"
    return "throttled by Gmail (4.7.28)"
