"""Make hostile text harmless before people's programs show it: log lines come from anybody."""

import unicodedata

#: Longest piece of a log line that goes into a notice.
LINE_LIMIT = 300
#: Slack reads ``<!channel>`` and ``<url|text>``, mail programs HTML, terminals escapes; none of
#: these survive.
_QUOTES = str.maketrans({"<": "‹", ">": "›", "&": "＆", "`": "'", "@": "＠"})  # noqa: RUF001  # look-alikes are meant


def plain(text: str, limit: int = LINE_LIMIT) -> str:
    """Return *text* on one line, without control, format and surrogate characters.

    At most *limit* long.
    """
    kept = "".join(c if _harmless(c) else "�" for c in text[: limit + 1])
    return kept if len(text) <= limit else kept[:limit] + "…"


def quoted(text: str, limit: int = LINE_LIMIT) -> str:
    """Return a line of the log as ``plain`` does.

    With markup characters replaced by look-alikes.
    """
    return plain(text, limit).translate(_QUOTES)


def _harmless(char: str) -> bool:
    return char.isprintable() and unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}
