"""Make hostile text harmless before people's programs show it: log lines come from anybody.

Contract
1. What comes out is one line: white space of any kind is one blank, so no text can begin a line, a
   header or a field of its own.
2. No control, format (bidirectional overrides, zero-width), surrogate or unassigned character
   survives: no terminal obeys it and no reader is fooled by its order.
3. What Slack, Discord, Markdown, HTML or a phone would take for a tag, a link with another text or
   a mention is replaced by a look-alike; ``user@domain`` stays as it is.
"""

import re

#: Longest piece of a log line that goes into a notice.
LINE_LIMIT = 300
REPLACEMENT = "�"
#: ``<!channel>``, ``<url|text>`` and ``&lt;`` are Slack's and HTML's, the backquote is Markdown's.
_QUOTES = str.maketrans({"<": "‹", ">": "›", "&": "＆", "`": "'"})  # noqa: RUF001  # look-alikes are meant
#: ``@`` mentions somebody unless a letter, digit or underscore stands before it, as in an address
#: (Mattermost and Telegram take ``=@bob`` and ``.@bob``); the group words do so anywhere (Discord
#: rings for ``x@everyone``).
_MENTION = re.compile(r"(?<!\w)@|@(?=(?:everyone|here|channel|all|room|team)\b)", re.IGNORECASE)
#: ``[text](url)``: a link whose text says something else.
_LINK = re.compile(r"\](?=\()")


def plain(text: str, limit: int = LINE_LIMIT) -> str:
    """Return *text* on one line of at most *limit* characters, each of them printable."""
    # A megabyte line costs no more than what is shown of it; runs of blanks shrink it further.
    kept = "".join(_harmless(c) for c in text[: 4 * limit + 1])
    kept = " ".join(kept.split())
    cut = len(kept) > limit or len(text) > 4 * limit + 1
    return kept[:limit].rstrip() + "…" if cut else kept


def quoted(text: str, limit: int = LINE_LIMIT) -> str:
    """Return *text* as ``plain`` does, with markup and mentions replaced by look-alikes."""
    kept = _MENTION.sub("＠", plain(text, limit))  # noqa: RUF001  # a look-alike is meant
    return _LINK.sub("] ", kept).translate(_QUOTES)


def _harmless(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else REPLACEMENT
